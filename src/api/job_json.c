#include "api/api_internal.h"

static void field_time_or_null(struct q_json_writer *w, const char *name, int64_t wall_ms)
{
	q_json_name(w, name);
	if (wall_ms > 0)
		q_json_put_time(w, wall_ms);
	else
		q_json_put_null(w);
}

static void write_error(struct q_json_writer *w, struct q_str code, struct q_str detail)
{
	if (code.length == 0)
		return;
	q_json_name(w, "error");
	q_json_begin_object(w);
	q_json_field_string(w, "code", code);
	q_json_field_string(w, "detail", detail);
	q_json_end_object(w);
}

void q__write_progress(struct q_json_writer *w, int64_t processed, int64_t total, int64_t failed)
{
	q_json_name(w, "progress");
	q_json_begin_object(w);
	q_json_field_int64(w, "processed", processed);
	q_json_field_int64(w, "total", total);
	q_json_field_int64(w, "failed", failed);
	q_json_end_object(w);
}

static void write_timestamps(struct q_json_writer *w, const struct q_job *job)
{
	q_json_name(w, "timestamps");
	q_json_begin_object(w);
	q_json_field_time(w, "uploaded", job->uploaded_at_ms);
	field_time_or_null(w, "started", job->started_at_ms);
	field_time_or_null(w, "completed", job->completed_at_ms);
	q_json_end_object(w);
}

void q__write_job(struct q_json_writer *w, const struct q_job *job, struct q_str download_url)
{
	q_json_begin_object(w);
	q_json_field_string(w, "fileId", job->file_id);
	q_json_field_string(w, "fileName", job->file_name);
	q_json_field_string(w, "tenantId", job->tenant_id);
	q_json_field_string(w, "kind", job->kind);
	if (job->location_id.length > 0)
		q_json_field_string(w, "locationId", job->location_id);
	q_json_field_int64(w, "fileSize", (int64_t)job->size_bytes);
	q_json_field_string(w, "sha256", job->sha256);
	q_json_field_string(w, "status", q_str_from(q_job_status_name(job->status)));
	q_json_field_int64(w, "run", job->run);
	q__write_progress(w, job->processed_pages, job->total_pages, job->failed_pages);
	write_timestamps(w, job);
	if (job->result_key.length > 0) {
		q_json_name(w, "result");
		q_json_begin_object(w);
		q_json_field_string(w, "s3Key", job->result_key);
		q_json_end_object(w);
	}
	if (download_url.length > 0)
		q_json_field_string(w, "downloadUrl", download_url);
	write_error(w, job->error_code, job->error_detail);
	q_json_end_object(w);
}

enum q_code q__job_link(struct q_api *api, struct q_http_request *request, const struct q_job *job,
			struct q__link *out, struct q_err *err)
{
	struct q_str url;
	enum q_code code;

	*out = (struct q__link){0};
	if (job->result_key.length == 0)
		return Q_OK;
	code = q_documents_link_job(api->o.documents, q_http_request_call(request), job,
				    q_http_request_arena(request), &url, &out->expires_at_ms, err);
	if (!code)
		out->url = q__absolute(api, request, url);
	return code;
}

void q__write_page_state(struct q_json_writer *w, const struct q_page *page)
{
	q_json_begin_object(w);
	q_json_field_int64(w, "pageNumber", page->number);
	q_json_field_string(w, "status", q_str_from(q_page_status_name(page->status)));
	q_json_field_int64(w, "run", page->run);
	q_json_field_int64(w, "attempts", page->attempts);
	if (page->finished_at_ms > 0)
		q_json_field_time(w, "finishedAt", page->finished_at_ms);
	q_json_name(w, "flags");
	q_page_flags_write(w, page->flags);
	write_error(w, page->error_code, page->error_detail);
	q_json_end_object(w);
}

void q__write_page(struct q_json_writer *w, const struct q_job *job, const struct q_page *page)
{
	q_json_begin_object(w);
	q_json_field_string(w, "fileId", job->file_id);
	q_json_field_int64(w, "pageNumber", page->number);
	q_json_field_string(w, "status", q_str_from(q_page_status_name(page->status)));
	if (page->status != Q_PAGE_PENDING) {
		q_json_field_int64(w, "run", page->run);
		q_json_field_int64(w, "attempts", page->attempts);
		q_json_field_time(w, "finishedAt", page->finished_at_ms);
	}
	if (page->status == Q_PAGE_COMPLETED) {
		q_json_field_string(w, "text", page->text);
		q_json_field_raw(w, "hidden", page->hidden);
		q_json_field_raw(w, "analysis", page->analysis);
		q_json_field_string(w, "provider", page->provider);
		q_json_name(w, "tokens");
		q_json_begin_object(w);
		q_json_field_int64(w, "input", page->input_tokens);
		q_json_field_int64(w, "output", page->output_tokens);
		q_json_end_object(w);
		q_json_name(w, "flags");
		q_page_flags_write(w, page->flags);
	}
	write_error(w, page->error_code, page->error_detail);
	q_json_end_object(w);
}
