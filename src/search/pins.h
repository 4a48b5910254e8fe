/* search/pins.h: snapshots that are kept for a while under a name, for searches that belong
 * together.
 *
 * Contract:  a pin ends so long after its last use; those that have ended go when another is made
 *            or used. Names cannot be guessed.
 * Ownership: indexes are borrowed until all pins are freed; a pin has a reference to its snapshot.
 * Threads:   any.
 * Errors:    Q_NOTFOUND: there is no such pin any more. Q_BUSY: too many. Q_NOMEM. */
#ifndef Q_SEARCH_PINS_H
#define Q_SEARCH_PINS_H

#include "search/index/index.h"

struct q__pins;

Q_MUST_USE struct q__pins *q__pins_new(void); /* NULL: out of memory */
void q__pins_free(struct q__pins *pins);

/* The index, called `name`, as the snapshot has it. */
Q_MUST_USE enum q_code q__pins_add(struct q__pins *pins, struct q__index *index,
				   struct q__snapshot *snapshot, struct q_str name, int64_t keep_ms,
				   struct q_arena *arena, struct q_str *pin, struct q_err *err);
/* The caller unrefs the snapshot. */
Q_MUST_USE enum q_code q__pins_use(struct q__pins *pins, struct q_str pin, struct q_str name,
				   struct q__index **index, struct q__snapshot **snapshot,
				   struct q_err *err);
void q__pins_remove(struct q__pins *pins, struct q_str pin);
/* All pins of the index. */
void q__pins_drop(struct q__pins *pins, const struct q__index *index);

#endif
