/* A new run of a job that has ended: what stands stays, what failed or is missing is done again.
 *
 * The edge comes first; then the ranges follow it into the new run, batch by batch, each under the
 * condition that it is still in the run it was read in. Where that breaks off, the job's due mark
 * lets the sweeper go on. */
#include "documents/items.h"
#include "documents/jobs/job.h"
#include "documents/work/page.h"
#include "documents/work/work.h"

#include <string.h>

enum { RANGES_A_BATCH = 20 };

/* --- Ranges ----------------------------------------------------------------------------------- */

struct opening {
	struct q_documents *d;
	const struct q_call *call;
	const struct q_job *job;
	struct q_arena *arena;
	struct q_write writes[RANGES_A_BATCH + 1]; /* one more for the tenant's mark */
	size_t count;
	size_t opened; /* that are claimable now */
};

/* Another may have done the same: then nothing of the batch is written, and nothing lost. */
static enum q_code flush(struct opening *o, struct q_err *err)
{
	enum q_code code;

	if (q_arena_failed(o->arena))
		return q_fail(err, Q_NOMEM, "documents.retry", "ranges to open");
	if (o->count == 0)
		return Q_OK;
	o->writes[o->count++] = q__ready_tenant_write(o->arena, o->job->tenant_id);
	code = q_record_store_transact(o->d->o.records, o->call, o->writes, o->count, NULL, err);
	o->count = 0;
	return code == Q_CONFLICT ? Q_OK : code;
}

static enum q_code add(struct opening *o, const struct q_write *write, struct q_err *err)
{
	o->writes[o->count++] = *write;
	return o->count == RANGES_A_BATCH ? flush(o, err) : Q_OK;
}

/* A range of the job's run, claimable now, with no text yet: what could not be read is read again.
 * `old_run` 0: the range was never written. */
static enum q_code open_range(struct opening *o, unsigned number, int64_t old_run,
			      struct q_err *err)
{
	struct q_item *item = q_arena_alloc(o->arena, sizeof *item);
	struct q_condition *as_read = q_arena_alloc(o->arena, sizeof *as_read);
	struct q__work range = q__range_of_job(o->d, o->job, number);
	struct q_write write;

	if (!item || !as_read || !q__work_item(o->arena, &range, q__now(o->d), item))
		return q_fail(err, Q_NOMEM, "documents.retry", "a range");
	*as_read = old_run > 0 ? q__if_number("run", old_run)
			       : (struct q_condition){.kind = Q_IF_ABSENT};
	write = (struct q_write){.kind = Q_WRITE_PUT,
				 .key = item->key,
				 .item = item,
				 .conditions = as_read,
				 .condition_count = 1};
	o->opened++;
	return add(o, &write, err);
}

/* All pages of the range stand: it is done in the job's run too. */
static enum q_code carry_range(struct opening *o, const struct q__work *range, struct q_err *err)
{
	static const struct q_record_key nowhere = {0};
	struct q_change *changes = q_arena_alloc_array(o->arena, 2, sizeof *changes);
	struct q_condition *as_read = q_arena_alloc(o->arena, sizeof *as_read);
	struct q_write write = {.kind = Q_WRITE_UPDATE,
				.key = q__work_key(o->arena, range),
				.changes = changes,
				.change_count = 2,
				.index1 = &nowhere,
				.conditions = as_read,
				.condition_count = 1};

	if (!changes || !as_read)
		return q_fail(err, Q_NOMEM, "documents.retry", "a range");
	changes[0] = q__change_number("run", o->job->run);
	changes[1] = q__change_number("done", 1);
	*as_read = q__if_number("run", range->run);
	return add(o, &write, err);
}

/* Brings a range of an earlier run into the job's. */
static enum q_code follow(struct opening *o, unsigned number, const struct q__work *old,
			  struct q_err *err)
{
	bool done[Q_DOCUMENTS_RANGE_PAGES] = {false};
	struct q__work range = *old;
	enum q_code code;

	range.run = o->job->run;
	code = q__pages_done(o->d, o->call, &range, o->arena, done, err);
	if (code)
		return code;
	if (memchr(done, false, old->last - old->first + 1))
		return open_range(o, number, old->run, err);
	return carry_range(o, old, err);
}

/* The job's ranges by number - 1; run 0 where one is missing. */
static enum q_code read_ranges(struct opening *o, struct q__work *ranges, size_t count,
			       struct q_err *err)
{
	struct q_query query = {.pk = q__job_key(o->arena, o->job->file_id).pk,
				.sk_prefix = Q_STR("RANGE#"),
				.limit = Q_RECORD_QUERY_MAX};

	do {
		struct q_query_page found;
		enum q_code code = q_record_store_query(o->d->o.records, o->call, &query, o->arena,
							&found, err);

		for (size_t i = 0; !code && i < found.count; i++) {
			struct q__work range;

			code = q__work_parse(&found.items[i], &range, err);
			if (!code && range.range >= 1 && range.range <= count)
				ranges[range.range - 1] = range;
		}
		if (code)
			return code;
		query.after = found.next;
	} while (query.after.length > 0);
	return Q_OK;
}

enum q_code q__ranges_open(struct q_documents *d, const struct q_call *call,
			   const struct q_job *job, struct q_arena *arena, size_t *opened,
			   struct q_err *err)
{
	struct opening o = {.d = d, .call = call, .job = job, .arena = arena};
	size_t count = q__range_count(job);
	struct q__work *ranges = q_arena_alloc_array(arena, count, sizeof *ranges);
	enum q_code code;

	if (!ranges)
		return q_fail(err, Q_NOMEM, "documents.retry", "%zu ranges", count);
	memset(ranges, 0, count * sizeof *ranges);
	code = read_ranges(&o, ranges, count, err);
	for (unsigned i = 0; !code && i < count; i++) {
		if (ranges[i].run == 0)
			code = open_range(&o, i + 1, 0, err);
		else if (ranges[i].run < job->run)
			code = follow(&o, i + 1, &ranges[i], err);
	}
	if (!code)
		code = flush(&o, err);
	*opened = o.opened;
	return code;
}

/* --- The edge --------------------------------------------------------------------------------- */

/* `record` (here and below; may be NULL) is a write that belongs to the edge. */
static enum q_code restart_pages(struct q_documents *d, const struct q_call *call,
				 const struct q__job *job, const struct q_write *record,
				 struct q_arena *arena, struct q_err *err)
{
	/* What succeeded stays counted: total = processed + failed + open holds from the start. */
	struct q_change changes[] = {
		q__change_number("failedPages", 0), q__change_number("startedAt", q__now(d)),
		q__change_remove("completedAt"),    q__change_remove("resultKey"),
		q__change_remove("errorCode"),	    q__change_remove("errorDetail"),
	};
	struct q__edge edge = {.to = Q_JOB_PROCESSING,
			       .due_at_ms = q__now(d) + Q__DUE_AFTER_MS,
			       .changes = changes,
			       .change_count = Q_COUNT_OF(changes),
			       .writes = record,
			       .write_count = record ? 1 : 0};

	return q__job_take_edge(d, call, job, &edge, arena, err);
}

/* Its pages were never counted: it is planned anew. */
static enum q_code restart_plan(struct q_documents *d, const struct q_call *call,
				const struct q__job *job, const struct q_write *record,
				struct q_arena *arena, struct q_err *err)
{
	struct q_change changes[] = {q__change_remove("startedAt"), q__change_remove("completedAt"),
				     q__change_remove("errorCode"),
				     q__change_remove("errorDetail")};
	struct q__work plan = q__plan_of_job(d, &job->view);
	struct q_item item;
	struct q_write writes[3];
	struct q__edge edge = {.to = Q_JOB_PENDING,
			       .due_at_ms = q__now(d) + Q__DUE_AFTER_MS,
			       .changes = changes,
			       .change_count = Q_COUNT_OF(changes),
			       .writes = writes,
			       .write_count = record ? 3 : 2};

	plan.run++;
	if (!q__work_item(arena, &plan, q__now(d), &item))
		return q_fail(err, Q_NOMEM, "documents.retry", "a plan");
	writes[0] = (struct q_write){.kind = Q_WRITE_PUT, .key = item.key, .item = &item};
	writes[1] = q__ready_tenant_write(arena, plan.tenant_id);
	if (record)
		writes[2] = *record;
	return q__job_take_edge(d, call, job, &edge, arena, err);
}

static enum q_code retry(struct q_documents *d, const struct q_call *call, const struct q__job *job,
			 void *record, struct q_arena *arena, struct q_err *err)
{
	const struct q_job *view = &job->view;

	if (!q_job_status_is_final(view->status))
		return q_fail_reason(err, Q_CONFLICT, "job_not_ended", "documents.retry",
				     "the job is still %s: cancel it first, or wait for its end",
				     q_job_status_name(view->status));
	if (view->status == Q_JOB_COMPLETED && view->failed_pages == 0)
		return q_fail_reason(err, Q_CONFLICT, "nothing_to_retry", "documents.retry",
				     "every page has succeeded");
	return view->total_pages > 0 ? restart_pages(d, call, job, record, arena, err)
				     : restart_plan(d, call, job, record, arena, err);
}

/* The new run has begun, whatever follows: the sweeper makes good for what fails here. */
static void start_run(struct q_documents *d, const struct q_call *call, const struct q_job *job,
		      struct q_arena *arena)
{
	struct q_err err;
	size_t opened;

	q_log(d->o.log, Q_LOG_INFO, "job.retried", Q_LOG_STRING("fileId", job->file_id),
	      Q_LOG_INT("run", job->run));
	if (job->status == Q_JOB_PROCESSING && q__ranges_open(d, call, job, arena, &opened, &err))
		q_log_error(d->o.log, Q_LOG_WARN, "retry.unfinished", call->request_id, &err);
	q__publish(d, call, "document.uploaded", job);
}

enum q_code q_documents_retry_job(struct q_documents *d, const struct q_call *call,
				  const struct q_identity *who, struct q_str file_id,
				  struct q_idempotency *once, struct q_arena *arena,
				  struct q_job *out, struct q_err *err)
{
	struct q_write record;
	enum q_code code;

	if (once && !q_idempotency_write(once, file_id, &record))
		return q_fail(err, Q_NOMEM, "documents.retry", "a record");
	code = q__job_change(d, call, who, file_id, retry, once ? &record : NULL, arena, err);
	if (!code)
		code = q_documents_find_job(d, call, who, file_id, arena, out, err);
	if (!code)
		start_run(d, call, out, arena);
	return code;
}
