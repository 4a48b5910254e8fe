#include "net/problem.h"

#include "base/json.h"
#include "base/log.h"
#include "net/server_internal.h"

#include <stdio.h>

enum { PROBLEM_BYTES_MAX = 256 * 1024, DETAIL_MAX = 1024, RETRY_AFTER_MS = 1000 };

static const char unavailable[] = "A part that this needs is not available now: try again later.";

/* What an error tells the client. detail NULL: the error's own message, which speaks of the
 * client's input. */
static const struct {
	int status;
	const char *code;
	const char *detail;
	int64_t retry_after_ms;
} table[Q_CODE_COUNT] = {
	[Q_INVALID] = {400, "invalid", NULL, 0},
	[Q_NOTFOUND] = {404, "not_found", "There is nothing here that you may see.", 0},
	[Q_CONFLICT] = {409, "conflict", NULL, 0},
	[Q_DENIED] = {403, "forbidden", "Your roles do not allow this.", 0},
	[Q_BUSY] = {503, "busy", "The server has too much to do: try again later.", RETRY_AFTER_MS},
	[Q_TIMEOUT] = {504, "timeout", "This took too long; it may or may not have been done.", 0},
	[Q_CANCELLED] = {503, "cancelled", "This was given up: try again.", RETRY_AFTER_MS},
	[Q_TOOBIG] = {413, "too_large", NULL, 0},
	[Q_NOMEM] = {503, "busy", "The server is out of memory: try again later.", RETRY_AFTER_MS},
	[Q_NOSPACE] = {507, "no_space", "The server has no room to store this.", 0},
	[Q_IO] = {503, "unavailable", unavailable, RETRY_AFTER_MS},
	[Q_CORRUPT] = {500, "internal", "Something is wrong here; it has been logged.", 0},
	[Q_GAP] = {410, "gone", "What this continues from is no longer kept: start again.", 0},
	[Q_UNSUPPORTED] = {415, "unsupported_type", NULL, 0},
};

static const char *default_code(int status)
{
	switch (status) {
	case 400:
		return "bad_request";
	case 401:
		return "unauthorized";
	case 405:
		return "method_not_allowed";
	case 408:
		return "timeout";
	case 412:
		return "precondition_failed";
	case 422:
		return "unprocessable";
	case 429:
		return "rate_limited";
	}
	for (int code = Q_OK + 1; code < Q_CODE_COUNT; code++)
		if (table[code].status == status)
			return table[code].code;
	return status < 500 ? "refused" : "internal";
}

int q_problem_status(enum q_code code)
{
	q_assert(code > Q_OK && code < Q_CODE_COUNT);
	return table[code].status;
}

struct q_problem q_problem_from_error(const struct q_err *err)
{
	/* What is too much of the client's own doing is not the server's being busy. */
	bool is_own_limit = err->code == Q_BUSY && err->reason;
	int status = is_own_limit ? 429 : q_problem_status(err->code);
	bool is_reason_public = err->reason && (status < 500 || status == 507);
	const char *detail = table[err->code].detail;

	/* A refusal with a reason has a message of its own. */
	if (is_own_limit || (err->code == Q_DENIED && err->reason))
		detail = NULL;
	return (struct q_problem){
		.status = status,
		.code = is_reason_public ? err->reason : table[err->code].code,
		.detail = q_str_from(detail ? detail : err->message),
		.retry_after_ms =
			(status == 503 || status == 409 || status == 429) && err->retry_after_ms > 0
				? err->retry_after_ms
				: table[err->code].retry_after_ms,
	};
}

static void write_errors(struct q_json_writer *w, const struct q_problem *problem)
{
	q_json_name(w, "errors");
	q_json_begin_array(w);
	for (size_t i = 0; i < problem->error_count; i++) {
		q_json_begin_object(w);
		q_json_field_string(w, "field", problem->errors[i].field);
		q_json_field_string(w, "reason", problem->errors[i].reason);
		q_json_end_object(w);
	}
	q_json_end_array(w);
}

bool q_problem_write(struct q_buf *out, const struct q_problem *problem, struct q_str request_id)
{
	const char *code = problem->code ? problem->code : default_code(problem->status);
	const char *title = problem->title ? problem->title : q_http_status_text(problem->status);
	struct q_json_writer w;

	q_json_writer_init(&w, out);
	q_json_begin_object(&w);
	q_json_field_string(&w, "type", Q_STR("about:blank"));
	q_json_field_string(&w, "title", q_str_from(title));
	q_json_field_int64(&w, "status", problem->status);
	q_json_field_string(&w, "detail", problem->detail);
	q_json_field_string(&w, "code", q_str_from(code));
	q_json_field_string(&w, "requestId", request_id);
	if (problem->error_count > 0)
		write_errors(&w, problem);
	q_json_end_object(&w);
	return !q_buf_failed(out);
}

void q_http_respond_problem(struct q_http_request *request, const struct q_problem *problem)
{
	struct q_buf body;

	q_buf_init(&body, PROBLEM_BYTES_MAX);
	q_problem_write(&body, problem, q_http_request_id(request));
	if (problem->retry_after_ms > 0) {
		char seconds[24];

		snprintf(seconds, sizeof seconds, "%lld",
			 (long long)((problem->retry_after_ms + 999) / 1000));
		q_http_add_header(request, "Retry-After", q_str_from(seconds));
	}
	q_http_respond_buf(request, problem->status, "application/problem+json", &body);
}

void q_http_respond_refusal(struct q_http_request *request, int status, const char *code,
			    const char *detail, ...)
{
	char text[DETAIL_MAX];
	va_list values;

	va_start(values, detail);
	vsnprintf(text, sizeof text, detail, values);
	va_end(values);
	q_http_respond_problem(
		request,
		&(struct q_problem){.status = status, .code = code, .detail = q_str_from(text)});
}

void q_http_respond_error(struct q_http_request *request, const struct q_err *err)
{
	struct q_problem problem = q_problem_from_error(err);
	struct q_log *log = request->loop->server->log;

	/* A full pool and a client that left are no faults; logging them would add to the load. */
	if (log && problem.status >= 500 && err->code != Q_BUSY && err->code != Q_CANCELLED)
		q_log_error(log, Q_LOG_ERROR, "http.error", q_http_request_id(request), err);
	q_http_respond_problem(request, &problem);
}
