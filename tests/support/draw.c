#include "support/draw.h"

/* The constants of MMIX (Knuth). */
uint64_t draw_next(uint64_t *seed)
{
	*seed = *seed * 6364136223846793005u + 1442695040888963407u;
	return *seed;
}

unsigned draw_below(uint64_t *seed, unsigned below)
{
	return (unsigned)(draw_next(seed) >> 33) % below;
}
