#include "sim_observer_internal.h"

#include "support/http_fetch_scripted.h"

#include <stdio.h>
#include <string.h>

enum { ATTEMPTS_MAX = 8 /* of a round */ };

/* --- Messages */

static struct sim_message *message_of(struct sim_observer *o, struct q_str id)
{
	for (size_t i = 0; i < o->message_count; i++)
		if (q_str_equal(q_str_from(o->messages[i].id), id))
			return &o->messages[i];
	q_assert(o->message_count < SIM_MESSAGES_MAX);
	snprintf(o->messages[o->message_count].id, sizeof o->messages[0].id, "%.*s", Q_STR_ARG(id));
	return &o->messages[o->message_count++];
}

static struct sim_message *message_of_end(struct sim_observer *o, const char *file_id, int64_t run)
{
	char id[Q_UUID_TEXT_SIZE + 32];

	snprintf(id, sizeof id, "msg_%s_%lld", file_id, (long long)run);
	return message_of(o, q_str_from(id));
}

static bool was_confirmed(const struct sim_observer *o, struct q_str id)
{
	struct q_http_fetch *receiver = o->product->options.fetch;

	for (size_t i = 0; i < http_fetch_scripted_count(receiver); i++) {
		struct fetched sent = http_fetch_scripted_sent(receiver, i);

		if (sent.status / 100 == 2 && q_str_equal(sent.id, id))
			return true;
	}
	return false;
}

bool sim_observer_all_announced(struct sim_observer *o)
{
	for (size_t i = 0; i < o->job_count; i++) {
		const struct sim_job *job = &o->jobs[i];

		for (int64_t run = 1; !job->is_buried && run <= job->run; run++) {
			const struct sim_message *message = message_of_end(o, job->id, run);

			if (!message->is_excused && !was_confirmed(o, q_str_from(message->id)))
				return false;
		}
	}
	return true;
}

/* --- Changes */

void sim_note_webhook(struct sim_observer *o, const struct q_change_record *change)
{
	struct sim_tenant *tenant = sim_observer_tenant(o, sim_id_of(change->key));

	tenant->is_disabled = q_item_number(change->after, "disabledAt", 0) > 0;
	tenant->disables += tenant->is_disabled;
}

/* Its webhook is not told of what ends while it is disabled. */
static bool was_disabled_since(const struct sim_message *message)
{
	return message->tenant->is_disabled || message->tenant->disables > message->disables_before;
}

void sim_note_notice(struct sim_observer *o, const struct q_change_record *change)
{
	const struct q_item *item = change->after ? change->after : change->before;
	char file_id[Q_UUID_TEXT_SIZE];
	struct sim_message *message;

	snprintf(file_id, sizeof file_id, "%.*s", Q_STR_ARG(sim_id_of(change->key)));
	message = message_of_end(o, file_id, q_item_number(item, "run", 0));
	message->tenant =
		sim_observer_tenant(o, q_item_string(item, "tenantId", (struct q_str){0}));
	if (change->after) {
		message->disables_before = message->tenant->disables;
		return;
	}
	message->is_excused = !message->is_delivery && was_disabled_since(message);
	if (!message->is_delivery && !message->is_excused)
		sim_observer_fail(o, "%s: a notice goes when its delivery is there", message->id);
}

static bool is_in(const struct q_item *item, const char *status)
{
	return item &&
	       q_str_equal(q_item_string(item, "status", (struct q_str){0}), q_str_from(status));
}

static void check_attempt(struct sim_observer *o, const struct sim_tenant *tenant,
			  const struct q_item *after)
{
	struct q_str id = q_item_string(after, "messageId", (struct q_str){0});

	if (q_item_number(after, "round", 0) > ATTEMPTS_MAX)
		sim_observer_fail(o, "%.*s is tried %d times", Q_STR_ARG(id), ATTEMPTS_MAX);
	if (q_item_number(after, "responseStatus", 0) == 410 && tenant->disables == 0)
		sim_observer_fail(o, "%s has gone: it is told no more", tenant->id);
	if (is_in(after, "delivered") && !was_confirmed(o, id))
		sim_observer_fail(o, "%.*s was confirmed by its receiver", Q_STR_ARG(id));
}

void sim_note_delivery(struct sim_observer *o, const struct q_change_record *change)
{
	const struct q_item *item = change->after ? change->after : change->before;
	struct sim_tenant *tenant =
		sim_observer_tenant(o, q_item_string(item, "tenantId", (struct q_str){0}));

	tenant->pending += is_in(change->after, "pending") - is_in(change->before, "pending");
	message_of(o, q_item_string(item, "messageId", (struct q_str){0}))->is_delivery = true;
	if (change->before && change->after)
		check_attempt(o, tenant, change->after);
}

static int64_t queued(const struct q_item *item)
{
	return item ? q_item_number(item, "added", 0) - q_item_number(item, "finished", 0) : 0;
}

/* A queue that is idle for days expires; the next delivery makes it anew. */
static bool has_expired(const struct sim_observer *o, const struct q_item *item)
{
	return item->expires_at_ms > 0 &&
	       item->expires_at_ms <= q_clock_now_ms(o->product->options.clock);
}

/* A claim takes the next epoch, and no lease that runs. */
static void check_queue_claim(struct sim_observer *o, const struct q_item *before,
			      const struct q_item *after)
{
	int64_t epoch = q_item_number(before, "epoch", 0);
	int64_t claimed = q_item_number(after, "epoch", 0);
	bool is_free =
		q_item_number(before, "leaseUntil", 0) <= q_clock_now_ms(o->product->options.clock);

	if (claimed != epoch && (claimed != epoch + 1 || !is_free))
		sim_observer_fail(o, "%.*s: epoch %lld has one owner", Q_STR_ARG(after->key.pk),
				  (long long)epoch);
}

void sim_note_queue(struct sim_observer *o, const struct q_change_record *change)
{
	const struct q_item *item = change->after ? change->after : change->before;
	struct sim_tenant *tenant =
		sim_observer_tenant(o, q_item_string(item, "tenantId", (struct q_str){0}));

	tenant->queued += queued(change->after) - queued(change->before);
	if (change->before && change->after && !has_expired(o, change->before))
		check_queue_claim(o, change->before, change->after);
}

void sim_check_webhooks(struct sim_observer *o)
{
	for (size_t i = 0; i < SIM_TENANTS; i++) {
		const struct sim_tenant *tenant = &o->tenants[i];

		if (tenant->pending != tenant->queued)
			sim_observer_fail(o, "%s: %lld deliveries wait, %lld are queued",
					  tenant->id, (long long)tenant->pending,
					  (long long)tenant->queued);
	}
}
