/* Civil dates without a time zone database: days are counted from 1 March of year 0, so that the
 * leap day is the last of its year, in eras of 400 years (146,097 days), after which the calendar
 * repeats. */
#include "base/calendar.h"

#include <stdio.h>

enum { DAYS_PER_ERA = 146097, DAYS_BEFORE_1970 = 719468 /* from 0000-03-01 */ };

int64_t q_date_to_days(struct q_date date)
{
	int64_t shifted = date.month > 2 ? date.year : date.year - 1; /* years start in March */
	int64_t era = q_floor_divide(shifted, 400);
	int64_t year_of_era = shifted - era * 400;
	int64_t day_of_year = (153 * ((date.month + 9) % 12) + 2) / 5 + date.day - 1;
	int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;

	return era * DAYS_PER_ERA + day_of_era - DAYS_BEFORE_1970;
}

struct q_date q_date_from_days(int64_t days)
{
	int64_t shifted = days + DAYS_BEFORE_1970;
	int64_t era = q_floor_divide(shifted, DAYS_PER_ERA);
	int64_t day_of_era = shifted - era * DAYS_PER_ERA;
	int64_t year_of_era =
		(day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
	int64_t day_of_year =
		day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
	int64_t month_from_march = (5 * day_of_year + 2) / 153;
	int month = (int)(month_from_march < 10 ? month_from_march + 3 : month_from_march - 9);

	return (struct q_date){.year = year_of_era + era * 400 + (month <= 2),
			       .month = month,
			       .day = (int)(day_of_year - (153 * month_from_march + 2) / 5 + 1)};
}

int q_date_month_length(int64_t year, int month)
{
	static const int lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	bool is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);

	return lengths[month - 1] + (month == 2 && is_leap);
}

int q_date_weekday(int64_t days)
{
	return (int)(days + 3 - 7 * q_floor_divide(days + 3, 7)); /* 1970-01-01 was a Thursday */
}

void q_calendar_format(int64_t ms, char out[Q_CALENDAR_TIME_SIZE])
{
	int64_t days = q_floor_divide(ms, Q_MS_PER_DAY);
	int time = (int)(ms - days * Q_MS_PER_DAY);
	struct q_date date = q_date_from_days(days);
	const char *sign = date.year < 0 ? "-" : date.year > 9999 ? "+" : "";

	snprintf(out, Q_CALENDAR_TIME_SIZE, "%s%04lld-%02d-%02dT%02d:%02d:%02d.%03dZ", sign,
		 (long long)(date.year < 0 ? -date.year : date.year), date.month, date.day,
		 time / 3600000, time / 60000 % 60, time / 1000 % 60, time % 1000);
}
