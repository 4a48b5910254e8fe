#include "search/json/query_json.h"

#include "search/analysis/analyser.h"
#include "search/json/query_json_internal.h"

static const struct {
	const char *type;
	enum q_field_kind kind;
} types[] = {
	{"keyword", Q_FIELD_KEYWORD}, {"text", Q_FIELD_TEXT},	      {"date", Q_FIELD_DATE},
	{"boolean", Q_FIELD_BOOLEAN}, {"number", Q_FIELD_NUMBER},     {"byte", Q_FIELD_NUMBER},
	{"short", Q_FIELD_NUMBER},    {"integer", Q_FIELD_NUMBER},    {"long", Q_FIELD_NUMBER},
	{"float", Q_FIELD_NUMBER},    {"half_float", Q_FIELD_NUMBER}, {"double", Q_FIELD_NUMBER},
};

static enum q_code find_kind(struct q_str field, struct q_str type, enum q_field_kind *out,
			     struct q_err *err)
{
	for (size_t i = 0; i < Q_COUNT_OF(types); i++) {
		if (q_str_equal(type, q_str_from(types[i].type))) {
			*out = types[i].kind;
			return Q_OK;
		}
	}
	return q_fail(err, Q_INVALID, "mapping", "field %.*s has the unknown type %.*s",
		      Q_STR_ARG(field), Q_STR_ARG(type));
}

static enum q_code parse_field(struct q_str name, const struct q_json *value,
			       struct q_field_definition *out, struct q_err *err)
{
	struct q_json_walk walk = q_json_walk(value);
	struct q_str type = {0}, name_of_analyser = Q_STR("standard");
	enum q_analyser analyser;

	if (q_json_type_of(value) != Q_JSON_OBJECT)
		return q_fail(err, Q_INVALID, "mapping", "field %.*s is not an object",
			      Q_STR_ARG(name));
	while (q_json_next(&walk)) {
		bool is_known = (q_str_equal(walk.name, Q_STR("type")) &&
				 q_json_string(walk.value, &type)) ||
				(q_str_equal(walk.name, Q_STR("analyzer")) &&
				 q_json_string(walk.value, &name_of_analyser));

		if (!is_known)
			return q_fail(err, Q_INVALID, "mapping", "field %.*s: %.*s is not known",
				      Q_STR_ARG(name), Q_STR_ARG(walk.name));
	}
	out->name = name;
	if (find_kind(name, type, &out->kind, err))
		return err->code;
	if (!q_analyser_find(name_of_analyser, &analyser))
		return q_fail(err, Q_INVALID, "mapping", "field %.*s: there is no analyzer %.*s",
			      Q_STR_ARG(name), Q_STR_ARG(name_of_analyser));
	if (out->kind == Q_FIELD_TEXT && analyser == Q_ANALYSER_KEYWORD)
		return q_fail(err, Q_UNSUPPORTED, "mapping",
			      "field %.*s: a text of the keyword analyzer: take the type keyword",
			      Q_STR_ARG(name));
	return Q_OK;
}

static enum q_code parse_fields(struct q_arena *arena, const struct q_json *properties,
				struct q_index_definition *out, struct q_err *err)
{
	size_t count = q_json_count(properties);
	struct q_field_definition *fields = q_arena_alloc_array(arena, count, sizeof *fields);
	struct q_json_walk walk = q_json_walk(properties);
	enum q_code code = Q_OK;

	if (!fields)
		return q_fail(err, Q_NOMEM, "mapping", "%zu fields", count);
	if (q_json_type_of(properties) != Q_JSON_OBJECT || count == 0)
		return q_fail(err, Q_INVALID, "mapping", "a mapping is an object of fields");
	for (size_t i = 0; !code && q_json_next(&walk); i++)
		code = parse_field(walk.name, walk.value, &fields[i], err);
	out->fields = fields;
	out->field_count = count;
	return code;
}

static enum q_code parse_names(struct q_arena *arena, const struct q_json *array,
			       const struct q_str **out, size_t *count, struct q_err *err)
{
	struct q__parser parser = {.arena = arena, .err = err};

	if (q_json_type_of(array) != Q_JSON_ARRAY)
		return q_fail(err, Q_INVALID, "mapping", "_source: an array of names was expected");
	if (q__take_names(&parser, array, out, count))
		return q_err_context(err, "_source");
	return Q_OK;
}

/* {"includes": [names], "excludes": [names]} */
static enum q_code parse_kept(struct q_arena *arena, const struct q_json *source,
			      struct q_source_filter *out, struct q_err *err)
{
	struct q_json_walk walk = q_json_walk(source);
	enum q_code code = Q_OK;

	if (source && q_json_type_of(source) != Q_JSON_OBJECT)
		return q_fail(err, Q_INVALID, "mapping", "_source is not an object");
	while (!code && q_json_next(&walk)) {
		if (q_str_equal(walk.name, Q_STR("includes")))
			code = parse_names(arena, walk.value, &out->includes, &out->include_count,
					   err);
		else if (q_str_equal(walk.name, Q_STR("excludes")))
			code = parse_names(arena, walk.value, &out->excludes, &out->exclude_count,
					   err);
		else
			code = q_fail(err, Q_INVALID, "mapping", "_source: %.*s is not known",
				      Q_STR_ARG(walk.name));
	}
	return code;
}

enum q_code q_mapping_json_parse(struct q_arena *arena, const struct q_json *mapping,
				 struct q_index_definition *out, struct q_err *err)
{
	const struct q_json *inner = q_json_member(mapping, Q_STR("mappings"));
	const struct q_json *root = inner ? inner : mapping;
	const struct q_json *properties = q_json_member(root, Q_STR("properties"));
	enum q_code code;

	*out = (struct q_index_definition){0};
	code = parse_fields(arena, properties ? properties : mapping, out, err);
	if (code || !properties)
		return code;
	return parse_kept(arena, q_json_member(root, Q_STR("_source")), &out->kept, err);
}
