/* A job's manifest, for those who may read it. */
#include "documents/documents_internal.h"

enum { MINUTE_MS = 60000 };

static enum q_code find_finished(struct q_documents *d, const struct q_call *call,
				 const struct q_identity *who, struct q_str file_id,
				 struct q_arena *arena, struct q_job *job, struct q_err *err)
{
	enum q_code code = q_documents_find_job(d, call, who, file_id, arena, job, err);

	if (code)
		return code;
	if (!q_job_status_is_final(job->status)) {
		code = q_fail_reason(
			err, Q_CONFLICT, "not_ready", "documents.results",
			"the document is still being worked through: try again shortly");
		err->retry_after_ms = 1000;
		return code;
	}
	if (job->result_key.length == 0)
		return q_fail_reason(err, Q_CONFLICT, "no_results", "documents.results",
				     "the job ended without results: its error says why");
	return Q_OK;
}

enum q_code q_documents_open_results(struct q_documents *d, const struct q_call *call,
				     const struct q_identity *who, struct q_str file_id,
				     struct q_arena *arena, struct q_blob_reader **out,
				     struct q_blob_info *info, struct q_err *err)
{
	struct q_job job;
	enum q_code code = find_finished(d, call, who, file_id, arena, &job, err);

	if (code)
		return code;
	return q_blob_reader_open(d->o.results, call, job.result_key, Q_BLOB_WHOLE, out, info, err);
}

enum q_code q_documents_link_job(struct q_documents *d, const struct q_call *call,
				 const struct q_job *job, struct q_arena *arena, struct q_str *url,
				 int64_t *expires_at_ms, struct q_err *err)
{
	struct q_blob_link link = {.method = Q_BLOB_LINK_GET,
				   .content_type = Q_STR("application/json"),
				   .content_length = -1};
	int64_t until_ms = q__now(d) + Q_DOCUMENTS_LINK_MS;

	*expires_at_ms = link.expires_at_ms =
		until_ms + MINUTE_MS - 1 - (until_ms + MINUTE_MS - 1) % MINUTE_MS;
	link.download_name = q_arena_format(arena, "%.*s.results.json", Q_STR_ARG(job->file_id));
	return q_blob_store_presign(d->o.results, call, job->result_key, &link, arena, url, err);
}

enum q_code q_documents_link_results(struct q_documents *d, const struct q_call *call,
				     const struct q_identity *who, struct q_str file_id,
				     struct q_arena *arena, struct q_str *url,
				     int64_t *expires_at_ms, struct q_err *err)
{
	struct q_job job;
	enum q_code code = find_finished(d, call, who, file_id, arena, &job, err);

	return code ? code : q_documents_link_job(d, call, &job, arena, url, expires_at_ms, err);
}
