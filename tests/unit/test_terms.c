/* A field's dictionary, of which nothing is believed. */
#include "search/segment/terms.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void more_terms_than_the_blocks_hold_are_refused(void **state)
{
	static const unsigned char offsets[sizeof(uint32_t)];
	static const uint64_t none[] = {1, 32, UINT64_MAX / 2, UINT64_MAX - 30, UINT64_MAX};
	static const uint64_t one[] = {0, 33, UINT64_MAX - 30, UINT64_MAX};
	struct q__terms terms;

	(void)state;
	for (size_t i = 0; i < Q_COUNT_OF(none); i++)
		assert_false(
			q__terms_open(&terms, (struct q_bytes){0}, (struct q_bytes){0}, none[i]));
	for (size_t i = 0; i < Q_COUNT_OF(one); i++)
		assert_false(q__terms_open(&terms, (struct q_bytes){0},
					   (struct q_bytes){offsets, sizeof offsets}, one[i]));
	assert_true(q__terms_open(&terms, (struct q_bytes){0}, (struct q_bytes){0}, 0));
	assert_true(q__terms_open(&terms, (struct q_bytes){0},
				  (struct q_bytes){offsets, sizeof offsets}, 32));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(more_terms_than_the_blocks_hold_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
