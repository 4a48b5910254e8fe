#include "search/json/query_json_internal.h"

static enum q_code take_term_value(struct q__parser *parser, const struct q_json *value, void *out)
{
	struct q_search_query *query = out;

	return q__take_text(parser, value, &query->term.value);
}

/* {"FIELD": VALUE} or {"FIELD": {"value": VALUE, "boost": N}}. */
static enum q_code take_field_value(struct q__parser *parser, const struct q_json *object,
				    struct q_search_query *query)
{
	static const struct q__member members[] = {
		{"value", take_term_value},
		{"boost", q__take_boost},
	};
	const struct q_json *value;
	enum q_code code = q__take_named(parser, object, &query->term.field, &value);

	if (code)
		return code;
	if (q_json_type_of(value) != Q_JSON_OBJECT)
		return take_term_value(parser, value, query);
	return q__take_members(parser, value, members, Q_COUNT_OF(members), query);
}

enum q_code q__take_term(struct q__parser *parser, const struct q_json *object, void *out)
{
	struct q_search_query *query = out;

	query->kind = Q_SEARCH_TERM;
	return take_field_value(parser, object, query);
}

enum q_code q__take_prefix(struct q__parser *parser, const struct q_json *object, void *out)
{
	struct q_search_query *query = out;

	query->kind = Q_SEARCH_PREFIX;
	return take_field_value(parser, object, query);
}

static enum q_code take_values(struct q__parser *parser, const struct q_json *array, void *out)
{
	struct q_search_query *query = out;
	struct q_str *values = q__take_items(parser, array, sizeof *values);
	struct q_json_walk walk = q_json_walk(array);
	enum q_code code = Q_OK;

	if (!values)
		return parser->err->code;
	for (size_t i = 0; !code && q_json_next(&walk); i++)
		code = q__take_text(parser, walk.value, &values[i]);
	query->terms.values = values;
	query->terms.count = q_json_count(array);
	return code;
}

enum q_code q__take_ids(struct q__parser *parser, const struct q_json *object, void *out)
{
	static const struct q__member members[] = {
		{"values", take_values},
		{"boost", q__take_boost},
	};
	struct q_search_query *query = out;

	query->kind = Q_SEARCH_IDS;
	return q__take_members(parser, object, members, Q_COUNT_OF(members), query);
}

/* {"FIELD": [...], "boost": N}. */
enum q_code q__take_terms(struct q__parser *parser, const struct q_json *object, void *out)
{
	struct q_search_query *query = out;
	struct q_json_walk walk = q_json_walk(object);
	enum q_code code = Q_OK;

	query->kind = Q_SEARCH_TERMS;
	while (!code && q_json_next(&walk)) {
		if (q_str_equal(walk.name, Q_STR("boost")))
			code = q__take_boost(parser, walk.value, query);
		else if (query->terms.field.length > 0)
			return q__expected(parser, "one field");
		else
			code = take_values(parser, walk.value, query);
		if (query->terms.values && query->terms.field.length == 0)
			query->terms.field = walk.name;
	}
	return !code && query->terms.field.length == 0 ? q__expected(parser, "a field") : code;
}

static enum q_code take_bound(struct q__parser *parser, const struct q_json *value,
			      struct q_search_bound *bound, bool is_exclusive)
{
	/* null: no end, as in OpenSearch. */
	bound->is_set = q_json_type_of(value) != Q_JSON_NULL;
	bound->is_exclusive = is_exclusive;
	return bound->is_set ? q__take_text(parser, value, &bound->value) : Q_OK;
}

static enum q_code take_gt(struct q__parser *parser, const struct q_json *value, void *out)
{
	return take_bound(parser, value, &((struct q_search_query *)out)->range.from, true);
}

static enum q_code take_gte(struct q__parser *parser, const struct q_json *value, void *out)
{
	return take_bound(parser, value, &((struct q_search_query *)out)->range.from, false);
}

static enum q_code take_lt(struct q__parser *parser, const struct q_json *value, void *out)
{
	return take_bound(parser, value, &((struct q_search_query *)out)->range.to, true);
}

static enum q_code take_lte(struct q__parser *parser, const struct q_json *value, void *out)
{
	return take_bound(parser, value, &((struct q_search_query *)out)->range.to, false);
}

enum q_code q__take_range(struct q__parser *parser, const struct q_json *object, void *out)
{
	static const struct q__member members[] = {
		{"gt", take_gt},   {"gte", take_gte},	     {"lt", take_lt},
		{"lte", take_lte}, {"boost", q__take_boost},
	};
	struct q_search_query *query = out;
	const struct q_json *value;
	enum q_code code = q__take_named(parser, object, &query->range.field, &value);

	query->kind = Q_SEARCH_RANGE;
	return code ? code : q__take_members(parser, value, members, Q_COUNT_OF(members), query);
}
