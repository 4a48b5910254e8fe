#include "search/index/definition.h"

static const struct q_str *copy_names(const struct q_str *from, size_t count, struct q_arena *arena)
{
	struct q_str *names = q_arena_alloc_array(arena, count, sizeof *names);

	for (size_t i = 0; names && i < count; i++)
		names[i] = q_arena_copy(arena, from[i]);
	return names;
}

bool q__definition_copy(const struct q_index_definition *from, struct q_arena *arena,
			struct q_index_definition *out)
{
	struct q_field_definition *fields =
		q_arena_alloc_array(arena, from->field_count, sizeof *fields);

	if (!fields)
		return false;
	for (size_t i = 0; i < from->field_count; i++) {
		fields[i].name = q_arena_copy(arena, from->fields[i].name);
		fields[i].kind = from->fields[i].kind;
	}
	*out = *from;
	out->fields = fields;
	out->kept.includes = copy_names(from->kept.includes, from->kept.include_count, arena);
	out->kept.excludes = copy_names(from->kept.excludes, from->kept.exclude_count, arena);
	return !q_arena_failed(arena);
}

static bool are_fields_equal(const struct q_index_definition *a, const struct q_index_definition *b)
{
	if (a->field_count != b->field_count)
		return false;
	for (size_t i = 0; i < a->field_count; i++) {
		if (a->fields[i].kind != b->fields[i].kind ||
		    !q_str_equal(a->fields[i].name, b->fields[i].name))
			return false;
	}
	return true;
}

static bool are_names_equal(const struct q_str *a, size_t a_count, const struct q_str *b,
			    size_t b_count)
{
	if (a_count != b_count)
		return false;
	for (size_t i = 0; i < a_count; i++) {
		if (!q_str_equal(a[i], b[i]))
			return false;
	}
	return true;
}

bool q__definition_equals(const struct q_index_definition *a, const struct q_index_definition *b)
{
	return are_fields_equal(a, b) &&
	       are_names_equal(a->kept.includes, a->kept.include_count, b->kept.includes,
			       b->kept.include_count) &&
	       are_names_equal(a->kept.excludes, a->kept.exclude_count, b->kept.excludes,
			       b->kept.exclude_count);
}
