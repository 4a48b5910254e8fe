/* What a caller may do to a job: stop it, start it again, delete it. */
#include "api/api_internal.h"

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

static void retry_job(struct q_http_request *request, void *context)
{
	struct q_api *api = context;
	struct q_job job;
	struct q_err err;

	if (!q__query(request, NULL, 0))
		return;
	if (q_documents_retry_job(api->o.documents, q_http_request_call(request),
				  q__identity(request), q_http_request_param(request, "fileId"),
				  q_http_request_arena(request), &job, &err))
		q_http_respond_error(request, &err);
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

const struct q_route q__job_routes[] = {
	{"POST", "/api/jobs/{fileId}/cancel", 0, 0, &q__documents_write, cancel_job},
	{"POST", "/api/jobs/{fileId}/retry", 0, 0, &q__documents_write, retry_job},
	{"DELETE", "/api/jobs/{fileId}", 0, 0, &q__documents_write, delete_job},
	{0},
};
