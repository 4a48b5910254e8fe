#include "base/call.h"

#include "base/time.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void zeroed_call_may_wait_for_ever(void **state)
{
	const struct q_call call = {0};
	struct q_err err;

	assert_int_equal(q_call_check(&call, "a.b", &err), Q_OK);
	assert_int_equal(q_call_remaining_ms(&call, 123), 123);
}

static void call_before_its_deadline_is_fine(void **state)
{
	const struct q_call call = {.deadline_ms = q_time_monotonic_ms() + 60000};
	struct q_err err;
	int64_t remaining_ms;

	assert_int_equal(q_call_check(&call, "a.b", &err), Q_OK);
	remaining_ms = q_call_remaining_ms(&call, 123);
	assert_true(remaining_ms > 50000 && remaining_ms <= 60000);
}

static void call_at_its_deadline_times_out(void **state)
{
	const struct q_call call = {.deadline_ms = q_time_monotonic_ms()};
	struct q_err err;

	assert_int_equal(q_call_check(&call, "a.b", &err), Q_TIMEOUT);
	assert_string_equal(err.where, "a.b");
	assert_int_equal(q_call_remaining_ms(&call, 123), 0);
}

static void cancelled_call_says_so_even_after_its_deadline(void **state)
{
	atomic_bool is_cancelled = false;
	const struct q_call call = {.deadline_ms = 1, .is_cancelled = &is_cancelled};
	struct q_err err;

	assert_int_equal(q_call_check(&call, "a.b", &err), Q_TIMEOUT);
	atomic_store(&is_cancelled, true);
	assert_int_equal(q_call_check(&call, "a.b", &err), Q_CANCELLED);
	assert_string_equal(err.where, "a.b");
}

static void call_within_a_time_keeps_the_sooner_deadline(void **state)
{
	const struct q_call endless = {0},
			    short_one = {.deadline_ms = q_time_monotonic_ms() + 1000};

	assert_int_equal(q_call_within(&endless, 0).deadline_ms, 0);
	assert_int_equal(q_call_within(&short_one, 0).deadline_ms, short_one.deadline_ms);
	assert_int_equal(q_call_within(&short_one, 60000).deadline_ms, short_one.deadline_ms);
	assert_true(q_call_within(&short_one, 10).deadline_ms < short_one.deadline_ms);
	assert_true(q_call_within(&endless, 60000).deadline_ms > q_time_monotonic_ms() + 50000);
}

static void what_cancels_the_outer_call_cancels_the_inner_one(void **state)
{
	atomic_bool is_outer_cancelled = false, is_inner_cancelled = false;
	const struct q_call outer = {.is_cancelled = &is_outer_cancelled};
	const struct q_call inner = {.is_cancelled = &is_inner_cancelled, .outer = &outer};
	struct q_err err;

	assert_int_equal(q_call_check(&inner, "test", &err), Q_OK);
	atomic_store(&is_inner_cancelled, true);
	assert_int_equal(q_call_check(&inner, "test", &err), Q_CANCELLED);
	assert_int_equal(q_call_check(&outer, "test", &err), Q_OK);
	atomic_store(&is_inner_cancelled, false);
	atomic_store(&is_outer_cancelled, true);
	assert_int_equal(q_call_check(&inner, "test", &err), Q_CANCELLED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(zeroed_call_may_wait_for_ever),
		cmocka_unit_test(call_before_its_deadline_is_fine),
		cmocka_unit_test(call_at_its_deadline_times_out),
		cmocka_unit_test(cancelled_call_says_so_even_after_its_deadline),
		cmocka_unit_test(what_cancels_the_outer_call_cancels_the_inner_one),
		cmocka_unit_test(call_within_a_time_keeps_the_sooner_deadline),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
