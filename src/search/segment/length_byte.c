#include "search/segment/length_byte.h"

/* Bytes below EXACT stand for themselves; from there a float of 4 bits of mantissa. */
enum { EXACT = 24, MANTISSA_BITS = 3, IMPLICIT_BIT = 1 << MANTISSA_BITS };

static uint32_t to_float(uint32_t value)
{
	unsigned bits = value ? 32 - (unsigned)__builtin_clz(value) : 0;
	unsigned shift;

	if (bits <= MANTISSA_BITS)
		return value;
	shift = bits - MANTISSA_BITS - 1;
	return (value >> shift & (IMPLICIT_BIT - 1)) | (shift + 1) << MANTISSA_BITS;
}

static uint32_t from_float(uint32_t value)
{
	uint32_t mantissa = value & (IMPLICIT_BIT - 1), exponent = value >> MANTISSA_BITS;

	return exponent == 0 ? mantissa : (mantissa | IMPLICIT_BIT) << (exponent - 1);
}

uint8_t q__length_to_byte(uint32_t length)
{
	if (length > INT32_MAX)
		length = INT32_MAX;
	return (uint8_t)(length < EXACT ? length : EXACT + to_float(length - EXACT));
}

uint32_t q__length_from_byte(uint8_t byte)
{
	return byte < EXACT ? byte : EXACT + from_float(byte - (uint32_t)EXACT);
}
