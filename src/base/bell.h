/* base/bell.h: wakes threads that wait for work. Rings are counted, so that one between a look and
 * the wait is not lost: read the count, look for work, and where there is none wait for a count
 * beyond it.
 *
 * Threads:   any.
 * Ownership: the owner frees it when nobody waits. */
#ifndef Q_BASE_BELL_H
#define Q_BASE_BELL_H

#include "base/compiler.h"

#include <stdint.h>

struct q_bell;

Q_MUST_USE struct q_bell *q_bell_new(void); /* NULL: heap full */
void q_bell_free(struct q_bell *bell);

uint64_t q_bell_count(struct q_bell *bell);
void q_bell_ring(struct q_bell *bell); /* wakes all who wait */

/* Returns when the count is not `seen` any more, or after timeout_ms. */
void q_bell_wait(struct q_bell *bell, uint64_t seen, int64_t timeout_ms);

#endif
