/* search/query/expansion.h: the terms of a scope that a word of a query stands for: those within so
 * many edits, the best of them (Lucene's FuzzyQuery under its blended rewrite).
 *
 * Contract:  a term's boost is 1 for the word itself, else 1 - edits / characters of the shorter of
 *            the two. Of all candidates the `max` best are kept: higher boost first, equal boosts
 *            in the order of their bytes. */
#ifndef Q_SEARCH_QUERY_EXPANSION_H
#define Q_SEARCH_QUERY_EXPANSION_H

#include "search/query/scope.h"

struct q__expansion {
	struct q_str term; /* in the arena */
	float boost;
	const struct q__term_ref *refs; /* one a part of the snapshot */
	uint64_t document_count;	/* of all parts, as the scope counts */
};

struct q__expansion_rule {
	unsigned edits;		/* 0..Q__EDITS_MAX */
	uint32_t prefix_length; /* characters */
	uint32_t max;
};

/* The array is in the arena, in the order of the terms' bytes. False when the arena is full. */
Q_MUST_USE bool q__expand(struct q__scope *scope, size_t field, struct q_str word,
			  const struct q__expansion_rule *rule, struct q__term_cursor *cursor,
			  struct q_arena *arena, struct q__expansion **out, size_t *count);

/* Where the term is in each part; NULL when the arena is full. */
Q_MUST_USE struct q__term_ref *q__find_term(const struct q__snapshot *snapshot, size_t field,
					    struct q_str term, struct q__term_cursor *cursor,
					    struct q_arena *arena);

/* The same, counted; document_count 0 where it is in none. False when the arena is full. */
Q_MUST_USE bool q__expand_exact(struct q__scope *scope, size_t field, struct q_str term,
				struct q__term_cursor *cursor, struct q_arena *arena,
				struct q__expansion *out);

#endif
