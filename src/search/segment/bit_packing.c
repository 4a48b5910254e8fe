#include "search/segment/bit_packing.h"

#include "search/segment/codec.h"

enum { LANES = 4, ROWS = Q__BLOCK_NUMBERS / LANES };

/* What any processor's instructions for several numbers at once come from. */
typedef uint32_t lanes __attribute__((vector_size(LANES * sizeof(uint32_t))));

static unsigned bits_in(uint32_t all)
{
	return all ? 32 - (unsigned)__builtin_clz(all) : 0;
}

unsigned q__bits_of(const uint32_t *values, size_t count)
{
	uint32_t all = 0;

	for (size_t i = 0; i < count; i++)
		all |= values[i];
	return bits_in(all);
}

unsigned q__block_bits(const uint32_t *values, size_t count)
{
	uint32_t all = 0;

	for (size_t i = 0; i < count; i++)
		all |= values[i] - 1;
	return bits_in(all);
}

bool q__pack(struct q_buf *out, const uint32_t *values, size_t count, unsigned bits)
{
	char *at = q_buf_reserve(out, q__packed_bytes(count, bits));
	uint64_t pending = 0;
	unsigned pending_bits = 0;

	if (!at)
		return false;
	for (size_t i = 0; i < count; i++) {
		pending |= (uint64_t)values[i] << pending_bits;
		pending_bits += bits;
		for (; pending_bits >= 8; pending_bits -= 8, pending >>= 8)
			*at++ = (char)pending;
	}
	if (pending_bits > 0)
		*at = (char)pending;
	out->length += q__packed_bytes(count, bits);
	return true;
}

static bool pack_lanes(struct q_buf *out, const uint32_t *values, unsigned bits)
{
	uint32_t words[(ROWS + 1) * LANES] = {0};

	for (size_t i = 0; i < Q__BLOCK_NUMBERS; i++) {
		size_t bit = i / LANES * bits;
		uint32_t *word = &words[bit / 32 * LANES + i % LANES];
		uint64_t shifted = (uint64_t)values[i] << bit % 32;

		word[0] |= (uint32_t)shifted;
		word[LANES] |= (uint32_t)(shifted >> 32);
	}
	return q_buf_append_bytes(out, words, q__packed_bytes(Q__BLOCK_NUMBERS, bits));
}

bool q__pack_block(struct q_buf *out, const uint32_t *values, size_t count, unsigned bits)
{
	uint32_t less[Q__BLOCK_NUMBERS];

	for (size_t i = 0; i < count; i++)
		less[i] = values[i] - 1;
	return count == Q__BLOCK_NUMBERS ? pack_lanes(out, less, bits)
					 : q__pack(out, less, count, bits);
}

static lanes load_lanes(const void *at)
{
	lanes loaded;

	memcpy(&loaded, at, sizeof loaded);
	return loaded;
}

static void unpack_lanes(const unsigned char *packed, unsigned bits, uint32_t *values)
{
	const lanes mask = (lanes){0} + (uint32_t)(((uint64_t)1 << bits) - 1);
	lanes word = {0};
	unsigned used = 32; /* bits of the word */

	for (size_t row = 0; row < ROWS; row++) {
		lanes number = word >> (used & 31);

		if (used == 32 && bits > 0) {
			number = word = load_lanes(packed);
			packed += sizeof word;
			used = 0;
		}
		used += bits;
		if (used > 32) {
			used -= 32;
			word = load_lanes(packed);
			packed += sizeof word;
			number |= word << (bits - used);
		}
		number = (number & mask) + 1;
		memcpy(values + row * LANES, &number, sizeof number);
	}
}

void q__unpack_block(const unsigned char *packed, size_t count, unsigned bits, uint32_t *values)
{
	uint64_t mask = ((uint64_t)1 << bits) - 1;

	if (count == Q__BLOCK_NUMBERS) {
		unpack_lanes(packed, bits, values);
		return;
	}
	for (size_t i = 0; i < count; i++) {
		size_t bit = i * bits;

		values[i] = (uint32_t)(q__read_u64(packed + bit / 8) >> (bit & 7) & mask) + 1;
	}
}

static void add_up_lanes(uint32_t *values, uint32_t start)
{
	const lanes none = {0};
	lanes before = none + (start - 1);

	for (size_t row = 0; row < ROWS; row++) {
		lanes sums = load_lanes(values + row * LANES);

		sums += __builtin_shufflevector(none, sums, 3, 4, 5, 6);
		sums += __builtin_shufflevector(none, sums, 2, 3, 4, 5);
		sums += before;
		memcpy(values + row * LANES, &sums, sizeof sums);
		before = __builtin_shufflevector(sums, sums, 3, 3, 3, 3);
	}
}

bool q__unpack_sums(const unsigned char *packed, size_t count, unsigned bits, uint32_t start,
		    uint32_t limit, uint32_t *values)
{
	uint64_t sum = (uint64_t)start;

	q__unpack_block(packed, count, bits, values);
	/* Then no sum is too large for its 32 bits. */
	if (count == Q__BLOCK_NUMBERS && bits <= 24 && start <= INT32_MAX) {
		add_up_lanes(values, start);
		return values[count - 1] < limit;
	}
	for (size_t i = 0; i < count; i++) {
		/* A number of 2^32 has become 0. */
		sum += (uint64_t)(values[i] - 1) + 1;
		values[i] = (uint32_t)(sum - 1);
	}
	return sum <= limit;
}
