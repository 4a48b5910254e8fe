/* `sort`: what q__take_sort says, or an array of it; and `search_after`. */
#include "search/json/query_json_internal.h"

static enum q_code take_order(struct q__parser *parser, const struct q_json *value, void *out)
{
	struct q_search_sort *sort = out;

	return q__take_direction(parser, value, &sort->is_descending);
}

static enum q_code take_mode(struct q__parser *parser, const struct q_json *value, void *out)
{
	struct q_search_sort *sort = out;
	bool is_max;
	enum q_code code = q__take_either(parser, value, q_str_equal, "min", "max", &is_max);

	sort->mode = is_max ? Q_SORT_MODE_MAX : Q_SORT_MODE_MIN;
	return code;
}

static enum q_code take_missing(struct q__parser *parser, const struct q_json *value, void *out)
{
	struct q_search_sort *sort = out;

	return q__take_either(parser, value, q_str_equal, "_last", "_first", &sort->missing_first);
}

/* The name of a field, or of what is no field. */
static struct q_search_sort sort_by(struct q_str name)
{
	struct q_search_sort sort = {.field = name};

	if (q_str_equal(name, Q_STR("_score")))
		sort = (struct q_search_sort){.kind = Q_SORT_SCORE, .is_descending = true};
	else if (q_str_equal(name, Q_STR("_id")))
		sort.kind = Q_SORT_ID;
	else if (q_str_equal(name, Q_STR("_doc")))
		sort.kind = Q_SORT_DOCUMENT;
	return sort;
}

/* The object's members: {"FIELD": "desc"} or {"FIELD": {"order": "desc", ...}}. */
static enum q_code take_fields(struct q__parser *parser, const struct q_json *object,
			       struct q_search_sort *sorts, size_t *count)
{
	static const struct q__member members[] = {
		{"order", take_order},
		{"mode", take_mode},
		{"missing", take_missing},
	};
	struct q_json_walk walk = q_json_walk(object);
	enum q_code code = Q_OK;

	while (!code && q_json_next(&walk)) {
		struct q_search_sort *sort = &sorts[(*count)++];

		*sort = sort_by(walk.name);
		if (q_json_type_of(walk.value) == Q_JSON_STRING)
			code = take_order(parser, walk.value, sort);
		else
			code = q__take_members(parser, walk.value, members, Q_COUNT_OF(members),
					       sort);
	}
	return code;
}

/* "FIELD", or an object of fields. */
static enum q_code take_one(struct q__parser *parser, const struct q_json *value,
			    struct q_search_sort *sorts, size_t *count)
{
	bool is_object = q_json_type_of(value) == Q_JSON_OBJECT;
	struct q_str name;

	if (*count + (is_object ? q_json_count(value) : 1) > Q_SEARCH_SORTS_MAX)
		return q__expected(parser, "fewer sorts");
	if (is_object)
		return take_fields(parser, value, sorts, count);
	if (!q_json_string(value, &name))
		return q__expected(parser, "a name or an object");
	sorts[(*count)++] = sort_by(name);
	return Q_OK;
}

enum q_code q__take_sort(struct q__parser *parser, const struct q_json *value, void *out)
{
	struct q_search_request *request = out;
	struct q_search_sort *sorts =
		q_arena_alloc_array(parser->arena, Q_SEARCH_SORTS_MAX, sizeof *sorts);
	bool is_array = q_json_type_of(value) == Q_JSON_ARRAY;
	struct q_json_walk walk = q_json_walk(value);
	enum q_code code = Q_OK;

	if (!sorts)
		return q__take_out_of_memory(parser);
	if (!is_array)
		code = take_one(parser, value, sorts, &request->sort_count);
	while (is_array && !code && q_json_next(&walk))
		code = take_one(parser, walk.value, sorts, &request->sort_count);
	/* What would be without it; as in OpenSearch, hits then have no sort values. */
	if (request->sort_count == 1 && sorts[0].kind == Q_SORT_SCORE && sorts[0].is_descending)
		request->sort_count = 0;
	request->sorts = sorts;
	return code;
}

static enum q_code take_value(struct q__parser *parser, const struct q_json *value,
			      struct q_search_value *out)
{
	if (q_json_string(value, &out->text))
		out->kind = Q_VALUE_TEXT;
	else if (q_json_int64(value, &out->integer))
		out->kind = Q_VALUE_INTEGER;
	else if (q_json_double(value, &out->number))
		out->kind = Q_VALUE_NUMBER;
	else if (q_json_type_of(value) != Q_JSON_NULL)
		return q__expected(parser, "a text, a number or null");
	return Q_OK;
}

enum q_code q__take_after(struct q__parser *parser, const struct q_json *array, void *out)
{
	struct q_search_request *request = out;
	size_t count = q_json_count(array);
	struct q_search_value *values = q_arena_alloc_array(parser->arena, count, sizeof *values);
	struct q_json_walk walk = q_json_walk(array);
	enum q_code code = Q_OK;

	if (!values)
		return q__take_out_of_memory(parser);
	if (q_json_type_of(array) != Q_JSON_ARRAY || count == 0)
		return q__expected(parser, "an array of values");
	for (size_t i = 0; !code && q_json_next(&walk); i++)
		code = take_value(parser, walk.value, &values[i]);
	request->after = values;
	return code;
}
