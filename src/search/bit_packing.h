/* search/bit_packing.h: up to 128 numbers of the same count of bits each, low bits first, without
 * gaps. Pure.
 *
 * Contract: unpacking reads up to 7 bytes beyond the packed ones (see Q__PACKED_SLACK): whoever
 * keeps packed numbers keeps that many readable bytes behind them. */
#ifndef Q_SEARCH_BIT_PACKING_H
#define Q_SEARCH_BIT_PACKING_H

#include "base/buf.h"

enum { Q__BLOCK_DOCUMENTS = 128, Q__PACKED_SLACK = 8 };

/* Bits that the largest of the numbers takes: 0 to 32. */
unsigned q__bits_of(const uint32_t *values, size_t count);

static inline size_t q__packed_bytes(size_t count, unsigned bits)
{
	return (count * bits + 7) / 8;
}

bool q__pack(struct q_buf *out, const uint32_t *values, size_t count, unsigned bits);
void q__unpack(const unsigned char *packed, size_t count, unsigned bits, uint32_t *values);

#endif
