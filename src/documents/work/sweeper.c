/* The sweeper: a job that is not at its end stands in the due index, under the time by which it
 * should have moved. What is past that time is rung for again; a job whose pages are all there is
 * ended here, should the aggregator have missed it. What is left of a deleted document is removed,
 * and direct uploads that nobody completed. */
#include "documents/items.h"
#include "documents/jobs/delete.h"
#include "documents/jobs/job.h"
#include "documents/uploads/uploads_internal.h"
#include "documents/work/page.h"
#include "documents/work/work.h"

#include <string.h>

enum { DUE_LOOK = 100 };

/* The next due time, and a new doorbell; the tenant's mark is set again, in case it was dropped too
 * early. */
static enum q_code ring_again(struct q_documents *d, const struct q_call *call,
			      const struct q__job *job, struct q_arena *arena, struct q_err *err)
{
	struct q_record_key due = q__due_key(arena, job->view.file_id, q__now(d) + Q__DUE_AFTER_MS);
	struct q_condition same[] = {
		q__if_string("status", q_str_from(q_job_status_name(job->view.status))),
		q__if_number("run", job->view.run),
	};
	struct q_change count = q__change_add("rings", 1);
	struct q_write writes[] = {
		{.kind = Q_WRITE_UPDATE,
		 .key = q__job_key(arena, job->view.file_id),
		 .changes = &count,
		 .change_count = 1,
		 .index2 = &due,
		 .conditions = same,
		 .condition_count = Q_COUNT_OF(same)},
		q__ready_tenant_write(arena, job->view.tenant_id),
	};
	enum q_code code =
		q_record_store_transact(d->o.records, call, writes, Q_COUNT_OF(writes), NULL, err);

	if (code == Q_CONFLICT)
		return Q_OK; /* it has moved */
	if (!code)
		q__publish(d, call, "document.uploaded", &job->view);
	return code;
}

/* Reopens a range that is done and lacks pages. */
static enum q_code mend_range(struct q_documents *d, const struct q_call *call,
			      const struct q__work *range, struct q_arena *arena, struct q_err *err)
{
	bool done[Q_DOCUMENTS_RANGE_PAGES] = {false};
	enum q_code code = q__pages_done(d, call, range, arena, done, err);

	if (code || !memchr(done, false, range->last - range->first + 1))
		return code;
	q_log(d->o.log, Q_LOG_WARN, "sweep.reopened", Q_LOG_STRING("fileId", range->file_id),
	      Q_LOG_INT("range", range->range));
	code = q__work_reopen(d, call, range, arena, err);
	return code == Q_CONFLICT ? Q_OK : code;
}

/* The job's ranges; *count stays 0 where one is not done: it is claimable, now or when its lease
 * ends. */
static enum q_code read_done_ranges(struct q_documents *d, const struct q_call *call,
				    const struct q_job *job, struct q_arena *arena,
				    struct q__work **out, size_t *count, struct q_err *err)
{
	size_t most = q__range_count(job);
	struct q__work *ranges = q_arena_alloc_array(arena, most, sizeof *ranges);
	struct q_query query = {.pk = q__job_key(arena, job->file_id).pk,
				.sk_prefix = Q_STR("RANGE#"),
				.limit = Q_RECORD_QUERY_MAX};
	size_t done = 0;

	*count = 0;
	if (!ranges)
		return q_fail(err, Q_NOMEM, "sweeper.mend", "%zu ranges", most);
	do {
		struct q_query_page found;
		enum q_code code =
			q_record_store_query(d->o.records, call, &query, arena, &found, err);

		for (size_t i = 0; !code && i < found.count && done < most; i++) {
			code = q__work_parse(&found.items[i], &ranges[done], err);
			if (!code && !ranges[done++].is_done)
				return Q_OK;
		}
		if (code)
			return code;
		query.after = found.next;
	} while (query.after.length > 0);
	*out = ranges;
	*count = done;
	return Q_OK;
}

/* Ranges that a retry, or planning, has left behind are brought into the run. And where nothing is
 * left to claim of a job that lacks pages, it would wait for ever: no order of events is known that
 * leads there. Stored work that cannot be read fails its job. */
static enum q_code mend_job(struct q_documents *d, const struct q_call *call,
			    const struct q__job *job, struct q_arena *arena, struct q_err *err)
{
	struct q__work *ranges = NULL;
	size_t opened, count = 0;
	enum q_code code = q__ranges_open(d, call, &job->view, arena, &opened, err);

	if (!code && opened == 0)
		code = read_done_ranges(d, call, &job->view, arena, &ranges, &count, err);
	for (size_t i = 0; !code && i < count; i++)
		code = mend_range(d, call, &ranges[i], arena, err);
	if (code == Q_CORRUPT) {
		struct q_err cause = *err;

		return q__job_fail(d, call, job, &cause, arena, err);
	}
	return code ? code : ring_again(d, call, job, arena, err);
}

static enum q_code sweep_job(struct q_documents *d, const struct q_call *call, struct q_str file_id,
			     struct q_arena *arena, struct q_err *err)
{
	struct q__job job;
	bool ended;
	enum q_code code = q__aggregate(d, call, file_id, arena, &ended, err);

	if (code || ended)
		return code;
	code = q__job_read(d, call, file_id, arena, &job, err);
	if (code == Q_NOTFOUND)
		return q__tombstone_sweep(d, call, file_id, arena, err);
	if (!code && q_job_status_is_final(job.view.status))
		return Q_OK; /* the index lags behind */
	if (code)
		return code;
	return job.view.status == Q_JOB_PROCESSING ? mend_job(d, call, &job, arena, err)
						   : ring_again(d, call, &job, arena, err);
}

static enum q_code sweep_bucket(struct q_documents *d, const struct q_call *call, unsigned bucket,
				struct q_arena *arena, bool *did_work, struct q_err *err)
{
	struct q_query query = {.index = 2,
				.pk = q__due_bucket(arena, bucket),
				.sk_to = q__time_key(arena, q__now(d)),
				.limit = DUE_LOOK};
	struct q_query_page due;
	enum q_code result = Q_OK;
	enum q_code code = q_record_store_query(d->o.records, call, &query, arena, &due, err);

	if (code)
		return code;
	for (size_t i = 0; i < due.count; i++) {
		struct q_str id = q_item_string(&due.items[i], "fileId", (struct q_str){0});
		struct q_err failure;

		/* One job's trouble keeps no other from its turn. */
		code = sweep_job(d, call, id, arena, &failure);
		if (code) {
			q_log_error(d->o.log, Q_LOG_WARN, "sweep.failed", id, &failure);
			*err = failure;
			result = code;
		}
		*did_work = true;
	}
	return result;
}

enum q_code q_sweeper_step(struct q_documents *d, const struct q_call *call, bool *did_work,
			   struct q_err *err)
{
	struct q_arena *arena = q_arena_new(Q__STEP_ARENA);
	enum q_code result = Q_OK;

	*did_work = false;
	if (!arena)
		return q_fail(err, Q_NOMEM, "sweeper.step", "an arena");
	for (unsigned bucket = 0; bucket < Q__DUE_BUCKETS; bucket++) {
		struct q_err failure;
		enum q_code code = sweep_bucket(d, call, bucket, arena, did_work, &failure);

		if (!code)
			code = q__direct_uploads_sweep(d, call, bucket, arena, did_work, &failure);
		if (code) {
			*err = failure;
			result = code;
		}
		q_arena_reset(arena);
	}
	q_arena_free(arena);
	return result;
}
