/* When a delivery is tried again. The waits of the table add up to 24 h 35 min: the schedule that
 * the Standard Webhooks specification suggests, ended where it passes a day. */
#include "documents/webhooks/webhooks_internal.h"

#include "base/time.h"

enum {
	SECOND_MS = 1000,
	MINUTE_MS = 60 * SECOND_MS,
	HOUR_MS = 60 * MINUTE_MS,
	FIRST_PAUSE_MS = 5 * SECOND_MS,
	PAUSE_MAX_MS = 5 * MINUTE_MS,
	RETRY_AFTER_MAX_MS = 24 * HOUR_MS
};

static const int64_t waits_ms[Q__ATTEMPTS_MAX - 1] = {
	5 * SECOND_MS, 5 * MINUTE_MS, 30 * MINUTE_MS, 2 * HOUR_MS,
	5 * HOUR_MS,   7 * HOUR_MS,   10 * HOUR_MS,
};

int64_t q__retry_delay_ms(int64_t attempt, struct q_random_source *random)
{
	int64_t wait_ms;

	q_assert(attempt >= 1);
	if (attempt >= Q__ATTEMPTS_MAX)
		return -1;
	wait_ms = waits_ms[attempt - 1];
	return wait_ms - wait_ms / 10 +
	       (int64_t)q_random_source_below(random, (uint64_t)wait_ms / 5 + 1);
}

int64_t q__queue_pause_ms(int64_t failures)
{
	int64_t pause_ms = failures > 0 ? FIRST_PAUSE_MS : 0;

	while (--failures > 0 && pause_ms < PAUSE_MAX_MS)
		pause_ms *= 2;
	return pause_ms < PAUSE_MAX_MS ? pause_ms : PAUSE_MAX_MS;
}

static int64_t within(int64_t value, int64_t least, int64_t most)
{
	return value < least ? least : value > most ? most : value;
}

/* RFC 9110 10.2.3: seconds, or a date. */
int64_t q__retry_after_ms(struct q_str header, int64_t now_ms)
{
	int64_t seconds, until_ms;

	if (q_str_to_int64(header, &seconds))
		return within(seconds, 0, RETRY_AFTER_MAX_MS / SECOND_MS) * SECOND_MS;
	if (q_time_parse_http(header, &until_ms))
		return within(until_ms - now_ms, 0, RETRY_AFTER_MAX_MS);
	return 0;
}
