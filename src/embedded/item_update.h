/* embedded/item_update.h: what a write of the record store means for an item: conditions and
 * changes.
 *
 * Ownership: results borrow from the item and the write; arrays are in the arena.
 * Threads:   pure. */
#ifndef Q_EMBEDDED_ITEM_UPDATE_H
#define Q_EMBEDDED_ITEM_UPDATE_H

#include "ports/record_store.h"

/* Do all conditions of the write hold on the item (NULL: absent)? */
bool q_item_conditions_hold(const struct q_item *item, const struct q_write *write);

/* The item after an UPDATE of `before` (NULL: absent, it is made new). Q_INVALID: Q_ADD to what is
 * no number, or beyond its range; Q_TOOBIG: more than an item may hold; Q_NOMEM. */
Q_MUST_USE enum q_code q_item_update(const struct q_item *before, const struct q_write *write,
				     struct q_arena *arena, struct q_item *after,
				     struct q_err *err);

#endif
