/* base/mem.h: the program's only way to the heap, so that a test can make the Nth allocation fail.
 *
 * Contract:  sizes of 0 are a bug. Failure returns NULL; the caller answers Q_NOMEM.
 * Ownership: the caller owns what it gets and frees it with q_mem_free.
 * Threads:   any. The failure counter is of the process and is for tests alone. */
#ifndef Q_BASE_MEM_H
#define Q_BASE_MEM_H

#include "base/compiler.h"

#include <stddef.h>
#include <stdint.h>

/* Zeroed memory, or NULL. */
Q_MUST_USE void *q_mem_new(size_t size_bytes);

/* Zeroed memory for count items of item_bytes, or NULL (also where the product overflows). */
Q_MUST_USE void *q_mem_new_array(size_t count, size_t item_bytes);

/* As realloc: on failure NULL, and `memory` is still the caller's. New bytes are not zeroed. */
Q_MUST_USE void *q_mem_resize(void *memory, size_t size_bytes);

/* NULL is allowed. */
void q_mem_free(void *memory);

/* Overwrites the bytes in a way that the compiler keeps, then frees: for secrets. */
void q_mem_free_secret(void *memory, size_t size_bytes);

/* Tests: the allocation that comes after `successes` more ones fails once; negative: none fails.
 * q_mem_failure_fired tells if it did. */
void q_mem_fail_after(int64_t successes);
int q_mem_failure_fired(void);

#endif
