/* search/answer/value_counts.h: how often each of many int64 was counted.
 *
 * Ownership: the heap; free releases it.
 * Threads:   one. */
#ifndef Q_SEARCH_ANSWER_VALUE_COUNTS_H
#define Q_SEARCH_ANSWER_VALUE_COUNTS_H

#include "base/compiler.h"

#include <stdbool.h>
#include <stdint.h>

enum { Q__COUNTED_VALUES_MAX = 1 << 20 };

struct q__value_count {
	int64_t value;
	uint64_t count; /* 0: an empty slot */
};

struct q__value_counts {
	struct q__value_count *slots; /* a power of two, at most half of them taken */
	size_t slot_count, count;
	uint64_t seed;
};

Q_MUST_USE bool q__value_counts_open(struct q__value_counts *counts);
void q__value_counts_free(struct q__value_counts *counts);

/* One more. False when there are too many different ones, or the heap is full. */
Q_MUST_USE bool q__value_counts_add(struct q__value_counts *counts, int64_t value);

/* The values in ascending order, at the front of `slots`; nothing can be added afterwards. */
void q__value_counts_sort(struct q__value_counts *counts);

#endif
