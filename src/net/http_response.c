#include "net/server_internal.h"

#include "base/mem.h"
#include "net/http_field.h"

#include <stdio.h>
#include <string.h>

static const struct {
	int status;
	const char *text;
} status_texts[] = {
	{101, "Switching Protocols"},
	{200, "OK"},
	{201, "Created"},
	{202, "Accepted"},
	{204, "No Content"},
	{206, "Partial Content"},
	{301, "Moved Permanently"},
	{302, "Found"},
	{303, "See Other"},
	{304, "Not Modified"},
	{307, "Temporary Redirect"},
	{308, "Permanent Redirect"},
	{400, "Bad Request"},
	{401, "Unauthorized"},
	{402, "Payment Required"},
	{403, "Forbidden"},
	{404, "Not Found"},
	{405, "Method Not Allowed"},
	{406, "Not Acceptable"},
	{408, "Request Timeout"},
	{409, "Conflict"},
	{410, "Gone"},
	{411, "Length Required"},
	{412, "Precondition Failed"},
	{413, "Content Too Large"},
	{414, "URI Too Long"},
	{415, "Unsupported Media Type"},
	{416, "Range Not Satisfiable"},
	{417, "Expectation Failed"},
	{421, "Misdirected Request"},
	{422, "Unprocessable Content"},
	{423, "Locked"},
	{425, "Too Early"},
	{426, "Upgrade Required"},
	{428, "Precondition Required"},
	{429, "Too Many Requests"},
	{431, "Request Header Fields Too Large"},
	{451, "Unavailable For Legal Reasons"},
	{500, "Internal Server Error"},
	{501, "Not Implemented"},
	{502, "Bad Gateway"},
	{503, "Service Unavailable"},
	{504, "Gateway Timeout"},
	{505, "HTTP Version Not Supported"},
	{507, "Insufficient Storage"},
};

const char *q_http_status_text(int status)
{
	for (size_t i = 0; i < Q_COUNT_OF(status_texts); i++)
		if (status_texts[i].status == status)
			return status_texts[i].text;
	return "Unknown";
}

/* Those that this file or http_writer.c writes. */
static bool is_servers_own(const char *name)
{
	static const struct q_str own[] = {
		{"date", 4},	    {"content-length", 14}, {"transfer-encoding", 17},
		{"connection", 10}, {"x-request-id", 12},   {"content-type", 12},
	};

	for (size_t i = 0; i < Q_COUNT_OF(own); i++)
		if (q_str_equal_ignore_case(q_str_from(name), own[i]))
			return true;
	return false;
}

void q_http_add_header(struct q_http_request *request, const char *name, struct q_str value)
{
	struct q_buf *headers = &request->answer_headers;

	q_assert(q_http_is_token(q_str_from(name)) && !is_servers_own(name));
	q_assert(!atomic_load(&request->is_answered));
	if (!q_http_is_field_value(value)) {
		request->answer.is_failed = true;
		return;
	}
	q_buf_append(headers, q_str_from(name));
	q_buf_append(headers, Q_STR(": "));
	q_buf_append(headers, value);
	q_buf_append(headers, Q_STR("\r\n"));
}

void q_http_close_after(struct q_http_request *request)
{
	request->answer.closes = true;
}

/* ---- the one answer ---- */

void q__answer_begin(struct q_http_request *request, int status, const char *content_type)
{
	bool was_answered = atomic_exchange(&request->is_answered, true);

	q_assert(!was_answered); /* each request is answered exactly once */
	q_assert(status == 101 || (status >= 200 && status <= 599));
	request->answer.status = status;
	snprintf(request->answer.content_type, sizeof request->answer.content_type, "%s",
		 content_type ? content_type : "");
}

void q__answer_end(struct q_http_request *request)
{
	/* An answer in the handler is found when the handler returns; any other must ring. */
	if (request->is_deferred)
		q__loop_post(request, Q__EVENT_ANSWERED);
}

static bool is_content_type(const char *text)
{
	return !text ||
	       (strlen(text) < Q__CONTENT_TYPE_MAX && q_http_is_field_value(q_str_from(text)));
}

/* A handler's mistake or a full heap: what it wanted to say cannot be said. */
static bool is_spoiled(const struct q_http_request *request, const char *content_type)
{
	return !is_content_type(content_type) || request->answer.is_failed ||
	       q_buf_failed(&request->answer_headers);
}

/* A body that needs no memory; the headers are dropped: one of them may be what failed. */
static void answer_spoiled(struct q_http_request *request)
{
	q_buf_clear(&request->answer_headers);
	q__answer_begin(request, 500, "application/problem+json");
	request->answer.body = Q_STR(
		"{\"type\":\"about:blank\",\"title\":\"Internal Server Error\",\"status\":500,"
		"\"detail\":\"The answer could not be built.\",\"code\":\"internal\"}");
	q__answer_end(request);
}

static void respond(struct q_http_request *request, int status, const char *content_type,
		    struct q_str body)
{
	if (is_spoiled(request, content_type)) {
		answer_spoiled(request);
		return;
	}
	q__answer_begin(request, status, content_type);
	request->answer.body = body;
	q__answer_end(request);
}

void q_http_respond(struct q_http_request *request, int status, const char *content_type,
		    struct q_str body)
{
	if (q_arena_failed(request->arena))
		request->answer.is_failed = true; /* `body` may be less than it should be */
	respond(request, status, content_type, body);
}

void q_http_respond_buf(struct q_http_request *request, int status, const char *content_type,
			struct q_buf *body)
{
	if (q_buf_failed(body))
		request->answer.is_failed = true;
	request->answer.owned = *body;
	q_buf_init(body, body->limit);
	respond(request, status, content_type, q_buf_str(&request->answer.owned));
}

void q_http_respond_empty(struct q_http_request *request, int status)
{
	respond(request, status, NULL, Q_STR(""));
}

bool q_http_respond_not_modified(struct q_http_request *request, struct q_str etag)
{
	struct q_str method = q_http_request_method(request);

	q_http_add_header(request, "ETag", etag);
	if (!q_str_equal(method, Q_STR("GET")) && !q_str_equal(method, Q_STR("HEAD")))
		return false;
	if (!q_http_request_matches_etag(request, etag))
		return false;
	q_http_respond_empty(request, 304);
	return true;
}

void q_http_respond_stream(struct q_http_request *request, int status, const char *content_type,
			   int64_t length, struct q_http_body_source *source)
{
	q_assert(length >= -1);
	request->answer.source = source;
	request->answer.left = length;
	if (is_spoiled(request, content_type)) {
		answer_spoiled(request); /* the source is closed without a read */
		return;
	}
	request->answer.is_streamed = true;
	q__answer_begin(request, status, content_type);
	q__answer_end(request);
}

void q__answer_with_stream(struct q_http_request *request, int status, const char *content_type,
			   struct q_http_stream *stream)
{
	request->answer.stream = stream;
	if (is_spoiled(request, content_type)) {
		answer_spoiled(request); /* the stream is closed with nothing of it sent */
		return;
	}
	request->answer.is_live = true;
	request->answer.closes |= status == 101; /* no HTTP comes after another protocol */
	q__answer_begin(request, status, content_type);
	q__answer_end(request);
}
