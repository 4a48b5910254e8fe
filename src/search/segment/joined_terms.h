/* search/segment/joined_terms.h: the dictionaries of several segments side by side: each term that
 * any of them has, once, in the order of bytes.
 *
 *	while (q__joined_terms_find(walks, count, &term))
 *		of each walk that is here: use its cursor, then move it and say whether it is live
 *
 * Ownership: walks and cursors are the arena's; the caller starts and moves them.
 * Threads:   one. */
#ifndef Q_SEARCH_SEGMENT_JOINED_TERMS_H
#define Q_SEARCH_SEGMENT_JOINED_TERMS_H

#include "base/arena.h"
#include "search/segment/terms.h"

struct q__joined_walk {
	struct q__term_cursor *cursor;
	bool is_live; /* the cursor stands at a term */
	bool is_here; /* at the one that was found */
};

/* Walks whose cursors are not started yet. NULL: the arena is full. */
Q_MUST_USE struct q__joined_walk *q__joined_walks_new(size_t count, struct q_arena *arena);

/* The first of the terms at which live walks stand, lent until a walk that is here moves. False: no
 * walk is live. */
bool q__joined_terms_find(struct q__joined_walk *walks, size_t count, struct q_str *term);

#endif
