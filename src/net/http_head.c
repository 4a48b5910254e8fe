/* What llhttp does not check of a request's head, and what follows from it. */
#include "net/server_internal.h"

#include <string.h>

struct q_str q__field_name(const struct q_http_request *request, size_t index)
{
	const struct q__field *field = &request->fields[index];

	return (struct q_str){request->head.data + field->name_at, field->name_length};
}

struct q_str q__field_value(const struct q_http_request *request, size_t index)
{
	const struct q__field *field = &request->fields[index];

	return (struct q_str){request->head.data + field->value_at, field->value_length};
}

bool q__refuse(struct q_http_request *request, int status, const char *code, const char *detail)
{
	if (!request->refusal.status)
		request->refusal = (struct q__refusal){status, code, detail};
	return false;
}

static bool is_one_of(char c, const char *set)
{
	return c && strchr(set, c);
}

static bool is_letter_or_digit(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

static bool consists_of(struct q_str s, const char *punctuation)
{
	for (size_t i = 0; i < s.length; i++)
		if (!is_letter_or_digit(s.data[i]) && !is_one_of(s.data[i], punctuation))
			return false;
	return true;
}

/* uri-host [ ":" port ] of RFC 9110 7.2, by its characters: nobody here resolves it. */
static bool is_host(struct q_str host)
{
	return host.length > 0 && host.length <= 255 + 6 &&
	       consists_of(host, "-._~!$&'()*+,;=:[]%");
}

static bool check_host(struct q_http_request *request)
{
	size_t count = q_http_request_header_count(request, Q_STR("host"));

	if (count == 0 && request->version_minor == 0)
		return true;
	if (count != 1 || !is_host(q_http_request_header(request, Q_STR("host"))))
		return q__refuse(request, 400, "bad_request",
				 "Exactly one valid Host field is needed.");
	return true;
}

/* Only chunked is understood, and it must come last (RFC 9112 6.1, 6.3). HTTP/1.0 has no coding. */
static bool check_coding(struct q_http_request *request)
{
	struct q_str name = Q_STR("transfer-encoding");

	if (!request->has_coding)
		return true;
	if (request->version_minor == 0 || !request->is_chunked)
		return q__refuse(request, 400, "bad_request", "The body's length cannot be told.");
	if (q_http_request_header_count(request, name) == 1 &&
	    q_str_equal_ignore_case(q_http_request_header(request, name), Q_STR("chunked")))
		return true;
	return q__refuse(request, 501, "not_implemented",
			 "The only transfer coding here is chunked.");
}

static bool check_expect(struct q_http_request *request)
{
	struct q_str expect = q_http_request_header(request, Q_STR("expect"));

	if (expect.length == 0 || request->version_minor == 0)
		return true;
	request->expects_continue = request->has_body;
	if (q_str_equal_ignore_case(expect, Q_STR("100-continue")))
		return true;
	return q__refuse(request, 417, "expectation_failed",
			 "The only expectation here is 100-continue.");
}

/* "http://host/path" gives "/path" where the host is that of the Host field (RFC 9112 3.2.2 lets it
 * win; a client that says two different things gets an error instead). */
static bool strip_authority(struct q_http_request *request, struct q_str *target)
{
	struct q_str rest, authority, host = q_http_request_header(request, Q_STR("host"));

	if (q_str_starts_with(*target, Q_STR("http://")))
		rest = q_str_slice(*target, 7, target->length);
	else if (q_str_starts_with(*target, Q_STR("https://")))
		rest = q_str_slice(*target, 8, target->length);
	else
		return q__refuse(request, 400, "bad_request", "The target must be a path.");
	if (!q_str_cut(rest, '/', &authority, target))
		return q__refuse(request, 400, "bad_request", "The target must have a path.");
	if (host.length > 0 && !q_str_equal_ignore_case(authority, host))
		return q__refuse(request, 400, "bad_request",
				 "The target and Host name two hosts.");
	*target = (struct q_str){target->data - 1, target->length + 1};
	return true;
}

static bool read_target(struct q_http_request *request)
{
	struct q_str target = {request->head.data, request->target_length};
	bool is_asterisk =
		q_str_equal(target, Q_STR("*")) && q_str_equal(request->method, Q_STR("OPTIONS"));

	if (!is_asterisk && !q_str_starts_with(target, Q_STR("/")) &&
	    !strip_authority(request, &target))
		return false;
	if (memchr(target.data, '#', target.length))
		return q__refuse(request, 400, "bad_request", "The target has a fragment.");
	q_str_cut(target, '?', &request->path, &request->query);
	return true;
}

static bool is_id(struct q_str id)
{
	return id.length >= 1 && id.length <= Q__ID_MAX && consists_of(id, "._-");
}

void q__head_set_id(struct q_http_request *request)
{
	struct q_str given = q_http_request_header(request, Q_STR("x-request-id"));
	unsigned char entropy[10];

	if (request->id[0])
		return;
	if (is_id(given)) {
		memcpy(request->id, given.data, given.length);
		request->id[given.length] = 0;
		request->call.request_id = (struct q_str){request->id, given.length};
		return;
	}
	q__loop_entropy(request->loop, entropy);
	q_uuid_v7(q_time_now_ms(), entropy, request->id);
	request->call.request_id = (struct q_str){request->id, Q_UUID_TEXT_SIZE - 1};
}

static bool is_lower_hex(struct q_str s)
{
	bool all_zero = true;

	for (size_t i = 0; i < s.length; i++) {
		if (!is_one_of(s.data[i], "0123456789abcdef"))
			return false;
		all_zero &= s.data[i] == '0';
	}
	return !all_zero;
}

/* W3C Trace Context, version 00: "00-" 32 hex "-" 16 hex "-" 2 hex, ids not all zero. */
static bool is_traceparent(struct q_str s)
{
	return s.length == 55 && q_str_starts_with(s, Q_STR("00-")) && s.data[35] == '-' &&
	       s.data[52] == '-' && is_lower_hex(q_str_slice(s, 3, 35)) &&
	       is_lower_hex(q_str_slice(s, 36, 52)) && is_one_of(s.data[53], "0123456789abcdef") &&
	       is_one_of(s.data[54], "0123456789abcdef");
}

static void set_traceparent(struct q_http_request *request)
{
	struct q_str traceparent = q_http_request_header(request, Q_STR("traceparent"));

	if (q_http_request_header_count(request, Q_STR("traceparent")) == 1 &&
	    is_traceparent(traceparent))
		request->call.traceparent = traceparent;
}

bool q__head_check(struct q_http_request *request)
{
	q__head_set_id(request);
	set_traceparent(request);
	return check_host(request) && check_coding(request) && check_expect(request) &&
	       read_target(request);
}
