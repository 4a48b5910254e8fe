#include "ports/random_source.h"

#include "embedded/random_source_system.h"
#include "support/random_source_seeded.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

/* ports/random_source.h, for every adapter: *state is the source. */

static void fill_writes_every_byte_and_no_other(void **state)
{
	/* a byte that stays 0 in 40 fills is not written: 256^-40 */
	unsigned char seen[67] = {0}, bytes[67];

	for (int round = 0; round < 40; round++) {
		memset(bytes, 0, sizeof bytes);
		q_random_source_fill(*state, bytes + 1, sizeof bytes - 2);
		for (size_t i = 0; i < sizeof bytes; i++)
			seen[i] |= bytes[i];
	}
	assert_int_equal(seen[0], 0);
	assert_int_equal(seen[sizeof seen - 1], 0);
	for (size_t i = 1; i + 1 < sizeof seen; i++)
		assert_int_not_equal(seen[i], 0);
}

static void filling_nothing_is_allowed(void **state)
{
	unsigned char byte = 7;

	q_random_source_fill(*state, &byte, 0);
	assert_int_equal(byte, 7);
}

static void two_fills_differ(void **state)
{
	unsigned char first[32], second[32];

	q_random_source_fill(*state, first, sizeof first);
	q_random_source_fill(*state, second, sizeof second);
	assert_memory_not_equal(first, second, sizeof first);
}

static void below_stays_below_its_bound(void **state)
{
	static const uint64_t bounds[] = {1, 2, 3, 7, 1000, (uint64_t)1 << 63, UINT64_MAX};

	for (size_t i = 0; i < sizeof bounds / sizeof *bounds; i++)
		for (int n = 0; n < 1000; n++)
			assert_true(q_random_source_below(*state, bounds[i]) < bounds[i]);
}

static void below_gives_every_value_as_often(void **state)
{
	enum { BOUND = 6, DRAWS = 60000 };
	int counts[BOUND] = {0};

	for (int i = 0; i < DRAWS; i++)
		counts[q_random_source_below(*state, BOUND)]++;
	for (int i = 0; i < BOUND; i++) /* 10,000 expected; 600 is 6.6 standard deviations */
		assert_in_range(counts[i], DRAWS / BOUND - 600, DRAWS / BOUND + 600);
}

/* With a bound of 3 x 2^62, taking the remainder alone would give the lower third half of all
 * draws. */
static void below_does_not_favour_low_values(void **state)
{
	const uint64_t third = (uint64_t)1 << 62;
	int low = 0;

	for (int i = 0; i < 30000; i++)
		low += q_random_source_below(*state, 3 * third) < third;
	assert_in_range(low, 9400, 10600);
}

static void uuids_are_valid_and_hold_their_time(void **state)
{
	char first[Q_UUID_TEXT_SIZE], second[Q_UUID_TEXT_SIZE];

	q_random_source_uuid(*state, 0x0123456789ab, first);
	q_random_source_uuid(*state, 0x0123456789ab, second);
	assert_true(q_uuid_is_valid(q_str_from(first)));
	assert_memory_equal(first, "01234567-89ab-7", 15);
	assert_string_not_equal(first, second);
}

static void a_seed_repeats_its_bytes(void **state)
{
	struct q_random_source *again = random_source_seeded_new(42);
	struct q_random_source *same = random_source_seeded_new(42);
	struct q_random_source *other = random_source_seeded_new(43);
	unsigned char a[100], b[100], c[100];

	q_random_source_fill(again, a, sizeof a);
	q_random_source_fill(same, b, sizeof b);
	q_random_source_fill(other, c, sizeof c);
	assert_memory_equal(a, b, sizeof a);
	assert_memory_not_equal(a, c, sizeof a);
	q_random_source_close(again);
	q_random_source_close(same);
	q_random_source_close(other);
}

static void close_takes_null(void **state)
{
	q_random_source_close(NULL);
}

/* One group for all adapters, since TAP allows one plan a program. */
#define CASE(RANDOM, NAME)                                                                         \
	{                                                                                          \
#RANDOM ": " #NAME, NAME, NULL, NULL, RANDOM                                       \
	}
/* clang-format off */
#define EVERY_CASE(RANDOM)                                                                         \
	CASE(RANDOM, fill_writes_every_byte_and_no_other),                                         \
	CASE(RANDOM, filling_nothing_is_allowed),                                                  \
	CASE(RANDOM, two_fills_differ),                                                            \
	CASE(RANDOM, below_stays_below_its_bound),                                                 \
	CASE(RANDOM, below_gives_every_value_as_often),                                            \
	CASE(RANDOM, below_does_not_favour_low_values),                                            \
	CASE(RANDOM, uuids_are_valid_and_hold_their_time)
/* clang-format on */

int main(void)
{
	struct q_random_source *seeded = random_source_seeded_new(7);
	struct q_random_source *system;
	struct q_err err;
	int failed;

	q_assert(!q_random_source_system_open(&system, &err));
	const struct CMUnitTest tests[] = {
		EVERY_CASE(system),
		EVERY_CASE(seeded),
		CASE(NULL, a_seed_repeats_its_bytes),
		CASE(NULL, close_takes_null),
	};

	failed = cmocka_run_group_tests(tests, NULL, NULL);
	q_random_source_close(system);
	q_random_source_close(seeded);
	return failed;
}
