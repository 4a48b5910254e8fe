#include "ports/clock.h"

#include "embedded/clock_system.h"
#include "support/clock_simulated.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <time.h>

#include <cmocka.h>

/* ports/clock.h, for every adapter: *state is the clock. */

static void wall_time_counts_milliseconds_since_1970(void **state)
{
	int64_t now_ms = q_clock_now_ms(*state);

	assert_true(now_ms > 1700000000000 && now_ms < 4000000000000);
}

static void monotonic_time_never_goes_back(void **state)
{
	int64_t before_ms = q_clock_monotonic_ms(*state);

	for (int i = 0; i < 100000; i++) {
		int64_t after_ms = q_clock_monotonic_ms(*state);

		assert_true(after_ms >= before_ms);
		before_ms = after_ms;
	}
}

static void reading_a_time_does_not_wait(void **state)
{
	int64_t before_ms = q_clock_monotonic_ms(*state);

	for (int i = 0; i < 1000; i++)
		(void)q_clock_now_ms(*state);
	assert_true(q_clock_monotonic_ms(*state) - before_ms < 1000);
}

/* The wall must agree with the C library's within a second. */
static void system_clock_tells_the_machines_time(void **state)
{
	int64_t now_ms = q_clock_now_ms(*state);
	int64_t library_ms = (int64_t)time(NULL) * 1000;

	assert_true(now_ms > library_ms - 1000 && now_ms < library_ms + 2000);
}

static void system_clock_goes_on_by_itself(void **state)
{
	int64_t start_ms = q_clock_monotonic_ms(*state);

	while (q_clock_monotonic_ms(*state) == start_ms)
		;
}

static void simulated_clock_moves_when_it_is_told(void **state)
{
	int64_t wall_ms = q_clock_now_ms(*state), monotonic_ms = q_clock_monotonic_ms(*state);

	clock_simulated_advance(*state, 1500);
	assert_int_equal(q_clock_now_ms(*state), wall_ms + 1500);
	assert_int_equal(q_clock_monotonic_ms(*state), monotonic_ms + 1500);
	clock_simulated_set_wall(*state, wall_ms - 3600000);
	assert_int_equal(q_clock_now_ms(*state), wall_ms - 3600000);
	assert_int_equal(q_clock_monotonic_ms(*state), monotonic_ms + 1500);
}

static void close_takes_null(void **state)
{
	q_clock_close(NULL);
}

/* One group for all adapters, since TAP allows one plan a program. */
#define CASE(CLOCK, NAME)                                                                          \
	{                                                                                          \
#CLOCK ": " #NAME, NAME, NULL, NULL, CLOCK                                         \
	}

int main(void)
{
	struct q_clock *simulated = clock_simulated_new(1800000000000);
	struct q_clock *system;
	struct q_err err;
	int failed;

	q_assert(!q_clock_system_open(&system, &err));
	const struct CMUnitTest tests[] = {
		CASE(system, wall_time_counts_milliseconds_since_1970),
		CASE(system, monotonic_time_never_goes_back),
		CASE(system, reading_a_time_does_not_wait),
		CASE(system, system_clock_tells_the_machines_time),
		CASE(system, system_clock_goes_on_by_itself),
		CASE(simulated, wall_time_counts_milliseconds_since_1970),
		CASE(simulated, monotonic_time_never_goes_back),
		CASE(simulated, reading_a_time_does_not_wait),
		CASE(simulated, simulated_clock_moves_when_it_is_told),
		CASE(NULL, close_takes_null),
	};

	failed = cmocka_run_group_tests(tests, NULL, NULL);
	q_clock_close(system);
	q_clock_close(simulated);
	return failed;
}
