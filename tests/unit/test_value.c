/* What OpenSearch 3.9 takes as a date, a number or a boolean, and what it makes of it: each line
 * was asked of a node. */
#include "search/analysis/value.h"

#include "base/calendar.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static const struct {
	const char *text;
	int64_t ms;
} dates[] = {
	{"2024", 1704067200000},
	{"2024-02", 1706745600000},
	{"2024-02-03", 1706918400000},
	{"2024-02-03T", 1706918400000},
	{"2024-02-03T04", 1706932800000},
	{"2024-02-03T04:05", 1706933100000},
	{"2024-02-03T04:05:06", 1706933106000},
	{"2024-02-03T04:05:06.7", 1706933106700},
	{"2024-02-03T04:05:06,7", 1706933106700},
	{"2024-02-03T04:05:06.123456789", 1706933106123},
	{"2024-02-03T04:05:06Z", 1706933106000},
	{"2024-02-03T04:05:06.7Z", 1706933106700},
	{"2024-02-03T04:05:06UTC", 1706933106000},
	{"2024-02-03T04:05:06GMT", 1706933106000},
	{"2024-02-03T04:05:06+01", 1706929506000},
	{"2024-02-03T04:05:06+0100", 1706929506000},
	{"2024-02-03T04:05:06+01:00", 1706929506000},
	{"2024-02-03T04:05:06-00:30", 1706934906000},
	{"2024-02-03T04:05:06+18:00", 1706868306000},
	{"2024-02-03T04Z", 1706932800000},
	{"2024-02-03T04:05+01:00", 1706929500000},
	{"9999-12-31", 253402214400000},
	{"0000-01-01", -62167219200000},
	{"-0001-01-01", -62198755200000},
	{"-2024-01-01", -126038505600000},
	{"+02024-01-01", 1704067200000},
	{"+12024-01-01", 317273587200000},
	{"+292278994-08-17", 9223372036828800000},
	{"+292278995-01-01", INT64_MAX},
	{"+999999999-01-01", INT64_MAX},
	{"1700000000000", 1700000000000},
	{"17", 17},
	{"202", 202},
	{"00005", 5},
	{"20240203", 20240203},
	{"9223372036854775807", INT64_MAX},
	{"5.", 5},
	{"1.999999", 1},
	{"-5", -5},
	{"-1.5", -2},
	{"-1.999999", -2},
};

static const char *const no_dates[] = {
	"",
	"now",
	" 2024",
	"2024-13",
	"2024-00",
	"2024-01-00",
	"2024-02-30",
	"2023-02-29",
	"2024-2-3",
	"2024-02-03Z",
	"2024-02-03 04:05:06",
	"2024-02-03T5",
	"2024-02-03TZ",
	"2024-02-03T24:00:00",
	"2024-02-03T05:60",
	"2024-02-03T04:05:60",
	"2024-02-03T04:05:06.",
	"2024-02-03t04:05:06z",
	"2024-02-03T04:05:06.1234567891",
	"2024-02-03T04:05:06+1:00",
	"2024-02-03T04:05:06+18:01",
	"2024-02-03T04:05:06+25:00",
	"2024-02-03T04:05:06+010030",
	"2024-02-03T04:05:06 +01:00",
	"2024-02-03T04:05:06UTC+1",
	"12024-01-01",
	"+2024-01-01",
	"+2024",
	"2024-01-01||+1d",
	"1e3",
	"+5",
	".5",
	"1.1234567",
	"9223372036854775808",
};

static void dates_are_read_as_opensearch_reads_them(void **state)
{
	(void)state;
	for (size_t i = 0; i < Q_COUNT_OF(dates); i++) {
		int64_t ms = 0;

		if (!q__date_parse(q_str_from(dates[i].text), false, &ms))
			fail_msg("refused: %s", dates[i].text);
		if (ms != dates[i].ms)
			fail_msg("%s: %lld", dates[i].text, (long long)ms);
	}
}

static void what_is_no_date_is_refused(void **state)
{
	int64_t ms;

	(void)state;
	for (size_t i = 0; i < Q_COUNT_OF(no_dates); i++) {
		if (q__date_parse(q_str_from(no_dates[i]), false, &ms))
			fail_msg("taken: %s", no_dates[i]);
	}
}

static void what_a_date_leaves_open_is_rounded_up_to_its_end(void **state)
{
	static const struct {
		const char *text;
		int64_t ms;
	} rounded[] = {
		{"2024", 1704153599999}, /* a day: the first of the year */
		{"2024-02", 1706831999999},
		{"2024-02-03T", 1707004799999},
		{"2024-02-03T04", 1706936399999},
		{"2024-02-03T04Z", 1706936399999},
		{"2024-02-03T04:05:06", 1706933106999},
		{"2024-02-03T04:05:06.1", 1706933106100},
		{"5", 5},
	};
	int64_t ms;

	(void)state;
	for (size_t i = 0; i < Q_COUNT_OF(rounded); i++) {
		assert_true(q__date_parse(q_str_from(rounded[i].text), true, &ms));
		assert_true(ms == rounded[i].ms);
	}
}

static void dates_are_reckoned_as_opensearch_reckons_them(void **state)
{
	static const struct {
		const char *text;
		int64_t ms, rounded_up_ms;
	} reckoned[] = {
		{"2024-02-03||", 1706918400000, 1706918400000},
		{"2024-02-03||+1d", 1707004800000, 1707004800000},
		{"2024-02-03||+d", 1707004800000, 1707004800000},
		{"2024-02-03||+1H", 1706922000000, 1706922000000},
		{"2024-01-31||+1M", 1709164800000, 1709164800000},
		{"2024-02||+1d", 1706832000000, 1706832000000},
		{"2024-02-03||+1y-2M+3w-4d+5h-6m+7s", 1734670447000, 1734670447000},
		{"2024-02-03||/M", 1706745600000, 1709251199999},
		{"2024-02-03T05:06||/h", 1706936400000, 1706939999999},
		{"2024-02-03||+1d/w-1h", 1706482800000, 1707087600000 - 1},
		{"now", 1795341600000, 1795341600000}, /* a Sunday */
		{"now-1d/d", 1795219200000, 1795305599999},
		{"now/w", 1794787200000, 1795391999999},
	};
	static const char *const refused[] = {"2024-02-03||d",	"nowd", "now+1q",
					      "now||/d",	"now+", "now/2d",
					      "now+123456789y", "||+1d"};
	int64_t ms;

	(void)state;
	for (size_t i = 0; i < Q_COUNT_OF(reckoned); i++) {
		struct q_str text = q_str_from(reckoned[i].text);

		if (!q__date_resolve(text, false, 1795341600000, &ms) || ms != reckoned[i].ms)
			fail_msg("%s: %lld", reckoned[i].text, (long long)ms);
		if (!q__date_resolve(text, true, 1795341600000, &ms) ||
		    ms != reckoned[i].rounded_up_ms)
			fail_msg("%s, up: %lld", reckoned[i].text, (long long)ms);
	}
	for (size_t i = 0; i < Q_COUNT_OF(refused); i++) {
		if (q__date_resolve(q_str_from(refused[i]), false, 0, &ms))
			fail_msg("taken: %s", refused[i]);
	}
}

/* The value of a JSON text; the code where there is none. */
static enum q_code take(enum q_field_kind kind, const char *text, int64_t *out)
{
	struct q_arena *arena = q_arena_new(1 << 16);
	const struct q_json *json;
	struct q_err err;
	enum q_code code;

	assert_int_equal(q_json_parse(arena, q_str_bytes(q_str_from(text)), &q_json_request_limits,
				      &json, &err),
			 Q_OK);
	code = q__value_from_json(kind, json, out);
	q_arena_free(arena);
	return code;
}

static void check_number(const char *text, double expected)
{
	int64_t value;

	assert_int_equal(take(Q_FIELD_NUMBER, text, &value), Q_OK);
	assert_true(value == q__value_of_double(expected));
	assert_true(q__double_of_value(value) == expected);
}

static void numbers_are_read_as_opensearch_reads_them(void **state)
{
	static const char *const no_numbers[] = {"true",    "\"true\"",	    "\"0x10\"",
						 "\"1_0\"", "\"NaN\"",	    "\"1e309\"",
						 "\"1 2\"", "\"Infinity\"", "\"--1\""};
	int64_t value;

	(void)state;
	check_number("1", 1);
	check_number("-1.5e3", -1500);
	check_number("1e308", 1e308);
	check_number("12345678901234567890", 12345678901234567890.0);
	check_number("\"1\"", 1);
	check_number("\" 1 \"", 1);
	check_number("\"1.5f\"", 1.5);
	check_number("\"+5\"", 5);
	check_number("\".5\"", .5);
	check_number("\"5.\"", 5);
	for (size_t i = 0; i < Q_COUNT_OF(no_numbers); i++)
		assert_int_equal(take(Q_FIELD_NUMBER, no_numbers[i], &value), Q_INVALID);
	assert_int_equal(take(Q_FIELD_NUMBER, "null", &value), Q_NOTFOUND);
	assert_int_equal(take(Q_FIELD_NUMBER, "\"\"", &value), Q_NOTFOUND);
}

static void doubles_and_their_values_have_one_order(void **state)
{
	static const double ascending[] = {-1e308, -2, -1e-300, -0.0, 0.0, 1e-300, 1, 1.5, 1e308};

	(void)state;
	for (size_t i = 1; i < Q_COUNT_OF(ascending); i++)
		assert_true(q__value_of_double(ascending[i - 1]) <
			    q__value_of_double(ascending[i]));
}

static void booleans_are_read_as_opensearch_reads_them(void **state)
{
	int64_t value;

	(void)state;
	assert_int_equal(take(Q_FIELD_BOOLEAN, "true", &value), Q_OK);
	assert_true(value == 1);
	assert_int_equal(take(Q_FIELD_BOOLEAN, "\"true\"", &value), Q_OK);
	assert_true(value == 1);
	assert_int_equal(take(Q_FIELD_BOOLEAN, "\"\"", &value), Q_OK);
	assert_true(value == 0);
	assert_int_equal(take(Q_FIELD_BOOLEAN, "\"True\"", &value), Q_INVALID);
	assert_int_equal(take(Q_FIELD_BOOLEAN, "1", &value), Q_INVALID);
	assert_int_equal(take(Q_FIELD_BOOLEAN, "null", &value), Q_NOTFOUND);
}

static void numbers_are_dates_as_they_are_written(void **state)
{
	static const struct {
		const char *json;
		int64_t ms;
	} numbers[] = {{"2024", 1704067200000},		 {"-2024", -126038505600000},
		       {"1700000000000", 1700000000000}, {"-5", -5},
		       {"-86400000.5", -86400001},	 {"20240101", 20240101}};
	int64_t value;

	(void)state;
	for (size_t i = 0; i < Q_COUNT_OF(numbers); i++) {
		assert_int_equal(take(Q_FIELD_DATE, numbers[i].json, &value), Q_OK);
		assert_true(value == numbers[i].ms);
	}
	assert_int_equal(take(Q_FIELD_DATE, "true", &value), Q_INVALID);
	assert_int_equal(take(Q_FIELD_DATE, "null", &value), Q_NOTFOUND);
}

static void times_of_any_year_are_written(void **state)
{
	static const struct {
		int64_t ms;
		const char *text;
	} times[] = {{1706933106007, "2024-02-03T04:05:06.007Z"},
		     {-1, "1969-12-31T23:59:59.999Z"},
		     {-62198755200000, "-0001-01-01T00:00:00.000Z"},
		     {317273587200000, "+12024-01-01T00:00:00.000Z"},
		     {INT64_MAX, "+292278994-08-17T07:12:55.807Z"}};
	char text[Q_CALENDAR_TIME_SIZE];

	(void)state;
	for (size_t i = 0; i < Q_COUNT_OF(times); i++) {
		q_calendar_format(times[i].ms, text);
		assert_string_equal(text, times[i].text);
	}
}

static void days_and_dates_turn_into_each_other(void **state)
{
	struct q_date before = {-401, 12, 31};

	(void)state;
	for (int64_t days = q_date_to_days(before) + 1; days < 1200 * 366; days++) {
		struct q_date date = q_date_from_days(days);
		bool is_next = date.year == before.year && date.month == before.month &&
			       date.day == before.day + 1;
		bool is_first = before.day == q_date_month_length(before.year, before.month) &&
				date.day == 1 && date.month == before.month % 12 + 1 &&
				date.year == before.year + (before.month == 12);

		assert_true(is_next || is_first);
		assert_true(q_date_to_days(date) == days);
		before = date;
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(dates_are_read_as_opensearch_reads_them),
		cmocka_unit_test(what_is_no_date_is_refused),
		cmocka_unit_test(what_a_date_leaves_open_is_rounded_up_to_its_end),
		cmocka_unit_test(dates_are_reckoned_as_opensearch_reckons_them),
		cmocka_unit_test(numbers_are_read_as_opensearch_reads_them),
		cmocka_unit_test(doubles_and_their_values_have_one_order),
		cmocka_unit_test(booleans_are_read_as_opensearch_reads_them),
		cmocka_unit_test(numbers_are_dates_as_they_are_written),
		cmocka_unit_test(times_of_any_year_are_written),
		cmocka_unit_test(days_and_dates_turn_into_each_other),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
