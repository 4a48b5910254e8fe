#include "base/siphash.h"

#include "base/compiler.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

struct row {
	size_t length; /* of the text 0, 1, 2, ... */
	uint64_t hash;
};

static void check_rows(const uint64_t seed[2], const struct row *rows, size_t count)
{
	char text[64];

	for (size_t i = 0; i < sizeof text; i++)
		text[i] = (char)i;
	for (size_t i = 0; i < count; i++)
		assert_true(q_siphash(seed, (struct q_str){text, rows[i].length}) == rows[i].hash);
}

/* hash(bytes(range(n))) of CPython 3.11 with PYTHONHASHSEED=0, whose seed is all zeros. */
static void hashes_are_those_of_cpython_under_no_seed(void **state)
{
	static const uint64_t seed[2] = {0, 0};
	static const struct row rows[] = {
		{1, UINT64_C(0x68a914128e01e473)},  {7, UINT64_C(0x2f098ab0c751325a)},
		{8, UINT64_C(0xead411e67ebe2eea)},  {9, UINT64_C(0x75927f9d95124362)},
		{15, UINT64_C(0xf30eb725bb91c9ea)}, {16, UINT64_C(0x8972188433a5c5b7)},
		{63, UINT64_C(0x385d3e39e5f37359)},
	};

	check_rows(seed, rows, Q_COUNT_OF(rows));
}

/* The same with PYTHONHASHSEED=42, which CPython spreads to this seed. */
static void hashes_are_those_of_cpython_under_a_seed(void **state)
{
	static const uint64_t seed[2] = {UINT64_C(0xdc504fd368cd90af),
					 UINT64_C(0xb920bb9ffe99e9c1)};
	static const struct row rows[] = {
		{1, UINT64_C(0xce880c366bcf3489)},
		{8, UINT64_C(0x60866c3c108c6afb)},
		{15, UINT64_C(0x94ace24d68c18cf8)},
		{63, UINT64_C(0x6e24d6f0d014c37)},
	};

	check_rows(seed, rows, Q_COUNT_OF(rows));
}

static void length_is_part_of_the_hash(void **state)
{
	static const uint64_t seed[2] = {1, 2};

	assert_true(q_siphash(seed, Q_STR("a")) != q_siphash(seed, Q_STR("a\0")));
	assert_true(q_siphash(seed, (struct q_str){0}) == q_siphash(seed, Q_STR("")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hashes_are_those_of_cpython_under_no_seed),
		cmocka_unit_test(hashes_are_those_of_cpython_under_a_seed),
		cmocka_unit_test(length_is_part_of_the_hash),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
