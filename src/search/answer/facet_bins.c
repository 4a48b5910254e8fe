#include "search/answer/facet_bins.h"

#include "base/calendar.h"
#include "search/analysis/value.h"

#include <math.h>

enum { MONTHS_A_YEAR = 12, MONTHS_A_QUARTER = 3, DAYS_A_WEEK = 7, MONDAY = 3 /* 1969-12-29 */ };

/* Beyond this a bin's number is cut: nothing that is reckoned with it leaves an int64. */
#define BIN_MAX 4e18
#define MS_MAX	((int64_t)1 << 62)

static int64_t bin_of_number(const struct q_facet *facet, double number)
{
	double bin = floor((number - facet->offset) / facet->interval);

	return (int64_t)fmax(-BIN_MAX, fmin(BIN_MAX, bin));
}

static int64_t month_of(int64_t days)
{
	struct q_date date = q_date_from_days(days);

	return date.year * MONTHS_A_YEAR + date.month - 1;
}

static int64_t bin_of_date(const struct q_facet *facet, int64_t ms)
{
	int64_t days;

	ms = (ms < -MS_MAX ? -MS_MAX : ms > MS_MAX ? MS_MAX : ms) - facet->offset_ms;
	days = q_floor_divide(ms, Q_MS_PER_DAY);
	switch (facet->unit) {
	case Q_CALENDAR_WEEK:
		return q_floor_divide(days + MONDAY, DAYS_A_WEEK);
	case Q_CALENDAR_MONTH:
		return month_of(days);
	case Q_CALENDAR_QUARTER:
		return q_floor_divide(month_of(days), MONTHS_A_QUARTER);
	case Q_CALENDAR_YEAR:
		return q_floor_divide(month_of(days), MONTHS_A_YEAR);
	case Q_CALENDAR_NONE:
		break;
	}
	return q_floor_divide(ms, facet->interval_ms);
}

int64_t q__bin_of(const struct q_facet *facet, int64_t value)
{
	switch (facet->kind) {
	case Q_FACET_HISTOGRAM:
		return bin_of_number(facet, q__double_of_value(value));
	case Q_FACET_DATE_HISTOGRAM:
		return bin_of_date(facet, value);
	case Q_FACET_TERMS:
		break;
	}
	return value;
}

static int64_t start_of_month(int64_t month)
{
	int64_t year = q_floor_divide(month, MONTHS_A_YEAR);
	struct q_date date = {year, (int)(month - year * MONTHS_A_YEAR) + 1, 1};

	return q_date_to_days(date) * Q_MS_PER_DAY;
}

static int64_t start_of_date(const struct q_facet *facet, int64_t bin)
{
	switch (facet->unit) {
	case Q_CALENDAR_WEEK:
		return (bin * DAYS_A_WEEK - MONDAY) * Q_MS_PER_DAY;
	case Q_CALENDAR_MONTH:
		return start_of_month(bin);
	case Q_CALENDAR_QUARTER:
		return start_of_month(bin * MONTHS_A_QUARTER);
	case Q_CALENDAR_YEAR:
		return start_of_month(bin * MONTHS_A_YEAR);
	case Q_CALENDAR_NONE:
		break;
	}
	return bin * facet->interval_ms;
}

struct q_search_value q__bin_key(const struct q_facet *facet, enum q_field_kind kind, int64_t bin)
{
	if (facet->kind == Q_FACET_HISTOGRAM)
		return (struct q_search_value){.kind = Q_VALUE_NUMBER,
					       .number = (double)bin * facet->interval +
							 facet->offset};
	if (facet->kind == Q_FACET_DATE_HISTOGRAM)
		return (struct q_search_value){.kind = Q_VALUE_INTEGER,
					       .integer = start_of_date(facet, bin) +
							  facet->offset_ms};
	if (kind == Q_FIELD_NUMBER)
		return (struct q_search_value){.kind = Q_VALUE_NUMBER,
					       .number = q__double_of_value(bin)};
	return (struct q_search_value){.kind = Q_VALUE_INTEGER, .integer = bin};
}
