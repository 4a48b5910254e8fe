/* What a request sees, which is no part of a body in OpenSearch: {"scope": QUERY, "fields": [NAME,
 * ...]}. */
#include "search/json/query_json_internal.h"

static enum q_code take_scope(struct q__parser *parser, const struct q_json *value, void *out)
{
	struct q_search_view *view = out;

	return q__take_new_query(parser, value, &view->scope);
}

static enum q_code take_fields(struct q__parser *parser, const struct q_json *value, void *out)
{
	struct q_search_view *view = out;

	if (q_json_type_of(value) != Q_JSON_ARRAY)
		return q__expected(parser, "an array of names");
	return q__take_names(parser, value, &view->fields, &view->field_count);
}

enum q_code q_view_json_parse(struct q_arena *arena, const struct q_json *view,
			      struct q_search_view *out, struct q_err *err)
{
	static const struct q__member members[] = {
		{"scope", take_scope},
		{"fields", take_fields},
	};
	struct q__parser parser = {.arena = arena, .err = err};

	*out = (struct q_search_view){0};
	return view ? q__take_members(&parser, view, members, Q_COUNT_OF(members), out) : Q_OK;
}
