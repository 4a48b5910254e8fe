#include "search/json/query_json.h"

#include "search/json/query_json_internal.h"

/* A level of a tree takes three of JSON: {"bool": {"must": [...]}}. */
const struct q_json_limits q_query_json_limits = {
	.bytes_max = 1 << 20,
	.depth_max = 4 * Q_SEARCH_DEPTH_MAX,
	.refuse_duplicates = true,
};

enum { SIZE = 10, TOTAL_MAX = 10000 };

static enum q_code take_query(struct q__parser *parser, const struct q_json *value, void *out)
{
	struct q_search_request *request = out;

	return q__take_new_query(parser, value, &request->query);
}

static enum q_code take_from(struct q__parser *parser, const struct q_json *value, void *out)
{
	struct q_search_request *request = out;

	return q__take_size(parser, value, 0, Q_SEARCH_WINDOW_MAX, &request->from);
}

static enum q_code take_size(struct q__parser *parser, const struct q_json *value, void *out)
{
	struct q_search_request *request = out;

	return q__take_size(parser, value, 0, Q_SEARCH_WINDOW_MAX, &request->size);
}

/* -1 is false, and false is a count up to 0. */
static enum q_code take_track(struct q__parser *parser, const struct q_json *value, void *out)
{
	struct q_search_request *request = out;
	int64_t number = 0;
	bool is_on = false;
	enum q_code code = Q_OK;

	if (!q_json_bool(value, &is_on))
		code = q__take_number(parser, value, -1, INT32_MAX, &number);
	request->total_is_bounded = !is_on;
	request->total_max = number > 0 ? (uint64_t)number : 0;
	return code;
}

static enum q_code take_track_scores(struct q__parser *parser, const struct q_json *value,
				     void *out)
{
	struct q_search_request *request = out;

	return q__take_bool(parser, value, &request->with_scores);
}

/* search_after has a value for each sort; which of them comes first in the body is free. */
static enum q_code check_after(struct q__parser *parser, const struct q_json *body,
			       const struct q_search_request *request)
{
	size_t count = q_json_count(q_json_member(body, Q_STR("search_after")));

	if (!request->after || count == request->sort_count)
		return Q_OK;
	return q_fail(parser->err, Q_INVALID, "query",
		      "search_after has %zu values, and there are %zu sorts", count,
		      request->sort_count);
}

enum q_code q_query_json_parse(struct q_arena *arena, const struct q_json *body,
			       struct q_search_request *out, struct q_err *err)
{
	static const struct q_search_query all = {.kind = Q_SEARCH_ALL, .boost = 1};
	static const struct q__member members[] = {
		{"query", take_query},
		{"from", take_from},
		{"size", take_size},
		{"_source", q__take_source},
		{"highlight", q__take_highlight},
		{"aggs", q__take_facets},
		{"aggregations", q__take_facets},
		{"sort", q__take_sort},
		{"search_after", q__take_after},
		{"track_scores", take_track_scores},
		{"track_total_hits", take_track},
	};
	struct q__parser parser = {.arena = arena, .err = err};
	enum q_code code;

	*out = (struct q_search_request){.query = &all,
					 .size = SIZE,
					 .with_source = true,
					 .total_is_bounded = true,
					 .total_max = TOTAL_MAX};
	code = q__take_members(&parser, body, members, Q_COUNT_OF(members), out);
	return code ? code : check_after(&parser, body, out);
}
