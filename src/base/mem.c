#include "base/mem.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* The one mutable global outside cmd/. The heap is of the process, and so is its failure: a counter
 * that is handed down to every function that allocates would cost each of them a parameter, for
 * tests alone.
 *
 * How many allocations still succeed before one fails; NEVER_FAILS outside of tests. */
enum { NEVER_FAILS = -1, HAS_FAILED = -2 };
static _Atomic int64_t successes_left = NEVER_FAILS;

/* Is this the allocation that the test wants to fail? */
static bool takes_failure(void)
{
	int64_t left = atomic_load_explicit(&successes_left, memory_order_relaxed);

	while (left >= 0) {
		int64_t next = left == 0 ? HAS_FAILED : left - 1;

		if (atomic_compare_exchange_weak(&successes_left, &left, next))
			return left == 0;
	}
	return false;
}

void q_mem_fail_after(int64_t successes)
{
	atomic_store(&successes_left, successes < 0 ? NEVER_FAILS : successes);
}

int q_mem_failure_fired(void)
{
	return atomic_load(&successes_left) == HAS_FAILED;
}

void *q_mem_new(size_t size_bytes)
{
	q_assert(size_bytes > 0);
	return takes_failure() ? NULL : calloc(1, size_bytes);
}

void *q_mem_new_array(size_t count, size_t item_bytes)
{
	size_t size_bytes;

	if (__builtin_mul_overflow(count, item_bytes, &size_bytes))
		return NULL;
	return q_mem_new(size_bytes);
}

void *q_mem_resize(void *memory, size_t size_bytes)
{
	q_assert(size_bytes > 0);
	return takes_failure() ? NULL : realloc(memory, size_bytes);
}

void q_mem_free(void *memory)
{
	free(memory);
}

void q_mem_free_secret(void *memory, size_t size_bytes)
{
	if (memory)
		explicit_bzero(memory, size_bytes);
	free(memory);
}
