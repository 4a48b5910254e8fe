#include "support/json_schema.h"

#include "base/file.h"
#include "base/utf8.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

enum { SCHEMA_BYTES_MAX = 1 << 20 };

static bool refuse(const char **why, const char *reason)
{
	*why = reason;
	return false;
}

static int64_t limit(const struct q_json *schema, const char *keyword, int64_t otherwise)
{
	q_json_int64(q_json_member(schema, q_str_from(keyword)), &otherwise);
	return otherwise;
}

static bool has_type(const struct q_json *value, const struct q_json *type)
{
	static const struct {
		const char *name;
		enum q_json_type type;
	} types[] = {{"object", Q_JSON_OBJECT}, {"array", Q_JSON_ARRAY},  {"string", Q_JSON_STRING},
		     {"number", Q_JSON_NUMBER}, {"boolean", Q_JSON_BOOL}, {"null", Q_JSON_NULL}};
	struct q_str name;
	int64_t integer;

	assert_true(q_json_string(type, &name));
	if (q_str_equal(name, Q_STR("integer")))
		return q_json_int64(value, &integer);
	for (size_t i = 0; i < Q_COUNT_OF(types); i++)
		if (q_str_equal(name, q_str_from(types[i].name)))
			return q_json_type_of(value) == types[i].type;
	fail_msg("a type the checker does not know");
	return false;
}

static bool is_listed(const struct q_json *value, const struct q_json *list)
{
	struct q_json_walk walk = q_json_walk(list);
	struct q_str word, listed;

	if (!q_json_string(value, &word))
		return false;
	while (q_json_next(&walk))
		if (q_json_string(walk.value, &listed) && q_str_equal(word, listed))
			return true;
	return false;
}

static size_t characters(struct q_str s)
{
	size_t offset = 0, count = 0;

	for (; offset < s.length; count++)
		q_utf8_next(s, &offset);
	return count;
}

static bool accepts_string(const struct q_json *schema, const struct q_json *value,
			   const char **why)
{
	struct q_str text;
	int64_t length;

	if (!q_json_string(value, &text))
		return true;
	length = (int64_t)characters(text);
	if (length < limit(schema, "minLength", 0))
		return refuse(why, "a string is too short");
	return length <= limit(schema, "maxLength", INT64_MAX) ||
	       refuse(why, "a string is too long");
}

static bool accepts_array(const struct q_json *schema, const struct q_json *value, const char **why)
{
	const struct q_json *items = q_json_member(schema, Q_STR("items"));
	struct q_json_walk walk = q_json_walk(value);
	int64_t count = (int64_t)q_json_count(value);

	if (q_json_type_of(value) != Q_JSON_ARRAY)
		return true;
	if (count < limit(schema, "minItems", 0) || count > limit(schema, "maxItems", INT64_MAX))
		return refuse(why, "an array has too few or too many items");
	while (items && q_json_next(&walk))
		if (!json_schema_accepts(items, walk.value, why))
			return false;
	return true;
}

static bool accepts_object(const struct q_json *schema, const struct q_json *value,
			   const char **why)
{
	const struct q_json *properties = q_json_member(schema, Q_STR("properties"));
	struct q_json_walk required = q_json_walk(q_json_member(schema, Q_STR("required")));
	struct q_json_walk members = q_json_walk(value);
	bool is_open = true;
	struct q_str name;

	if (q_json_type_of(value) != Q_JSON_OBJECT)
		return true;
	q_json_bool(q_json_member(schema, Q_STR("additionalProperties")), &is_open);
	while (q_json_next(&required))
		if (!q_json_string(required.value, &name) || !q_json_member(value, name))
			return refuse(why, "a required member is missing");
	while (q_json_next(&members)) {
		const struct q_json *property = q_json_member(properties, members.name);

		if (!property && !is_open)
			return refuse(why, "a member is not in the schema");
		if (property && !json_schema_accepts(property, members.value, why))
			return false;
	}
	return true;
}

/* A keyword that is not checked would accept too much without a word. */
static void check_keywords(const struct q_json *schema)
{
	static const char *const known[] = {
		"$schema",    "title", "description",	       "type",	   "enum",     "required",
		"properties", "items", "additionalProperties", "minItems", "maxItems", "minLength",
		"maxLength"};
	struct q_json_walk walk = q_json_walk(schema);

	while (q_json_next(&walk)) {
		bool is_known = false;

		for (size_t i = 0; i < Q_COUNT_OF(known); i++)
			is_known |= q_str_equal(walk.name, q_str_from(known[i]));
		if (!is_known)
			fail_msg("keyword %.*s is not checked", Q_STR_ARG(walk.name));
	}
}

bool json_schema_accepts(const struct q_json *schema, const struct q_json *value, const char **why)
{
	const struct q_json *type = q_json_member(schema, Q_STR("type"));
	const struct q_json *list = q_json_member(schema, Q_STR("enum"));

	check_keywords(schema);
	if (type && !has_type(value, type))
		return refuse(why, "a value is of another type");
	if (list && !is_listed(value, list))
		return refuse(why, "a word is not in the list");
	return accepts_string(schema, value, why) && accepts_array(schema, value, why) &&
	       accepts_object(schema, value, why);
}

const struct q_json *json_schema_read(struct q_arena *arena, const char *path)
{
	struct q_str full = q_arena_format(arena, "%s/%s", getenv("QUIRE_SOURCE_ROOT"), path);
	const struct q_json *schema = NULL;
	struct q_bytes text;
	struct q_err err;

	if (q_file_read_at(AT_FDCWD, full.data, SCHEMA_BYTES_MAX, arena, &text, &err) != Q_OK ||
	    q_json_parse(arena, text, &q_json_request_limits, &schema, &err) != Q_OK)
		fail_msg("%s: %s", path, err.message);
	return schema;
}
