/* Claims: a plan or a range is claimed by moving its lease, under the condition that its epoch is
 * the one that was read. A claim that is not renewed ends by itself: the item's place in the READY
 * index is the time from which others may claim it. */
#include "documents/items.h"
#include "documents/jobs/job.h"
#include "documents/work/work.h"

/* Writes `changes` and the place in the READY index, as long as the epoch is still the one in
 * `work`, and the work not done: a renewal that comes late must not make it claimable again.
 * `is_claim`: nor may the lease have been renewed since the work was read. */
static enum q_code update(struct q_documents *d, const struct q_call *call,
			  const struct q__work *work, bool is_claim,
			  const struct q_record_key *ready, const struct q_change *changes,
			  size_t change_count, struct q_arena *arena, struct q_err *err)
{
	/* Epochs count anew in each run. */
	struct q_condition as_known[] = {
		q__if_number("run", work->run),
		q__if_number("epoch", work->epoch),
		{.kind = Q_IF_UNSET, .name = Q_STR("done")},
		q__if_number("leaseUntil", work->lease_until_ms),
	};
	struct q_write write = {
		.kind = Q_WRITE_UPDATE,
		.key = q__work_key(arena, work),
		.changes = changes,
		.change_count = change_count,
		.index1 = ready,
		.conditions = as_known,
		.condition_count = Q_COUNT_OF(as_known) - !is_claim,
	};

	if (q_arena_failed(arena))
		return q_fail(err, Q_NOMEM, "documents.range", "a lease");
	return q_record_store_write(d->o.records, call, &write, NULL, NULL, err);
}

enum q_code q__work_claim(struct q_documents *d, const struct q_call *call, struct q__work *work,
			  struct q_arena *arena, struct q_err *err)
{
	int64_t until = q__now(d) + Q_WORKER_LEASE_MS;
	struct q_record_key ready =
		q__ready_key(arena, work->tenant_id, work->is_urgent, until, work->file_id);
	struct q_change changes[] = {
		q__change_number("epoch", work->epoch + 1),
		q__change_number("leaseUntil", until),
		q__change_string("owner", d->o.owner),
	};
	enum q_code code =
		update(d, call, work, true, &ready, changes, Q_COUNT_OF(changes), arena, err);

	if (code)
		return code;
	work->epoch++;
	work->lease_until_ms = until;
	work->owner = d->o.owner;
	return Q_OK;
}

enum q_code q__work_renew(struct q_documents *d, const struct q_call *call, struct q__work *work,
			  struct q_arena *arena, struct q_err *err)
{
	int64_t until = q__now(d) + Q_WORKER_LEASE_MS;
	struct q_record_key ready =
		q__ready_key(arena, work->tenant_id, work->is_urgent, until, work->file_id);
	struct q_change change = q__change_number("leaseUntil", until);
	enum q_code code = update(d, call, work, false, &ready, &change, 1, arena, err);

	if (code)
		return code;
	work->lease_until_ms = until;
	return Q_OK;
}

enum q_code q__work_release(struct q_documents *d, const struct q_call *call,
			    const struct q__work *work, int64_t available_at_ms,
			    struct q_arena *arena, struct q_err *err)
{
	struct q_record_key ready = q__ready_key(arena, work->tenant_id, work->is_urgent,
						 available_at_ms, work->file_id);
	struct q_change changes[] = {
		q__change_number("leaseUntil", available_at_ms),
		q__change_string("owner", Q_STR("")),
	};

	return update(d, call, work, false, &ready, changes, Q_COUNT_OF(changes), arena, err);
}

enum q_code q__work_extracted(struct q_documents *d, const struct q_call *call,
			      const struct q__work *work, struct q_arena *arena, struct q_err *err)
{
	struct q_change changes[] = {
		q__change_string("textKey", work->text_key),
		q__change_string("textIndex", work->text_index),
	};

	return update(d, call, work, false, NULL, changes, Q_COUNT_OF(changes), arena, err);
}

enum q_code q__work_finish(struct q_documents *d, const struct q_call *call,
			   const struct q__work *work, struct q_arena *arena, struct q_err *err)
{
	struct q_record_key nowhere = {0};
	struct q_change change = q__change_number("done", 1);

	return update(d, call, work, false, &nowhere, &change, 1, arena, err);
}

enum q_code q__work_reopen(struct q_documents *d, const struct q_call *call,
			   const struct q__work *work, struct q_arena *arena, struct q_err *err)
{
	int64_t now = q__now(d);
	struct q_record_key ready =
		q__ready_key(arena, work->tenant_id, work->is_urgent, now, work->file_id);
	struct q_change changes[] = {
		q__change_remove("done"),
		q__change_number("leaseUntil", now),
	};
	struct q_condition still_done[] = {
		q__if_number("run", work->run),
		q__if_number("epoch", work->epoch),
		{.kind = Q_IF_SET, .name = Q_STR("done")},
	};
	struct q_write write = {.kind = Q_WRITE_UPDATE,
				.key = q__work_key(arena, work),
				.changes = changes,
				.change_count = Q_COUNT_OF(changes),
				.index1 = &ready,
				.conditions = still_done,
				.condition_count = Q_COUNT_OF(still_done)};

	if (q_arena_failed(arena))
		return q_fail(err, Q_NOMEM, "documents.range", "work to reopen");
	return q_record_store_write(d->o.records, call, &write, NULL, NULL, err);
}

enum q_code q__range_is_over(struct q_documents *d, const struct q_call *call,
			     const struct q__work *range, struct q_arena *arena, bool *is_over,
			     struct q_err *err)
{
	struct q__job job;
	enum q_code code = q__job_read(d, call, range->file_id, arena, &job, err);

	if (code && code != Q_NOTFOUND)
		return code;
	*is_over = code == Q_NOTFOUND || job.view.run != range->run ||
		   job.view.status != Q_JOB_PROCESSING;
	return Q_OK;
}
