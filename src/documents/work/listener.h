/* documents/work/listener.h: hears the doorbells of the event log. Every process that listens hears
 * every bell, and nothing is remembered: work is claimed from the record store, so a bell that
 * nobody heard only costs time. Only this folder includes it.
 *
 * Threads:   a listener belongs to one.
 * Errors:    those of the event log; a gap is none. */
#ifndef Q_DOCUMENTS_WORK_LISTENER_H
#define Q_DOCUMENTS_WORK_LISTENER_H

#include "documents/documents_internal.h"

#include "base/vec.h"

struct q__listener {
	struct q_vec partitions; /* struct ear: where it stands in each partition */
	int64_t looked_at_ms;
	size_t turn;
};

void q__listener_init(struct q__listener *listener);
void q__listener_free(struct q__listener *listener);

/* Waits up to wait_ms for a bell that rings from now on; *rang tells if one did. */
Q_MUST_USE enum q_code q__listener_wait(struct q__listener *listener, struct q_documents *d,
					const struct q_call *call, int64_t wait_ms, bool *rang,
					struct q_err *err);

#endif
