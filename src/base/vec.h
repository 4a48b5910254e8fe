/* base/vec.h: a growing array of items of one size, with a limit.
 *
 * Ownership: the vector owns the array, not what its items point to. Pointers to items last until
 *            the next push.
 * Threads:   one at a time.
 * Errors:    push returns NULL beyond the limit or when the heap is full; nothing changed. */
#ifndef Q_BASE_VEC_H
#define Q_BASE_VEC_H

#include "base/compiler.h"

#include <stddef.h>

struct q_vec {
	void *items;
	size_t count;
	size_t capacity;
	size_t limit;
	size_t item_bytes;
};

void q_vec_init(struct q_vec *vec, size_t item_bytes, size_t limit_items);
void q_vec_free(struct q_vec *vec);

/* A copy of *item at the end; item NULL pushes zeros. Returns where it stands. */
Q_MUST_USE void *q_vec_push(struct q_vec *vec, const void *item);

/* index < count, else a bug. */
void *q_vec_at(const struct q_vec *vec, size_t index);

/* Removes by moving the last item into its place: order changes. */
void q_vec_remove_swap(struct q_vec *vec, size_t index);
void q_vec_clear(struct q_vec *vec);

#endif
