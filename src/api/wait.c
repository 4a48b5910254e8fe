#include "api/api_internal.h"

#include "base/time.h"

enum { FIRST_LOOK_MS = 5, LAST_LOOK_MS = 250 };

void q__wait_begin(struct q__wait *wait, int64_t for_ms)
{
	*wait = (struct q__wait){q_time_monotonic_ms() + for_ms, FIRST_LOOK_MS};
}

bool q__wait_again(struct q__wait *wait, struct q_http_request *request,
		   void (*look)(struct q_http_request *, void *), void *context)
{
	int64_t delay_ms = wait->look_ms;
	int64_t left_ms = wait->until_ms - q_time_monotonic_ms();
	struct q_err err;

	if (left_ms <= 0 || q_call_check(q_http_request_call(request), "api.wait", &err))
		return false;
	wait->look_ms += wait->look_ms / 2 + 1;
	if (wait->look_ms > LAST_LOOK_MS)
		wait->look_ms = LAST_LOOK_MS;
	q_http_request_resume_after(request, delay_ms < left_ms ? delay_ms : left_ms, look,
				    context);
	return true;
}
