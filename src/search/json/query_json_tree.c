#include "search/json/query_json_internal.h"
#include "search/query/minimum.h"

/* One query or an array of them. */
static enum q_code take_queries(struct q__parser *parser, const struct q_json *value,
				const struct q_search_query **out, size_t *count)
{
	bool is_array = q_json_type_of(value) == Q_JSON_ARRAY;
	struct q_json_walk walk = q_json_walk(value);
	struct q_search_query *queries;
	enum q_code code = Q_OK;

	*count = is_array ? q_json_count(value) : 1;
	if (!is_array)
		return q__take_new_query(parser, value, out);
	queries = q__take_items(parser, value, sizeof *queries);
	if (!queries)
		return parser->err->code;
	for (size_t i = 0; !code && q_json_next(&walk); i++)
		code = q__take_query(parser, walk.value, &queries[i]);
	*out = queries;
	return code;
}

static enum q_code take_must(struct q__parser *parser, const struct q_json *value, void *out)
{
	struct q_search_query *query = out;

	return take_queries(parser, value, &query->combination.must,
			    &query->combination.must_count);
}

static enum q_code take_filter(struct q__parser *parser, const struct q_json *value, void *out)
{
	struct q_search_query *query = out;

	return take_queries(parser, value, &query->combination.filter,
			    &query->combination.filter_count);
}

static enum q_code take_should(struct q__parser *parser, const struct q_json *value, void *out)
{
	struct q_search_query *query = out;

	return take_queries(parser, value, &query->combination.should,
			    &query->combination.should_count);
}

static enum q_code take_must_not(struct q__parser *parser, const struct q_json *value, void *out)
{
	struct q_search_query *query = out;

	return take_queries(parser, value, &query->combination.must_not,
			    &query->combination.must_not_count);
}

/* Taken when the clauses are counted. */
static enum q_code pass_minimum(struct q__parser *parser, const struct q_json *value, void *out)
{
	(void)parser, (void)value, (void)out;
	return Q_OK;
}

static enum q_code take_minimum(struct q__parser *parser, const struct q_json *object,
				struct q_search_query *query)
{
	static const struct q_str name = Q_STR_INIT("minimum_should_match");
	const struct q_json *value = q_json_member(object, name);
	struct q_minimum minimum = {0};
	enum q_code code = value ? q__take_minimum(parser, value, &minimum) : Q_OK;

	query->combination.minimum_should =
		q__minimum_of(&minimum, query->combination.should_count);
	return code;
}

static enum q_code take_combination(struct q__parser *parser, const struct q_json *object,
				    void *out)
{
	static const struct q__member members[] = {
		{"must", take_must},	  {"filter", take_filter},
		{"should", take_should},  {"must_not", take_must_not},
		{"boost", q__take_boost}, {"minimum_should_match", pass_minimum},
	};
	struct q_search_query *query = out;
	enum q_code code;

	query->kind = Q_SEARCH_BOOL;
	code = q__take_members(parser, object, members, Q_COUNT_OF(members), query);
	return code ? code : take_minimum(parser, object, query);
}

static enum q_code take_inner(struct q__parser *parser, const struct q_json *value, void *out)
{
	struct q_search_query *query = out;

	if (q_json_type_of(value) != Q_JSON_OBJECT)
		return q__expected(parser, "a query");
	return q__take_new_query(parser, value, &query->inner);
}

static enum q_code take_constant(struct q__parser *parser, const struct q_json *object, void *out)
{
	static const struct q__member members[] = {
		{"filter", take_inner},
		{"boost", q__take_boost},
	};
	struct q_search_query *query = out;
	enum q_code code;

	query->kind = Q_SEARCH_CONSTANT;
	code = q__take_members(parser, object, members, Q_COUNT_OF(members), query);
	return !code && !query->inner ? q__expected(parser, "a filter") : code;
}

static enum q_code take_all(struct q__parser *parser, const struct q_json *object, void *out)
{
	static const struct q__member members[] = {{"boost", q__take_boost}};
	struct q_search_query *query = out;

	query->kind = Q_SEARCH_ALL;
	return q__take_members(parser, object, members, Q_COUNT_OF(members), query);
}

enum q_code q__take_query(struct q__parser *parser, const struct q_json *value, void *out)
{
	static const struct q__member kinds[] = {
		{"match_all", take_all},
		{"ids", q__take_ids},
		{"term", q__take_term},
		{"terms", q__take_terms},
		{"prefix", q__take_prefix},
		{"range", q__take_range},
		{"match", q__take_match},
		{"match_phrase", q__take_match_phrase},
		{"multi_match", q__take_multi_match},
		{"bool", take_combination},
		{"constant_score", take_constant},
	};
	struct q_search_query *query = out;
	enum q_code code;

	query->boost = 1;
	if (q_json_count(value) != 1)
		return q_fail(parser->err, Q_INVALID, "query", "a query has one key: its kind");
	if (parser->depth == Q_SEARCH_DEPTH_MAX)
		return q_fail(parser->err, Q_TOOBIG, "query", "a query of more than %d levels",
			      Q_SEARCH_DEPTH_MAX);
	parser->depth++;
	code = q__take_members(parser, value, kinds, Q_COUNT_OF(kinds), query);
	parser->depth--;
	return code;
}

enum q_code q__take_new_query(struct q__parser *parser, const struct q_json *value,
			      const struct q_search_query **out)
{
	struct q_search_query *query = q_arena_alloc(parser->arena, sizeof *query);

	*out = query;
	return query ? q__take_query(parser, value, query) : q__take_out_of_memory(parser);
}
