/* What a request says in its query and its body: everything that is not known is refused, with the
 * name of what is wrong. */
#include "api/api_internal.h"

#include "net/url.h"

#include <string.h>

enum { LIMIT_DEFAULT = 20, LIMIT_MAX = 100 };

void q__refuse_field(struct q_http_request *request, const char *field, const char *reason)
{
	struct q_problem_field wrong = {q_str_from(field), q_str_from(reason)};
	struct q_problem problem = {
		.status = 400,
		.code = "invalid_request",
		.detail = q_arena_format(q_http_request_arena(request), "%s %s", field, reason),
		.errors = &wrong,
		.error_count = 1};

	q_http_respond_problem(request, &problem);
}

static const struct q__parameter *find(const struct q__parameter *parameters, size_t count,
				       struct q_str name)
{
	for (size_t i = 0; i < count; i++)
		if (q_str_equal(name, q_str_from(parameters[i].name)))
			return &parameters[i];
	return NULL;
}

bool q__query(struct q_http_request *request, const struct q__parameter *parameters, size_t count)
{
	struct q_arena *arena = q_http_request_arena(request);
	struct q_str rest = q_http_request_query(request);
	struct q_query_item item;
	struct q_err err;
	enum q_code code;

	while ((code = q_query_next(&rest, arena, &item, &err)) == Q_OK) {
		const struct q__parameter *parameter = find(parameters, count, item.name);

		if (!parameter) {
			q__refuse_field(request,
					q_arena_format(arena, "%.*s", Q_STR_ARG(item.name)).data,
					"is no parameter of this route");
			return false;
		}
		if (parameter->value->data) {
			q__refuse_field(request, parameter->name, "is given twice");
			return false;
		}
		*parameter->value = item.value;
		if (!parameter->value->data)
			parameter->value->data = "";
	}
	if (code == Q_NOTFOUND)
		return true;
	q_http_respond_error(request, &err);
	return false;
}

bool q__limit(struct q_http_request *request, struct q_str text, size_t *out)
{
	int64_t limit = LIMIT_DEFAULT;

	if (text.data && (!q_str_to_int64(text, &limit) || limit < 1 || limit > LIMIT_MAX)) {
		q__refuse_field(request, "limit", "is 1 to 100");
		return false;
	}
	*out = (size_t)limit;
	return true;
}

bool q__body(struct q_http_request *request, const struct q_json **out)
{
	struct q_err err;
	enum q_code code = q_json_parse(q_http_request_arena(request), q_http_request_body(request),
					&q_json_request_limits, out, &err);

	if (code == Q_OK && q_json_type_of(*out) != Q_JSON_OBJECT)
		code = q_fail_reason(&err, Q_INVALID, "invalid_json", "api.body",
				     "the body is no JSON object");
	if (code == Q_OK)
		return true;
	if (code == Q_INVALID)
		err.reason = "invalid_json";
	q_http_respond_error(request, &err);
	return false;
}
