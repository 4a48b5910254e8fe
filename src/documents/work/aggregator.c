/* The aggregator role: follows the change feed for the change that makes a job's last page known,
 * and ends that job. What it reads is a doorbell too: the job itself decides. So records may come
 * twice or out of order, and a gap is the sweeper's to close. */
#include "documents/work/page.h"
#include "documents/work/stream_lease.h"

#include "base/mem.h"
#include "base/vec.h"

#include <stdio.h>

enum { PARTITIONS_MAX = 1000, LOOK_EVERY_MS = 30000, SAVE_EVERY_MS = 5000 };

static const char reader[] = "aggregator";

struct partition {
	struct q__stream_lease lease;
	bool is_listed; /* seen in the latest look at the stream */
	bool has_moved; /* past records of jobs, since the last save */
	int64_t saved_at_ms;
};

struct q_aggregator {
	struct q_documents *d;
	struct q_vec partitions; /* struct partition */
	int64_t looked_at_ms;
	size_t turn;
};

enum q_code q_aggregator_new(struct q_documents *d, struct q_aggregator **out, struct q_err *err)
{
	struct q_aggregator *aggregator = q_mem_new(sizeof *aggregator);

	if (!aggregator)
		return q_fail(err, Q_NOMEM, "aggregator.new", "%zu bytes", sizeof *aggregator);
	aggregator->d = d;
	aggregator->looked_at_ms = INT64_MIN / 2;
	q_vec_init(&aggregator->partitions, sizeof(struct partition), PARTITIONS_MAX);
	*out = aggregator;
	return Q_OK;
}

void q_aggregator_free(struct q_aggregator *aggregator)
{
	if (!aggregator)
		return;
	q_vec_free(&aggregator->partitions);
	q_mem_free(aggregator);
}

static struct partition *find(struct q_aggregator *aggregator, struct q_str id)
{
	for (size_t i = 0; i < aggregator->partitions.count; i++) {
		struct partition *p = q_vec_at(&aggregator->partitions, i);

		if (q_str_equal(q_str_from(p->lease.partition), id))
			return p;
	}
	return NULL;
}

static enum q_code add(struct q_aggregator *aggregator, struct q_str id, struct q_err *err)
{
	struct partition p = {.is_listed = true};

	snprintf(p.lease.partition, sizeof p.lease.partition, "%.*s", Q_STR_ARG(id));
	if (!q_vec_push(&aggregator->partitions, &p))
		return q_fail(err, Q_NOMEM, "aggregator.look", "partitions");
	return Q_OK;
}

/* Partitions come and go: looks at which there are, now and then. */
static enum q_code look(struct q_aggregator *aggregator, const struct q_call *call,
			struct q_arena *arena, struct q_err *err)
{
	struct q_vec *known = &aggregator->partitions;
	struct q_stream_partitions there;
	int64_t now = q__now(aggregator->d);
	enum q_code code;

	if (now - aggregator->looked_at_ms < LOOK_EVERY_MS)
		return Q_OK;
	code = q_change_feed_partitions(aggregator->d->o.changes, call, arena, &there, err);
	if (code)
		return code;
	for (size_t i = 0; i < known->count; i++)
		((struct partition *)q_vec_at(known, i))->is_listed = false;
	for (size_t i = 0; i < there.count && !code; i++) {
		struct partition *p = find(aggregator, there.items[i].id);

		if (p)
			p->is_listed = true;
		else
			code = add(aggregator, there.items[i].id, err);
	}
	for (size_t i = known->count; i-- > 0;)
		if (!((struct partition *)q_vec_at(known, i))->is_listed)
			q_vec_remove_swap(known, i);
	aggregator->looked_at_ms = now;
	return code;
}

/* Holds the partition's lease, and saves the position when it is time. Q_CONFLICT: it is another's.
 */
static enum q_code hold(struct q_aggregator *aggregator, const struct q_call *call,
			struct partition *p, struct q_arena *arena, struct q_err *err)
{
	int64_t now = q__now(aggregator->d);
	bool is_due = p->lease.until_ms - now < Q__STREAM_LEASE_MS / 2 ||
		      (p->has_moved && now - p->saved_at_ms >= SAVE_EVERY_MS);
	enum q_code code;

	if (p->lease.until_ms > now && !is_due)
		return Q_OK;
	if (p->lease.until_ms > now)
		code = q__stream_lease_save(aggregator->d, call, reader, &p->lease, arena, err);
	else
		code = q__stream_lease_take(aggregator->d, call, reader, &p->lease, arena, err);
	if (code == Q_OK) {
		p->saved_at_ms = now;
		p->has_moved = false;
	}
	return code;
}

static bool is_job(const struct q_change_record *change)
{
	return change->after && q_str_equal(change->key.sk, Q_STR("STATUS")) &&
	       q_str_starts_with(change->key.pk, Q_STR("DOC#"));
}

static bool has_every_page(const struct q_item *job)
{
	int64_t total = q_item_number(job, "totalPages", 0);

	return total > 0 &&
	       q_str_equal(q_item_string(job, "status", (struct q_str){0}), Q_STR("processing")) &&
	       q_item_number(job, "processedPages", 0) + q_item_number(job, "failedPages", 0) >=
		       total;
}

static void take_changes(struct q_aggregator *aggregator, const struct q_call *call,
			 struct partition *p, const struct q_change_page *page,
			 struct q_arena *arena, bool *did_work)
{
	struct q_documents *d = aggregator->d;

	for (size_t i = 0; i < page->count; i++) {
		const struct q_change_record *change = &page->items[i];
		struct q_err err;
		bool ended;

		/* Leases live in the same store: to save because of them would be a change again,
		 * without end. */
		p->has_moved |= !q_str_starts_with(change->key.pk, Q_STR("STREAM#"));
		if (!is_job(change) || !has_every_page(change->after))
			continue;
		/* A failure is the sweeper's to make good: it must not stop the feed. */
		if (q__aggregate(d, call, q_item_string(change->after, "fileId", (struct q_str){0}),
				 arena, &ended, &err))
			q_log_error(d->o.log, Q_LOG_WARN, "aggregate.failed", call->request_id,
				    &err);
		*did_work |= ended;
	}
}

static enum q_code read_partition(struct q_aggregator *aggregator, const struct q_call *call,
				  struct partition *p, int64_t wait_ms, struct q_arena *arena,
				  bool *did_work, struct q_err *err)
{
	struct q_stream_position position = {.start = Q_STREAM_OLDEST};
	struct q_change_page page;
	enum q_code code = hold(aggregator, call, p, arena, err);

	if (code)
		return code == Q_CONFLICT ? Q_OK : code;
	if (p->lease.sequence[0]) {
		position.start = Q_STREAM_AFTER;
		position.sequence = q_str_from(p->lease.sequence);
	}
	code = q_change_feed_read(aggregator->d->o.changes, call, q_str_from(p->lease.partition),
				  position, Q_STREAM_READ_MAX, wait_ms, arena, &page, err);
	if (code == Q_GAP) {
		p->lease.sequence[0] = '\0';
		q_log_error(aggregator->d->o.log, Q_LOG_WARN, "aggregator.gap", call->request_id,
			    err);
		return Q_OK;
	}
	if (code)
		return code;
	take_changes(aggregator, call, p, &page, arena, did_work);
	snprintf(p->lease.sequence, sizeof p->lease.sequence, "%.*s", Q_STR_ARG(page.next));
	return Q_OK;
}

enum q_code q_aggregator_step(struct q_aggregator *aggregator, const struct q_call *call,
			      int64_t wait_ms, bool *did_work, struct q_err *err)
{
	struct q_arena *arena = q_arena_new(Q__STEP_ARENA);
	size_t count;
	enum q_code code;

	*did_work = false;
	if (!arena)
		return q_fail(err, Q_NOMEM, "aggregator.step", "an arena");
	code = look(aggregator, call, arena, err);
	count = aggregator->partitions.count;
	if (!code && count > 0) {
		struct partition *p = q_vec_at(&aggregator->partitions, aggregator->turn++ % count);

		code = read_partition(aggregator, call, p, wait_ms / (int64_t)count, arena,
				      did_work, err);
	}
	q_arena_free(arena);
	return code;
}
