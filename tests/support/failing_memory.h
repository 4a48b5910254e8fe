/* support/failing_memory.h: runs a body again and again, with its first, second, ... allocation
 * failing.
 *
 * Contract:  `body` does one ordinary piece of work from nothing, releases all of it and returns
 *            Q_OK, or Q_NOMEM as soon as something answers that. It must return Q_NOMEM while an
 *            allocation fails, and Q_OK in the run where none does any more. What it does not
 *            release is found by LeakSanitizer, in the case that lost it (sanitizer builds).
 * Ownership: `context` is the caller's and is handed to `body`.
 * Threads:   one test at a time: the failure is of the process. */
#ifndef Q_TESTS_FAILING_MEMORY_H
#define Q_TESTS_FAILING_MEMORY_H

#include "base/error.h"

/* Returns how many allocations were made to fail: a body that allocates gives 1 or more. */
int run_with_failing_memory(enum q_code (*body)(void *context), void *context);

#endif
