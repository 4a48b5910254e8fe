/* search/answer/sorted_hits.h: the best of many documents by the sorts of a request; equal ones in
 * the order of their places.
 *
 * Contract:  parts are begun and ended one after the other; windows come in order.
 * Ownership: all in the arena given when it is opened; texts are also lent by the segments.
 * Threads:   one.
 * Errors:    as search/answer/sort.h. */
#ifndef Q_SEARCH_ANSWER_SORTED_HITS_H
#define Q_SEARCH_ANSWER_SORTED_HITS_H

#include "search/answer/sort.h"
#include "search/query/matcher.h"

struct q__sorted_hit {
	uint32_t part, document;
	float score;
	const struct q__sort_value *values; /* one a sort */
};

/* A document of the current part. */
struct q__sorted_candidate {
	uint32_t document;
	float score;
	int64_t *keys; /* one a sort; room of its own */
};

struct q__sorted_hits {
	struct q__sorted_hit *hits; /* the best of the parts that have ended, in order */
	size_t count, max;
	/* Private. */
	struct q_arena *arena;
	struct q__term_cursor *cursor;
	const struct q__snapshot *snapshot;
	struct q__sort *sorts;
	size_t sort_count;
	bool goes_on; /* only behind `after` */
	size_t part;
	struct q__sorted_candidate *candidates; /* room for twice max */
	size_t candidate_count;
	bool is_cut; /* the first max candidates are in order; none worse than the last counts */
};

Q_MUST_USE enum q_code q__sorted_hits_open(struct q__sorted_hits *sorted,
					   const struct q__snapshot *snapshot,
					   const struct q_index_definition *definition,
					   const struct q_search_request *request,
					   struct q_arena *arena, struct q_err *err);

void q__sorted_hits_begin_part(struct q__sorted_hits *sorted, size_t part);
void q__sorted_hits_take(struct q__sorted_hits *sorted, const struct q__window *window);
Q_MUST_USE enum q_code q__sorted_hits_end_part(struct q__sorted_hits *sorted, struct q_err *err);

#endif
