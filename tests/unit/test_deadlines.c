#include "net/deadlines.h"

#include "base/compiler.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static struct q__deadlines all;
static struct q__deadline a, b, c;

static int empty(void **state)
{
	q__deadlines_init(&all);
	a = b = c = (struct q__deadline){NULL, NULL, 0, Q__DUE_IDLE};
	return 0;
}

static void nothing_is_due_in_empty_lists(void **state)
{
	assert_null(q__deadlines_take(&all, INT64_MAX));
	assert_true(q__deadlines_next_ms(&all) == INT64_MAX);
}

static void what_is_due_is_taken_in_order(void **state)
{
	q__deadline_set(&all, &a, Q__DUE_IDLE, 30);
	q__deadline_set(&all, &b, Q__DUE_IDLE, 10);
	q__deadline_set(&all, &c, Q__DUE_IDLE, 20);
	assert_int_equal(q__deadlines_next_ms(&all), 10);
	assert_null(q__deadlines_take(&all, 9));
	assert_ptr_equal(q__deadlines_take(&all, 20), &b);
	assert_ptr_equal(q__deadlines_take(&all, 20), &c);
	assert_null(q__deadlines_take(&all, 20));
	assert_ptr_equal(q__deadlines_take(&all, 30), &a);
}

static void equal_times_keep_their_order(void **state)
{
	q__deadline_set(&all, &a, Q__DUE_HEAD, 5);
	q__deadline_set(&all, &b, Q__DUE_HEAD, 5);
	assert_ptr_equal(q__deadlines_take(&all, 5), &a);
	assert_ptr_equal(q__deadlines_take(&all, 5), &b);
}

static void the_earliest_of_all_kinds_is_told(void **state)
{
	q__deadline_set(&all, &a, Q__DUE_IDLE, 60);
	q__deadline_set(&all, &b, Q__DUE_WRITE, 50);
	assert_int_equal(q__deadlines_next_ms(&all), 50);
	q__deadline_clear(&b);
	assert_int_equal(q__deadlines_next_ms(&all), 60);
}

static void setting_again_moves_to_another_kind(void **state)
{
	q__deadline_set(&all, &a, Q__DUE_IDLE, 60);
	q__deadline_set(&all, &a, Q__DUE_HEAD, 10);
	assert_true(q__deadline_is_set(&a, Q__DUE_HEAD));
	assert_false(q__deadline_is_set(&a, Q__DUE_IDLE));
	assert_ptr_equal(q__deadlines_take(&all, 100), &a);
	assert_null(q__deadlines_take(&all, 100));
	assert_false(q__deadline_is_set(&a, Q__DUE_HEAD));
}

static void clearing_twice_is_no_harm(void **state)
{
	q__deadline_set(&all, &a, Q__DUE_IDLE, 60);
	q__deadline_clear(&a);
	q__deadline_clear(&a);
	assert_null(q__deadlines_take(&all, 100));
}

int main(void)
{
#define CASE(NAME) cmocka_unit_test_setup(NAME, empty)
	const struct CMUnitTest tests[] = {
		CASE(nothing_is_due_in_empty_lists),	   CASE(what_is_due_is_taken_in_order),
		CASE(equal_times_keep_their_order),	   CASE(the_earliest_of_all_kinds_is_told),
		CASE(setting_again_moves_to_another_kind), CASE(clearing_twice_is_no_harm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
