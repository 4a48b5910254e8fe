#include "support/clock_simulated.h"

#include "base/compiler.h"
#include "base/mem.h"

#include <stdatomic.h>

struct simulated_clock {
	struct q_clock base;
	atomic_llong wall_ms;
	atomic_llong monotonic_ms;
	atomic_llong tick_ms;
};

static struct simulated_clock *simulated_of(struct q_clock *clock)
{
	return q_container_of(clock, struct simulated_clock, base);
}

static int64_t simulated_now_ms(struct q_clock *clock)
{
	struct simulated_clock *simulated = simulated_of(clock);

	return atomic_fetch_add(&simulated->wall_ms, atomic_load(&simulated->tick_ms));
}

static int64_t simulated_monotonic_ms(struct q_clock *clock)
{
	return atomic_load(&simulated_of(clock)->monotonic_ms);
}

static void simulated_close(struct q_clock *clock)
{
	q_mem_free(simulated_of(clock));
}

static const struct q_clock_ops simulated_ops = {
	.name = "simulated",
	.now_ms = simulated_now_ms,
	.monotonic_ms = simulated_monotonic_ms,
	.close = simulated_close,
};

struct q_clock *clock_simulated_new(int64_t wall_ms)
{
	struct simulated_clock *clock = q_mem_new(sizeof *clock);

	if (!clock)
		return NULL;
	clock->base.ops = &simulated_ops;
	atomic_init(&clock->wall_ms, wall_ms);
	atomic_init(&clock->monotonic_ms, 0);
	atomic_init(&clock->tick_ms, 0);
	return &clock->base;
}

void clock_simulated_advance(struct q_clock *clock, int64_t milliseconds)
{
	struct simulated_clock *simulated = simulated_of(clock);

	q_assert(milliseconds >= 0);
	atomic_fetch_add(&simulated->wall_ms, milliseconds);
	atomic_fetch_add(&simulated->monotonic_ms, milliseconds);
}

void clock_simulated_set_wall(struct q_clock *clock, int64_t wall_ms)
{
	atomic_store(&simulated_of(clock)->wall_ms, wall_ms);
}

void clock_simulated_tick(struct q_clock *clock, int64_t milliseconds)
{
	atomic_store(&simulated_of(clock)->tick_ms, milliseconds);
}
