#include "search/json/query_json_internal.h"

enum q_code q__expected(struct q__parser *parser, const char *what)
{
	return q_fail(parser->err, Q_INVALID, "query", "%s was expected", what);
}

enum q_code q__take_out_of_memory(struct q__parser *parser)
{
	return q_fail(parser->err, Q_NOMEM, "query", "the query takes too much memory");
}

static const struct q__member *find_member(const struct q__member *members, size_t count,
					   struct q_str name)
{
	for (size_t i = 0; i < count; i++) {
		if (q_str_equal(name, q_str_from(members[i].name)))
			return &members[i];
	}
	return NULL;
}

enum q_code q__take_members(struct q__parser *parser, const struct q_json *object,
			    const struct q__member *members, size_t count, void *out)
{
	struct q_json_walk walk = q_json_walk(object);
	enum q_code code = Q_OK;

	if (q_json_type_of(object) != Q_JSON_OBJECT)
		return q__expected(parser, "an object");
	while (!code && q_json_next(&walk)) {
		const struct q__member *member = find_member(members, count, walk.name);

		if (!member)
			return q_fail(parser->err, Q_INVALID, "query", "unknown key: %.*s",
				      Q_STR_ARG(walk.name));
		code = member->take(parser, walk.value, out);
		if (code == Q_INVALID)
			return q_err_context(parser->err, "%s", member->name);
	}
	return code;
}

enum q_code q__take_named(struct q__parser *parser, const struct q_json *object, struct q_str *name,
			  const struct q_json **value)
{
	struct q_json_walk walk = q_json_walk(object);

	if (q_json_type_of(object) != Q_JSON_OBJECT || q_json_count(object) != 1 ||
	    !q_json_next(&walk))
		return q__expected(parser, "an object of one field");
	*name = walk.name;
	*value = walk.value;
	return Q_OK;
}

enum q_code q__take_boost(struct q__parser *parser, const struct q_json *value, void *out)
{
	struct q_search_query *query = out;
	double boost;

	if (!q_json_double(value, &boost) || !(boost >= 0) || boost > 1e30)
		return q__expected(parser, "a number >= 0");
	query->boost = (float)boost;
	return Q_OK;
}

void *q__take_items(struct q__parser *parser, const struct q_json *array, size_t item_bytes)
{
	size_t count = q_json_count(array);
	void *items = NULL;

	if (q_json_type_of(array) != Q_JSON_ARRAY)
		q__expected(parser, "an array");
	else if (count > Q_SEARCH_CLAUSES_MAX)
		q_fail(parser->err, Q_TOOBIG, "query", "an array of %zu, at most %d", count,
		       Q_SEARCH_CLAUSES_MAX);
	else if ((items = q_arena_alloc_array(parser->arena, count, item_bytes)) == NULL)
		q__take_out_of_memory(parser);
	return items;
}

enum q_code q__take_text(struct q__parser *parser, const struct q_json *value, struct q_str *out)
{
	enum q_json_type type = q_json_type_of(value);
	struct q_buf written;

	if (q_json_string(value, out))
		return Q_OK;
	if (type != Q_JSON_NUMBER && type != Q_JSON_BOOL)
		return q__expected(parser, "a text");
	q_buf_init(&written, Q_SEARCH_TEXT_MAX);
	q_json_write_value(&written, value);
	*out = q_arena_copy(parser->arena, q_buf_str(&written));
	q_buf_free(&written);
	return q_arena_failed(parser->arena) ? q__take_out_of_memory(parser) : Q_OK;
}

enum q_code q__take_name(struct q__parser *parser, const struct q_json *value, struct q_str *out)
{
	return q_json_string(value, out) ? Q_OK : q__expected(parser, "a name");
}

enum q_code q__take_names(struct q__parser *parser, const struct q_json *value,
			  const struct q_str **out, size_t *count)
{
	bool is_array = q_json_type_of(value) == Q_JSON_ARRAY;
	size_t room = is_array ? q_json_count(value) : 1;
	struct q_str *names = q_arena_alloc_array(parser->arena, room, sizeof *names);
	struct q_json_walk walk = q_json_walk(value);
	enum q_code code = Q_OK;

	if (!names)
		return q__take_out_of_memory(parser);
	if (!is_array)
		code = q__take_name(parser, value, names);
	for (size_t i = 0; is_array && !code && q_json_next(&walk); i++)
		code = q__take_name(parser, walk.value, &names[i]);
	*out = names;
	*count = room;
	return code;
}

enum q_code q__take_number(struct q__parser *parser, const struct q_json *value, int64_t min,
			   int64_t max, int64_t *out)
{
	if (!q_json_int64(value, out) || *out < min || *out > max)
		return q_fail(parser->err, Q_INVALID, "query", "%lld..%lld was expected",
			      (long long)min, (long long)max);
	return Q_OK;
}

enum q_code q__take_size(struct q__parser *parser, const struct q_json *value, size_t min,
			 size_t max, size_t *out)
{
	int64_t number = 0;
	enum q_code code = q__take_number(parser, value, (int64_t)min, (int64_t)max, &number);

	*out = (size_t)number;
	return code;
}

enum q_code q__take_uint32(struct q__parser *parser, const struct q_json *value, uint32_t min,
			   uint32_t max, uint32_t *out)
{
	int64_t number = 0;
	enum q_code code = q__take_number(parser, value, min, max, &number);

	*out = (uint32_t)number;
	return code;
}

enum q_code q__take_bool(struct q__parser *parser, const struct q_json *value, bool *out)
{
	return q_json_bool(value, out) ? Q_OK : q__expected(parser, "true or false");
}

enum q_code q__take_true(struct q__parser *parser, const struct q_json *value, void *out)
{
	bool is_on;

	(void)out;
	return q_json_bool(value, &is_on) && is_on ? Q_OK : q__expected(parser, "true");
}

enum q_code q__take_either(struct q__parser *parser, const struct q_json *value,
			   bool (*equal)(struct q_str, struct q_str), const char *first,
			   const char *second, bool *is_second)
{
	struct q_str text;
	bool is_text = q_json_string(value, &text);

	*is_second = is_text && equal(text, q_str_from(second));
	if (*is_second || (is_text && equal(text, q_str_from(first))))
		return Q_OK;
	return q_fail(parser->err, Q_INVALID, "query", "%s or %s was expected", first, second);
}

enum q_code q__take_direction(struct q__parser *parser, const struct q_json *value,
			      bool *is_descending)
{
	return q__take_either(parser, value, q_str_equal_ignore_case, "asc", "desc", is_descending);
}
