#include "ports/http_fetch.h"

#include "base/compiler.h"

enum { URL_MAX = 8192 };

static const char where[] = "http_fetch.send";

/* Nothing that could end a line of the request, or the request. */
static bool is_visible(struct q_str s)
{
	for (size_t i = 0; i < s.length; i++) {
		if (s.data[i] <= ' ' || s.data[i] == 0x7f)
			return false;
	}
	return s.length > 0;
}

static bool is_header_value(struct q_str s)
{
	for (size_t i = 0; i < s.length; i++) {
		unsigned char byte = (unsigned char)s.data[i];

		if ((byte < ' ' && byte != '\t') || byte == 0x7f)
			return false;
	}
	return true;
}

static enum q_code check_url(struct q_str url, struct q_err *err)
{
	if (is_visible(url) && url.length <= URL_MAX)
		return Q_OK;
	return q_fail(err, Q_INVALID, where, "a URL is 1 to %d characters of ASCII without spaces",
		      URL_MAX);
}

static enum q_code check_request(const struct q_fetch_request *request, struct q_err *err)
{
	if (!is_visible(request->method))
		return q_fail(err, Q_INVALID, where, "the method is not a word");
	if (check_url(request->url, err))
		return err->code;
	for (size_t i = 0; i < request->header_count; i++) {
		if (!is_visible(request->headers[i].name) ||
		    !is_header_value(request->headers[i].value))
			return q_fail(
				err, Q_INVALID, where,
				"request header %zu holds a control character, or has no name", i);
	}
	return Q_OK;
}

enum q_code q_http_fetch_send(struct q_http_fetch *fetch, const struct q_call *call,
			      const struct q_fetch_request *request, struct q_arena *arena,
			      struct q_fetch_response *out, struct q_err *err)
{
	enum q_code code;

	q_assert(fetch && fetch->ops && fetch->ops->fetch && call && request && arena && out &&
		 err);
	q_assert(request->timeout_ms > 0 || call->deadline_ms > 0); /* nothing waits for ever */
	*out = (struct q_fetch_response){0};
	code = check_request(request, err);
	if (code == Q_OK)
		code = q_call_check(call, where, err);
	return code == Q_OK ? fetch->ops->fetch(fetch, call, request, arena, out, err) : code;
}

enum q_code q_http_fetch_check(struct q_http_fetch *fetch, struct q_str url, struct q_err *err)
{
	enum q_code code;

	q_assert(fetch && fetch->ops && fetch->ops->check && err);
	code = check_url(url, err);
	return code == Q_OK ? fetch->ops->check(fetch, url, err) : code;
}

struct q_str q_fetch_response_header(const struct q_fetch_response *response, struct q_str name)
{
	for (size_t i = 0; i < response->header_count; i++) {
		if (q_str_equal_ignore_case(response->headers[i].name, name))
			return response->headers[i].value;
	}
	return Q_STR("");
}

void q_http_fetch_close(struct q_http_fetch *fetch)
{
	if (fetch)
		fetch->ops->close(fetch);
}
