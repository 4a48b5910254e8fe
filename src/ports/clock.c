#include "ports/clock.h"

#include "base/compiler.h"

int64_t q_clock_now_ms(struct q_clock *clock)
{
	q_assert(clock && clock->ops && clock->ops->now_ms);
	return clock->ops->now_ms(clock);
}

int64_t q_clock_monotonic_ms(struct q_clock *clock)
{
	q_assert(clock && clock->ops && clock->ops->monotonic_ms);
	return clock->ops->monotonic_ms(clock);
}

void q_clock_close(struct q_clock *clock)
{
	if (clock)
		clock->ops->close(clock);
}
