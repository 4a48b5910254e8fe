/* Parses the input; what is accepted must be readable, and must mean the same when it was written.
 * The input as a string, JSON or not, must be written as JSON. */
#include "base/json.h"

#include <string.h>

enum { ARENA_BYTES = 64 << 20, TEXT_BYTES_MAX = 16 << 20 };

static const struct q_json_limits limits = {
	.bytes_max = 1 << 20, .depth_max = 32, .refuse_duplicates = true};

static const struct q_json *parse(struct q_arena *arena, struct q_str text)
{
	const struct q_json *root = NULL;
	struct q_err err;

	err.message[0] = '\0';
	if (q_json_parse(arena, q_str_bytes(text), &limits, &root, &err) == Q_OK)
		return root;
	q_assert(err.message[0] != '\0');
	return NULL;
}

/* Exactly the accessor of its type takes a value. Recursion is bounded: the depth was checked. */
static void check_value(const struct q_json *value, unsigned depth)
{
	enum q_json_type type = q_json_type_of(value);
	struct q_json_walk walk = q_json_walk(value);
	size_t count = 0;
	struct q_str s;
	int64_t n;
	double d;
	bool b;

	q_assert(type != Q_JSON_ABSENT && depth <= limits.depth_max);
	q_assert(q_json_string(value, &s) == (type == Q_JSON_STRING));
	q_assert(q_json_double(value, &d) == (type == Q_JSON_NUMBER));
	q_assert(q_json_bool(value, &b) == (type == Q_JSON_BOOL));
	q_assert(!q_json_int64(value, &n) || (type == Q_JSON_NUMBER && (double)n == d));
	for (; q_json_next(&walk); count++) {
		if (type == Q_JSON_OBJECT)
			q_assert(q_json_member(value, walk.name) == walk.value);
		check_value(walk.value, depth + 1);
	}
	q_assert(count == q_json_count(value));
}

static void check_rewriting(struct q_arena *arena, const struct q_json *root)
{
	const struct q_json *again;
	struct q_buf first, second;

	q_buf_init(&first, TEXT_BYTES_MAX);
	q_buf_init(&second, TEXT_BYTES_MAX);
	q_assert(q_json_write_value(&first, root));
	again = parse(arena, q_buf_str(&first));
	q_assert(again && q_json_write_value(&second, again));
	q_assert(q_str_equal(q_buf_str(&first), q_buf_str(&second)));
	q_buf_free(&second);
	q_buf_free(&first);
}

static void check_writer(struct q_arena *arena, struct q_str text)
{
	struct q_json_writer w;
	const struct q_json *string;
	struct q_buf out;
	double number = 0;

	q_buf_init(&out, TEXT_BYTES_MAX);
	q_json_writer_init(&w, &out);
	memcpy(&number, text.data, text.length < sizeof number ? text.length : sizeof number);
	q_json_begin_array(&w);
	q_json_put_string(&w, text);
	q_json_put_double(&w, number);
	q_json_end_array(&w);
	q_assert(!q_buf_failed(&out));
	string = q_json_element(parse(arena, q_buf_str(&out)), 0);
	q_assert(q_json_type_of(string) == Q_JSON_STRING);
	q_buf_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct q_str text = {(const char *)data, size};
	struct q_arena *arena;
	const struct q_json *root;

	if (size == 0 || size > limits.bytes_max / 8) /* what is written may be six times as long */
		return 0;
	arena = q_arena_new(ARENA_BYTES);
	q_assert(arena);
	root = parse(arena, text);
	if (root) {
		check_value(root, 0);
		check_rewriting(arena, root);
	}
	check_writer(arena, text);
	q_arena_free(arena);
	return 0;
}
