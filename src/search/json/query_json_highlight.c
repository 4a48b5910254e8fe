/* `highlight`: {"type": "plain", "fields": {NAME: {...}} or [{NAME: {...}}, ...], ...}. What stands
 * beside "fields" holds for each field that does not say otherwise. OpenSearch's own default is
 * another type, whose fragments differ: so the type has to be said. */
#include "search/json/query_json_internal.h"

enum { FRAGMENT_UNITS = 100, FRAGMENTS = 5, FRAGMENT_UNITS_MAX = 1000000 };

struct options {
	struct q_highlight_field field;
	struct q_str before, after;
	bool escapes_html, is_plain;
	const struct q_json *fields;
};

static enum q_code take_type(struct q__parser *parser, const struct q_json *value, void *out)
{
	struct options *options = out;
	struct q_str text;

	options->is_plain = q_json_string(value, &text) && q_str_equal(text, Q_STR("plain"));
	return options->is_plain ? Q_OK : q__expected(parser, "plain");
}

static enum q_code take_size(struct q__parser *parser, const struct q_json *value, void *out)
{
	struct options *options = out;

	return q__take_size(parser, value, 1, FRAGMENT_UNITS_MAX, &options->field.fragment_units);
}

static enum q_code take_count(struct q__parser *parser, const struct q_json *value, void *out)
{
	struct options *options = out;

	return q__take_size(parser, value, 0, Q_HIGHLIGHT_FRAGMENTS_MAX,
			    &options->field.fragment_count_max);
}

/* A mark, or an array of one. */
static enum q_code take_mark(struct q__parser *parser, const struct q_json *value,
			     struct q_str *out)
{
	if (q_json_type_of(value) == Q_JSON_ARRAY && q_json_count(value) == 1)
		value = q_json_element(value, 0);
	return q_json_string(value, out) ? Q_OK : q__expected(parser, "one tag");
}

static enum q_code take_before(struct q__parser *parser, const struct q_json *value, void *out)
{
	return take_mark(parser, value, &((struct options *)out)->before);
}

static enum q_code take_after(struct q__parser *parser, const struct q_json *value, void *out)
{
	return take_mark(parser, value, &((struct options *)out)->after);
}

static enum q_code take_encoder(struct q__parser *parser, const struct q_json *value, void *out)
{
	struct options *options = out;

	return q__take_either(parser, value, q_str_equal, "default", "html",
			      &options->escapes_html);
}

/* They are looked at when everything beside them is known. */
static enum q_code take_fields(struct q__parser *parser, const struct q_json *value, void *out)
{
	(void)parser;
	((struct options *)out)->fields = value;
	return Q_OK;
}

static const struct q__member members[] = {
	{"type", take_type},
	{"fragment_size", take_size},
	{"number_of_fragments", take_count},
	{"require_field_match", q__take_true},
	{"pre_tags", take_before}, /* from here on: not of a field */
	{"post_tags", take_after},
	{"encoder", take_encoder},
	{"fields", take_fields},
};
enum { FIELD_MEMBERS = 4 };

static enum q_code take_field(struct q__parser *parser, const struct options *common,
			      struct q_str name, const struct q_json *value,
			      struct q_highlight_field *out)
{
	struct options options = *common;
	enum q_code code = q__take_members(parser, value, members, FIELD_MEMBERS, &options);

	options.field.name = name;
	*out = options.field;
	return code || options.is_plain ? code : q__expected(parser, "\"type\": \"plain\"");
}

static enum q_code take_named_fields(struct q__parser *parser, const struct options *common,
				     struct q_highlight_field *out)
{
	bool is_array = q_json_type_of(common->fields) == Q_JSON_ARRAY;
	struct q_json_walk walk = q_json_walk(common->fields);
	enum q_code code = Q_OK;

	for (size_t i = 0; !code && q_json_next(&walk); i++) {
		struct q_str name = walk.name;
		const struct q_json *value = walk.value;

		if (is_array)
			code = q__take_named(parser, walk.value, &name, &value);
		if (!code)
			code = take_field(parser, common, name, value, &out[i]);
	}
	return code;
}

enum q_code q__take_highlight(struct q__parser *parser, const struct q_json *value, void *out)
{
	struct q_highlight_request *highlight = &((struct q_search_request *)out)->highlight;
	struct options options = {
		.field = {.fragment_units = FRAGMENT_UNITS, .fragment_count_max = FRAGMENTS},
		.before = Q_STR("<em>"),
		.after = Q_STR("</em>")};
	enum q_code code = q__take_members(parser, value, members, Q_COUNT_OF(members), &options);
	size_t count = q_json_count(options.fields);
	struct q_highlight_field *fields =
		q_arena_alloc_array(parser->arena, count, sizeof *fields);

	if (code)
		return code;
	if (!fields)
		return q__take_out_of_memory(parser);
	*highlight = (struct q_highlight_request){fields, count, options.before, options.after,
						  options.escapes_html};
	return take_named_fields(parser, &options, fields);
}
