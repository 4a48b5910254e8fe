#include "base/str.h"

#include "support/checks.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static const struct q_str empty = {NULL, 0};

static void from_takes_null_as_the_empty_view(void **state)
{
	assert_int_equal(q_str_from(NULL).length, 0);
	assert_view_equal(q_str_from("abc"), "abc");
}

static void literals_may_stand_in_static_tables(void **state)
{
	static const struct q_str table[] = {Q_STR_INIT("one"), Q_STR_INIT("a\0b"), Q_STR_INIT("")};

	assert_view_equal(table[0], "one");
	assert_view_equal(table[1], "a\0b");
	assert_view_equal(table[2], "");
}

static void equal_compares_every_byte_and_the_length(void **state)
{
	assert_true(q_str_equal(Q_STR("a\0b"), Q_STR("a\0b")));
	assert_false(q_str_equal(Q_STR("a\0b"), Q_STR("a\0c")));
	assert_false(q_str_equal(Q_STR("abc"), Q_STR("ab")));
	assert_true(q_str_equal(empty, Q_STR("")));
}

static void ignoring_case_is_for_ascii_letters_alone(void **state)
{
	assert_true(q_str_equal_ignore_case(Q_STR("Content-TYPE"), Q_STR("content-type")));
	assert_false(q_str_equal_ignore_case(Q_STR("a"), Q_STR("ab")));
	assert_false(q_str_equal_ignore_case(Q_STR("@[`{"), Q_STR("`{@[")));
	assert_false(q_str_equal_ignore_case(Q_STR("\xC4"), Q_STR("\xE4")));
	assert_true(q_str_equal_ignore_case(empty, Q_STR("")));
}

static void compare_orders_by_unsigned_bytes_and_prefix_first(void **state)
{
	assert_true(q_str_compare(Q_STR("abc"), Q_STR("abd")) < 0);
	assert_true(q_str_compare(Q_STR("\xFF"), Q_STR("a")) > 0);
	assert_true(q_str_compare(Q_STR("ab"), Q_STR("abc")) < 0);
	assert_true(q_str_compare(Q_STR("abc"), Q_STR("ab")) > 0);
	assert_int_equal(q_str_compare(Q_STR("abc"), Q_STR("abc")), 0);
	assert_int_equal(q_str_compare(empty, Q_STR("")), 0);
	assert_true(q_str_compare(empty, Q_STR("a")) < 0);
}

static void prefix_and_suffix_are_found(void **state)
{
	assert_true(q_str_starts_with(Q_STR("abc"), Q_STR("ab")));
	assert_true(q_str_starts_with(Q_STR("abc"), empty));
	assert_false(q_str_starts_with(Q_STR("ab"), Q_STR("abc")));
	assert_false(q_str_starts_with(empty, Q_STR("a")));
	assert_true(q_str_ends_with(Q_STR("abc"), Q_STR("bc")));
	assert_true(q_str_ends_with(empty, empty));
	assert_false(q_str_ends_with(Q_STR("bc"), Q_STR("abc")));
	assert_false(q_str_ends_with(Q_STR("abc"), Q_STR("ab")));
}

static void find_gives_the_first_place(void **state)
{
	size_t at = 99;

	assert_true(q_str_find(Q_STR("a needle, a needle"), Q_STR("needle"), &at));
	assert_int_equal(at, 2);
	assert_true(q_str_find(empty, empty, &at));
	assert_int_equal(at, 0);
}

static void find_leaves_the_place_alone_where_there_is_none(void **state)
{
	size_t at = 99;

	assert_false(q_str_find(Q_STR("abc"), Q_STR("abcd"), &at));
	assert_false(q_str_find(Q_STR("abc"), Q_STR("x"), &at));
	assert_false(q_str_find(empty, Q_STR("x"), &at));
	assert_int_equal(at, 99);
}

static void slice_is_cut_to_the_string(void **state)
{
	assert_view_equal(q_str_slice(Q_STR("abcdef"), 2, 4), "cd");
	assert_view_equal(q_str_slice(Q_STR("abcdef"), 4, 100), "ef");
	assert_view_equal(q_str_slice(Q_STR("abcdef"), 100, 200), "");
	assert_view_equal(q_str_slice(Q_STR("abcdef"), 4, 2), "");
	assert_view_equal(q_str_slice(empty, 1, 2), "");
}

static void trim_drops_spaces_at_both_ends(void **state)
{
	assert_view_equal(q_str_trim(Q_STR(" \t\r\na b\n ")), "a b");
	assert_view_equal(q_str_trim(Q_STR("  ")), "");
	assert_view_equal(q_str_trim(Q_STR("\va")), "\va");
	assert_view_equal(q_str_trim(empty), "");
}

static void cut_splits_at_the_first_separator(void **state)
{
	struct q_str before, after;

	assert_true(q_str_cut(Q_STR("key=a=b"), '=', &before, &after));
	assert_view_equal(before, "key");
	assert_view_equal(after, "a=b");
	assert_true(q_str_cut(Q_STR("="), '=', &before, &after));
	assert_view_equal(before, "");
	assert_view_equal(after, "");
}

static void cut_without_separator_gives_it_all_as_before(void **state)
{
	struct q_str before, after;

	assert_false(q_str_cut(Q_STR("key"), '=', &before, &after));
	assert_view_equal(before, "key");
	assert_view_equal(after, "");
	assert_false(q_str_cut(empty, '=', &before, &after));
	assert_int_equal(before.length + after.length, 0);
}

/* A caller that walks a list gives its own variable as `after`. */
static void cut_may_write_over_its_own_input(void **state)
{
	struct q_str rest = Q_STR("a,b");
	struct q_str item;

	assert_true(q_str_cut(rest, ',', &item, &rest));
	assert_view_equal(item, "a");
	assert_view_equal(rest, "b");
}

static void integers_of_the_whole_range_are_read(void **state)
{
	int64_t value = 0;

	assert_true(q_str_to_int64(Q_STR("9223372036854775807"), &value));
	assert_true(value == INT64_MAX);
	assert_true(q_str_to_int64(Q_STR("-9223372036854775808"), &value));
	assert_true(value == INT64_MIN);
	assert_true(q_str_to_int64(Q_STR("-0"), &value));
	assert_true(value == 0);
	assert_true(q_str_to_int64(Q_STR("0042"), &value));
	assert_true(value == 42);
}

static void what_is_no_integer_is_refused(void **state)
{
	static const char *const texts[] = {"",
					    "-",
					    "+1",
					    " 1",
					    "1 ",
					    "1.0",
					    "0x10",
					    "--1",
					    "9223372036854775808",
					    "-9223372036854775809",
					    "99999999999999999999999"};
	int64_t value = 77;

	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		assert_false(q_str_to_int64(q_str_from(texts[i]), &value));
	assert_false(q_str_to_int64(Q_STR("1\0"), &value));
	assert_false(q_str_to_int64(empty, &value));
	assert_true(value == 77);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(from_takes_null_as_the_empty_view),
		cmocka_unit_test(literals_may_stand_in_static_tables),
		cmocka_unit_test(equal_compares_every_byte_and_the_length),
		cmocka_unit_test(ignoring_case_is_for_ascii_letters_alone),
		cmocka_unit_test(compare_orders_by_unsigned_bytes_and_prefix_first),
		cmocka_unit_test(prefix_and_suffix_are_found),
		cmocka_unit_test(find_gives_the_first_place),
		cmocka_unit_test(find_leaves_the_place_alone_where_there_is_none),
		cmocka_unit_test(slice_is_cut_to_the_string),
		cmocka_unit_test(trim_drops_spaces_at_both_ends),
		cmocka_unit_test(cut_splits_at_the_first_separator),
		cmocka_unit_test(cut_without_separator_gives_it_all_as_before),
		cmocka_unit_test(cut_may_write_over_its_own_input),
		cmocka_unit_test(integers_of_the_whole_range_are_read),
		cmocka_unit_test(what_is_no_integer_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
