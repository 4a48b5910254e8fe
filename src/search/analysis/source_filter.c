#include "search/analysis/source_filter.h"

enum {
	/* Numbers may be written longer than they were: 1e15 as 1000000000000000.0. */
	WRITTEN_BYTES_MAX = 8 * Q_DOCUMENT_SOURCE_MAX
};

struct filtering {
	const struct q_source_filter *filter;
	struct q_arena *scratch; /* for paths */
	struct q_json_writer json;
};

/* '*' stands for any characters. What a star stood for is made longer until the rest fits. */
static bool fits(struct q_str pattern, struct q_str text)
{
	size_t p = 0, t = 0, star = pattern.length, star_text = 0;

	while (t < text.length) {
		if (p < pattern.length && pattern.data[p] == '*') {
			star = p++;
			star_text = t;
		} else if (p < pattern.length && pattern.data[p] == text.data[t]) {
			p++;
			t++;
		} else if (star < pattern.length) {
			p = star + 1;
			t = ++star_text;
		} else {
			return false;
		}
	}
	while (p < pattern.length && pattern.data[p] == '*')
		p++;
	return p == pattern.length;
}

/* Is it the path, or something that the path lies beneath? */
static bool names_path(struct q_str pattern, struct q_str path)
{
	for (size_t end = 0; end < path.length; end++) {
		if (path.data[end] == '.' && fits(pattern, q_str_slice(path, 0, end)))
			return true;
	}
	return fits(pattern, path);
}

static bool is_named(const struct q_str *patterns, size_t count, struct q_str path)
{
	for (size_t i = 0; i < count; i++) {
		if (names_path(patterns[i], path))
			return true;
	}
	return false;
}

static bool is_included(const struct filtering *filtering, struct q_str path)
{
	const struct q_source_filter *filter = filtering->filter;

	return filter->include_count == 0 ||
	       is_named(filter->includes, filter->include_count, path);
}

static bool is_excluded(const struct filtering *filtering, struct q_str path)
{
	const struct q_source_filter *filter = filtering->filter;

	return is_named(filter->excludes, filter->exclude_count, path);
}

static struct q_str path_of(struct filtering *filtering, struct q_str outer, struct q_str name)
{
	return outer.length == 0 ? name
				 : q_arena_format(filtering->scratch, "%.*s.%.*s", Q_STR_ARG(outer),
						  Q_STR_ARG(name));
}

static bool keeps_element(struct filtering *filtering, struct q_str path,
			  const struct q_json *value);

static bool keeps_member(struct filtering *filtering, struct q_str path, const struct q_json *value)
{
	return !is_excluded(filtering, path) &&
	       (is_included(filtering, path) || keeps_element(filtering, path, value));
}

/* Does anything of the value stay? Of an array's element that is asked with the array's path. */
static bool keeps_element(struct filtering *filtering, struct q_str path,
			  const struct q_json *value)
{
	struct q_json_walk walk = q_json_walk(value);

	switch (q_json_type_of(value)) {
	case Q_JSON_OBJECT:
		while (q_json_next(&walk)) {
			if (keeps_member(filtering, path_of(filtering, path, walk.name),
					 walk.value))
				return true;
		}
		return false;
	case Q_JSON_ARRAY:
		while (q_json_next(&walk)) {
			if (keeps_element(filtering, path, walk.value))
				return true;
		}
		return false;
	default:
		return is_included(filtering, path);
	}
}

static void write_value(struct filtering *filtering, struct q_str path, const struct q_json *value);

static void write_object(struct filtering *filtering, struct q_str outer,
			 const struct q_json *object)
{
	struct q_json_walk walk = q_json_walk(object);

	q_json_begin_object(&filtering->json);
	while (q_json_next(&walk)) {
		struct q_str path = path_of(filtering, outer, walk.name);

		if (!keeps_member(filtering, path, walk.value))
			continue;
		q_json_name_str(&filtering->json, walk.name);
		write_value(filtering, path, walk.value);
	}
	q_json_end_object(&filtering->json);
}

static void write_array(struct filtering *filtering, struct q_str path, const struct q_json *array)
{
	struct q_json_walk walk = q_json_walk(array);

	q_json_begin_array(&filtering->json);
	while (q_json_next(&walk)) {
		if (keeps_element(filtering, path, walk.value))
			write_value(filtering, path, walk.value);
	}
	q_json_end_array(&filtering->json);
}

static void write_value(struct filtering *filtering, struct q_str path, const struct q_json *value)
{
	enum q_json_type type = q_json_type_of(value);

	if (type == Q_JSON_OBJECT)
		write_object(filtering, path, value);
	else if (type == Q_JSON_ARRAY)
		write_array(filtering, path, value);
	else
		q_json_put_value(&filtering->json, value);
}

enum q_code q__source_parse(struct q_str source, struct q_arena *arena, const struct q_json **out,
			    struct q_err *err)
{
	static const struct q_json_limits limits = {.bytes_max = Q_DOCUMENT_SOURCE_MAX,
						    .depth_max = Q_DOCUMENT_DEPTH_MAX};

	if (!q_json_parse(arena, q_str_bytes(source), &limits, out, err) &&
	    q_json_type_of(*out) == Q_JSON_OBJECT)
		return Q_OK;
	return q_arena_failed(arena)
		       ? q_fail(err, Q_NOMEM, "search_index.search", "a document's source")
		       : q_fail(err, Q_CORRUPT, "search_index.search",
				"a document's source is not what was put: build the index again");
}

enum q_code q__source_filter(const struct q_source_filter *filter, const struct q_json *source,
			     struct q_arena *arena, struct q_arena *scratch, struct q_str *out,
			     struct q_err *err)
{
	struct filtering filtering = {.filter = filter, .scratch = scratch};
	struct q_buf written;
	bool is_whole;

	q_buf_init(&written, WRITTEN_BYTES_MAX);
	q_json_writer_init(&filtering.json, &written);
	write_object(&filtering, Q_STR(""), source);
	*out = q_arena_copy(arena, q_buf_str(&written));
	is_whole = !q_buf_failed(&written) && !q_arena_failed(arena) && !q_arena_failed(scratch);
	q_buf_free(&written);
	return is_whole ? Q_OK : q_fail(err, Q_NOMEM, "search_index.search", "a document's source");
}
