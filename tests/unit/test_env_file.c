#include "base/env_file.h"
#include "support/checks.h"
#include "support/failing_memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static int make_arena(void **state)
{
	*state = q_arena_new(1024 * 1024);
	return *state ? 0 : -1;
}

static int free_arena(void **state)
{
	q_arena_free(*state);
	return 0;
}

static void assert_entry(void **state, struct q_env_file *file, struct q_str name,
			 struct q_str value)
{
	struct q_str got_name, got_value;
	struct q_err err;

	assert_int_equal(q_env_file_next(file, *state, &got_name, &got_value, &err), Q_OK);
	check_view(got_name, name, __FILE__, __LINE__);
	check_view(got_value, value, __FILE__, __LINE__);
}

static void entries_are_read_in_order_with_their_lines(void **state)
{
	struct q_env_file file = {
		.rest = Q_STR("A=1\n\n# comment\r\n  export\tB_2= two words \r\nC=")};

	assert_entry(state, &file, Q_STR("A"), Q_STR("1"));
	assert_int_equal(file.line, 1);
	assert_entry(state, &file, Q_STR("B_2"), Q_STR("two words"));
	assert_int_equal(file.line, 4);
	assert_entry(state, &file, Q_STR("C"), Q_STR(""));
	assert_entry(state, &file, Q_STR(""), Q_STR(""));
	assert_entry(state, &file, Q_STR(""), Q_STR(""));
}

static void values_are_read_by_their_quotes(void **state)
{
	const struct {
		const char *text;
		struct q_str value;
	} cases[] = {
		{"A=b=c", Q_STR("b=c")},
		{"A=x # comment", Q_STR("x")},
		{"A=# comment", Q_STR("")},
		{"A=a#b", Q_STR("a#b")},
		{"A=$HOME`x`", Q_STR("$HOME`x`")},
		{"A=it's", Q_STR("it's")},
		{"A=''", Q_STR("")},
		{"A=' a \\n#\"' # comment", Q_STR(" a \\n#\"")},
		{"A=\" a \\\"b\\\" \\\\ \\n # $x '\"", Q_STR(" a \"b\" \\ \n # $x '")},
		{"A=\"\"\t#", Q_STR("")},
	};

	for (size_t i = 0; i < Q_COUNT_OF(cases); i++) {
		struct q_env_file file = {.rest = q_str_from(cases[i].text)};

		assert_entry(state, &file, Q_STR("A"), cases[i].value);
	}
}

static void bad_lines_are_refused_by_number_without_their_text(void **state)
{
	static const char *const bad[] = {"tomato",	     "=tomato",	    "1A=tomato",
					  "A =tomato",	     "A B=tomato",  "A-B=tomato",
					  "A='tomato",	     "A=\"tomato",  "A=\"tomato\\",
					  "A=\"tomato\\q\"", "A='b'tomato", "A=\"b\"tomato",
					  "A='b'#tomato",    "export",	    "export export A=1"};

	for (size_t i = 0; i < Q_COUNT_OF(bad); i++) {
		struct q_str text = q_arena_format(*state, "X=1\n%s\n", bad[i]);
		struct q_env_file file = {.rest = text};
		struct q_str name, value;
		struct q_err err;

		assert_entry(state, &file, Q_STR("X"), Q_STR("1"));
		assert_int_equal(q_env_file_next(&file, *state, &name, &value, &err), Q_INVALID);
		assert_non_null(strstr(err.message, "line 2: "));
		assert_null(strstr(err.message, "tomato"));
	}
}

static enum q_code read_quoted(void *context)
{
	struct q_arena *arena = q_arena_new(100000);
	struct q_env_file file = {.rest = Q_STR("A=\"x\"")};
	struct q_str name, value;
	struct q_err err;
	enum q_code code = Q_NOMEM;

	if (arena)
		code = q_env_file_next(&file, arena, &name, &value, &err);
	q_arena_free(arena);
	return code;
}

static void failing_allocation_gives_nomem(void **state)
{
	assert_true(run_with_failing_memory(read_quoted, NULL) >= 1);
}

#define CASE(F) cmocka_unit_test_setup_teardown(F, make_arena, free_arena)

int main(void)
{
	const struct CMUnitTest cases[] = {
		CASE(entries_are_read_in_order_with_their_lines),
		CASE(values_are_read_by_their_quotes),
		CASE(bad_lines_are_refused_by_number_without_their_text),
		cmocka_unit_test(failing_allocation_gives_nomem),
	};

	return cmocka_run_group_tests_name("env_file", cases, NULL, NULL);
}
