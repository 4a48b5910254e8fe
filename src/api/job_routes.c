/* What a caller may do to a job (stop it, start it again, delete it), and its pages' states. */
#include "api/api_internal.h"

#include "access/idempotency.h"

/* Answers with the job as it is now. */
static void answer_job(struct q_api *api, struct q_http_request *request, int status,
		       const struct q_job *job)
{
	struct q__reply answer;
	struct q__link link;
	struct q_err err;

	if (q__job_link(api, request, job, &link, &err)) {
		q_http_respond_error(request, &err);
		return;
	}
	q__reply_begin(&answer);
	q__write_job(&answer.w, job, link.url);
	q__reply_end(&answer, request, status);
}

static void cancel_job(struct q_http_request *request, void *context)
{
	struct q_api *api = context;
	struct q_job job;
	struct q_err err;

	if (!q__query(request, NULL, 0))
		return;
	if (q_documents_cancel_job(api->o.documents, q_http_request_call(request),
				   q__identity(request), q_http_request_param(request, "fileId"),
				   q_http_request_arena(request), &job, &err))
		q_http_respond_error(request, &err);
	else
		answer_job(api, request, 200, &job);
}

/* A request done before is answered with the job as it is now. */
static void retry_job(struct q_http_request *request, void *context)
{
	struct q_api *api = context;
	const struct q_call *call = q_http_request_call(request);
	struct q_arena *arena = q_http_request_arena(request);
	struct q_str file_id = q_http_request_param(request, "fileId"), recorded;
	struct q_idempotency *once;
	struct q_job job;
	struct q_err err;
	enum q_code code;

	if (!q__query(request, NULL, 0) || !q__once_begin(api, request, NULL, &once))
		return;
	if (q_idempotency_find_answer(once, &recorded))
		code = q_documents_find_job(api->o.documents, call, q__identity(request), file_id,
					    arena, &job, &err);
	else
		code = q_documents_retry_job(api->o.documents, call, q__identity(request), file_id,
					     once, arena, &job, &err);
	if (code)
		q__once_fail(request, once, &err);
	else
		answer_job(api, request, 202, &job);
}

static void delete_job(struct q_http_request *request, void *context)
{
	struct q_api *api = context;
	struct q_err err;

	if (!q__query(request, NULL, 0))
		return;
	if (q_documents_delete_job(api->o.documents, q_http_request_call(request),
				   q__identity(request), q_http_request_param(request, "fileId"),
				   q_http_request_arena(request), &err))
		q_http_respond_error(request, &err);
	else
		q_http_respond_empty(request, 204);
}

/* --- Pages ------------------------------------------------------------------------------------ */

static void answer_pages(struct q_api *api, struct q_http_request *request, struct q_str scope,
			 const struct q_page_list *pages)
{
	struct q__reply answer;
	struct q_str next = {0};

	q__items_begin(&answer);
	for (size_t i = 0; i < pages->count; i++)
		q__write_page_state(&answer.w, &pages->items[i]);
	if (pages->next > 0)
		next = q_arena_format(q_http_request_arena(request), "%u", pages->next);
	q__items_end(api, request, &answer, scope, next);
}

static void list_pages(struct q_http_request *request, void *context)
{
	struct q_api *api = context;
	struct q_arena *arena = q_http_request_arena(request);
	struct q_str file_id = q_http_request_param(request, "fileId");
	struct q_str scope = q_arena_format(arena, "pages:%.*s", Q_STR_ARG(file_id));
	struct q_page_list pages;
	struct q_str position;
	int64_t after = 0; /* cursors of this list hold a page's number */
	size_t limit;
	struct q_err err;

	if (!q__list_query(api, request, scope, &limit, &position))
		return;
	if (position.length > 0)
		q_assert(q_str_to_int64(position, &after)); /* it is signed */
	if (q_documents_list_pages(api->o.documents, q_http_request_call(request),
				   q__identity(request), file_id, (unsigned)after, limit, arena,
				   &pages, &err))
		q_http_respond_error(request, &err);
	else
		answer_pages(api, request, scope, &pages);
}

const struct q_route q__job_routes[] = {
	{"POST", "/api/jobs/{fileId}/cancel", 0, 0, &q__documents_write, cancel_job},
	{"POST", "/api/jobs/{fileId}/retry", 0, 0, &q__documents_write, retry_job},
	{"DELETE", "/api/jobs/{fileId}", 0, 0, &q__documents_write, delete_job},
	{"GET", "/api/jobs/{fileId}/pages", 0, 0, &q__documents_read, list_pages},
	{0},
};
