/* contract/analyst_suite.h: ports/analyst.h, sentence by sentence, for any adapter. */
#ifndef Q_TESTS_ANALYST_SUITE_H
#define Q_TESTS_ANALYST_SUITE_H

#include "ports/analyst.h"

struct analyst_subject {
	const char *provider; /* what its answers shall be signed with */
	struct q_analyst *analyst;
	bool answers_alike; /* the same page, the same answer */
};

/* Runs every case on every subject, in one group; the number that failed. */
int run_analyst_suite(struct analyst_subject *subjects, size_t count);

#endif
