/* support/random_source_seeded.h: bytes that a seed repeats (splitmix64).
 *
 * Threads:   any; their order is then the threads'. */
#ifndef Q_TESTS_RANDOM_SOURCE_SEEDED_H
#define Q_TESTS_RANDOM_SOURCE_SEEDED_H

#include "ports/random_source.h"

/* NULL when the heap is full. q_random_source_close frees it. */
struct q_random_source *random_source_seeded_new(uint64_t seed);

#endif
