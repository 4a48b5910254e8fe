/* embedded/analyst_extractive.h: the analyst (ports/analyst.h) that quotes: no model, no service,
 * the same answer each time.
 *
 * It takes summary and key points word for word from the page, finds entities with scanners written
 * by hand, and counts words of praise and blame. It reads the page twice, in time linear in the
 * page; see embedded/extractive for how.
 *
 * Units:     an analysis takes less than Q_ANALYST_EXTRACTIVE_ARENA_MAX bytes of the caller's
 *            arena, however long the page is. */
#ifndef Q_EMBEDDED_ANALYST_EXTRACTIVE_H
#define Q_EMBEDDED_ANALYST_EXTRACTIVE_H

#include "ports/analyst.h"

enum { Q_ANALYST_EXTRACTIVE_ARENA_MAX = 192 << 10 };

Q_MUST_USE enum q_code q_analyst_extractive_open(struct q_analyst **out, struct q_err *err);

#endif
