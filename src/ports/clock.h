/* ports/clock.h: time, so that a test can own it.
 *
 * Units:     milliseconds; wall time since 1970 UTC, monotonic time since some start.
 * Threads:   any.
 * Errors:    none.
 * Idempotency: reads only. */
#ifndef Q_PORTS_CLOCK_H
#define Q_PORTS_CLOCK_H

#include <stdint.h>

struct q_clock {
	const struct q_clock_ops *ops;
};

struct q_clock_ops {
	const char *name; /* "system" */
	int64_t (*now_ms)(struct q_clock *);
	int64_t (*monotonic_ms)(struct q_clock *);
	void (*close)(struct q_clock *);
};

int64_t q_clock_now_ms(struct q_clock *clock);
int64_t q_clock_monotonic_ms(struct q_clock *clock);

/* Last call; NULL is allowed. */
void q_clock_close(struct q_clock *clock);

#endif
