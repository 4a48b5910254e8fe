/* contract/blob_store_suite.h: ports/blob_store.h, sentence by sentence, for any adapter. */
#ifndef Q_TESTS_BLOB_STORE_SUITE_H
#define Q_TESTS_BLOB_STORE_SUITE_H

#include "ports/blob_store.h"
#include "ports/clock.h"

struct blob_store_subject {
	const char *name; /* of the group of cases */
	struct q_blob_store *store;
	struct q_clock *clock; /* simulated: the time of links */
	bool keeps_sha256_of_parts;
};

/* Runs every case; the number that failed. The store is empty before; what it holds after does not
 * matter. */
int run_blob_store_suite(struct blob_store_subject *subject);

#endif
