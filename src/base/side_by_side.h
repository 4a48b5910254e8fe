/* base/side_by_side.h: two pieces of work at the same time.
 *
 * Contract:  both are done, whatever becomes of the other, and have ended on return: the second in
 *            a thread of its own, or behind the first where there is no thread to be had.
 * Ownership: contexts are borrowed until then.
 * Threads:   what one piece changes the other may not look at.
 * Errors:    those of the first piece, else of the second; where both fail, the message
 *            has both. */
#ifndef Q_BASE_SIDE_BY_SIDE_H
#define Q_BASE_SIDE_BY_SIDE_H

#include "base/error.h"

struct q_work {
	enum q_code (*run)(void *context, struct q_err *err);
	void *context;
};

Q_MUST_USE enum q_code q_run_side_by_side(const struct q_work *first, const struct q_work *second,
					  struct q_err *err);

#endif
