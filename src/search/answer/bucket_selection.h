/* search/answer/bucket_selection.h: the buckets of a facet that are shown, of all that there are.
 *
 * Contract:  buckets are offered in the order of their keys, each once. As OpenSearch has it, the
 *            best `max` are chosen first; then those with too few documents go, and the best `size`
 *            of the others are shown.
 * Ownership: all in the arena.
 * Threads:   one.
 * Errors:    false or NULL when the arena is full. */
#ifndef Q_SEARCH_ANSWER_BUCKET_SELECTION_H
#define Q_SEARCH_ANSWER_BUCKET_SELECTION_H

#include "ports/search_index.h"

struct q__bucket {
	struct q_search_value key;
	uint64_t place; /* in the order of keys */
	uint64_t count;
};

struct q__bucket_selection {
	const struct q_facet *asked;
	struct q__bucket *buckets; /* room for twice max */
	size_t count, max;
	bool is_cut; /* the first max are in order; none worse than the last counts */
	uint64_t places, total;
};

/* The facet stays the caller's. */
Q_MUST_USE bool q__bucket_selection_open(struct q__bucket_selection *selection,
					 const struct q_facet *asked, struct q_arena *arena);

/* Where the key of a bucket with so many documents is to be put, until the next one is offered;
 * NULL: the bucket is not among the best. */
struct q_search_value *q__bucket_offer(struct q__bucket_selection *selection, uint64_t count);

Q_MUST_USE bool q__bucket_selection_end(struct q__bucket_selection *selection,
					struct q_arena *arena, struct q_facet_result *out);

#endif
