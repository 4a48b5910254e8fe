#include "search/json/query_json_internal.h"

enum { MAX_EXPANSIONS = 50 };

static enum q_code take_text(struct q__parser *parser, const struct q_json *value, void *out)
{
	struct q_search_query *query = out;

	return q__take_text(parser, value, &query->match.text);
}

static enum q_code take_fuzziness(struct q__parser *parser, const struct q_json *value, void *out)
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
		return q__expected(parser, "AUTO, 0, 1 or 2");
	query->match.fuzziness = edits[number];
	return Q_OK;
}

static enum q_code take_prefix_length(struct q__parser *parser, const struct q_json *value,
				      void *out)
{
	struct q_search_query *query = out;

	return q__take_uint32(parser, value, 0, Q_SEARCH_TEXT_MAX, &query->match.prefix_length);
}

static enum q_code take_max_expansions(struct q__parser *parser, const struct q_json *value,
				       void *out)
{
	struct q_search_query *query = out;

	return q__take_uint32(parser, value, 1, Q_SEARCH_CLAUSES_MAX, &query->match.max_expansions);
}

static enum q_code take_operator(struct q__parser *parser, const struct q_json *value, void *out)
{
	struct q_search_query *query = out;
	bool is_and;
	enum q_code code =
		q__take_either(parser, value, q_str_equal_ignore_case, "or", "and", &is_and);

	query->match.match_operator = is_and ? Q_MATCH_AND : Q_MATCH_OR;
	return code;
}

static enum q_code take_minimum(struct q__parser *parser, const struct q_json *value, void *out)
{
	struct q_search_query *query = out;

	return q__take_minimum(parser, value, &query->match.minimum);
}

static enum q_code take_slop(struct q__parser *parser, const struct q_json *value, void *out)
{
	struct q_search_query *query = out;

	return q__take_uint32(parser, value, 0, INT32_MAX, &query->match.slop);
}

static enum q_code take_type(struct q__parser *parser, const struct q_json *value, void *out)
{
	struct q_search_query *query = out;
	bool is_phrase;
	enum q_code code =
		q__take_either(parser, value, q_str_equal, "best_fields", "phrase", &is_phrase);

	query->kind = is_phrase ? Q_SEARCH_PHRASE : Q_SEARCH_MATCH;
	return code;
}

/* "name" or "name^2.5". */
static enum q_code take_field(struct q__parser *parser, const struct q_json *value,
			      struct q_match_field *out)
{
	struct q_str text = {0}, boost_text;
	const struct q_json *number;
	double boost = 1;

	if (!q_json_string(value, &text))
		return q__expected(parser, "an array of names");
	out->name = text;
	if (q_str_cut(text, '^', &out->name, &boost_text) &&
	    (q_json_parse(parser->arena, q_str_bytes(boost_text), &q_json_request_limits, &number,
			  parser->err) ||
	     !q_json_double(number, &boost) || !(boost >= 0) || boost > 1e30))
		return q_fail(parser->err, Q_INVALID, "query", "not a field with its boost: %.*s",
			      Q_STR_ARG(text));
	out->boost = (float)boost;
	return Q_OK;
}

static enum q_code take_fields(struct q__parser *parser, const struct q_json *array, void *out)
{
	struct q_search_query *query = out;
	struct q_match_field *fields = q__take_items(parser, array, sizeof *fields);
	struct q_json_walk walk = q_json_walk(array);
	enum q_code code = Q_OK;

	if (!fields)
		return parser->err->code;
	for (size_t i = 0; !code && q_json_next(&walk); i++)
		code = take_field(parser, walk.value, &fields[i]);
	query->match.fields = fields;
	query->match.field_count = q_json_count(array);
	return code;
}

static const struct q__member match_members[] = {
	{"query", take_text},
	{"fuzziness", take_fuzziness},
	{"prefix_length", take_prefix_length},
	{"max_expansions", take_max_expansions},
	{"operator", take_operator},
	{"minimum_should_match", take_minimum},
	{"fuzzy_transpositions", q__take_true},
	{"boost", q__take_boost},
	{"fields", take_fields}, /* from here on: of multi_match alone */
	{"type", take_type},
	{"slop", take_slop},
};
enum { ONE_FIELD_MEMBERS = 8 };

enum q_code q__take_multi_match(struct q__parser *parser, const struct q_json *object, void *out)
{
	struct q_search_query *query = out;
	enum q_code code;

	query->kind = Q_SEARCH_MATCH;
	query->match.max_expansions = MAX_EXPANSIONS;
	code = q__take_members(parser, object, match_members, Q_COUNT_OF(match_members), query);
	if (!code && query->kind == Q_SEARCH_PHRASE && query->match.fuzziness)
		return q__expected(parser, "a phrase without fuzziness");
	return code;
}

/* {"FIELD": TEXT} or {"FIELD": {...}}. */
static enum q_code take_one_field(struct q__parser *parser, const struct q_json *object,
				  const struct q__member *members, size_t count,
				  struct q_search_query *query)
{
	struct q_match_field *field = q_arena_alloc(parser->arena, sizeof *field);
	const struct q_json *value;
	enum q_code code;

	if (!field)
		return q__take_out_of_memory(parser);
	field->boost = 1;
	query->match = (struct q_match){
		.fields = field, .field_count = 1, .max_expansions = MAX_EXPANSIONS};
	code = q__take_named(parser, object, &field->name, &value);
	if (code)
		return code;
	if (q_json_type_of(value) != Q_JSON_OBJECT)
		return take_text(parser, value, query);
	return q__take_members(parser, value, members, count, query);
}

enum q_code q__take_match(struct q__parser *parser, const struct q_json *object, void *out)
{
	struct q_search_query *query = out;

	query->kind = Q_SEARCH_MATCH;
	return take_one_field(parser, object, match_members, ONE_FIELD_MEMBERS, query);
}

enum q_code q__take_match_phrase(struct q__parser *parser, const struct q_json *object, void *out)
{
	static const struct q__member members[] = {
		{"query", take_text},
		{"slop", take_slop},
		{"boost", q__take_boost},
	};
	struct q_search_query *query = out;

	query->kind = Q_SEARCH_PHRASE;
	return take_one_field(parser, object, members, Q_COUNT_OF(members), query);
}
