/* support/analyst_scripted.h: an analyst that does as it is told: takes its time, fails a page,
 * counts who asks.
 *
 * Contract:  page n of m has the summary "Page n of m." and the identifier PAGE-000n. A wait ends
 *            early, with Q_CANCELLED or Q_TIMEOUT, when the call is cancelled or its deadline
 *            passes.
 * Ownership: q_analyst_close frees it.
 * Threads:   any. */
#ifndef Q_TESTS_ANALYST_SCRIPTED_H
#define Q_TESTS_ANALYST_SCRIPTED_H

#include "ports/analyst.h"

struct analyst_script {
	int64_t wait_ms;       /* on every page */
	unsigned failing_page; /* 0: none */
	unsigned failures;     /* how often that page fails before it succeeds; UINT_MAX: always */
	enum q_code failure;   /* with Q_BUSY comes retry_after_ms 1 */
};

/* NULL when the heap is full. */
struct q_analyst *analyst_scripted_new(struct analyst_script script);

unsigned analyst_scripted_calls(struct q_analyst *analyst);
unsigned analyst_scripted_at_once_max(
	struct q_analyst *analyst); /* calls that ran at the same time */

#endif
