/* `_source`: true, false, a name, an array of names, or {"includes": ..., "excludes": ...}. */
#include "search/json/query_json_internal.h"

static enum q_code take_name(struct q__parser *parser, const struct q_json *value,
			     struct q_str *out)
{
	return q_json_string(value, out) ? Q_OK : q__expected(parser, "a name");
}

/* One name or an array of them. */
static enum q_code take_names(struct q__parser *parser, const struct q_json *value,
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
		code = take_name(parser, value, names);
	for (size_t i = 0; is_array && !code && q_json_next(&walk); i++)
		code = take_name(parser, walk.value, &names[i]);
	*out = names;
	*count = room;
	return code;
}

static enum q_code take_includes(struct q__parser *parser, const struct q_json *value, void *out)
{
	struct q_source_filter *filter = out;

	return take_names(parser, value, &filter->includes, &filter->include_count);
}

static enum q_code take_excludes(struct q__parser *parser, const struct q_json *value, void *out)
{
	struct q_source_filter *filter = out;

	return take_names(parser, value, &filter->excludes, &filter->exclude_count);
}

enum q_code q__take_source(struct q__parser *parser, const struct q_json *value, void *out)
{
	static const struct q__member members[] = {
		{"includes", take_includes},
		{"excludes", take_excludes},
	};
	struct q_search_request *request = out;

	if (q_json_bool(value, &request->with_source))
		return Q_OK;
	request->with_source = true;
	if (q_json_type_of(value) != Q_JSON_OBJECT)
		return take_includes(parser, value, &request->source_filter);
	return q__take_members(parser, value, members, Q_COUNT_OF(members),
			       &request->source_filter);
}
