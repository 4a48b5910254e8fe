/* search/index/definition.h: definitions of indexes, copied and compared. Pure. */
#ifndef Q_SEARCH_INDEX_DEFINITION_H
#define Q_SEARCH_INDEX_DEFINITION_H

#include "base/arena.h"
#include "ports/search_index.h"

/* False: the arena is full. */
Q_MUST_USE bool q__definition_copy(const struct q_index_definition *from, struct q_arena *arena,
				   struct q_index_definition *out);

bool q__definition_equals(const struct q_index_definition *a, const struct q_index_definition *b);

#endif
