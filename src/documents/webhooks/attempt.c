/* One attempt: the request is made, then what came of it is noted in one transaction with the
 * queue. Who dies in between has sent it, and it is sent again: at least once. */
#include "documents/items.h"
#include "documents/webhooks/webhooks_internal.h"

#include "base/utf8.h"

#include <inttypes.h>

static const char where[] = "webhooks.attempt";

enum {
	STATUS_GONE = 410,
	STATUS_TOO_MANY = 429,
	STATUS_UNAVAILABLE = 503,
	DAY_MS = 24 * 3600 * 1000,
	FAILING_DAYS_MAX = 3
};

/* What came of an attempt. */
struct outcome {
	bool is_made; /* false: there is nobody to send to */
	bool is_delivered;
	bool is_gone;	       /* 410: nothing more is wanted */
	int64_t status;	       /* 0: no response */
	struct q_str response; /* its first bytes */
	struct q_str error;    /* empty: delivered */
	int64_t retry_after_ms;
	int64_t ended_at_ms;
	int64_t next_ms; /* of the next attempt; 0: none */
};

/* --- The request */

/* A receiver's bytes as text: what is no UTF-8, and NUL, become U+FFFD. */
static struct q_str make_text(struct q_bytes bytes, struct q_arena *arena)
{
	struct q_str given = q_bytes_str(bytes), text = {0};
	struct q_buf buf;

	q_buf_init(&buf, 4 * Q_DELIVERY_RESPONSE_MAX);
	for (size_t offset = 0; offset < given.length;) {
		uint32_t character = q_utf8_next(given, &offset);
		char encoded[4];

		q_buf_append_bytes(&buf, encoded,
				   q_utf8_encode(character ? character : 0xFFFD, encoded));
	}
	if (!q_buf_failed(&buf))
		text = q_arena_copy(arena, q_utf8_cut(q_buf_str(&buf), Q_DELIVERY_RESPONSE_MAX));
	q_buf_free(&buf);
	return text;
}

static void read_response(struct q_documents *d, const struct q_fetch_response *response,
			  struct q_arena *arena, struct outcome *out)
{
	bool may_ask_for_time =
		response->status == STATUS_TOO_MANY || response->status == STATUS_UNAVAILABLE;

	out->status = response->status;
	out->response = make_text(response->body, arena);
	out->is_delivered = response->status / 100 == 2;
	out->is_gone = response->status == STATUS_GONE;
	if (may_ask_for_time)
		out->retry_after_ms = q__retry_after_ms(
			q_fetch_response_header(response, Q_STR("Retry-After")), q__now(d));
	if (!out->is_delivered)
		out->error = q_arena_format(
			arena, "the answer was %d%s", response->status,
			response->status / 100 == 3 ? ": redirects are not followed" : "");
}

/* The receiver's fault, or ours? Only the first counts as an attempt. */
static bool is_receivers_fault(enum q_code code)
{
	return code == Q_IO || code == Q_TIMEOUT || code == Q_DENIED || code == Q_INVALID ||
	       code == Q_TOOBIG;
}

/* `now_ms` is what was signed. */
static enum q_code post(struct q_documents *d, const struct q_call *call,
			const struct q_delivery *delivery, struct q_str signature, int64_t now_ms,
			struct q_arena *arena, struct outcome *out, struct q_err *err)
{
	const struct q_fetch_header headers[] = {
		{Q_STR("Content-Type"), Q_STR("application/json")},
		{Q_STR("webhook-id"), delivery->message_id},
		{Q_STR("webhook-timestamp"), q_arena_format(arena, "%" PRId64, now_ms / 1000)},
		{Q_STR("webhook-signature"), signature},
	};
	const struct q_fetch_request request = {.policy = Q_FETCH_PUBLIC_ONLY,
						.method = Q_STR("POST"),
						.url = delivery->url,
						.headers = headers,
						.header_count = Q_COUNT_OF(headers),
						.body = q_str_bytes(delivery->payload),
						.body_max = Q_DELIVERY_RESPONSE_MAX,
						.timeout_ms = Q_WEBHOOK_TIMEOUT_MS};
	struct q_fetch_response response;
	struct q_err cause;
	enum q_code code = q_http_fetch_send(d->o.fetch, call, &request, arena, &response, &cause);

	out->is_made = true;
	if (code == Q_OK) {
		read_response(d, &response, arena, out);
		return Q_OK;
	}
	if (!is_receivers_fault(code)) {
		*err = cause;
		return code;
	}
	out->error = q_arena_copy(arena, q_str_from(cause.message));
	return Q_OK;
}

static enum q_code send(struct q_documents *d, const struct q_call *call,
			const struct q__endpoint *endpoint, const struct q_delivery *delivery,
			struct q_arena *arena, struct outcome *out, struct q_err *err)
{
	int64_t now_ms = q__now(d);
	struct q_str signature;
	enum q_code code;

	if (endpoint->view.disabled_at_ms > 0) {
		out->error = Q_STR("the webhook is disabled");
		return Q_OK;
	}
	code = q__sign(d, endpoint, delivery->message_id, now_ms, delivery->payload, arena,
		       &signature, err);
	if (code == Q_CORRUPT) { /* its key may come back, or the secret be rotated */
		out->is_made = true;
		out->error = q_arena_copy(arena, q_str_from(err->message));
		return Q_OK;
	}
	return code ? code : post(d, call, delivery, signature, now_ms, arena, out, err);
}

/* --- What becomes of the webhook */

static enum q_code disable(struct q_documents *d, const struct q_call *call,
			   const struct q_webhook *webhook, const char *reason,
			   struct q_arena *arena, struct q_err *err)
{
	struct q_change changes[] = {
		q__change_number("disabledAt", q__now(d)),
		q__change_string("disabledReason", q_str_from(reason)),
	};

	q_log(d->o.log, Q_LOG_WARN, "webhook.disabled",
	      Q_LOG_STRING("tenantId", webhook->tenant_id), Q_LOG_STRING("webhookId", webhook->id),
	      Q_LOG_STRING("reason", q_str_from(reason)));
	return q__endpoint_change(d, call, webhook, changes, Q_COUNT_OF(changes), arena, err);
}

static enum q_code note_health(struct q_documents *d, const struct q_call *call,
			       const struct q_webhook *webhook, const struct outcome *outcome,
			       struct q_arena *arena, struct q_err *err)
{
	struct q_change fails = q__change_number("failingSince", q__now(d));
	struct q_change recovers = {.kind = Q_REMOVE, .name = Q_STR("failingSince")};
	int64_t since_ms = webhook->failing_since_ms;

	if (outcome->is_gone)
		return disable(d, call, webhook, "its receiver answered 410 Gone", arena, err);
	if (outcome->is_delivered)
		return since_ms ? q__endpoint_change(d, call, webhook, &recovers, 1, arena, err)
				: Q_OK;
	if (since_ms == 0)
		return q__endpoint_change(d, call, webhook, &fails, 1, arena, err);
	if (q__now(d) - since_ms >= (int64_t)FAILING_DAYS_MAX * DAY_MS)
		return disable(d, call, webhook, "every attempt has failed for three days", arena,
			       err);
	return Q_OK;
}

/* --- What becomes of the delivery and its queue */

static void plan(struct q_documents *d, struct q__queue *queue, const struct q__delivery *delivery,
		 struct outcome *outcome)
{
	int64_t now = outcome->ended_at_ms, pause_ms;
	int64_t delay_ms = q__retry_delay_ms(delivery->round + 1, d->o.random);
	bool is_over = outcome->is_delivered || outcome->is_gone || !outcome->is_made;

	if (outcome->is_delivered)
		queue->failures = queue->paused_until_ms = 0;
	if (is_over)
		return;
	pause_ms = q__queue_pause_ms(++queue->failures);
	if (pause_ms < outcome->retry_after_ms)
		pause_ms = outcome->retry_after_ms;
	queue->paused_until_ms = now + pause_ms;
	if (delay_ms < 0)
		return; /* given up */
	outcome->next_ms =
		now + (delay_ms > outcome->retry_after_ms ? delay_ms : outcome->retry_after_ms);
}

static void count(struct q_documents *d, const struct outcome *outcome)
{
	q_series_add(outcome->is_delivered ? d->deliveries_delivered
		     : outcome->next_ms	   ? d->deliveries_retried
					   : d->deliveries_failed,
		     1);
}

/* What is written of an outcome, gathered: the writes point to the rest. */
struct outcome_writes {
	struct q_condition as_read[2], is_ours;
	struct q_change of_delivery[8], of_queue[4];
	struct q_record_key delivery_due, queue_due;
	int64_t expires_at_ms;
	struct q_write items[2];
};

static void write_delivery(struct outcome_writes *w, const struct q__delivery *delivery,
			   const struct outcome *outcome, struct q_arena *arena)
{
	const char *status = outcome->is_delivered ? "delivered"
			     : outcome->next_ms	   ? "pending"
						   : "failed";
	size_t n = 0;

	w->as_read[0] = q__if_string("status", Q_STR("pending"));
	w->as_read[1] = q__if_number("attempts", delivery->view.attempts);
	w->of_delivery[n++] = q__change_string("status", q_str_from(status));
	w->of_delivery[n++] = q__change_add("attempts", outcome->is_made);
	w->of_delivery[n++] = q__change_add("round", 1);
	w->of_delivery[n++] = q__change_number("responseStatus", outcome->status);
	w->of_delivery[n++] = q__change_string("response", outcome->response);
	w->of_delivery[n++] = q__change_string("error", outcome->error);
	if (outcome->is_made)
		w->of_delivery[n++] = q__change_number("attemptedAt", outcome->ended_at_ms);
	w->of_delivery[n++] = q__change_number("nextAttemptAt", outcome->next_ms);
	if (outcome->next_ms)
		w->delivery_due = q__delivery_due_key(arena, delivery, outcome->next_ms);
	else
		w->expires_at_ms = outcome->ended_at_ms + (int64_t)Q_DELIVERY_KEPT_DAYS * DAY_MS;
	w->items[0] = (struct q_write){.kind = Q_WRITE_UPDATE,
				       .key = q__delivery_key(arena, delivery->view.id),
				       .changes = w->of_delivery,
				       .change_count = n,
				       .index2 = &w->delivery_due,
				       .expires_at_ms = &w->expires_at_ms,
				       .conditions = w->as_read,
				       .condition_count = Q_COUNT_OF(w->as_read)};
}

static void write_queue(struct outcome_writes *w, const struct q__queue *queue,
			const struct outcome *outcome, struct q_arena *arena)
{
	int64_t lease_until_ms = outcome->ended_at_ms + Q__QUEUE_LEASE_MS;

	w->is_ours = q__if_number("epoch", queue->epoch);
	w->queue_due = q__queue_due_key(arena, queue, lease_until_ms);
	w->of_queue[0] = q__change_number("leaseUntil", lease_until_ms);
	w->of_queue[1] = q__change_number("failures", queue->failures);
	w->of_queue[2] = q__change_number("pausedUntil", queue->paused_until_ms);
	w->of_queue[3] = q__change_add("finished", outcome->next_ms ? 0 : 1);
	w->items[1] = (struct q_write){.kind = Q_WRITE_UPDATE,
				       .key = q__queue_key(arena, queue->tenant_id, queue->name),
				       .changes = w->of_queue,
				       .change_count = Q_COUNT_OF(w->of_queue),
				       .index2 = &w->queue_due,
				       .conditions = &w->is_ours,
				       .condition_count = 1};
}

static enum q_code record(struct q_documents *d, const struct q_call *call,
			  const struct q__queue *queue, const struct q__delivery *delivery,
			  const struct outcome *outcome, struct q_arena *arena, struct q_err *err)
{
	struct outcome_writes w = {0};

	write_delivery(&w, delivery, outcome, arena);
	write_queue(&w, queue, outcome, arena);
	if (q_arena_failed(arena))
		return q_fail(err, Q_NOMEM, where, "the outcome of an attempt");
	return q_record_store_transact(d->o.records, call, w.items, Q_COUNT_OF(w.items), NULL, err);
}

/* Sends the delivery, if there is still somebody to send it to. */
static enum q_code try_once(struct q_documents *d, const struct q_call *call,
			    const struct q_delivery *delivery, struct q_arena *arena,
			    struct outcome *out, struct q_err *err)
{
	struct q__endpoint endpoint = {0};
	enum q_code code = q__endpoint_read(d, call, delivery->tenant_id, delivery->webhook_id,
					    arena, &endpoint, err);

	if (code == Q_NOTFOUND) {
		out->error = Q_STR("the webhook has been deleted");
		return Q_OK;
	}
	if (!code)
		code = send(d, call, &endpoint, delivery, arena, out, err);
	/* Callbacks come and go: what signs them has no health. */
	if (!code && out->is_made && endpoint.view.url.length > 0)
		code = note_health(d, call, &endpoint.view, out, arena, err);
	return code == Q_NOTFOUND ? Q_OK : code; /* deleted meanwhile */
}

enum q_code q__attempt(struct q_documents *d, const struct q_call *call, struct q__queue *queue,
		       struct q__delivery *delivery, struct q_arena *arena, struct q_err *err)
{
	struct outcome outcome = {0};
	enum q_code code = try_once(d, call, &delivery->view, arena, &outcome, err);

	if (code)
		return code;
	outcome.ended_at_ms = q__now(d);
	plan(d, queue, delivery, &outcome);
	code = record(d, call, queue, delivery, &outcome, arena, err);
	if (!code)
		count(d, &outcome);
	return code;
}
