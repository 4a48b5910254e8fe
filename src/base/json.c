/* How it works: the text is copied into the arena, with the padding that yyjson wants, and parsed
 * in place: strings are unescaped where they stand, so a string's address tells its position in the
 * text. yyjson keeps the values of a document in one array, in the order of the text, a container
 * before what it holds (its doc/DataStructure.md); so a check of every object is a loop, and
 * nothing here recurses. */
#include "base/json.h"
#include "base/json_internal.h"
#include "base/mem.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <yyjson.h>

enum { PAIRED_MEMBERS_MAX = 16 };

const struct q_json_limits q_json_request_limits = {
	.bytes_max = 1024 * 1024,
	.depth_max = 32,
	.refuse_duplicates = true,
};

/* yyjson's accessors take values that are not const, and don't change them. */
static yyjson_val *inner(const struct q_json *value)
{
	return (yyjson_val *)(uintptr_t)value;
}

static const struct q_json *outer(const yyjson_val *value)
{
	return (const struct q_json *)(const void *)value;
}

static void *arena_malloc(void *arena, size_t size)
{
	return q_arena_alloc(arena, size);
}

static void *arena_realloc(void *arena, void *old, size_t old_size, size_t size)
{
	void *block = q_arena_alloc(arena, size);

	if (block && old)
		memcpy(block, old, old_size < size ? old_size : size);
	return block;
}

static void arena_forget(void *arena, void *block)
{
	(void)arena;
	(void)block;
}

static enum q_code refuse_at(struct q_bytes text, size_t at, enum q_code code, const char *what,
			     struct q_err *err)
{
	size_t line = 0, column = 0, character = 0;

	yyjson_locate_pos((const char *)text.data, text.length, at, &line, &column, &character);
	return q_fail(err, code, "json.parse", "JSON, line %zu column %zu: %s", line, column, what);
}

/* Where the string that begins at `start` ends: its closing quote, or the end of the text. A quote
 * behind an odd number of backslashes is part of the string. */
static size_t skip_string(struct q_bytes text, size_t start)
{
	size_t at = start;
	const unsigned char *quote;

	while ((quote = memchr(text.data + at, '"', text.length - at)) != NULL) {
		size_t end = (size_t)(quote - text.data), plain = end;

		while (plain > start && text.data[plain - 1] == '\\')
			plain--;
		if ((end - plain) % 2 == 0)
			return end;
		at = end + 1;
	}
	return text.length;
}

/* The first bracket that opens a level too many; brackets inside strings don't count. Text that is
 * not JSON may pass: the parser refuses it, and does not recurse either. */
static bool find_level_beyond(struct q_bytes text, unsigned depth_max, size_t *at)
{
	unsigned depth = 0;

	for (size_t i = 0; i < text.length; i++) {
		unsigned char c = text.data[i];

		if (c == '"') {
			i = skip_string(text, i + 1);
		} else if ((c | 0x20) == '{') { /* or [ */
			*at = i;
			if (++depth > depth_max)
				return true;
		} else if ((c | 0x20) == '}' && depth > 0) { /* or ] */
			depth--;
		}
	}
	return false;
}

static struct q_str string_of(yyjson_val *value)
{
	return (struct q_str){unsafe_yyjson_get_str(value), unsafe_yyjson_get_len(value)};
}

/* Equal names stand in the order of the text. */
static int compare_names(const void *a, const void *b)
{
	const struct q_str *left = a, *right = b;
	int order = q_str_compare(*left, *right);

	if (order != 0)
		return order;
	return (left->data > right->data) - (left->data < right->data);
}

/* The second of two equal names; NULL where there is none. For a few, comparing all pairs beats a
 * sort. */
static const char *find_repeated(struct q_str *names, size_t count)
{
	bool is_sorted = count > PAIRED_MEMBERS_MAX;

	if (is_sorted)
		qsort(names, count, sizeof *names, compare_names);
	for (size_t i = 1; i < count; i++) {
		for (size_t j = is_sorted ? i - 1 : 0; j < i; j++) {
			if (q_str_equal(names[j], names[i]))
				return names[i].data;
		}
	}
	return NULL;
}

/* names: room for those of the widest object. */
static const char *find_repeated_member(const struct q_json *object, struct q_str *names)
{
	struct q_json_walk walk = q_json_walk(object);
	size_t count = 0;

	while (q_json_next(&walk))
		names[count++] = walk.name;
	return find_repeated(names, count);
}

/* copy: the text that was parsed in place. */
static enum q_code refuse_duplicates(struct q_arena *arena, struct q_bytes text, const char *copy,
				     yyjson_doc *doc, struct q_err *err)
{
	yyjson_val *values = yyjson_doc_get_root(doc); /* and all that it holds */
	size_t value_count = yyjson_doc_get_val_count(doc);
	size_t widest = 0;
	struct q_str *names;

	for (size_t i = 0; i < value_count; i++) {
		size_t width = yyjson_obj_size(&values[i]);

		widest = width > widest ? width : widest;
	}
	if (widest < 2)
		return Q_OK;
	names = q_arena_alloc_array(arena, widest, sizeof *names);
	if (!names)
		return q_fail(err, Q_NOMEM, "json.parse", "an object of %zu members", widest);
	for (size_t i = 0; i < value_count; i++) {
		const char *name = NULL;

		if (yyjson_is_obj(&values[i]))
			name = find_repeated_member(outer(&values[i]), names);
		if (name)
			return refuse_at(text, (size_t)(name - copy), Q_INVALID,
					 "a member with this name came before", err);
	}
	return Q_OK;
}

static enum q_code check_limits(struct q_bytes text, const struct q_json_limits *limits,
				struct q_err *err)
{
	size_t at;

	if (text.length > limits->bytes_max)
		return q_fail(err, Q_TOOBIG, "json.parse", "JSON of %zu bytes: at most %zu",
			      text.length, limits->bytes_max);
	if (find_level_beyond(text, limits->depth_max, &at))
		return refuse_at(text, at, Q_TOOBIG, "nested too deeply", err);
	return Q_OK;
}

/* Fills *doc, and *copy with where the text was parsed in place. */
static enum q_code parse_copy(struct q_arena *arena, struct q_bytes text, yyjson_doc **doc,
			      char **copy, struct q_err *err)
{
	const yyjson_alc allocator = {arena_malloc, arena_realloc, arena_forget, arena};
	yyjson_read_err cause = {0};

	if (text.length == 0)
		return q_fail(err, Q_INVALID, "json.parse", "JSON expected, nothing found");
	*copy = q_arena_alloc(arena, text.length + YYJSON_PADDING_SIZE);
	if (!*copy)
		return q_fail(err, Q_NOMEM, "json.parse", "%zu bytes", text.length);
	memcpy(*copy, text.data, text.length);
	*doc = yyjson_read_opts(*copy, text.length, YYJSON_READ_INSITU, &allocator, &cause);
	if (*doc)
		return Q_OK;
	if (cause.code == YYJSON_READ_ERROR_MEMORY_ALLOCATION)
		return q_fail(err, Q_NOMEM, "json.parse", "values of %zu bytes", text.length);
	return refuse_at(text, cause.pos, Q_INVALID, cause.msg, err);
}

enum q_code q_json_parse(struct q_arena *arena, struct q_bytes text,
			 const struct q_json_limits *limits, const struct q_json **out,
			 struct q_err *err)
{
	enum q_code code = check_limits(text, limits, err);
	yyjson_doc *doc = NULL;
	char *copy = NULL;

	if (code == Q_OK)
		code = parse_copy(arena, text, &doc, &copy, err);
	if (code == Q_OK && limits->refuse_duplicates)
		code = refuse_duplicates(arena, text, copy, doc, err);
	if (code == Q_OK)
		*out = outer(yyjson_doc_get_root(doc));
	return code;
}

enum q_json_type q_json_type_of(const struct q_json *value)
{
	switch (yyjson_get_type(inner(value))) {
	case YYJSON_TYPE_NULL:
		return Q_JSON_NULL;
	case YYJSON_TYPE_BOOL:
		return Q_JSON_BOOL;
	case YYJSON_TYPE_NUM:
		return Q_JSON_NUMBER;
	case YYJSON_TYPE_STR:
		return Q_JSON_STRING;
	case YYJSON_TYPE_ARR:
		return Q_JSON_ARRAY;
	case YYJSON_TYPE_OBJ:
		return Q_JSON_OBJECT;
	default:
		return Q_JSON_ABSENT;
	}
}

const struct q_json *q_json_member(const struct q_json *object, struct q_str name)
{
	if (!name.data)
		name = Q_STR("");
	return outer(yyjson_obj_getn(inner(object), name.data, name.length));
}

bool q_json_string(const struct q_json *value, struct q_str *out)
{
	if (!yyjson_is_str(inner(value)))
		return false;
	*out = string_of(inner(value));
	return true;
}

/* 1.0 and 1e3 are integers too, below 2^53: from there on a double may stand for several. */
static bool int64_of_double(double n, int64_t *out)
{
	if (!(fabs(n) < 9007199254740992.0) || n != floor(n))
		return false;
	*out = (int64_t)n;
	return true;
}

bool q_json_int64(const struct q_json *value, int64_t *out)
{
	yyjson_val *number = inner(value);

	if (yyjson_is_real(number))
		return int64_of_double(yyjson_get_real(number), out);
	if (!yyjson_is_int(number) ||
	    (yyjson_is_uint(number) && yyjson_get_uint(number) > INT64_MAX))
		return false;
	*out = yyjson_get_sint(number);
	return true;
}

bool q_json_double(const struct q_json *value, double *out)
{
	if (!yyjson_is_num(inner(value)))
		return false;
	*out = yyjson_get_num(inner(value));
	return true;
}

bool q_json_bool(const struct q_json *value, bool *out)
{
	if (!yyjson_is_bool(inner(value)))
		return false;
	*out = yyjson_get_bool(inner(value));
	return true;
}

size_t q_json_count(const struct q_json *value)
{
	return yyjson_is_obj(inner(value)) ? yyjson_obj_size(inner(value))
					   : yyjson_arr_size(inner(value));
}

const struct q_json *q_json_element(const struct q_json *array, size_t index)
{
	return outer(yyjson_arr_get(inner(array), index));
}

struct q_json_walk q_json_walk(const struct q_json *container)
{
	struct q_json_walk walk = {.container = container, .left = q_json_count(container)};

	if (walk.left > 0)
		walk.next = outer(unsafe_yyjson_get_first(inner(container)));
	return walk;
}

bool q_json_next(struct q_json_walk *walk)
{
	yyjson_val *value = inner(walk->next);

	if (walk->left == 0)
		return false;
	if (yyjson_is_obj(inner(walk->container))) {
		walk->name = string_of(value);
		value++; /* a member's value follows its name */
	}
	walk->value = outer(value);
	walk->left--;
	walk->next = walk->left > 0 ? outer(unsafe_yyjson_get_next(value)) : NULL;
	return true;
}

static void *heap_malloc(void *context, size_t size)
{
	(void)context;
	return q_mem_new(size);
}

static void *heap_realloc(void *context, void *old, size_t old_size, size_t size)
{
	(void)context;
	(void)old_size;
	return q_mem_resize(old, size);
}

static void heap_free(void *context, void *block)
{
	(void)context;
	q_mem_free(block);
}

bool q_json_write_value(struct q_buf *out, const struct q_json *value)
{
	const yyjson_alc allocator = {heap_malloc, heap_realloc, heap_free, NULL};
	size_t length;
	char *text;

	q_assert(value);
	text = yyjson_val_write_opts(inner(value), YYJSON_WRITE_NOFLAG, &allocator, &length, NULL);
	if (!text) {
		out->failed =
			true; /* every value that was parsed can be written: the heap is full */
		return false;
	}
	q_buf_append_bytes(out, text, length);
	q_mem_free(text);
	return !q_buf_failed(out);
}

struct q_str q__json_double_text(double n, char out[Q__JSON_DOUBLE_MAX])
{
	char room[512]; /* for yyjson's bookkeeping and a number */
	yyjson_alc allocator;
	yyjson_val value = {0};
	size_t length = 0;
	char *text;

	if (!isfinite(n))
		return Q_STR("null");
	yyjson_alc_pool_init(&allocator, room, sizeof room);
	value.tag = YYJSON_TYPE_NUM | YYJSON_SUBTYPE_REAL;
	value.uni.f64 = n;
	text = yyjson_val_write_opts(&value, YYJSON_WRITE_NOFLAG, &allocator, &length, NULL);
	q_assert(text && length < Q__JSON_DOUBLE_MAX);
	memcpy(out, text, length);
	return (struct q_str){out, length};
}
