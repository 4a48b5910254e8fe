/* search/segment/checksum.h: XXH64 (Collet, "xxHash fast digest algorithm", version 0.1.1) under
 * seed 0: tells a flipped or torn byte, not a forged one. Pure. */
#ifndef Q_SEARCH_SEGMENT_CHECKSUM_H
#define Q_SEARCH_SEGMENT_CHECKSUM_H

#include "base/str.h"

uint64_t q__checksum(struct q_bytes bytes);

/* The same over pieces: zero the struct, add, finish. */
struct q__checksum_state {
	uint64_t lanes[4];
	uint64_t total;
	unsigned char pending[32];
	size_t pending_count;
};
void q__checksum_add(struct q__checksum_state *state, struct q_bytes bytes);
uint64_t q__checksum_finish(const struct q__checksum_state *state);

#endif
