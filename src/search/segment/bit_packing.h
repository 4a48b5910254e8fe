/* search/segment/bit_packing.h: numbers of the same count of bits each, without gaps. Pure.
 *
 * A row of numbers is packed low bits first. A block of numbers from 1 to 2^32 - 1, each less one,
 * is a row too, but for a full one of Q__BLOCK_NUMBERS: that has four rows side by side, word by
 * word, of every fourth number, so that a processor unpacks four at a time.
 *
 * Contract: unpacking a row reads up to 7 bytes beyond the packed ones (see Q__PACKED_SLACK):
 *           whoever keeps packed numbers keeps that many readable bytes behind them. */
#ifndef Q_SEARCH_SEGMENT_BIT_PACKING_H
#define Q_SEARCH_SEGMENT_BIT_PACKING_H

#include "base/buf.h"

enum { Q__BLOCK_NUMBERS = 128, Q__BLOCK_DOCUMENTS = Q__BLOCK_NUMBERS, Q__PACKED_SLACK = 8 };

/* Bits that the largest of the numbers takes: 0 to 32. */
unsigned q__bits_of(const uint32_t *values, size_t count);

static inline size_t q__packed_bytes(size_t count, unsigned bits)
{
	return (count * bits + 7) / 8;
}

bool q__pack(struct q_buf *out, const uint32_t *values, size_t count, unsigned bits);

/* The bits that a block of these numbers takes. */
unsigned q__block_bits(const uint32_t *values, size_t count);
bool q__pack_block(struct q_buf *out, const uint32_t *values, size_t count, unsigned bits);
void q__unpack_block(const unsigned char *packed, size_t count, unsigned bits, uint32_t *values);

/* Unpacks, and makes of each number the sum of those up to it and of `start` - 1. False where a sum
 * does not stay below `limit`. */
bool q__unpack_sums(const unsigned char *packed, size_t count, unsigned bits, uint32_t start,
		    uint32_t limit, uint32_t *values);

#endif
