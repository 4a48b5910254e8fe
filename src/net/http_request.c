#include "net/http_field.h"
#include "net/server_internal.h"

#include <string.h>

struct q_str q_http_request_method(const struct q_http_request *request)
{
	return request->method;
}

struct q_str q_http_request_path(const struct q_http_request *request)
{
	return request->path;
}

struct q_str q_http_request_query(const struct q_http_request *request)
{
	return request->query;
}

const struct q_route *q_http_request_route(const struct q_http_request *request)
{
	return request->match.route;
}

struct q_str q_http_request_param(const struct q_http_request *request, const char *name)
{
	const struct q_route_match *match = &request->match;

	for (size_t i = 0; i < match->param_count; i++)
		if (q_str_equal(match->params[i].name, q_str_from(name)))
			return match->params[i].value;
	q_assert(!"the route has no parameter of this name");
}

struct q_str q_http_request_header(const struct q_http_request *request, struct q_str name)
{
	for (size_t i = 0; i < request->field_count; i++)
		if (q_str_equal_ignore_case(q__field_name(request, i), name))
			return q_str_trim(q__field_value(request, i));
	return Q_STR("");
}

size_t q_http_request_header_count(const struct q_http_request *request, struct q_str name)
{
	size_t count = 0;

	for (size_t i = 0; i < request->field_count; i++)
		count += q_str_equal_ignore_case(q__field_name(request, i), name);
	return count;
}

bool q_http_request_header_at(const struct q_http_request *request, size_t index,
			      struct q_str *name, struct q_str *value)
{
	if (index >= request->field_count)
		return false;
	*name = q__field_name(request, index);
	*value = q_str_trim(q__field_value(request, index));
	return true;
}

struct q_bytes q_http_request_body(const struct q_http_request *request)
{
	return q_str_bytes(q_buf_str(&request->intake.body));
}

int64_t q_http_request_body_length(const struct q_http_request *request)
{
	return request->body_length;
}

struct q_arena *q_http_request_arena(struct q_http_request *request)
{
	return request->arena;
}

struct q_str q_http_request_id(const struct q_http_request *request)
{
	return request->call.request_id;
}

const struct q_call *q_http_request_call(const struct q_http_request *request)
{
	return &request->call;
}

/* ---- the other end ---- */

static bool is_trusted(const struct q_http_request *request, const struct q_ip *address)
{
	return q_cidr_list_contains(&request->loop->server->trusted, address);
}

struct q_str q_http_request_peer(const struct q_http_request *request)
{
	return (struct q_str){request->peer_text, strlen(request->peer_text)};
}

/* The value's last element; *rest is what stands before it. */
static struct q_str take_last(struct q_str *rest)
{
	const char *comma = rest->length > 0 ? memrchr(rest->data, ',', rest->length) : NULL;
	size_t at = comma ? (size_t)(comma - rest->data) : 0;
	struct q_str last = q_str_slice(*rest, comma ? at + 1 : 0, rest->length);

	*rest = q_str_slice(*rest, 0, at);
	return q_str_trim(last);
}

/* Walks one field from its end. True when the client is found, or the walk must end: what stands
 * further left was written by somebody who is not trusted. */
static bool walk_forwarded(const struct q_http_request *request, struct q_str value,
			   struct q_str *client)
{
	while (value.length > 0) {
		struct q_str text = take_last(&value);
		struct q_ip address;

		if (!q_ip_parse(text, &address))
			return true;
		address = q_ip_unmap(&address);
		*client = text;
		if (!is_trusted(request, &address))
			return true;
	}
	return false;
}

struct q_str q_http_request_client(const struct q_http_request *request)
{
	struct q_str client = q_http_request_peer(request);

	if (!is_trusted(request, &request->peer))
		return client;
	/* Several fields are one list: the last field holds its end. */
	for (size_t i = request->field_count; i-- > 0;)
		if (q_str_equal_ignore_case(q__field_name(request, i), Q_STR("x-forwarded-for")) &&
		    walk_forwarded(request, q__field_value(request, i), &client))
			break;
	return client;
}

bool q_http_request_is_peer_loopback(const struct q_http_request *request)
{
	return q_ip_classify(&request->peer) == Q_IP_LOOPBACK;
}

bool q_http_request_is_peer_trusted_proxy(const struct q_http_request *request)
{
	return is_trusted(request, &request->peer);
}

bool q_http_request_has_forwarding_headers(const struct q_http_request *request)
{
	static const char *const names[] = {
		"forwarded", "x-forwarded-for", "x-forwarded-proto", "x-forwarded-host",
		"via",	     "x-real-ip"};

	for (size_t i = 0; i < Q_COUNT_OF(names); i++)
		if (q_http_request_header_count(request, q_str_from(names[i])) > 0)
			return true;
	return false;
}

bool q_http_request_is_secure(const struct q_http_request *request)
{
	if (request->is_tls)
		return true;
	return is_trusted(request, &request->peer) &&
	       q_http_request_header_count(request, Q_STR("x-forwarded-proto")) == 1 &&
	       q_str_equal_ignore_case(q_http_request_header(request, Q_STR("x-forwarded-proto")),
				       Q_STR("https"));
}

/* ---- conditions ---- */

bool q_http_request_matches_etag(const struct q_http_request *request, struct q_str etag)
{
	for (size_t i = 0; i < request->field_count; i++)
		if (q_str_equal_ignore_case(q__field_name(request, i), Q_STR("if-none-match")) &&
		    q_http_if_none_match(q_str_trim(q__field_value(request, i)), etag))
			return true;
	return false;
}

/* ---- what a handler may leave behind ---- */

void q_http_request_set_identity(struct q_http_request *request, void *identity)
{
	request->identity = identity;
}

void *q_http_request_identity(const struct q_http_request *request)
{
	return request->identity;
}

void q_http_request_set_state(struct q_http_request *request, void *state)
{
	request->handler_state = state;
}

void *q_http_request_state(const struct q_http_request *request)
{
	return request->handler_state;
}

static bool owes_an_answer(const struct q_http_request *request)
{
	return !atomic_load(&request->is_answered) && !request->resume && !request->offered_sink;
}

void q_http_request_defer(struct q_http_request *request)
{
	q_assert(owes_an_answer(request) && !request->is_deferred);
	request->is_deferred = true;
}

void q_http_request_resume_after(struct q_http_request *request, int64_t delay_ms,
				 void (*handle)(struct q_http_request *request, void *context),
				 void *context)
{
	q_assert(owes_an_answer(request) && handle && delay_ms >= 0);
	request->resume = handle;
	request->resume_context = context;
	request->resume_delay_ms = delay_ms;
	if (request->is_deferred)
		q__loop_post(request, Q__EVENT_RESUME);
}

void q_http_request_set_body_sink(struct q_http_request *request, struct q_http_body_sink *sink)
{
	q_assert(owes_an_answer(request) && request->match.route->flags & Q_ROUTE_STREAM);
	q_assert(!request->intake.sink && !request->is_deferred);
	request->offered_sink = sink;
}
