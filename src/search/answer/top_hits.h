/* search/answer/top_hits.h: the best of many scored documents: higher scores first, equal ones in
 * the order in which they were added.
 *
 * Ownership: room is the caller's.
 * Threads:   one. */
#ifndef Q_SEARCH_ANSWER_TOP_HITS_H
#define Q_SEARCH_ANSWER_TOP_HITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct q__hit {
	float score;
	uint32_t part;
	uint32_t document;
};

struct q__top_hits {
	struct q__hit *hits; /* room for max */
	size_t count, max;
};

/* Parts and documents come in order. */
void q__top_hits_add(struct q__top_hits *top, struct q__hit hit);

/* Once it is full, a document with this score or a lower one is not kept; -1 before. */
static inline float q__top_hits_floor(const struct q__top_hits *top)
{
	return top->count == top->max ? top->max ? top->hits[0].score : __FLT_MAX__ : -1.0f;
}

/* Puts them in order, the best first; nothing can be added then. */
void q__top_hits_sort(struct q__top_hits *top);

#endif
