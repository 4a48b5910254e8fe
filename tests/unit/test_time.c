#include "base/time.h"

#include "base/compiler.h"
#include "support/checks.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

/* 0000-01-01 and 9999-12-31T23:59:59Z */
static const int64_t first_second = -INT64_C(62167219200);
static const int64_t last_second = INT64_C(253402300799);

/* Every day of the 400 years from `start`, after which the calendar repeats, then one of 97; each
 * at another second of its day. */
static int64_t step_from(int64_t start, int64_t second)
{
	enum { DAY = 86400, DAYS_OF_400_YEARS = 146097 };

	return second - start <= INT64_C(1) * DAY * DAYS_OF_400_YEARS ? DAY - 7 : 97 * DAY - 7;
}

static void check_parse(const char *text, int64_t expected_ms)
{
	int64_t wall_ms = 0;

	if (!q_time_parse_rfc3339(q_str_from(text), &wall_ms))
		fail_msg("refused: %s", text);
	assert_true(wall_ms == expected_ms);
}

static void check_format(int64_t wall_ms, const char *rfc3339, const char *http)
{
	char text[Q_TIME_RFC3339_SIZE], http_text[Q_TIME_HTTP_SIZE];
	int64_t read_ms;

	q_time_format_rfc3339(wall_ms, text);
	q_time_format_http(wall_ms, http_text);
	assert_string_equal(text, rfc3339);
	assert_string_equal(http_text, http);
	assert_true(q_time_parse_http(q_str_from(http), &read_ms));
	q_time_format_http(read_ms, http_text);
	assert_string_equal(http_text, http);
}

static void known_times_are_written(void **state)
{
	check_format(0, "1970-01-01T00:00:00.000Z", "Thu, 01 Jan 1970 00:00:00 GMT");
	check_format(INT64_C(784111777000), "1994-11-06T08:49:37.000Z",
		     "Sun, 06 Nov 1994 08:49:37 GMT"); /* the example of RFC 9110 5.6.7 */
	check_format(INT64_C(951868799999), "2000-02-29T23:59:59.999Z",
		     "Tue, 29 Feb 2000 23:59:59 GMT");
	check_format(INT64_C(951868800000), "2000-03-01T00:00:00.000Z",
		     "Wed, 01 Mar 2000 00:00:00 GMT");
	check_format(last_second * 1000 + 999, "9999-12-31T23:59:59.999Z",
		     "Fri, 31 Dec 9999 23:59:59 GMT");
}

static void times_outside_the_range_are_cut_to_it(void **state)
{
	check_format(-1, "1970-01-01T00:00:00.000Z", "Thu, 01 Jan 1970 00:00:00 GMT");
	check_format(INT64_MIN, "1970-01-01T00:00:00.000Z", "Thu, 01 Jan 1970 00:00:00 GMT");
	check_format(last_second * 1000 + 1000, "9999-12-31T23:59:59.999Z",
		     "Fri, 31 Dec 9999 23:59:59 GMT");
	check_format(INT64_MAX, "9999-12-31T23:59:59.999Z", "Fri, 31 Dec 9999 23:59:59 GMT");
}

static void days_from_1970_are_written_as_the_c_library_does(void **state)
{
	for (int64_t second = 0; second <= last_second; second += step_from(0, second)) {
		time_t seconds = (time_t)second;
		struct tm tm;
		char rfc3339[Q_TIME_RFC3339_SIZE], http[Q_TIME_HTTP_SIZE];

		gmtime_r(&seconds, &tm);
		assert_true(strftime(rfc3339, sizeof rfc3339, "%Y-%m-%dT%H:%M:%S.000Z", &tm) > 0);
		assert_true(strftime(http, sizeof http, "%a, %d %b %Y %H:%M:%S GMT", &tm) > 0);
		check_format(second * 1000, rfc3339, http);
	}
}

static void days_from_year_0_are_read_as_the_c_library_does(void **state)
{
	for (int64_t second = first_second; second <= last_second;
	     second += step_from(first_second, second)) {
		time_t seconds = (time_t)second;
		struct tm tm;
		char text[64];

		gmtime_r(&seconds, &tm);
		snprintf(text, sizeof text, "%04d-%02d-%02dT%02d:%02d:%02dZ", tm.tm_year + 1900,
			 tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec);
		check_parse(text, second * 1000);
	}
}

static void offsets_move_to_utc(void **state)
{
	check_parse("1985-04-12T23:20:50.52Z", INT64_C(482196050520)); /* RFC 3339 5.8 */
	check_parse("1996-12-19T16:39:57-08:00", INT64_C(851042397000));
	check_parse("1996-12-20T00:39:57+00:00", INT64_C(851042397000));
	check_parse("1996-12-20T00:39:57-00:00", INT64_C(851042397000));
	check_parse("1937-01-01T12:00:27.87+00:20", -INT64_C(1041337172130));
	check_parse("1970-01-01T00:00:00+23:59", -(23 * 60 + 59) * INT64_C(60000));
	check_parse("9999-12-31T23:59:59-23:59",
		    last_second * 1000 + (23 * 60 + 59) * INT64_C(60000));
	check_parse("1970-01-01t00:00:00z", 0);
}

static void fractions_are_read_to_the_millisecond(void **state)
{
	check_parse("1970-01-01T00:00:00.1Z", 100);
	check_parse("1970-01-01T00:00:00.12Z", 120);
	check_parse("1970-01-01T00:00:00.123Z", 123);
	check_parse("1970-01-01T00:00:00.1239Z", 123);
	check_parse("1970-01-01T00:00:00.000999999Z", 0);
	check_parse("1970-01-01T00:00:00.123456789+00:00", 123);
}

static void leap_second_ends_its_day(void **state)
{
	const int64_t before_2017_ms = INT64_C(1483228799999);

	check_parse("2016-12-31T23:59:60Z", before_2017_ms);
	check_parse("2016-12-31T23:59:60.5Z", before_2017_ms);
	check_parse("2016-12-31T15:59:60-08:00", before_2017_ms);
	check_parse("2017-01-01T05:29:60+05:30", before_2017_ms);
}

static void leap_day_is_there_every_fourth_year_but_three_of_four_centuries(void **state)
{
	static const struct {
		const char *text;
		bool is_valid;
	} rows[] = {
		{"2024-02-29T00:00:00Z", true},	 {"2023-02-29T00:00:00Z", false},
		{"2000-02-29T00:00:00Z", true},	 {"1900-02-29T00:00:00Z", false},
		{"2100-02-29T00:00:00Z", false}, {"0000-02-29T00:00:00Z", true},
		{"2024-02-30T00:00:00Z", false},
	};
	int64_t wall_ms;

	for (size_t i = 0; i < Q_COUNT_OF(rows); i++)
		assert_int_equal(q_time_parse_rfc3339(q_str_from(rows[i].text), &wall_ms),
				 rows[i].is_valid);
}

static void what_is_no_date_time_is_refused(void **state)
{
	static const char *const texts[] = {
		"",
		"1970",
		"1970-01-01",
		"1970-01-01T00:00Z",
		"1970-01-01T00:00:00",
		"1970-01-01 00:00:00Z",
		"1970-01-01T00:00:00Zx",
		"1970-01-01T00:00:00Z ",
		" 1970-01-01T00:00:00Z",
		"1970-00-01T00:00:00Z",
		"1970-13-01T00:00:00Z",
		"1970-01-00T00:00:00Z",
		"1970-01-32T00:00:00Z",
		"1970-04-31T00:00:00Z",
		"1970-01-01T24:00:00Z",
		"1970-01-01T00:60:00Z",
		"1970-01-01T00:00:61Z",
		"1970-01-01T00:00:60Z", /* no day ends there */
		"2016-12-31T23:59:60+01:00",
		"1970-01-01T00:00:00.Z",
		"1970-01-01T00:00:00.1234567890Z",
		"1970-01-01T00:00:00,5Z",
		"1970-01-01T00:00:00+24:00",
		"1970-01-01T00:00:00+00:60",
		"1970-01-01T00:00:00+0000",
		"1970-01-01T00:00:00+00",
		"+970-01-01T00:00:00Z",
		"10000-01-01T00:00:00Z",
		"1970-1-01T00:00:00Z",
		"1970-01-01T-1:00:00Z",
	};
	int64_t wall_ms = 77;

	for (size_t i = 0; i < Q_COUNT_OF(texts); i++) {
		if (q_time_parse_rfc3339(q_str_from(texts[i]), &wall_ms))
			fail_msg("accepted: %s", texts[i]);
	}
	assert_false(q_time_parse_rfc3339(Q_STR("1970-01-01T00:00:00Z\0"), &wall_ms));
	assert_true(wall_ms == 77);
}

static void http_dates_have_one_form(void **state)
{
	static const char *const texts[] = {
		"",
		"Sunday, 06-Nov-94 08:49:37 GMT", /* obsolete forms of RFC 9110 5.6.7 */
		"Sun Nov  6 08:49:37 1994",
		"Mon, 06 Nov 1994 08:49:37 GMT", /* it was a Sunday */
		"Sun, 31 Feb 1994 08:49:37 GMT",
		"Sun, 06 nov 1994 08:49:37 GMT",
		"Sun, 06 Nov 1994 08:49:37 UTC",
		"Sun, 06 Nov 1994 08:49:60 GMT",
	};
	int64_t wall_ms = -1;

	for (size_t i = 0; i < Q_COUNT_OF(texts); i++)
		assert_false(q_time_parse_http(q_str_from(texts[i]), &wall_ms));
	assert_int_equal(wall_ms, -1);
	assert_true(q_time_parse_http(Q_STR("Sun, 06 Nov 1994 08:49:37 GMT"), &wall_ms));
	assert_true(wall_ms == INT64_C(784111777000));
}

/* Every one of the shorter texts is refused, and read without touching a byte behind it. */
static void cut_texts_are_refused(void **state)
{
	struct q_str whole = Q_STR("1996-12-19T16:39:57.123-08:00");
	int64_t wall_ms;

	for (size_t length = 0; length < whole.length; length++)
		assert_false(q_time_parse_rfc3339(q_str_slice(whole, 0, length), &wall_ms));
	assert_true(q_time_parse_rfc3339(whole, &wall_ms));
}

/* Not time(), which may be a tick behind. */
static int64_t library_ms(void)
{
	struct timespec now;

	assert_int_equal(clock_gettime(CLOCK_REALTIME, &now), 0);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void now_is_now(void **state)
{
	int64_t before_ms = library_ms();
	int64_t now_ms = q_time_now_ms();
	int64_t first_ms = q_time_monotonic_ms();

	assert_in_range(now_ms, before_ms, library_ms());
	assert_true(first_ms > 0 && q_time_monotonic_ms() >= first_ms);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(known_times_are_written),
		cmocka_unit_test(times_outside_the_range_are_cut_to_it),
		cmocka_unit_test(days_from_1970_are_written_as_the_c_library_does),
		cmocka_unit_test(days_from_year_0_are_read_as_the_c_library_does),
		cmocka_unit_test(offsets_move_to_utc),
		cmocka_unit_test(fractions_are_read_to_the_millisecond),
		cmocka_unit_test(leap_second_ends_its_day),
		cmocka_unit_test(leap_day_is_there_every_fourth_year_but_three_of_four_centuries),
		cmocka_unit_test(what_is_no_date_time_is_refused),
		cmocka_unit_test(http_dates_have_one_form),
		cmocka_unit_test(cut_texts_are_refused),
		cmocka_unit_test(now_is_now),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
