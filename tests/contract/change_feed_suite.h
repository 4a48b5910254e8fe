/* contract/change_feed_suite.h: ports/change_feed.h, sentence by sentence, for any adapter. */
#ifndef Q_TESTS_CHANGE_FEED_SUITE_H
#define Q_TESTS_CHANGE_FEED_SUITE_H

#include "ports/change_feed.h"
#include "ports/clock.h"

struct change_feed_subject {
	const char *name; /* of the group of cases */
	struct q_record_store *store;
	struct q_change_feed *feed; /* of the store */
	struct q_clock *clock;	    /* simulated: the time of changes and of expiry */
	/* Removes expired items and changes beyond their time, as of the clock. NULL: cannot be brought about. */
	void (*maintain)(void *context);
	void *context;
};

/* Runs every case; the number that failed. The store is empty before; what it holds after does not
 * matter. */
int run_change_feed_suite(struct change_feed_subject *subject);

#endif
