#include "embedded/clock_system.h"

#include "base/mem.h"
#include "base/time.h"

static int64_t system_now_ms(struct q_clock *clock)
{
	(void)clock;
	return q_time_now_ms();
}

static int64_t system_monotonic_ms(struct q_clock *clock)
{
	(void)clock;
	return q_time_monotonic_ms();
}

static void system_close(struct q_clock *clock)
{
	q_mem_free(clock);
}

static const struct q_clock_ops system_ops = {
	.name = "system",
	.now_ms = system_now_ms,
	.monotonic_ms = system_monotonic_ms,
	.close = system_close,
};

enum q_code q_clock_system_open(struct q_clock **out, struct q_err *err)
{
	struct q_clock *clock = q_mem_new(sizeof *clock);

	if (!clock)
		return q_fail(err, Q_NOMEM, "clock_system.open", "no memory");
	clock->ops = &system_ops;
	*out = clock;
	return Q_OK;
}
