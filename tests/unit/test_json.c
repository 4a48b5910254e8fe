#include "base/json.h"
#include "support/checks.h"
#include "support/failing_memory.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

enum { ARENA_BYTES = 64 * 1024 * 1024 };

static int make_arena(void **state)
{
	*state = q_arena_new(ARENA_BYTES);
	return *state ? 0 : -1;
}

static int free_arena(void **state)
{
	q_arena_free(*state);
	return 0;
}

static const struct q_json *parse(void **state, const char *text)
{
	const struct q_json *root = NULL;
	struct q_err err;

	assert_int_equal(q_json_parse(*state, q_str_bytes(q_str_from(text)), &q_json_request_limits,
				      &root, &err),
			 Q_OK);
	return root;
}

/* The message of the refusal. */
static const char *refuse(void **state, struct q_str text, enum q_code expected)
{
	static struct q_err err;
	const struct q_json *root = NULL;

	assert_int_equal(
		q_json_parse(*state, q_str_bytes(text), &q_json_request_limits, &root, &err),
		expected);
	assert_null(root);
	return err.message;
}

static void every_type_is_told_apart(void **state)
{
	const struct q_json *root = parse(state, "[null,true,1,1.5,\"s\",[],{}]");
	const enum q_json_type expected[] = {Q_JSON_NULL,   Q_JSON_BOOL,   Q_JSON_NUMBER,
					     Q_JSON_NUMBER, Q_JSON_STRING, Q_JSON_ARRAY,
					     Q_JSON_OBJECT};

	for (size_t i = 0; i < Q_COUNT_OF(expected); i++)
		assert_int_equal(q_json_type_of(q_json_element(root, i)), expected[i]);
	assert_int_equal(q_json_type_of(q_json_element(root, 7)), Q_JSON_ABSENT);
}

static void accessors_of_an_absent_value_say_so(void **state)
{
	const struct q_json *absent = q_json_member(NULL, Q_STR("a"));
	struct q_str s;
	int64_t n;
	double d;
	bool b;

	assert_null(absent);
	assert_null(q_json_member(q_json_member(absent, Q_STR("b")), Q_STR("c")));
	assert_null(q_json_element(absent, 0));
	assert_false(q_json_string(absent, &s));
	assert_false(q_json_int64(absent, &n));
	assert_false(q_json_double(absent, &d));
	assert_false(q_json_bool(absent, &b));
	assert_int_equal(q_json_count(absent), 0);
}

static void member_is_found_by_its_whole_name(void **state)
{
	const struct q_json *root = parse(state, "{\"ab\":1,\"a\":2,\"\":3,\"a\\u0000b\":4}");
	int64_t n = 0;

	assert_true(q_json_int64(q_json_member(root, Q_STR("a")), &n) && n == 2);
	assert_true(q_json_int64(q_json_member(root, (struct q_str){0}), &n) && n == 3);
	assert_true(q_json_int64(q_json_member(root, Q_STR("a\0b")), &n) && n == 4);
	assert_null(q_json_member(root, Q_STR("A")));
	assert_null(q_json_member(parse(state, "[\"a\"]"), Q_STR("a")));
}

static void wrong_type_leaves_the_result_alone(void **state)
{
	const struct q_json *root = parse(state, "[\"1\",1]");
	struct q_str s = Q_STR("before");
	int64_t n = 77;
	double d = 7.5;
	bool b = true;

	assert_false(q_json_int64(q_json_element(root, 0), &n));
	assert_false(q_json_double(q_json_element(root, 0), &d));
	assert_false(q_json_bool(q_json_element(root, 1), &b));
	assert_false(q_json_string(q_json_element(root, 1), &s));
	assert_int_equal(n, 77);
	assert_true(d == 7.5 && b);
	assert_view_equal(s, "before");
}

static void escapes_are_resolved(void **state)
{
	struct q_str s;

	assert_true(q_json_string(parse(state, "\"a\\n\\\"\\u00e9\\ud83d\\ude00\\u0000\""), &s));
	assert_view_equal(s, "a\n\"\xC3\xA9\xF0\x9F\x98\x80\0");
}

static void int64_takes_exact_integers_in_range(void **state)
{
	static const struct {
		const char *text;
		int64_t value;
	} good[] = {
		{"0", 0},
		{"-0", 0},
		{"9223372036854775807", INT64_MAX},
		{"-9223372036854775808", INT64_MIN},
		{"1e3", 1000},
		{"-2.0", -2},
		{"9007199254740991.0", 9007199254740991},
	};

	for (size_t i = 0; i < Q_COUNT_OF(good); i++) {
		int64_t n = 42;

		assert_true(q_json_int64(parse(state, good[i].text), &n));
		assert_int_equal(n, good[i].value);
	}
}

static void int64_refuses_fractions_and_what_is_out_of_range(void **state)
{
	static const char *const bad[] = {
		"1.5",	 "9223372036854775808", "-9223372036854775809", "18446744073709551616",
		"1e300", "9007199254740992.0"};

	for (size_t i = 0; i < Q_COUNT_OF(bad); i++) {
		int64_t n = 42;

		assert_false(q_json_int64(parse(state, bad[i]), &n));
		assert_int_equal(n, 42);
	}
}

static void double_takes_every_number(void **state)
{
	const struct q_json *root = parse(state, "[-3,18446744073709551615,2.5,1e-7]");
	const double expected[] = {-3, 18446744073709551615.0, 2.5, 1e-7};

	for (size_t i = 0; i < Q_COUNT_OF(expected); i++) {
		double d = 0;

		assert_true(q_json_double(q_json_element(root, i), &d));
		assert_true(d == expected[i]);
	}
}

static void walk_gives_members_in_the_order_of_the_text(void **state)
{
	struct q_json_walk walk =
		q_json_walk(parse(state, "{\"b\":{\"x\":[1,2]},\"a\":[3],\"c\":4}"));
	int64_t n = 0;

	assert_true(q_json_next(&walk));
	assert_view_equal(walk.name, "b");
	assert_int_equal(q_json_type_of(walk.value), Q_JSON_OBJECT);
	assert_true(q_json_next(&walk));
	assert_view_equal(walk.name, "a");
	assert_int_equal(q_json_count(walk.value), 1);
	assert_true(q_json_next(&walk));
	assert_view_equal(walk.name, "c");
	assert_true(q_json_int64(walk.value, &n) && n == 4);
	assert_false(q_json_next(&walk));
	assert_false(q_json_next(&walk));
}

static void walk_of_an_array_gives_its_elements(void **state)
{
	struct q_json_walk walk = q_json_walk(parse(state, "[[1],2,3]"));
	size_t count = 0;

	while (q_json_next(&walk)) {
		assert_int_equal(walk.name.length, 0);
		count++;
	}
	assert_int_equal(count, 3);
}

static void walk_of_anything_else_ends_at_once(void **state)
{
	struct q_json_walk absent = q_json_walk(NULL);
	struct q_json_walk empty = q_json_walk(parse(state, "{}"));
	struct q_json_walk number = q_json_walk(parse(state, "5"));

	assert_false(q_json_next(&absent));
	assert_false(q_json_next(&empty));
	assert_false(q_json_next(&number));
}

static void what_is_not_json_is_refused(void **state)
{
	static const char *const bad[] = {"",
					  " ",
					  "{",
					  "[1,]",
					  "{\"a\":1,}",
					  "{a:1}",
					  "'a'",
					  "01",
					  "1.",
					  ".5",
					  "+1",
					  "NaN",
					  "Infinity",
					  "1e999",
					  "\"a",
					  "\"\\x\"",
					  "\"\\ud800\"",
					  "tru",
					  "[1]x",
					  "[1] [2]",
					  "// c\n1",
					  "[1/**/]",
					  "\"\t\"",
					  "{\"a\"}",
					  "{1:2}",
					  "\xEF\xBB\xBF[]",
					  "[\"\x80\"]",
					  "\"\xC0\xAF\"",
					  "\"\xED\xA0\x80\"",
					  "]"};

	for (size_t i = 0; i < Q_COUNT_OF(bad); i++)
		refuse(state, q_str_from(bad[i]), Q_INVALID);
	refuse(state, Q_STR("[1]\0"), Q_INVALID);
	refuse(state, Q_STR("[1\0]"), Q_INVALID);
}

static void message_names_line_and_column_and_not_the_content(void **state)
{
	const char *message = refuse(state, Q_STR("{\n  \"secret\": tomato\n}"), Q_INVALID);

	assert_non_null(strstr(message, "line 2 column 13"));
	assert_null(strstr(message, "tomato"));
	assert_null(strstr(message, "secret"));
}

static void repeated_member_is_refused_where_it_stands(void **state)
{
	assert_non_null(strstr(refuse(state, Q_STR("{\"a\":1,\n\"b\":2,\"a\":3}"), Q_INVALID),
			       "line 2 column 8"));
	refuse(state, Q_STR("[0,{\"x\":{\"k\":1,\"\\u006b\":2}}]"), Q_INVALID);
	refuse(state, Q_STR("{\"\":1,\"\":1}"), Q_INVALID);
	parse(state, "[{\"a\":1},{\"a\":{\"a\":1}}]");
}

static void repeated_member_may_be_allowed(void **state)
{
	const struct q_json_limits limits = {.bytes_max = 100, .depth_max = 2};
	const struct q_json *root;
	struct q_err err;

	assert_int_equal(
		q_json_parse(*state, q_str_bytes(Q_STR("{\"a\":1,\"a\":2}")), &limits, &root, &err),
		Q_OK);
	assert_int_equal(q_json_count(root), 2);
}

static void repeated_member_is_found_among_many(void **state)
{
	struct q_buf text;

	q_buf_init(&text, 1024 * 1024);
	q_buf_append_char(&text, '{');
	for (int i = 0; i < 50000; i++)
		q_buf_format(&text, "\"member %d\":%d,", i, i);
	q_buf_append(&text, Q_STR("\"last\":0}"));
	assert_false(q_buf_failed(&text));
	parse(state, text.data);
	text.length -= sizeof "\"last\":0}" - 1;
	q_buf_append(&text, Q_STR("\"member 7\":0}"));
	refuse(state, q_buf_str(&text), Q_INVALID);
	q_buf_free(&text);
}

static void depth_limit_is_exact(void **state)
{
	char text[65] = {0};

	memset(text, '[', 32);
	memset(text + 32, ']', 32);
	parse(state, text);
	parse(state, "[\"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\\\"[[[[[\"]");
	refuse(state, Q_STR("[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]"),
	       Q_TOOBIG);
	refuse(state,
	       Q_STR("{\"a\":[{\"a\":[{\"a\":[{\"a\":[{\"a\":[{\"a\":[{\"a\":[{\"a\":["
		     "{\"a\":[{\"a\":[{\"a\":[{\"a\":[{\"a\":[{\"a\":[{\"a\":[{\"a\":[{"),
	       Q_TOOBIG);
}

static void brackets_without_end_need_no_deep_stack(void **state)
{
	const struct q_json_limits limits = {.bytes_max = 256 * 1024, .depth_max = 256 * 1024};
	const struct q_json *root;
	struct q_err err;
	char *text = test_malloc(limits.bytes_max);

	memset(text, '[', limits.bytes_max);
	refuse(state, (struct q_str){text, limits.bytes_max}, Q_TOOBIG);
	/* The parser itself needs no stack either, and the check for repeated names none. */
	assert_int_equal(q_json_parse(*state, q_str_bytes((struct q_str){text, limits.bytes_max}),
				      &limits, &root, &err),
			 Q_INVALID);
	memset(text + limits.bytes_max / 2, ']', limits.bytes_max / 2);
	assert_int_equal(q_json_parse(*state, q_str_bytes((struct q_str){text, limits.bytes_max}),
				      &limits, &root, &err),
			 Q_OK);
	test_free(text);
}

static void size_limit_is_exact(void **state)
{
	const struct q_json_limits limits = {.bytes_max = 4, .depth_max = 1};
	const struct q_json *root;
	struct q_err err;

	assert_int_equal(q_json_parse(*state, q_str_bytes(Q_STR("1234")), &limits, &root, &err),
			 Q_OK);
	assert_int_equal(q_json_parse(*state, q_str_bytes(Q_STR("12345")), &limits, &root, &err),
			 Q_TOOBIG);
}

static void arena_that_is_full_gives_nomem(void **state)
{
	struct q_arena *small = q_arena_new(1024);
	const struct q_json *root;
	struct q_err err;
	char text[2000];

	assert_non_null(small);
	memset(text, ' ', sizeof text);
	text[0] = '1';
	assert_int_equal(q_json_parse(small, q_str_bytes((struct q_str){text, sizeof text}),
				      &q_json_request_limits, &root, &err),
			 Q_NOMEM);
	q_arena_free(small);
}

static void text_is_not_changed_and_not_needed_any_more(void **state)
{
	char text[] = "{\"a\":\"x\\ny\"}";
	const struct q_json *root = parse(state, text);
	struct q_str s;

	assert_string_equal(text, "{\"a\":\"x\\ny\"}");
	memset(text, 0, sizeof text);
	assert_true(q_json_string(q_json_member(root, Q_STR("a")), &s));
	assert_view_equal(s, "x\ny");
}

static void value_is_written_back_compact(void **state)
{
	struct q_buf out;

	q_buf_init(&out, 1000);
	assert_true(q_json_write_value(
		&out,
		parse(state, " { \"a\" : [ 1 , -2.5 , \"\\u00e9\\n\" , null ] , \"b\" : { } } ")));
	assert_view_equal(q_buf_str(&out), "{\"a\":[1,-2.5,\"\xC3\xA9\\n\",null],\"b\":{}}");
	q_buf_free(&out);
}

static void value_that_does_not_fit_fails_the_buffer(void **state)
{
	struct q_buf out;

	q_buf_init(&out, 4);
	assert_false(q_json_write_value(&out, parse(state, "[1,2,3]")));
	assert_true(q_buf_failed(&out));
	q_buf_free(&out);
}

static enum q_code parse_and_write(void *context)
{
	struct q_arena *arena = q_arena_new(ARENA_BYTES);
	const struct q_json *root;
	struct q_buf out;
	struct q_err err;
	enum q_code code;

	if (!arena)
		return Q_NOMEM;
	q_buf_init(&out, 1000);
	code = q_json_parse(arena, q_str_bytes(Q_STR("{\"a\":[1,2,{\"b\":\"c\",\"d\":1}]}")),
			    &q_json_request_limits, &root, &err);
	if (code == Q_OK && !q_json_write_value(&out, root))
		code = Q_NOMEM;
	if (code == Q_OK)
		assert_view_equal(q_buf_str(&out), "{\"a\":[1,2,{\"b\":\"c\",\"d\":1}]}");
	q_buf_free(&out);
	q_arena_free(arena);
	return code;
}

static void every_failing_allocation_gives_nomem(void **state)
{
	assert_true(run_with_failing_memory(parse_and_write, NULL) >= 3);
}

#define CASE(F) cmocka_unit_test_setup_teardown(F, make_arena, free_arena)

int main(void)
{
	const struct CMUnitTest cases[] = {
		CASE(every_type_is_told_apart),
		CASE(accessors_of_an_absent_value_say_so),
		CASE(member_is_found_by_its_whole_name),
		CASE(wrong_type_leaves_the_result_alone),
		CASE(escapes_are_resolved),
		CASE(int64_takes_exact_integers_in_range),
		CASE(int64_refuses_fractions_and_what_is_out_of_range),
		CASE(double_takes_every_number),
		CASE(walk_gives_members_in_the_order_of_the_text),
		CASE(walk_of_an_array_gives_its_elements),
		CASE(walk_of_anything_else_ends_at_once),
		CASE(what_is_not_json_is_refused),
		CASE(message_names_line_and_column_and_not_the_content),
		CASE(repeated_member_is_refused_where_it_stands),
		CASE(repeated_member_may_be_allowed),
		CASE(repeated_member_is_found_among_many),
		CASE(depth_limit_is_exact),
		CASE(brackets_without_end_need_no_deep_stack),
		CASE(size_limit_is_exact),
		CASE(arena_that_is_full_gives_nomem),
		CASE(text_is_not_changed_and_not_needed_any_more),
		CASE(value_is_written_back_compact),
		CASE(value_that_does_not_fit_fails_the_buffer),
		cmocka_unit_test(every_failing_allocation_gives_nomem),
	};

	return cmocka_run_group_tests_name("json", cases, NULL, NULL);
}
