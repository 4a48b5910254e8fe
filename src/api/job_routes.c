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

/* --- Pages -------------------------------------------------------------------------------------
 */

/* limit and cursor of the list: its cursors hold a page's number. False when it has answered. */
static bool read_place(struct q_api *api, struct q_http_request *request, struct q_str scope,
		       size_t *limit, unsigned *after)
{
	struct q_str limit_text = {0}, cursor = {0}, position;
	const struct q__parameter parameters[] = {{"limit", &limit_text}, {"cursor", &cursor}};
	int64_t number = 0;

	if (!q__query(request, parameters, Q_COUNT_OF(parameters)) ||
	    !q__limit(request, limit_text, limit) ||
	    !q__cursor_read(api, request, scope, cursor, &position))
		return false;
	if (position.length > 0)
		q_assert(q_str_to_int64(position, &number)); /* it is signed */
	*after = (unsigned)number;
	return true;
}

static void answer_pages(struct q_api *api, struct q_http_request *request, struct q_str scope,
			 const struct q_page_list *pages)
{
	struct q_arena *arena = q_http_request_arena(request);
	struct q__reply answer;

	q__reply_begin(&answer);
	q_json_begin_object(&answer.w);
	q_json_name(&answer.w, "items");
	q_json_begin_array(&answer.w);
	for (size_t i = 0; i < pages->count; i++)
		q__write_page_state(&answer.w, &pages->items[i]);
	q_json_end_array(&answer.w);
	if (pages->next > 0)
		q_json_field_string(&answer.w, "nextCursor",
				    q__cursor_write(api, request, scope,
						    q_arena_format(arena, "%u", pages->next)));
	q_json_end_object(&answer.w);
	q__reply_end(&answer, request, 200);
}

static void list_pages(struct q_http_request *request, void *context)
{
	struct q_api *api = context;
	struct q_arena *arena = q_http_request_arena(request);
	struct q_str file_id = q_http_request_param(request, "fileId");
	struct q_str scope = q_arena_format(arena, "pages:%.*s", Q_STR_ARG(file_id));
	struct q_page_list pages;
	unsigned after;
	size_t limit;
	struct q_err err;

	if (!read_place(api, request, scope, &limit, &after))
		return;
	if (q_documents_list_pages(api->o.documents, q_http_request_call(request),
				   q__identity(request), file_id, after, limit, arena, &pages,
				   &err))
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
