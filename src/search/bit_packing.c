#include "search/bit_packing.h"

#include "search/codec.h"

unsigned q__bits_of(const uint32_t *values, size_t count)
{
	uint32_t all = 0;

	for (size_t i = 0; i < count; i++)
		all |= values[i];
	return all ? 32 - (unsigned)__builtin_clz(all) : 0;
}

bool q__pack(struct q_buf *out, const uint32_t *values, size_t count, unsigned bits)
{
	uint64_t pending = 0;
	unsigned pending_bits = 0;

	for (size_t i = 0; i < count; i++) {
		pending |= (uint64_t)values[i] << pending_bits;
		pending_bits += bits;
		for (; pending_bits >= 8; pending_bits -= 8, pending >>= 8)
			q_buf_append_char(out, (char)pending);
	}
	if (pending_bits > 0)
		q_buf_append_char(out, (char)pending);
	return !q_buf_failed(out);
}

void q__unpack(const unsigned char *packed, size_t count, unsigned bits, uint32_t *values)
{
	uint64_t mask = ((uint64_t)1 << bits) - 1;

	for (size_t i = 0; i < count; i++) {
		size_t bit = i * bits;

		values[i] = (uint32_t)(q__read_u64(packed + bit / 8) >> (bit & 7) & mask);
	}
}
