/* support/draw.h: numbers drawn from a seed, the same wherever the test runs. */
#ifndef Q_TESTS_DRAW_H
#define Q_TESTS_DRAW_H

#include <stdint.h>

/* The next state, which is the seed from then on; its high bits are the better ones. */
uint64_t draw_next(uint64_t *seed);

/* A number below `below`, which is not 0. */
unsigned draw_below(uint64_t *seed, unsigned below);

#endif
