/* base/calendar.h: days and dates of the Gregorian calendar, into the past and the future without
 * an end. Pure.
 *
 * Units: days count from 1970-01-01; months and days from 1; the year before 1 is 0. */
#ifndef Q_BASE_CALENDAR_H
#define Q_BASE_CALENDAR_H

#include <stdbool.h>
#include <stdint.h>

enum { Q_MS_PER_DAY = 86400000 };

/* Rounds towards the past. by > 0 */
static inline int64_t q_floor_divide(int64_t number, int64_t by)
{
	return number / by - (number % by < 0);
}

struct q_date {
	int64_t year;
	int month, day;
};

/* The month and the day exist in that year. */
int64_t q_date_to_days(struct q_date date);
struct q_date q_date_from_days(int64_t days);

int q_date_month_length(int64_t year, int month);

/* A time of any year, in ms since 1970: "2024-02-03T04:05:06.789Z"; years beyond four digits have a
 * sign (ISO 8601). */
enum { Q_CALENDAR_TIME_SIZE = 64 };
void q_calendar_format(int64_t ms, char out[Q_CALENDAR_TIME_SIZE]);

/* Monday is 0. */
int q_date_weekday(int64_t days);

#endif
