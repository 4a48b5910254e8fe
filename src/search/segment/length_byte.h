/* search/segment/length_byte.h: the length of a text field in one byte, as Lucene keeps it
 * (SmallFloat.intToByte4): exact below 40, then the lower end of steps that grow. The order of
 * lengths is the order of their bytes. Pure. */
#ifndef Q_SEARCH_SEGMENT_LENGTH_BYTE_H
#define Q_SEARCH_SEGMENT_LENGTH_BYTE_H

#include <stdint.h>

/* Bytes below Q__LENGTH_EXACT stand for themselves; from there a float of 4 bits of mantissa, of
 * which the first is implied. */
enum { Q__LENGTH_EXACT = 24, Q__LENGTH_MANTISSA_BITS = 3 };

uint8_t q__length_to_byte(uint32_t length);

static inline uint32_t q__length_from_byte(uint8_t byte)
{
	uint32_t value = (uint32_t)byte - Q__LENGTH_EXACT, implied = 1 << Q__LENGTH_MANTISSA_BITS;

	if (byte < Q__LENGTH_EXACT + implied)
		return byte;
	return Q__LENGTH_EXACT + ((value % implied + implied) << (value / implied - 1));
}

#endif
