/* support/event_log_faulty.h: an event log around another, which loses, repeats and delays events,
 * and whose calls fail (port_faults.h).
 *
 * Contract:  more than the port allows: an event may be lost although its publish answered Q_OK,
 *            and a delayed one comes after later ones of its key. Whoever takes events for
 *            doorbells must bear it. A delayed event is published before one of the publishes or
 *            reads that follow, each time by chance (one in two); what is held when the log is
 *            closed is lost.
 * Ownership: the inner log is borrowed, and must outlive this one.
 * Threads:   any. */
#ifndef Q_TESTS_EVENT_LOG_FAULTY_H
#define Q_TESTS_EVENT_LOG_FAULTY_H

#include "ports/event_log.h"
#include "support/port_faults.h"

struct event_log_faults {
	struct port_faults calls; /* `random` is for the following too */
	/* Of a thousand events. */
	unsigned lose_per_mille;
	unsigned repeat_per_mille;
	unsigned delay_per_mille;
};

/* NULL when the heap is full. q_event_log_close frees it, and not the inner log. */
struct q_event_log *event_log_faulty_new(struct q_event_log *inner,
					 const struct event_log_faults *faults);

/* Counts anew under other faults; held events stay held. No call may run meanwhile. */
void event_log_faulty_set(struct q_event_log *log, const struct event_log_faults *faults);

uint64_t event_log_faulty_calls(struct q_event_log *log);

#endif
