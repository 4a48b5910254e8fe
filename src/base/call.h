/* base/call.h: what every blocking call carries: until when it may wait, and who may stop it. A
 * zeroed q_call has no deadline and no cancel flag.
 *
 * Threads:   read-only once made; the flag is atomic. */
#ifndef Q_BASE_CALL_H
#define Q_BASE_CALL_H

#include "base/error.h"
#include "base/str.h"

#include <stdatomic.h>

struct q_call {
	int64_t deadline_ms;		 /* on the monotonic clock of base/time.h; 0: none */
	const atomic_bool *is_cancelled; /* NULL: cannot be cancelled */
	const struct q_call *outer;	 /* what cancels it cancels this one too; NULL: none */
	struct q_str request_id;	 /* for logs; may be empty */
	struct q_str traceparent;	 /* W3C Trace Context; may be empty */
};

/* Q_OK, or Q_CANCELLED or Q_TIMEOUT with `where` in *err. */
Q_MUST_USE enum q_code q_call_check(const struct q_call *call, const char *where,
				    struct q_err *err);

/* Milliseconds until the deadline: 0 when passed, `otherwise` when there is none. */
int64_t q_call_remaining_ms(const struct q_call *call, int64_t otherwise);

/* The same call with its deadline no later than timeout_ms from now; 0: as it is. */
struct q_call q_call_within(const struct q_call *call, int64_t timeout_ms);

#endif
