/* The routes of the documents vertical, but for the upload itself (upload_route.c). */
#include "api/api_internal.h"

#include "net/http_field.h"

#include <inttypes.h>

enum { JOB_WAIT_SECONDS_MAX = 30 };

static const char page_form[] = "application/vnd.quire.page+json";

/* Finds the job in the path; NULL when it has answered. */
static const struct q_job *find_job(struct q_api *api, struct q_http_request *request)
{
	struct q_arena *arena = q_http_request_arena(request);
	struct q_job *job = q_arena_alloc(arena, sizeof *job);
	struct q_err err;
	enum q_code code;

	if (job)
		code = q_documents_find_job(
			api->o.documents, q_http_request_call(request), q__identity(request),
			q_http_request_param(request, "fileId"), arena, job, &err);
	else
		code = q_fail(&err, Q_NOMEM, "api.job", "a job");
	if (code == Q_OK)
		return job;
	q_http_respond_error(request, &err);
	return NULL;
}

/* A look at a job for which the client would wait: `Prefer: wait=N`. */
struct job_look {
	struct q_api *api;
	struct q__wait wait;
	int64_t wait_seconds; /* 0: it would not */
	bool has_looked;
	enum q_job_status status; /* at the first look */
};

/* The link is part of what is shown: it changes by the minute. */
static struct q_str job_etag(struct q_arena *arena, const struct q_job *job,
			     const struct q__link *link)
{
	return q_arena_format(arena, "\"%" PRId64 "-%" PRId64 "-%" PRId64 "\"", job->run,
			      job->version, link->expires_at_ms);
}

/* A client that has the job waits until it has another ETag, others until its status changes. */
static bool is_worth_waiting(const struct q_http_request *request, struct job_look *look,
			     const struct q_job *job, struct q_str etag)
{
	if (look->wait_seconds == 0 || q_job_status_is_final(job->status))
		return false;
	if (q_http_request_header(request, Q_STR("If-None-Match")).length > 0)
		return q_http_request_matches_etag(request, etag);
	if (!look->has_looked)
		look->status = job->status;
	look->has_looked = true;
	return job->status == look->status;
}

static void look_at_job(struct q_http_request *request, void *context)
{
	struct job_look *look = context;
	struct q_arena *arena = q_http_request_arena(request);
	const struct q_job *job = find_job(look->api, request);
	struct q__reply answer;
	struct q__link link;
	struct q_str etag;
	struct q_err err;

	if (!job)
		return;
	if (q__job_link(look->api, request, job, &link, &err)) {
		q_http_respond_error(request, &err);
		return;
	}
	etag = job_etag(arena, job, &link);
	if (is_worth_waiting(request, look, job, etag) &&
	    q__wait_again(&look->wait, request, look_at_job, look))
		return;
	if (look->wait_seconds > 0)
		q_http_add_header(request, "Preference-Applied",
				  q_arena_format(arena, "wait=%" PRId64, look->wait_seconds));
	if (q_http_respond_not_modified(request, etag))
		return;
	q_http_add_header(request, "Cache-Control", Q_STR("private, no-cache"));
	q__reply_begin(&answer);
	q__write_job(&answer.w, job, link.url);
	q__reply_end(&answer, request, 200);
}

static void get_job(struct q_http_request *request, void *context)
{
	struct job_look *look = q_arena_alloc(q_http_request_arena(request), sizeof *look);
	struct q_err err;

	if (!look) {
		q_fail(&err, Q_NOMEM, "api.job", "a look at a job");
		q_http_respond_error(request, &err);
		return;
	}
	*look = (struct job_look){.api = context};
	if (q_http_prefer_wait(q_http_request_header(request, Q_STR("Prefer")),
			       &look->wait_seconds) &&
	    look->wait_seconds > JOB_WAIT_SECONDS_MAX)
		look->wait_seconds = JOB_WAIT_SECONDS_MAX;
	q__wait_begin(&look->wait, look->wait_seconds * 1000);
	look_at_job(request, look);
}

static void get_results(struct q_http_request *request, void *context)
{
	struct q_api *api = context;
	struct q_blob_reader *reader;
	struct q_blob_info info;
	struct q_err err;

	if (q_documents_open_results(api->o.documents, q_http_request_call(request),
				     q__identity(request), q_http_request_param(request, "fileId"),
				     q_http_request_arena(request), &reader, &info, &err)) {
		q_http_respond_error(request, &err);
		return;
	}
	q__respond_reader(request, 200, "application/json", (int64_t)info.size_bytes, reader);
}

static void get_download(struct q_http_request *request, void *context)
{
	struct q_api *api = context;
	struct q_str file_id = q_http_request_param(request, "fileId"), url;
	struct q__reply answer;
	int64_t expires_at_ms;
	struct q_err err;

	if (q_documents_link_results(api->o.documents, q_http_request_call(request),
				     q__identity(request), file_id, q_http_request_arena(request),
				     &url, &expires_at_ms, &err)) {
		q_http_respond_error(request, &err);
		return;
	}
	q_http_add_header(request, "Cache-Control", Q_STR("no-store"));
	q__reply_begin(&answer);
	q_json_begin_object(&answer.w);
	q_json_field_string(&answer.w, "fileId", file_id);
	q_json_field_string(&answer.w, "downloadUrl", q__absolute(api, request, url));
	q_json_field_time(&answer.w, "expiresAt", expires_at_ms);
	q_json_end_object(&answer.w);
	q__reply_end(&answer, request, 200);
}

static void get_page(struct q_http_request *request, void *context)
{
	struct q_api *api = context;
	struct q_arena *arena = q_http_request_arena(request);
	const struct q_job *job = find_job(api, request);
	struct q__reply answer;
	struct q_page page;
	struct q_err err;
	int64_t number;

	if (!job)
		return;
	if (!q_str_to_int64(q_http_request_param(request, "n"), &number) || number < 1 ||
	    number > UINT32_MAX) {
		q__refuse_field(request, "n", "is a page's number, from 1");
		return;
	}
	if (q_documents_find_page(api->o.documents, q_http_request_call(request),
				  q__identity(request), job->file_id, (unsigned)number, arena,
				  &page, &err)) {
		q_http_respond_error(request, &err);
		return;
	}
	q__reply_begin(&answer);
	q__write_page(&answer.w, job, &page);
	q__reply_end(&answer, request, 200);
}

/* --- Lists ------------------------------------------------------------------------------------ */

struct list_query {
	struct q_str tenant_id, status, kind, limit, cursor;
	enum q_job_status status_value;
	struct q_job_filter filter;
	struct q_str scope; /* what the cursor is bound to */
	bool is_plain;	    /* an array, not the page form */
	const char *content_type;
};

/* Turns the query into a filter. False when it has answered. */
static bool make_filter(struct q_api *api, struct q_http_request *request, struct list_query *q)
{
	q->filter.tenant_id = q->tenant_id;
	q->filter.kind = q->kind;
	if (q->status.data) {
		if (!q_job_status_parse(q->status, &q->status_value)) {
			q__refuse_field(request, "status",
					"is pending, chunking, processing, aggregating, completed, "
					"failed or cancelled");
			return false;
		}
		q->filter.status = &q->status_value;
	}
	if (q->kind.data && !q_str_equal(q->kind, Q_STR("document")) &&
	    !q_str_equal(q->kind, Q_STR("contract"))) {
		q__refuse_field(request, "kind", "is document or contract");
		return false;
	}
	q->scope =
		q_arena_format(q_http_request_arena(request), "jobs:%.*s:%.*s:%.*s",
			       Q_STR_ARG(q->tenant_id), Q_STR_ARG(q->status), Q_STR_ARG(q->kind));
	return q__limit(request, q->limit, &q->filter.limit) &&
	       q__cursor_read(api, request, q->scope, q->cursor, &q->filter.after);
}

static bool write_jobs(struct q_api *api, struct q_http_request *request, struct q_json_writer *w,
		       const struct q_job_page *page, struct q_err *err)
{
	q_json_begin_array(w);
	for (size_t i = 0; i < page->count; i++) {
		struct q__link link;

		if (q__job_link(api, request, &page->items[i], &link, err))
			return false;
		q__write_job(w, &page->items[i], link.url);
	}
	q_json_end_array(w);
	return true;
}

static void add_next_link(struct q_api *api, struct q_http_request *request,
			  const struct list_query *q, struct q_str cursor)
{
	struct q_arena *arena = q_http_request_arena(request);
	struct q_str path = q_http_request_path(request);
	struct q_str url = q_arena_format(arena, "%.*s?limit=%zu&cursor=%.*s%s%.*s%s%.*s",
					  Q_STR_ARG(path), q->filter.limit, Q_STR_ARG(cursor),
					  q->status.data ? "&status=" : "", Q_STR_ARG(q->status),
					  q->kind.data ? "&kind=" : "", Q_STR_ARG(q->kind));

	q_http_add_header(request, "Link",
			  q_arena_format(arena, "<%.*s>; rel=\"next\"",
					 Q_STR_ARG(q__absolute(api, request, url))));
}

/* Ends the list: the page form names its cursor, the plain array has a Link to the next page. */
static void end_list(struct q_api *api, struct q_http_request *request, const struct list_query *q,
		     struct q_str cursor, struct q__reply *answer)
{
	if (!q->is_plain) {
		if (cursor.length > 0)
			q_json_field_string(&answer->w, "nextCursor", cursor);
		q_json_end_object(&answer->w);
	} else if (cursor.length > 0) {
		add_next_link(api, request, q, cursor);
	}
	q__reply_end_as(answer, request, 200, q->content_type);
}

static void answer_list(struct q_api *api, struct q_http_request *request,
			const struct list_query *q)
{
	struct q__reply answer;
	struct q_job_page page;
	struct q_str cursor = {0};
	struct q_err err;

	if (q_documents_list_jobs(api->o.documents, q_http_request_call(request),
				  q__identity(request), &q->filter, q_http_request_arena(request),
				  &page, &err)) {
		q_http_respond_error(request, &err);
		return;
	}
	if (page.next.length > 0)
		cursor = q__cursor_write(api, request, q->scope, page.next);
	q__reply_begin(&answer);
	if (!q->is_plain) {
		q_json_begin_object(&answer.w);
		q_json_name(&answer.w, "items");
	}
	if (!write_jobs(api, request, &answer.w, &page, &err)) {
		q_buf_free(&answer.buf);
		q_http_respond_error(request, &err);
		return;
	}
	end_list(api, request, q, cursor, &answer);
}

static void list_jobs(struct q_http_request *request, void *context)
{
	struct list_query q = {.content_type = "application/json"};
	const struct q__parameter parameters[] = {{"tenantId", &q.tenant_id},
						  {"status", &q.status},
						  {"kind", &q.kind},
						  {"limit", &q.limit},
						  {"cursor", &q.cursor}};

	if (q__query(request, parameters, Q_COUNT_OF(parameters)) &&
	    make_filter(context, request, &q))
		answer_list(context, request, &q);
}

static void list_tenant_jobs(struct q_http_request *request, void *context)
{
	struct list_query q = {.tenant_id = q_http_request_param(request, "tenantId")};
	const struct q__parameter parameters[] = {{"status", &q.status},
						  {"kind", &q.kind},
						  {"limit", &q.limit},
						  {"cursor", &q.cursor}};

	q.is_plain = !q_http_accepts_by_name(q_http_request_header(request, Q_STR("Accept")),
					     q_str_from(page_form));
	q.content_type = q.is_plain ? "application/json" : page_form;
	if (q__query(request, parameters, Q_COUNT_OF(parameters)) &&
	    make_filter(context, request, &q))
		answer_list(context, request, &q);
}

const struct q_route q__documents_routes[] = {
	{"POST", "/api/upload", Q_ROUTE_STREAM, SIZE_MAX, &q__documents_write, q__upload},
	{"GET", "/api/jobs", 0, 0, &q__documents_read, list_jobs},
	{"GET", "/api/jobs/tenant/{tenantId}", 0, 0, &q__documents_read, list_tenant_jobs},
	{"GET", "/api/jobs/{fileId}", Q_ROUTE_INLINE, 0, &q__documents_read, get_job},
	{"GET", "/api/jobs/{fileId}/results", 0, 0, &q__documents_read, get_results},
	{"GET", "/api/jobs/{fileId}/download", 0, 0, &q__documents_read, get_download},
	{"GET", "/api/jobs/{fileId}/pages/{n}", 0, 0, &q__documents_read, get_page},
	{0},
};
