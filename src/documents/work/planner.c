/* Planning: how many pages has the document, and into which ranges are they parted. Ranges become
 * visible with the edge to processing, or after it. Every write may be repeated: a plan whose
 * worker died is claimed again and goes on where it can. */
#include "documents/items.h"
#include "documents/jobs/job.h"
#include "documents/jobs/usage.h"
#include "documents/work/work.h"

#include <unistd.h>

enum { RANGES_A_BATCH = 20 };

static enum q_code count_pages(struct q_documents *d, const struct q_call *call,
			       const struct q_job *job, unsigned *page_count, struct q_err *err)
{
	struct q_document_source source = {.fd = -1};
	enum q_code code = q_blob_store_open_file(d->o.documents, call, job->source_key, &source.fd,
						  &source.size_bytes, err);

	if (code)
		return code;
	code = q_page_extractor_count_pages(d->o.extractor, call, &source, page_count, err);
	close(source.fd);
	return code;
}

/* The writes of up to RANGES_A_BATCH ranges from number `first` on; *count of them. */
static enum q_code range_writes(struct q_documents *d, const struct q_job *job, unsigned first,
				struct q_arena *arena, struct q_write *writes, size_t *count,
				struct q_err *err)
{
	static const struct q_condition is_new = {.kind = Q_IF_ABSENT};
	int64_t now = q__now(d);
	struct q_item *items = q_arena_alloc_array(arena, RANGES_A_BATCH, sizeof *items);
	size_t range_count = q__range_count(job);

	*count = 0;
	for (; items && first <= range_count && *count < RANGES_A_BATCH; first++, (*count)++) {
		struct q_item *item = &items[*count];
		struct q__work range = q__range_of_job(d, job, first);

		if (!q__work_item(arena, &range, now, item))
			break;
		writes[*count] = (struct q_write){.kind = Q_WRITE_PUT,
						  .key = item->key,
						  .item = item,
						  .conditions = &is_new,
						  .condition_count = 1};
	}
	if (q_arena_failed(arena))
		return q_fail(err, Q_NOMEM, "documents.plan", "ranges of a document");
	return Q_OK;
}

/* pending -> chunking. The job is read again after it. */
static enum q_code start_chunking(struct q_documents *d, const struct q_call *call,
				  struct q__job *job, struct q_arena *arena, struct q_err *err)
{
	int64_t now = q__now(d);
	struct q_change started = q__change_number("startedAt", now);
	struct q__edge edge = {.to = Q_JOB_CHUNKING,
			       .due_at_ms = now + Q__DUE_AFTER_MS,
			       .changes = &started,
			       .change_count = 1};
	enum q_code code = q__job_take_edge(d, call, job, &edge, arena, err);

	return code ? code : q__job_read(d, call, job->view.file_id, arena, job, err);
}

/* chunking -> processing, together with the first ranges and what the pages add to the tenant's
 * usage. */
static enum q_code start_processing(struct q_documents *d, const struct q_call *call,
				    const struct q__job *job, const struct q_write *usage,
				    struct q_arena *arena, struct q_err *err)
{
	struct q_write writes[RANGES_A_BATCH + 2];
	struct q_change total = q__change_number("totalPages", job->view.total_pages);
	struct q__edge edge = {.to = Q_JOB_PROCESSING,
			       .due_at_ms = q__now(d) + Q__DUE_AFTER_MS,
			       .changes = &total,
			       .change_count = 1,
			       .writes = writes};
	enum q_code code = range_writes(d, &job->view, 1, arena, writes, &edge.write_count, err);

	if (code)
		return code;
	writes[edge.write_count++] = q__ready_tenant_write(arena, job->view.tenant_id);
	writes[edge.write_count++] = *usage;
	return q__job_take_edge(d, call, job, &edge, arena, err);
}

/* The ranges that had no room in the edge's transaction. A batch is whole: where one of its ranges
 * is there, all are. */
static enum q_code write_more_ranges(struct q_documents *d, const struct q_call *call,
				     const struct q_job *job, struct q_arena *arena,
				     struct q_err *err)
{
	size_t range_count = q__range_count(job);

	for (unsigned first = 1 + RANGES_A_BATCH; first <= range_count; first += RANGES_A_BATCH) {
		struct q_write writes[RANGES_A_BATCH + 1];
		size_t count;
		enum q_code code = range_writes(d, job, first, arena, writes, &count, err);

		if (code)
			return code;
		writes[count++] = q__ready_tenant_write(arena, job->tenant_id);
		code = q_record_store_transact(d->o.records, call, writes, count, NULL, err);
		if (code && code != Q_CONFLICT)
			return code;
	}
	return Q_OK;
}

/* A document that is to blame fails its job; so does a plan that has been tried too often. */
static enum q_code fail_or_retry(struct q_documents *d, const struct q_call *call,
				 const struct q__job *job, const struct q__work *plan,
				 struct q_arena *arena, struct q_err *err)
{
	struct q_err cause = *err;
	enum q_code code;

	if (!cause.reason && plan->epoch < Q__CLAIMS_MAX)
		return err->code;
	if (!cause.reason)
		cause.reason = "planning_failed";
	code = q__job_fail(d, call, job, &cause, arena, err);
	return code ? code : q__work_finish(d, call, plan, arena, err);
}

enum q_code q__plan(struct q_documents *d, const struct q_call *call, const struct q__work *plan,
		    struct q_arena *arena, struct q_err *err)
{
	struct q__job job;
	unsigned page_count = 0;
	struct q_usage added = {0};
	struct q_write usage;
	enum q_code code = q__job_read(d, call, plan->file_id, arena, &job, err);

	if (!code && job.view.status == Q_JOB_PENDING && job.view.run == plan->run)
		code = start_chunking(d, call, &job, arena, err);
	if (code)
		return code;
	if (job.view.run != plan->run ||
	    (job.view.status != Q_JOB_CHUNKING && job.view.status != Q_JOB_PROCESSING))
		return q__work_finish(d, call, plan, arena, err);
	if (job.view.status == Q_JOB_CHUNKING) {
		code = plan->epoch > Q__CLAIMS_MAX
			       ? q_fail_reason(err, Q_CORRUPT, "worker_lost", "documents.plan",
					       "every worker that took up this document was lost")
			       : count_pages(d, call, &job.view, &page_count, err);
		added.pages = page_count;
		if (!code)
			code = q__usage_grow(d, call, plan->tenant_id, &added, arena, &usage, err);
		if (code)
			return fail_or_retry(d, call, &job, plan, arena, err);
		job.view.total_pages = page_count;
		code = start_processing(d, call, &job, &usage, arena, err);
	}
	if (!code)
		code = write_more_ranges(d, call, &job.view, arena, err);
	return code ? code : q__work_finish(d, call, plan, arena, err);
}
