/* support/clock_simulated.h: a clock that moves when the test says so.
 *
 * Threads:   any. */
#ifndef Q_TESTS_CLOCK_SIMULATED_H
#define Q_TESTS_CLOCK_SIMULATED_H

#include "ports/clock.h"

/* Wall time starts at wall_ms, monotonic time at 0; NULL when the heap is full. q_clock_close
 * frees it. */
struct q_clock *clock_simulated_new(int64_t wall_ms);

/* Both times go on; milliseconds >= 0. */
void clock_simulated_advance(struct q_clock *clock, int64_t milliseconds);

/* The wall alone jumps, as when an operator sets it. */
void clock_simulated_set_wall(struct q_clock *clock, int64_t wall_ms);

/* From now on the wall goes on by so much each time that it is read: two readings of one moment
 * differ. */
void clock_simulated_tick(struct q_clock *clock, int64_t milliseconds);

#endif
