/* contract/record_store_suite.h: ports/record_store.h, sentence by sentence, for any adapter. */
#ifndef Q_TESTS_RECORD_STORE_SUITE_H
#define Q_TESTS_RECORD_STORE_SUITE_H

#include "ports/clock.h"
#include "ports/record_store.h"

struct record_store_subject {
	const char *name; /* of the group of cases */
	struct q_record_store *store;
	struct q_clock *clock; /* simulated: the time of expiry */
};

/* Runs every case; the number that failed. The store is empty before; what it holds after does not
 * matter. */
int run_record_store_suite(struct record_store_subject *subject);

#endif
