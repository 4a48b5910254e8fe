/* `aggs`: {NAME: {terms | histogram | date_histogram: {...}}}. */
#include "search/json/query_json_internal.h"

enum { SIZE = 10, INTERVAL_DIGITS_MAX = 12 };

static enum q_code take_field(struct q__parser *parser, const struct q_json *value, void *out)
{
	struct q_facet *facet = out;

	return q__take_name(parser, value, &facet->field);
}

static enum q_code take_size(struct q__parser *parser, const struct q_json *value, void *out)
{
	struct q_facet *facet = out;

	return q__take_size(parser, value, 1, Q_FACET_SIZE_MAX, &facet->size);
}

static enum q_code take_count_min(struct q__parser *parser, const struct q_json *value, void *out)
{
	struct q_facet *facet = out;
	int64_t number = 0, least = facet->kind == Q_FACET_TERMS ? 1 : 0;
	enum q_code code = q__take_number(parser, value, least, INT64_MAX, &number);

	facet->count_min = (uint64_t)number;
	return code;
}

/* {"_count": "asc" | "desc"} or {"_key": ...}. */
static enum q_code take_order(struct q__parser *parser, const struct q_json *value, void *out)
{
	struct q_facet *facet = out;
	const struct q_json *direction;
	struct q_str by;
	bool is_descending;
	enum q_code code = q__take_named(parser, value, &by, &direction);

	code = code ? code : q__take_direction(parser, direction, &is_descending);
	if (code)
		return code;
	if (q_str_equal(by, Q_STR("_count")))
		facet->order = is_descending ? Q_FACET_COUNT_DESCENDING : Q_FACET_COUNT_ASCENDING;
	else if (q_str_equal(by, Q_STR("_key")))
		facet->order = is_descending ? Q_FACET_KEY_DESCENDING : Q_FACET_KEY_ASCENDING;
	else
		return q__expected(parser, "_count or _key");
	return Q_OK;
}

static enum q_code take_interval(struct q__parser *parser, const struct q_json *value, void *out)
{
	struct q_facet *facet = out;

	if (!q_json_double(value, &facet->interval) || !(facet->interval > 0))
		return q__expected(parser, "a number above 0");
	return Q_OK;
}

static enum q_code take_offset(struct q__parser *parser, const struct q_json *value, void *out)
{
	struct q_facet *facet = out;

	return q_json_double(value, &facet->offset) ? Q_OK : q__expected(parser, "a number");
}

static bool take_sign(struct q_str *text, char sign)
{
	if (text->length == 0 || text->data[0] != sign)
		return false;
	*text = q_str_slice(*text, 1, text->length);
	return true;
}

/* "90m", "-1d": digits and a unit of one length. */
static bool parse_duration(struct q_str text, int64_t *out_ms)
{
	static const struct {
		const char *unit;
		int64_t ms;
	} units[] = {{"ms", 1}, {"s", 1000}, {"m", 60000}, {"h", 3600000}, {"d", 86400000}};
	bool is_negative = take_sign(&text, '-');
	size_t digits = 0;
	int64_t number;

	if (!is_negative)
		take_sign(&text, '+');
	while (digits < text.length && text.data[digits] >= '0' && text.data[digits] <= '9')
		digits++;
	if (digits > INTERVAL_DIGITS_MAX || !q_str_to_int64(q_str_slice(text, 0, digits), &number))
		return false;
	for (size_t i = 0; i < Q_COUNT_OF(units); i++) {
		if (!q_str_equal(q_str_slice(text, digits, text.length), q_str_from(units[i].unit)))
			continue;
		*out_ms = (is_negative ? -number : number) * units[i].ms;
		return *out_ms >= -Q_FACET_SPAN_MS_MAX && *out_ms <= Q_FACET_SPAN_MS_MAX;
	}
	return false;
}

static enum q_code take_fixed(struct q__parser *parser, const struct q_json *value, void *out)
{
	struct q_facet *facet = out;
	struct q_str text = {0};

	q_json_string(value, &text);
	if (!parse_duration(text, &facet->interval_ms) || facet->interval_ms <= 0)
		return q__expected(parser, "a time like 90m, 12h or 30d");
	return Q_OK;
}

static enum q_code take_calendar(struct q__parser *parser, const struct q_json *value, void *out)
{
	static const struct {
		const char *name, *short_name;
		enum q_calendar_unit unit;
		int64_t ms;
	} units[] = {
		{"second", "1s", Q_CALENDAR_NONE, 1000},  {"minute", "1m", Q_CALENDAR_NONE, 60000},
		{"hour", "1h", Q_CALENDAR_NONE, 3600000}, {"day", "1d", Q_CALENDAR_NONE, 86400000},
		{"week", "1w", Q_CALENDAR_WEEK, 0},	  {"month", "1M", Q_CALENDAR_MONTH, 0},
		{"quarter", "1q", Q_CALENDAR_QUARTER, 0}, {"year", "1y", Q_CALENDAR_YEAR, 0},
	};
	struct q_facet *facet = out;
	struct q_str text = {0};

	q_json_string(value, &text);
	for (size_t i = 0; i < Q_COUNT_OF(units); i++) {
		if (!q_str_equal(text, q_str_from(units[i].name)) &&
		    !q_str_equal(text, q_str_from(units[i].short_name)))
			continue;
		facet->unit = units[i].unit;
		facet->interval_ms = units[i].ms;
		return Q_OK;
	}
	return q__expected(parser, "a unit of the calendar: day, 1M, year...");
}

static enum q_code take_offset_ms(struct q__parser *parser, const struct q_json *value, void *out)
{
	struct q_facet *facet = out;
	struct q_str text = {0};

	q_json_string(value, &text);
	if (!parse_duration(text, &facet->offset_ms))
		return q__expected(parser, "a time like +6h or -1d");
	return Q_OK;
}

static enum q_code take_terms(struct q__parser *parser, const struct q_json *object, void *out)
{
	static const struct q__member members[] = {
		{"field", take_field},
		{"size", take_size},
		{"order", take_order},
		{"min_doc_count", take_count_min},
	};
	struct q_facet *facet = out;

	facet->kind = Q_FACET_TERMS;
	facet->size = SIZE;
	facet->count_min = 1;
	return q__take_members(parser, object, members, Q_COUNT_OF(members), facet);
}

static enum q_code take_histogram(struct q__parser *parser, const struct q_json *object, void *out)
{
	static const struct q__member members[] = {
		{"field", take_field}, {"interval", take_interval},	  {"offset", take_offset},
		{"order", take_order}, {"min_doc_count", take_count_min},
	};
	struct q_facet *facet = out;

	facet->kind = Q_FACET_HISTOGRAM;
	facet->order = Q_FACET_KEY_ASCENDING;
	return q__take_members(parser, object, members, Q_COUNT_OF(members), facet);
}

static enum q_code take_date_histogram(struct q__parser *parser, const struct q_json *object,
				       void *out)
{
	static const struct q__member members[] = {
		{"field", take_field},
		{"fixed_interval", take_fixed},
		{"calendar_interval", take_calendar},
		{"offset", take_offset_ms},
		{"order", take_order},
		{"min_doc_count", take_count_min},
	};
	struct q_facet *facet = out;

	facet->kind = Q_FACET_DATE_HISTOGRAM;
	facet->order = Q_FACET_KEY_ASCENDING;
	return q__take_members(parser, object, members, Q_COUNT_OF(members), facet);
}

enum q_code q__take_facets(struct q__parser *parser, const struct q_json *object, void *out)
{
	static const struct q__member kinds[] = {
		{"terms", take_terms},
		{"histogram", take_histogram},
		{"date_histogram", take_date_histogram},
	};
	struct q_search_request *request = out;
	size_t count = q_json_count(object);
	struct q_facet *facets = q_arena_alloc_array(parser->arena, count, sizeof *facets);
	struct q_json_walk walk = q_json_walk(object);
	enum q_code code = Q_OK;

	if (!facets)
		return q__take_out_of_memory(parser);
	if (q_json_type_of(object) != Q_JSON_OBJECT)
		return q__expected(parser, "an object");
	for (size_t i = 0; !code && q_json_next(&walk); i++) {
		facets[i].name = walk.name;
		if (q_json_count(walk.value) != 1)
			return q__expected(parser, "one kind of aggregation");
		code = q__take_members(parser, walk.value, kinds, Q_COUNT_OF(kinds), &facets[i]);
	}
	request->facets = facets;
	request->facet_count = count;
	return code;
}
