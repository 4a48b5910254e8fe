/* contract/event_log_suite.h: ports/event_log.h, sentence by sentence, for any adapter. */
#ifndef Q_TESTS_EVENT_LOG_SUITE_H
#define Q_TESTS_EVENT_LOG_SUITE_H

#include "ports/clock.h"
#include "ports/event_log.h"

struct event_log_subject {
	const char *name; /* of the group of cases */
	struct q_event_log *log;
	struct q_clock *clock; /* simulated: the time of publication */
	/* Removes records beyond their time, as of the clock. NULL: cannot be brought about. */
	void (*maintain)(void *context);
	void *context;
};

/* Runs every case; the number that failed. The log is empty before; what it holds after does not
 * matter. */
int run_event_log_suite(struct event_log_subject *subject);

#endif
