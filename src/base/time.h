/* base/time.h: times as milliseconds, and their texts. Wall times count from 1970 UTC without leap
 * seconds. Roles ask the clock port, so that tests own their time; these functions are for
 * adapters and for deadlines. */
#ifndef Q_BASE_TIME_H
#define Q_BASE_TIME_H

#include "base/str.h"

enum {
	Q_TIME_RFC3339_SIZE = sizeof "2026-01-31T23:59:59.999Z",
	Q_TIME_HTTP_SIZE = sizeof "Sat, 31 Jan 2026 23:59:59 GMT"
};

int64_t q_time_now_ms(void);
int64_t q_time_monotonic_ms(void);

/* RFC 3339 in UTC with milliseconds; years 1970 to 9999, others are cut to that range. */
void q_time_format_rfc3339(int64_t wall_ms, char out[Q_TIME_RFC3339_SIZE]);

/* Accepts any RFC 3339 date-time (offsets, 0 to 9 fraction digits, a leap second as :59.999). */
bool q_time_parse_rfc3339(struct q_str text, int64_t *wall_ms);

/* IMF-fixdate, RFC 9110 5.6.7. */
void q_time_format_http(int64_t wall_ms, char out[Q_TIME_HTTP_SIZE]);

/* Reads what q_time_format_http writes, and no older form. */
bool q_time_parse_http(struct q_str text, int64_t *wall_ms);

#endif
