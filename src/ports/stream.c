#include "ports/stream.h"

enum q_code q_stream_check_read(struct q_stream_position position, size_t limit, int64_t wait_ms,
				const char *where, struct q_err *err)
{
	if (limit == 0 || limit > Q_STREAM_READ_MAX)
		return q_fail(err, Q_INVALID, where, "a limit of %zu, not 1..%d", limit,
			      Q_STREAM_READ_MAX);
	if (wait_ms < 0)
		return q_fail(err, Q_INVALID, where, "wait_ms is negative");
	switch (position.start) {
	case Q_STREAM_OLDEST:
	case Q_STREAM_NEWEST:
		return Q_OK;
	case Q_STREAM_AFTER:
		if (position.sequence.length > 0 &&
		    position.sequence.length <= Q_STREAM_SEQUENCE_MAX)
			return Q_OK;
	}
	return q_fail(err, Q_INVALID, where, "a position is oldest, newest or after a sequence");
}
