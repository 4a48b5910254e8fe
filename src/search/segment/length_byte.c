#include "search/segment/length_byte.h"

static uint32_t to_float(uint32_t value)
{
	unsigned bits = value ? 32 - (unsigned)__builtin_clz(value) : 0;
	unsigned shift;

	if (bits <= Q__LENGTH_MANTISSA_BITS)
		return value;
	shift = bits - Q__LENGTH_MANTISSA_BITS - 1;
	return (value >> shift & ((1 << Q__LENGTH_MANTISSA_BITS) - 1)) |
	       (shift + 1) << Q__LENGTH_MANTISSA_BITS;
}

uint8_t q__length_to_byte(uint32_t length)
{
	if (length > INT32_MAX)
		length = INT32_MAX;
	return (uint8_t)(length < Q__LENGTH_EXACT
				 ? length
				 : Q__LENGTH_EXACT + to_float(length - Q__LENGTH_EXACT));
}
