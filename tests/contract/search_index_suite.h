/* contract/search_index_suite.h: ports/search_index.h, sentence by sentence, for any adapter. */
#ifndef Q_TESTS_SEARCH_INDEX_SUITE_H
#define Q_TESTS_SEARCH_INDEX_SUITE_H

#include "ports/search_index.h"

struct search_index_subject {
	const char *name; /* of the group of cases */
	struct q_search_index *store;
	/* Closes the store and opens it again. */
	void (*reopen)(struct search_index_subject *);
	void *context;
};

/* Runs every case; the number that failed. Indexes that start with "suite-" are the suite's. */
int run_search_index_suite(struct search_index_subject *subject);

#endif
