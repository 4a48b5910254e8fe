#include "base/call.h"

#include "base/time.h"

static bool is_cancelled(const struct q_call *call)
{
	for (; call; call = call->outer)
		if (call->is_cancelled &&
		    atomic_load_explicit(call->is_cancelled, memory_order_acquire))
			return true;
	return false;
}

enum q_code q_call_check(const struct q_call *call, const char *where, struct q_err *err)
{
	if (is_cancelled(call))
		return q_fail(err, Q_CANCELLED, where, "cancelled by the caller");
	if (call->deadline_ms != 0 && q_call_remaining_ms(call, 0) == 0)
		return q_fail(err, Q_TIMEOUT, where, "the deadline passed");
	return Q_OK;
}

int64_t q_call_remaining_ms(const struct q_call *call, int64_t otherwise)
{
	int64_t now_ms;

	if (call->deadline_ms == 0)
		return otherwise;
	now_ms = q_time_monotonic_ms();
	return call->deadline_ms > now_ms ? call->deadline_ms - now_ms : 0;
}

struct q_call q_call_within(const struct q_call *call, int64_t timeout_ms)
{
	struct q_call within = *call;

	if (timeout_ms > 0 && timeout_ms < q_call_remaining_ms(call, INT64_MAX))
		within.deadline_ms = q_time_monotonic_ms() + timeout_ms;
	return within;
}
