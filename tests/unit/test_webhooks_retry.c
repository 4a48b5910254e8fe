/* When a delivery is tried again: pure functions. */
#include "base/time.h"
#include "documents/webhooks/webhooks_internal.h"
#include "support/random_source_seeded.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

enum { MINUTE_MS = 60000, HOUR_MS = 60 * MINUTE_MS };

static void waits_grow_to_about_a_day_in_all(void **state)
{
	struct q_random_source *random = random_source_seeded_new(1);
	int64_t sum = 0, last = 0;

	for (int64_t attempt = 1; attempt < Q__ATTEMPTS_MAX; attempt++) {
		int64_t wait_ms = q__retry_delay_ms(attempt, random);

		assert_true(wait_ms > last);
		sum += last = wait_ms;
	}
	assert_in_range(sum, 22 * HOUR_MS, 28 * HOUR_MS);
	assert_true(q__retry_delay_ms(Q__ATTEMPTS_MAX, random) == -1);
	assert_true(q__retry_delay_ms(Q__ATTEMPTS_MAX + 1, random) == -1);
	q_random_source_close(random);
}

static void waits_differ_by_a_tenth_at_most(void **state)
{
	struct q_random_source *random = random_source_seeded_new(2);
	int64_t low = INT64_MAX, high = 0;

	for (int i = 0; i < 2000; i++) {
		int64_t wait_ms = q__retry_delay_ms(2, random);

		low = wait_ms < low ? wait_ms : low;
		high = wait_ms > high ? wait_ms : high;
	}
	assert_in_range(low, 270000, 272000);
	assert_in_range(high, 328000, 330000);
	q_random_source_close(random);
}

static void a_failing_receiver_is_left_alone_for_longer_and_longer(void **state)
{
	assert_int_equal(q__queue_pause_ms(0), 0);
	assert_int_equal(q__queue_pause_ms(1), 5000);
	assert_int_equal(q__queue_pause_ms(2), 10000);
	assert_int_equal(q__queue_pause_ms(6), 160000);
	assert_int_equal(q__queue_pause_ms(7), 5 * MINUTE_MS);
	assert_int_equal(q__queue_pause_ms(INT64_MAX), 5 * MINUTE_MS);
}

static int64_t retry_after(const char *header)
{
	int64_t now_ms;

	assert_true(q_time_parse_http(Q_STR("Sun, 06 Nov 1994 08:49:37 GMT"), &now_ms));
	return q__retry_after_ms(q_str_from(header), now_ms);
}

static void retry_after_is_seconds_or_a_date(void **state)
{
	assert_int_equal(retry_after("120"), 120000);
	assert_int_equal(retry_after("Sun, 06 Nov 1994 08:59:37 GMT"), 10 * MINUTE_MS);
}

static void retry_after_stays_between_nothing_and_a_day(void **state)
{
	static const char *const nothing[] = {"",     "0",   "-5",
					      "soon", "1.5", "Sun, 06 Nov 1994 08:49:36 GMT"};

	for (size_t i = 0; i < Q_COUNT_OF(nothing); i++)
		assert_int_equal(retry_after(nothing[i]), 0);
	assert_int_equal(retry_after("86401"), 24 * HOUR_MS);
	assert_int_equal(retry_after("9223372036854775807"), 24 * HOUR_MS);
	assert_int_equal(retry_after("-9223372036854775807"), 0);
	assert_int_equal(retry_after("Mon, 06 Nov 2000 08:49:37 GMT"), 24 * HOUR_MS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(waits_grow_to_about_a_day_in_all),
		cmocka_unit_test(waits_differ_by_a_tenth_at_most),
		cmocka_unit_test(a_failing_receiver_is_left_alone_for_longer_and_longer),
		cmocka_unit_test(retry_after_is_seconds_or_a_date),
		cmocka_unit_test(retry_after_stays_between_nothing_and_a_day),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
