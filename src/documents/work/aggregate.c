/* The end of a job: when every page of its run is there, the manifest is written and the last edge
 * taken. The aggregation has a lease, so that one that died is taken over; each run has a manifest
 * key of its own, so that a late writer of an old run harms nobody. */
#include "documents/items.h"
#include "documents/jobs/delete.h"
#include "documents/jobs/job.h"
#include "documents/work/page.h"

#include "base/json.h"

#include <inttypes.h>
#include <string.h>

enum { PAGES_A_QUERY = 100, CHUNK_MAX = 64 << 20, AGGREGATE_LEASE_MS = 30000 };

/* What a job says whose pages all failed: their error, where it is one for all. */
struct failures {
	struct q_str code; /* in `arena`; empty: no page failed yet */
	struct q_arena *arena;
	bool differ;
};

static void note_failure(struct failures *failures, struct q_str code)
{
	if (failures->code.length == 0)
		failures->code = q_arena_copy(failures->arena, code);
	else
		failures->differ |= !q_str_equal(failures->code, code);
}

static void write_chunk(struct q_json_writer *w, const struct q_page *page)
{
	q_json_begin_object(w);
	q_json_field_int64(w, "pageNumber", page->number);
	q_json_field_string(w, "status", q_str_from(q_page_status_name(page->status)));
	if (page->status == Q_PAGE_COMPLETED) {
		q_json_field_raw(w, "analysis", page->analysis);
		q_json_field_string(w, "provider", page->provider);
		q_json_name(w, "flags");
		q_page_flags_write(w, page->flags);
	} else {
		q_json_name(w, "error");
		q_json_begin_object(w);
		q_json_field_string(w, "code", page->error_code);
		q_json_field_string(w, "detail", page->error_detail);
		q_json_end_object(w);
	}
	q_json_end_object(w);
}

/* The manifest's members that stand before its chunks. */
static void write_head(struct q_json_writer *w, const struct q_job *job)
{
	q_json_field_string(w, "fileId", job->file_id);
	q_json_field_string(w, "tenantId", job->tenant_id);
	q_json_field_int64(w, "run", job->run);
	/* The time of the edge to aggregating: whoever writes this run's manifest writes the same
	 * bytes. */
	q_json_field_time(w, "processedAt", job->updated_at_ms);
	q_json_field_int64(w, "totalPages", job->total_pages);
	q_json_field_int64(w, "successCount", job->processed_pages);
	q_json_field_int64(w, "failedCount", job->failed_pages);
}

static enum q_code flush(struct q_blob_writer *writer, const struct q_call *call, struct q_buf *buf,
			 struct q_err *err)
{
	enum q_code code;

	if (q_buf_failed(buf))
		return q_fail(err, Q_NOMEM, "documents.manifest", "a part of the manifest");
	code = q_blob_writer_add(writer, call, q_str_bytes(q_buf_str(buf)), err);
	q_buf_clear(buf);
	return code;
}

/* One query's pages, each checked to be the next one. */
static enum q_code write_pages(struct q_json_writer *w, const struct q_query_page *found,
			       int64_t *next_page, struct failures *failures, struct q_err *err)
{
	for (size_t i = 0; i < found->count; i++) {
		struct q_page page;
		enum q_code code = q__page_parse(&found->items[i], &page, err);

		if (code)
			return code;
		if (page.number != (*next_page)++)
			return q_fail(err, Q_CORRUPT, "documents.manifest",
				      "page %" PRId64 " is counted, but not stored",
				      *next_page - 1);
		if (page.status == Q_PAGE_FAILED)
			note_failure(failures, page.error_code);
		write_chunk(w, &page);
	}
	return Q_OK;
}

static enum q_code write_chunks(struct q_documents *d, const struct q_call *call,
				const struct q_job *job, struct q_json_writer *w,
				struct q_blob_writer *writer, struct failures *failures,
				struct q_err *err)
{
	struct q_arena *arena = q_arena_new(Q__STEP_ARENA);
	struct q_str after = {0};
	int64_t next_page = 1;
	enum q_code code = Q_OK;
	char cursor[2 * Q_RECORD_KEY_MAX];

	if (!arena)
		return q_fail(err, Q_NOMEM, "documents.manifest", "an arena");
	do {
		struct q_query query = {.pk = q__job_key(arena, job->file_id).pk,
					.sk_prefix = Q_STR("PAGE#"),
					.limit = PAGES_A_QUERY,
					.after = after};
		struct q_query_page found;

		code = q_record_store_query(d->o.records, call, &query, arena, &found, err);
		if (!code)
			code = write_pages(w, &found, &next_page, failures, err);
		if (!code)
			code = flush(writer, call, w->out, err);
		if (code)
			break;
		q_assert(found.next.length <= sizeof cursor);
		memcpy(cursor, found.next.data ? found.next.data : "", found.next.length);
		after = (struct q_str){cursor, found.next.length};
		q_arena_reset(arena);
	} while (after.length > 0);
	if (!code && next_page != job->total_pages + 1)
		code = q_fail(err, Q_CORRUPT, "documents.manifest",
			      "%" PRId64 " pages are stored, not %" PRId64, next_page - 1,
			      job->total_pages);
	q_arena_free(arena);
	return code;
}

static enum q_code write_manifest(struct q_documents *d, const struct q_call *call,
				  const struct q_job *job, struct q_str key,
				  struct failures *failures, struct q_err *err)
{
	struct q_blob_writer *writer;
	struct q_json_writer w;
	struct q_buf buf;
	enum q_code code = q_blob_writer_open(d->o.results, call, key, &writer, err);

	if (code)
		return code;
	q_buf_init(&buf, CHUNK_MAX);
	q_json_writer_init(&w, &buf);
	q_json_begin_object(&w);
	write_head(&w, job);
	q_json_name(&w, "chunks");
	q_json_begin_array(&w);
	code = write_chunks(d, call, job, &w, writer, failures, err);
	q_json_end_array(&w);
	q_json_end_object(&w);
	if (!code)
		code = flush(writer, call, &buf, err);
	if (code)
		q_blob_writer_abort(writer);
	else
		code = q_blob_writer_commit(writer, call, NULL, err);
	q_buf_free(&buf);
	return code;
}

/* processing -> aggregating, or the takeover of an aggregation whose lease has run out. */
static enum q_code take_lease(struct q_documents *d, const struct q_call *call, struct q__job *job,
			      struct q_arena *arena, struct q_err *err)
{
	int64_t until = q__now(d) + AGGREGATE_LEASE_MS;
	struct q_change changes[] = {q__change_number("aggregateUntil", until),
				     q__change_string("aggregateOwner", d->o.owner)};
	struct q__edge edge = {.to = Q_JOB_AGGREGATING,
			       .due_at_ms = until,
			       .changes = changes,
			       .change_count = Q_COUNT_OF(changes)};
	struct q_condition same[] = {
		q__if_string("status", Q_STR("aggregating")),
		q__if_number("run", job->view.run),
		q__if_number("aggregateUntil", job->aggregate_until_ms),
	};
	struct q_record_key due = q__due_key(arena, job->view.file_id, until);
	struct q_write takeover = {.kind = Q_WRITE_UPDATE,
				   .key = q__job_key(arena, job->view.file_id),
				   .changes = changes,
				   .change_count = Q_COUNT_OF(changes),
				   .index2 = &due,
				   .conditions = same,
				   .condition_count = Q_COUNT_OF(same)};
	enum q_code code;

	if (job->view.status == Q_JOB_PROCESSING)
		code = q__job_take_edge(d, call, job, &edge, arena, err);
	else
		code = q_record_store_write(d->o.records, call, &takeover, NULL, NULL, err);
	if (!code)
		code = q__job_read(d, call, job->view.file_id, arena, job, err);
	if (!code && (job->view.status != Q_JOB_AGGREGATING || job->aggregate_until_ms != until))
		code = q_fail(err, Q_CONFLICT, "documents.aggregate", "another ended the job");
	return code;
}

static bool is_ready(const struct q_documents *d, const struct q__job *job)
{
	const struct q_job *j = &job->view;

	if (j->status == Q_JOB_PROCESSING)
		return j->total_pages > 0 && j->processed_pages + j->failed_pages >= j->total_pages;
	return j->status == Q_JOB_AGGREGATING && (job->aggregate_until_ms <= q__now(d) ||
						  q_str_equal(job->aggregate_owner, d->o.owner));
}

/* aggregating -> completed, or failed where no page succeeded. */
static enum q_code finish(struct q_documents *d, const struct q_call *call,
			  const struct q__job *job, struct q_str key,
			  const struct failures *failures, struct q_err *err)
{
	int64_t now = q__now(d);
	bool is_failed = job->view.processed_pages == 0;
	struct q_change changes[] = {
		q__change_string("resultKey", key),
		q__change_number("completedAt", now),
		q__change_string("errorCode",
				 failures->differ ? Q_STR("no_page_succeeded") : failures->code),
		q__change_string(
			"errorDetail",
			Q_STR("no page could be worked through: the results say why for each")),
	};
	struct q__edge edge = {.to = is_failed ? Q_JOB_FAILED : Q_JOB_COMPLETED,
			       .changes = changes,
			       .change_count = is_failed ? 4 : 2};
	enum q_code code = q__job_take_edge(d, call, job, &edge, failures->arena, err);

	if (code)
		return code;
	q_series_observe(d->document_seconds, (double)(now - job->view.uploaded_at_ms) / 1000.0);
	q_log(d->o.log, Q_LOG_INFO, is_failed ? "job.failed" : "job.completed",
	      Q_LOG_STRING("fileId", job->view.file_id), Q_LOG_INT("run", job->view.run),
	      Q_LOG_INT("pages", job->view.total_pages),
	      Q_LOG_INT("failedPages", job->view.failed_pages),
	      Q_LOG_INT("durationMs", now - job->view.uploaded_at_ms));
	if (!is_failed)
		q__publish(d, call, "document.completed", &job->view);
	return Q_OK;
}

static enum q_code fail_corrupt(struct q_documents *d, const struct q_call *call,
				const struct q__job *job, struct q_arena *arena, struct q_err *err)
{
	struct q_err cause = *err;

	q_log_error(d->o.log, Q_LOG_ERROR, "aggregate.corrupt", call->request_id, &cause);
	return q__job_fail(d, call, job, &cause, arena, err);
}

static struct q_str manifest_key(const struct q_job *job, struct q_arena *arena)
{
	struct q_str prefix = q_arena_format(arena, "%.*s/%.*s/results", Q_STR_ARG(job->tenant_id),
					     Q_STR_ARG(job->file_id));

	return job->run == 1 ? q_arena_format(arena, "%.*s.json", Q_STR_ARG(prefix))
			     : q_arena_format(arena, "%.*s.%" PRId64 ".json", Q_STR_ARG(prefix),
					      job->run);
}

enum q_code q__aggregate(struct q_documents *d, const struct q_call *call, struct q_str file_id,
			 struct q_arena *arena, bool *did_work, struct q_err *err)
{
	struct q__job job;
	struct failures failures = {.arena = arena};
	struct q_str key;
	enum q_code code = q__job_read(d, call, file_id, arena, &job, err);

	*did_work = false;
	if (code == Q_NOTFOUND)
		return Q_OK;
	if (code || !is_ready(d, &job))
		return code;
	code = take_lease(d, call, &job, arena, err);
	if (code == Q_CONFLICT || code == Q_NOTFOUND)
		return Q_OK; /* another was first, or deleted it meanwhile */
	if (code)
		return code;
	*did_work = true;
	key = manifest_key(&job.view, arena);
	code = write_manifest(d, call, &job.view, key, &failures, err);
	if (!code) {
		code = finish(d, call, &job, key, &failures, err);
		if (code)
			q__remove_if_deleted(d, call, file_id, key, arena);
	} else if (code == Q_CORRUPT) { /* no later attempt would find other pages */
		code = fail_corrupt(d, call, &job, arena, err);
	}
	return code == Q_CONFLICT ? Q_OK : code;
}
