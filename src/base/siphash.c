#include "base/siphash.h"

#include <string.h>

static inline uint64_t rotate(uint64_t value, int bits)
{
	return value << bits | value >> (64 - bits);
}

static inline void sip_round(uint64_t v[4])
{
	v[0] += v[1];
	v[2] += v[3];
	v[1] = rotate(v[1], 13) ^ v[0];
	v[3] = rotate(v[3], 16) ^ v[2];
	v[0] = rotate(v[0], 32);
	v[2] += v[1];
	v[0] += v[3];
	v[1] = rotate(v[1], 17) ^ v[2];
	v[3] = rotate(v[3], 21) ^ v[0];
	v[2] = rotate(v[2], 32);
}

/* One round for each word of eight bytes, and three at the end. The last word holds what is left
 * of the text and, in its highest byte, the length. */
uint64_t q_siphash(const uint64_t seed[2], struct q_str text)
{
	uint64_t v[4] = {
		seed[0] ^ UINT64_C(0x736f6d6570736575), seed[1] ^ UINT64_C(0x646f72616e646f6d),
		seed[0] ^ UINT64_C(0x6c7967656e657261), seed[1] ^ UINT64_C(0x7465646279746573)};
	size_t left = text.length;
	uint64_t word;

	for (const char *at = text.data; left >= sizeof word;
	     at += sizeof word, left -= sizeof word) {
		memcpy(&word, at, sizeof word);
		v[3] ^= word;
		sip_round(v);
		v[0] ^= word;
	}
	word = 0;
	if (left > 0)
		memcpy(&word, text.data + text.length - left, left);
	word |= (uint64_t)text.length << 56;
	v[3] ^= word;
	sip_round(v);
	v[0] ^= word;
	v[2] ^= 0xFF;
	for (int i = 0; i < 3; i++)
		sip_round(v);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}
