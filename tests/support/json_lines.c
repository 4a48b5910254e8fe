#include "support/json_lines.h"

#include "base/file.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

enum { FILE_BYTES_MAX = 4 << 20, LINE_BYTES_MAX = 8 << 20 };

static void check_line(struct q_str line,
		       void (*check)(const struct q_json *json, struct q_str line))
{
	struct q_arena *arena = q_arena_new(LINE_BYTES_MAX);
	const struct q_json *json;
	struct q_err err;

	assert_int_equal(
		q_json_parse(arena, q_str_bytes(line), &q_json_request_limits, &json, &err), Q_OK);
	check(json, line);
	q_arena_free(arena);
}

int for_each_json_line(const char *path,
		       void (*check)(const struct q_json *json, struct q_str line))
{
	struct q_arena *arena = q_arena_new(2 * FILE_BYTES_MAX);
	struct q_str line, rest;
	struct q_bytes file;
	struct q_err err;
	int lines = 0;

	assert_int_equal(q_file_read_at(AT_FDCWD, path, FILE_BYTES_MAX, arena, &file, &err), Q_OK);
	for (rest = q_bytes_str(file); q_str_cut(rest, '\n', &line, &rest); lines++)
		check_line(line, check);
	q_arena_free(arena);
	return lines;
}

struct q_str string_in(const struct q_json *value)
{
	struct q_str s = Q_STR("");

	assert_true(q_json_string(value, &s));
	return s;
}

int64_t number_in(const struct q_json *value)
{
	int64_t number = 0;

	assert_true(q_json_int64(value, &number));
	return number;
}
