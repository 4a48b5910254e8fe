/* embedded/extractive/entities.h: the entities of a page: each once, in the order in which they
 * first appear, at most Q_ANALYST_ENTITIES_MAX.
 *
 * Contract:  a text longer than Q_ANALYST_ENTITY_TEXT_MAX is left out: no name is that long. Two
 *            are the same when type and text are, capitals and white space aside.
 * Ownership: texts are copied to the arena.
 * Threads:   one at a time.
 * Errors:    the arena's failure flag. */
#ifndef Q_EMBEDDED_EXTRACTIVE_ENTITIES_H
#define Q_EMBEDDED_EXTRACTIVE_ENTITIES_H

#include "base/arena.h"
#include "embedded/extractive/scan.h"

struct q__entities {
	unsigned count;
	struct q_entity items[Q_ANALYST_ENTITIES_MAX];
	uint32_t hashes[Q_ANALYST_ENTITIES_MAX]; /* of the texts in lower case */
};

void q__entities_add(struct q__entities *entities, struct q_arena *arena,
		     const struct q__sentence *sentence, const struct q__match *match);

#endif
