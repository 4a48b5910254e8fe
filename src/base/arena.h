/* base/arena.h: memory with the life of a request or a job: many allocations, one free.
 *
 * Contract:  blocks are zeroed and aligned for any type. An allocation beyond the limit or a heap
 *            that is full returns NULL or the empty view, and sets a flag that stays: code that
 *            builds many strings may check q_arena_failed once at its end.
 * Units:     bytes.
 * Ownership: the arena owns all it hands out, until reset or free.
 * Threads:   one at a time. */
#ifndef Q_BASE_ARENA_H
#define Q_BASE_ARENA_H

#include "base/compiler.h"
#include "base/str.h"

#include <stdarg.h>

struct q_arena;

/* NULL when the heap is full. `limit_bytes` bounds the sum of what is allocated. */
Q_MUST_USE struct q_arena *q_arena_new(size_t limit_bytes);

/* NULL is allowed. */
void q_arena_free(struct q_arena *arena);

/* Forgets every allocation and the failure flag, keeps one block for reuse. */
void q_arena_reset(struct q_arena *arena);

bool q_arena_failed(const struct q_arena *arena);
size_t q_arena_used(const struct q_arena *arena);

Q_MUST_USE void *q_arena_alloc(struct q_arena *arena, size_t size_bytes);

/* count items of item_bytes; an overflow counts as beyond the limit. count 0 gives a valid pointer.
 */
Q_MUST_USE void *q_arena_alloc_array(struct q_arena *arena, size_t count, size_t item_bytes);

/* Copies; a NUL follows the bytes, so .data is a C string where s holds no NUL. */
struct q_str q_arena_copy(struct q_arena *arena, struct q_str s);
struct q_bytes q_arena_copy_bytes(struct q_arena *arena, struct q_bytes b);

/* printf into the arena; a NUL follows. */
struct q_str q_arena_format(struct q_arena *arena, const char *format, ...) Q_PRINTF(2, 3);
struct q_str q_arena_format_list(struct q_arena *arena, const char *format, va_list values)
	Q_PRINTF(2, 0);

#endif
