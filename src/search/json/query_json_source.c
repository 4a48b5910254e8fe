/* `_source`: true, false, a name, an array of names, or {"includes": ..., "excludes": ...}. */
#include "search/json/query_json_internal.h"

static enum q_code take_includes(struct q__parser *parser, const struct q_json *value, void *out)
{
	struct q_source_filter *filter = out;

	return q__take_names(parser, value, &filter->includes, &filter->include_count);
}

static enum q_code take_excludes(struct q__parser *parser, const struct q_json *value, void *out)
{
	struct q_source_filter *filter = out;

	return q__take_names(parser, value, &filter->excludes, &filter->exclude_count);
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
