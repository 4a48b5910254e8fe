/* Idempotency-Key on the routes that take it: a request that is sent again is answered again. */
#include "api/api_internal.h"

#include "access/idempotency.h"

enum { BODY_TEXT_MAX = 2 << 20 };

static const char header[] = "Idempotency-Key";

void q__once_fail(struct q_http_request *request, struct q_idempotency *once,
		  const struct q_err *err)
{
	q_idempotency_release(once);
	if (err->reason && q_str_equal(q_str_from(err->reason), Q_STR("idempotency_mismatch")))
		q_http_respond_refusal(request, 422, err->reason, "%s", err->message);
	else
		q_http_respond_error(request, err);
}

bool q__once_take(struct q_api *api, struct q_http_request *request, struct q_idempotency **out)
{
	const struct q_idempotency_ports ports = {api->o.records, api->o.clock, api->o.random,
						  api->o.keyring};
	const struct q_route *route = q_http_request_route(request);
	struct q_arena *arena = q_http_request_arena(request);
	size_t count = q_http_request_header_count(request, q_str_from(header));
	struct q_err err;

	*out = NULL;
	if (count == 0)
		return true;
	if (count > 1) {
		q__refuse_field(request, header, "is given twice");
		return false;
	}
	if (q_idempotency_begin(&ports, q_http_request_call(request), q__identity(request),
				q_arena_format(arena, "%s %s", route->method, route->path),
				q_http_request_header(request, q_str_from(header)), arena, out,
				&err)) {
		q_http_respond_error(request, &err);
		return false;
	}
	return true;
}

/* The body without what does not matter in JSON: space, and how characters are escaped. */
static bool canonical(struct q_http_request *request, const struct q_json *body, struct q_str *out)
{
	struct q_arena *arena = q_http_request_arena(request);
	struct q_buf text;

	*out = (struct q_str){0};
	if (!body)
		return true;
	q_buf_init(&text, BODY_TEXT_MAX);
	if (q_json_write_value(&text, body))
		*out = q_arena_copy(arena, q_buf_str(&text));
	q_buf_free(&text);
	return out->length > 0;
}

bool q__once_begin(struct q_api *api, struct q_http_request *request, const struct q_json *body,
		   struct q_idempotency **out)
{
	struct q_str parts[] = {q_http_request_path(request), q_http_request_query(request), {0}};
	struct q_err err;
	enum q_code code;

	if (!q__once_take(api, request, out))
		return false;
	if (!*out)
		return true;
	code = canonical(request, body, &parts[2])
		       ? q_idempotency_identify(*out, parts, Q_COUNT_OF(parts), &err)
		       : q_fail(&err, Q_NOMEM, "api.once", "a body");
	if (code)
		q__once_fail(request, *out, &err);
	return !code;
}
