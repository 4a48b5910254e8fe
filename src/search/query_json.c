#include "search/query_json.h"

#include <math.h>

enum { MAX_EXPANSIONS = 50, SIZE = 10 };

struct parser {
	struct q_arena *arena;
	unsigned depth; /* of queries */
	struct q_err *err;
};

/* A member of a query's object: how it is read into what is built. */
struct member {
	const char *name;
	enum q_code (*take)(struct parser *, const struct q_json *, void *out);
};

static enum q_code fail(struct parser *parser, const char *what, struct q_str name)
{
	return q_fail(parser->err, Q_INVALID, "query", "%s: %.*s", what, Q_STR_ARG(name));
}

static enum q_code fail_memory(struct parser *parser)
{
	return q_fail(parser->err, Q_NOMEM, "query", "the query takes too much memory");
}

/* Every member by its row; one that has none is an error. */
static enum q_code take_members(struct parser *parser, const struct q_json *object,
				const struct member *members, size_t count, void *out)
{
	struct q_json_walk walk = q_json_walk(object);
	enum q_code code = Q_OK;

	if (q_json_type_of(object) != Q_JSON_OBJECT)
		return q_fail(parser->err, Q_INVALID, "query", "an object was expected");
	while (!code && q_json_next(&walk)) {
		size_t i = 0;

		while (i < count && !q_str_equal(walk.name, q_str_from(members[i].name)))
			i++;
		if (i == count)
			return fail(parser, "unknown key", walk.name);
		code = members[i].take(parser, walk.value, out);
		if (code == Q_INVALID)
			return q_err_context(parser->err, "%s", members[i].name);
	}
	return code;
}

/* *out is zeroed. */
static enum q_code take_query(struct parser *parser, const struct q_json *value, void *out);

static bool take_count(const struct q_json *value, int64_t max, int64_t *out)
{
	return q_json_int64(value, out) && *out >= 0 && *out <= max;
}

static enum q_code take_boost(struct parser *parser, const struct q_json *value, void *out)
{
	struct q_search_query *query = out;
	double boost;

	if (!q_json_double(value, &boost) || !(boost >= 0) || boost > 1e30)
		return q_fail(parser->err, Q_INVALID, "query", "a number >= 0 was expected");
	query->boost = (float)boost;
	return Q_OK;
}

/* Numbers and booleans are terms as they are written. */
static enum q_code take_term_text(struct parser *parser, const struct q_json *value,
				  struct q_str *out)
{
	enum q_json_type type = q_json_type_of(value);
	struct q_buf written;

	if (q_json_string(value, out))
		return Q_OK;
	if (type != Q_JSON_NUMBER && type != Q_JSON_BOOL)
		return q_fail(parser->err, Q_INVALID, "query", "a text was expected");
	q_buf_init(&written, Q_SEARCH_TEXT_MAX);
	q_json_write_value(&written, value);
	*out = q_arena_copy(parser->arena, q_buf_str(&written));
	q_buf_free(&written);
	return q_arena_failed(parser->arena) ? fail_memory(parser) : Q_OK;
}

static enum q_code take_term_value(struct parser *parser, const struct q_json *value, void *out)
{
	struct q_search_query *query = out;

	return take_term_text(parser, value, &query->term.value);
}

/* The one member of an object: a field's name and what is asked of it. */
static enum q_code take_named(struct parser *parser, const struct q_json *object,
			      struct q_str *name, const struct q_json **value)
{
	struct q_json_walk walk = q_json_walk(object);

	if (q_json_type_of(object) != Q_JSON_OBJECT || q_json_count(object) != 1 ||
	    !q_json_next(&walk))
		return q_fail(parser->err, Q_INVALID, "query",
			      "an object of one field was expected");
	*name = walk.name;
	*value = walk.value;
	return Q_OK;
}

static enum q_code take_term(struct parser *parser, const struct q_json *object, void *out)
{
	static const struct member members[] = {{"value", take_term_value}, {"boost", take_boost}};
	struct q_search_query *query = out;
	const struct q_json *value;
	enum q_code code = take_named(parser, object, &query->term.field, &value);

	query->kind = Q_SEARCH_TERM;
	if (code)
		return code;
	if (q_json_type_of(value) != Q_JSON_OBJECT)
		return take_term_value(parser, value, query);
	return take_members(parser, value, members, Q_COUNT_OF(members), query);
}

static enum q_code take_values(struct parser *parser, const struct q_json *array, void *out)
{
	struct q_search_query *query = out;
	size_t count = q_json_count(array);
	struct q_str *values = q_arena_alloc_array(parser->arena, count, sizeof *values);
	struct q_json_walk walk = q_json_walk(array);
	enum q_code code = Q_OK;

	if (!values)
		return fail_memory(parser);
	if (q_json_type_of(array) != Q_JSON_ARRAY)
		return q_fail(parser->err, Q_INVALID, "query", "an array was expected");
	for (size_t i = 0; !code && q_json_next(&walk); i++)
		code = take_term_text(parser, walk.value, &values[i]);
	query->terms.values = values;
	query->terms.count = count;
	return code;
}

static enum q_code take_ids(struct parser *parser, const struct q_json *object, void *out)
{
	static const struct member members[] = {{"values", take_values}, {"boost", take_boost}};
	struct q_search_query *query = out;

	query->kind = Q_SEARCH_IDS;
	return take_members(parser, object, members, Q_COUNT_OF(members), query);
}

static enum q_code take_terms(struct parser *parser, const struct q_json *object, void *out)
{
	struct q_search_query *query = out;
	struct q_json_walk walk = q_json_walk(object);
	enum q_code code = Q_OK;

	query->kind = Q_SEARCH_TERMS;
	while (!code && q_json_next(&walk)) {
		if (q_str_equal(walk.name, Q_STR("boost"))) {
			code = take_boost(parser, walk.value, query);
		} else if (query->terms.field.length > 0) {
			code = fail(parser, "a second field", walk.name);
		} else {
			query->terms.field = walk.name;
			code = take_values(parser, walk.value, query);
		}
	}
	if (!code && query->terms.field.length == 0)
		code = q_fail(parser->err, Q_INVALID, "query", "a field was expected");
	return code;
}

static enum q_code take_match_text(struct parser *parser, const struct q_json *value, void *out)
{
	struct q_search_query *query = out;

	return take_term_text(parser, value, &query->match.text);
}

static enum q_code take_fuzziness(struct parser *parser, const struct q_json *value, void *out)
{
	static const enum q_fuzziness edits[] = {Q_FUZZINESS_0, Q_FUZZINESS_1, Q_FUZZINESS_2};
	struct q_search_query *query = out;
	struct q_str text = {0};
	int64_t number = -1;

	if (q_json_string(value, &text) && q_str_equal_ignore_case(text, Q_STR("AUTO"))) {
		query->match.fuzziness = Q_FUZZINESS_AUTO;
		return Q_OK;
	}
	if ((!q_json_int64(value, &number) && !q_str_to_int64(text, &number)) || number < 0 ||
	    number > 2)
		return q_fail(parser->err, Q_INVALID, "query", "AUTO, 0, 1 or 2 was expected");
	query->match.fuzziness = edits[number];
	return Q_OK;
}

static enum q_code take_prefix_length(struct parser *parser, const struct q_json *value, void *out)
{
	struct q_search_query *query = out;
	int64_t number;

	if (!take_count(value, Q_SEARCH_TEXT_MAX, &number))
		return q_fail(parser->err, Q_INVALID, "query", "0..%d was expected",
			      Q_SEARCH_TEXT_MAX);
	query->match.prefix_length = (uint32_t)number;
	return Q_OK;
}

static enum q_code take_max_expansions(struct parser *parser, const struct q_json *value, void *out)
{
	struct q_search_query *query = out;
	int64_t number;

	if (!take_count(value, Q_SEARCH_CLAUSES_MAX, &number) || number == 0)
		return q_fail(parser->err, Q_INVALID, "query", "1..%d was expected",
			      Q_SEARCH_CLAUSES_MAX);
	query->match.max_expansions = (uint32_t)number;
	return Q_OK;
}

static enum q_code take_operator(struct parser *parser, const struct q_json *value, void *out)
{
	struct q_search_query *query = out;
	struct q_str text;

	if (q_json_string(value, &text) && q_str_equal_ignore_case(text, Q_STR("and")))
		query->match.match_operator = Q_MATCH_AND;
	else if (!q_json_string(value, &text) || !q_str_equal_ignore_case(text, Q_STR("or")))
		return q_fail(parser->err, Q_INVALID, "query", "and or or was expected");
	return Q_OK;
}

static enum q_code take_type(struct parser *parser, const struct q_json *value, void *out)
{
	struct q_str text;

	(void)out;
	if (!q_json_string(value, &text) || !q_str_equal(text, Q_STR("best_fields")))
		return q_fail(parser->err, Q_INVALID, "query", "best_fields was expected");
	return Q_OK;
}

static enum q_code take_transpositions(struct parser *parser, const struct q_json *value, void *out)
{
	bool is_on;

	(void)out;
	if (!q_json_bool(value, &is_on) || !is_on)
		return q_fail(parser->err, Q_INVALID, "query", "true was expected");
	return Q_OK;
}

/* "name" or "name^2.5". */
static enum q_code take_field(struct parser *parser, struct q_str text, struct q_match_field *out)
{
	struct q_str boost_text;
	const struct q_json *number;
	double boost = 1;

	if (q_str_cut(text, '^', &out->name, &boost_text)) {
		if (q_json_parse(parser->arena, q_str_bytes(boost_text), &q_json_request_limits,
				 &number, parser->err) ||
		    !q_json_double(number, &boost) || !(boost >= 0) || boost > 1e30)
			return fail(parser, "not a field with its boost", text);
	}
	out->boost = (float)boost;
	return Q_OK;
}

static enum q_code take_fields(struct parser *parser, const struct q_json *array, void *out)
{
	struct q_search_query *query = out;
	size_t count = q_json_count(array);
	struct q_match_field *fields = q_arena_alloc_array(parser->arena, count, sizeof *fields);
	struct q_json_walk walk = q_json_walk(array);
	enum q_code code = Q_OK;

	if (!fields)
		return fail_memory(parser);
	for (size_t i = 0; !code && q_json_next(&walk); i++) {
		struct q_str text;

		if (q_json_type_of(array) != Q_JSON_ARRAY || !q_json_string(walk.value, &text))
			return q_fail(parser->err, Q_INVALID, "query",
				      "an array of names was expected");
		code = take_field(parser, text, &fields[i]);
	}
	query->match.fields = fields;
	query->match.field_count = count;
	return code;
}

static const struct member match_members[] = {
	{"query", take_match_text},
	{"fuzziness", take_fuzziness},
	{"prefix_length", take_prefix_length},
	{"max_expansions", take_max_expansions},
	{"operator", take_operator},
	{"fuzzy_transpositions", take_transpositions},
	{"boost", take_boost},
	{"fields", take_fields}, /* from here on: multi_match alone */
	{"type", take_type},
};
enum { MATCH_MEMBERS = 7 };

static enum q_code take_multi_match(struct parser *parser, const struct q_json *object, void *out)
{
	struct q_search_query *query = out;

	query->kind = Q_SEARCH_MATCH;
	query->match.max_expansions = MAX_EXPANSIONS;
	return take_members(parser, object, match_members, Q_COUNT_OF(match_members), query);
}

static enum q_code take_match(struct parser *parser, const struct q_json *object, void *out)
{
	struct q_search_query *query = out;
	struct q_match_field *field = q_arena_alloc(parser->arena, sizeof *field);
	const struct q_json *value;
	enum q_code code;

	if (!field)
		return fail_memory(parser);
	field->boost = 1;
	query->kind = Q_SEARCH_MATCH;
	query->match = (struct q_match){
		.fields = field, .field_count = 1, .max_expansions = MAX_EXPANSIONS};
	code = take_named(parser, object, &field->name, &value);
	if (code)
		return code;
	if (q_json_type_of(value) != Q_JSON_OBJECT)
		return take_match_text(parser, value, query);
	return take_members(parser, value, match_members, MATCH_MEMBERS, query);
}

/* One query or an array of them. */
static enum q_code take_queries(struct parser *parser, const struct q_json *value,
				const struct q_search_query **out, size_t *count)
{
	bool is_array = q_json_type_of(value) == Q_JSON_ARRAY;
	size_t room = is_array ? q_json_count(value) : 1;
	struct q_search_query *queries = q_arena_alloc_array(parser->arena, room, sizeof *queries);
	struct q_json_walk walk = q_json_walk(value);
	enum q_code code = Q_OK;

	if (!queries)
		return fail_memory(parser);
	if (!is_array)
		code = take_query(parser, value, queries);
	for (size_t i = 0; is_array && !code && q_json_next(&walk); i++)
		code = take_query(parser, walk.value, &queries[i]);
	*out = queries;
	*count = room;
	return code;
}

static enum q_code take_must(struct parser *parser, const struct q_json *value, void *out)
{
	struct q_search_query *query = out;

	return take_queries(parser, value, &query->combination.must,
			    &query->combination.must_count);
}

static enum q_code take_filter(struct parser *parser, const struct q_json *value, void *out)
{
	struct q_search_query *query = out;

	return take_queries(parser, value, &query->combination.filter,
			    &query->combination.filter_count);
}

static enum q_code take_should(struct parser *parser, const struct q_json *value, void *out)
{
	struct q_search_query *query = out;

	return take_queries(parser, value, &query->combination.should,
			    &query->combination.should_count);
}

static enum q_code take_must_not(struct parser *parser, const struct q_json *value, void *out)
{
	struct q_search_query *query = out;

	return take_queries(parser, value, &query->combination.must_not,
			    &query->combination.must_not_count);
}

static enum q_code take_minimum(struct parser *parser, const struct q_json *value, void *out)
{
	struct q_search_query *query = out;
	int64_t number;

	if (!take_count(value, Q_SEARCH_CLAUSES_MAX, &number))
		return q_fail(parser->err, Q_INVALID, "query", "0..%d was expected",
			      Q_SEARCH_CLAUSES_MAX);
	query->combination.minimum_should = (size_t)number;
	return Q_OK;
}

static enum q_code take_bool(struct parser *parser, const struct q_json *object, void *out)
{
	static const struct member members[] = {
		{"must", take_must},	 {"filter", take_filter},
		{"should", take_should}, {"must_not", take_must_not},
		{"boost", take_boost},	 {"minimum_should_match", take_minimum},
	};
	struct q_search_query *query = out;
	enum q_code code;

	query->kind = Q_SEARCH_BOOL;
	code = take_members(parser, object, members, Q_COUNT_OF(members), query);
	/* As OpenSearch: one of should, unless something else is required. */
	if (!code && !q_json_member(object, Q_STR("minimum_should_match")) &&
	    query->combination.must_count == 0 && query->combination.filter_count == 0 &&
	    query->combination.should_count > 0)
		query->combination.minimum_should = 1;
	return code;
}

static enum q_code take_inner(struct parser *parser, const struct q_json *value, void *out)
{
	struct q_search_query *query = out;
	size_t count;

	if (q_json_type_of(value) != Q_JSON_OBJECT)
		return q_fail(parser->err, Q_INVALID, "query", "a query was expected");
	return take_queries(parser, value, &query->inner, &count);
}

static enum q_code take_constant(struct parser *parser, const struct q_json *object, void *out)
{
	static const struct member members[] = {{"filter", take_inner}, {"boost", take_boost}};
	struct q_search_query *query = out;
	enum q_code code;

	query->kind = Q_SEARCH_CONSTANT;
	code = take_members(parser, object, members, Q_COUNT_OF(members), query);
	if (!code && !query->inner)
		code = q_fail(parser->err, Q_INVALID, "query", "constant_score has a filter");
	return code;
}

static enum q_code take_all(struct parser *parser, const struct q_json *object, void *out)
{
	static const struct member members[] = {{"boost", take_boost}};
	struct q_search_query *query = out;

	query->kind = Q_SEARCH_ALL;
	return take_members(parser, object, members, Q_COUNT_OF(members), query);
}

static enum q_code take_query(struct parser *parser, const struct q_json *value, void *out)
{
	static const struct member kinds[] = {
		{"match_all", take_all}, {"ids", take_ids},
		{"term", take_term},	 {"terms", take_terms},
		{"match", take_match},	 {"multi_match", take_multi_match},
		{"bool", take_bool},	 {"constant_score", take_constant},
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
	code = take_members(parser, value, kinds, Q_COUNT_OF(kinds), query);
	parser->depth--;
	return code;
}

static enum q_code take_request_query(struct parser *parser, const struct q_json *value, void *out)
{
	struct q_search_request *request = out;
	struct q_search_query *query = q_arena_alloc(parser->arena, sizeof *query);

	if (!query)
		return fail_memory(parser);
	request->query = query;
	return take_query(parser, value, query);
}

static enum q_code take_size(struct parser *parser, const struct q_json *value, size_t *out)
{
	int64_t number;

	if (!take_count(value, Q_SEARCH_WINDOW_MAX, &number))
		return q_fail(parser->err, Q_INVALID, "query", "0..%d was expected",
			      Q_SEARCH_WINDOW_MAX);
	*out = (size_t)number;
	return Q_OK;
}

static enum q_code take_request_from(struct parser *parser, const struct q_json *value, void *out)
{
	struct q_search_request *request = out;

	return take_size(parser, value, &request->from);
}

static enum q_code take_request_size(struct parser *parser, const struct q_json *value, void *out)
{
	struct q_search_request *request = out;

	return take_size(parser, value, &request->size);
}

static enum q_code take_request_source(struct parser *parser, const struct q_json *value, void *out)
{
	struct q_search_request *request = out;

	if (!q_json_bool(value, &request->with_source))
		return q_fail(parser->err, Q_INVALID, "query", "true or false was expected");
	return Q_OK;
}

static enum q_code take_track(struct parser *parser, const struct q_json *value, void *out)
{
	int64_t number;
	bool is_on;

	(void)out;
	if (!q_json_bool(value, &is_on) && !q_json_int64(value, &number))
		return q_fail(parser->err, Q_INVALID, "query", "a boolean or number was expected");
	return Q_OK;
}

enum q_code q_query_json_parse(struct q_arena *arena, const struct q_json *body,
			       struct q_search_request *out, struct q_err *err)
{
	static const struct q_search_query all = {.kind = Q_SEARCH_ALL, .boost = 1};
	static const struct member members[] = {
		{"query", take_request_query},	  {"from", take_request_from},
		{"size", take_request_size},	  {"_source", take_request_source},
		{"track_total_hits", take_track},
	};
	struct parser parser = {.arena = arena, .err = err};

	*out = (struct q_search_request){.query = &all, .size = SIZE, .with_source = true};
	return take_members(&parser, body, members, Q_COUNT_OF(members), out);
}
