/* What is packed comes back, whatever the count and the bits; sums that leave their bound are told.
 */
#include "search/segment/bit_packing.h"

#include "support/draw.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static uint32_t draw(uint64_t *seed)
{
	return (uint32_t)(draw_next(seed) >> 32);
}

/* Exactly as many bytes as a block of postings has behind it, on the heap, so that a read too far
 * is seen by a sanitizer. */
static unsigned char *packed_copy(const struct q_buf *packed, size_t count)
{
	size_t slack = count == Q__BLOCK_NUMBERS ? 0 : Q__PACKED_SLACK;
	unsigned char *copy = calloc(1, packed->length + slack + 1);

	memcpy(copy, q_buf_str(packed).data, packed->length);
	return copy;
}

static void check_block(size_t count, unsigned bits, uint64_t *seed)
{
	uint32_t mask = (uint32_t)(((uint64_t)1 << bits) - 1);
	uint32_t values[Q__BLOCK_NUMBERS], back[Q__BLOCK_NUMBERS];
	unsigned char *packed;
	struct q_buf out;

	q_buf_init(&out, 1 << 12);
	for (size_t i = 0; i < count; i++)
		values[i] = (draw(seed) & mask) + 1;
	assert_true(q__block_bits(values, count) <= bits);
	assert_true(q__pack_block(&out, values, count, bits));
	assert_int_equal(out.length, q__packed_bytes(count, bits));
	packed = packed_copy(&out, count);
	q__unpack_block(packed, count, bits, back);
	assert_memory_equal(values, back, count * sizeof *values);
	free(packed);
	q_buf_free(&out);
}

static void what_is_packed_comes_back(void **state)
{
	uint64_t seed = 1;

	(void)state;
	for (unsigned bits = 0; bits <= 32; bits++)
		for (size_t count = 1; count <= Q__BLOCK_NUMBERS; count++)
			check_block(count, bits, &seed);
}

/* Numbers of up to 2^bits, summed; is the limit above the last sum kept, and the sum itself not? */
static void check_sums(size_t count, unsigned bits, uint32_t start, uint64_t *seed)
{
	uint32_t mask = (uint32_t)(((uint64_t)1 << bits) - 1);
	uint32_t values[Q__BLOCK_NUMBERS], sums[Q__BLOCK_NUMBERS];
	uint64_t sum = (uint64_t)start;
	unsigned char *packed;
	struct q_buf out;

	q_buf_init(&out, 1 << 12);
	for (size_t i = 0; i < count; i++)
		values[i] = (draw(seed) & mask) + 1;
	assert_true(q__pack_block(&out, values, count, bits));
	packed = packed_copy(&out, count);
	for (size_t i = 0; i < count; i++)
		sum += values[i];
	if (sum <= UINT32_MAX) {
		assert_true(q__unpack_sums(packed, count, bits, start, (uint32_t)sum, sums));
		assert_int_equal(sums[0], start + values[0] - 1);
		assert_int_equal(sums[count - 1], sum - 1);
		for (size_t i = 1; i < count; i++)
			assert_int_equal(sums[i] - sums[i - 1], values[i]);
		assert_false(q__unpack_sums(packed, count, bits, start, (uint32_t)sum - 1, sums));
	} else {
		assert_false(q__unpack_sums(packed, count, bits, start, UINT32_MAX, sums));
	}
	free(packed);
	q_buf_free(&out);
}

static void sums_are_bounded(void **state)
{
	static const uint32_t starts[] = {0, 1, 1000000, INT32_MAX, UINT32_MAX - 5};
	uint64_t seed = 2;

	(void)state;
	for (unsigned bits = 0; bits < 32; bits++) {
		for (size_t i = 0; i < Q_COUNT_OF(starts); i++) {
			check_sums(Q__BLOCK_NUMBERS, bits, starts[i], &seed);
			check_sums(77, bits, starts[i], &seed);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_packed_comes_back),
		cmocka_unit_test(sums_are_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
