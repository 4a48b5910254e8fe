#include "search/index/term_table.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { TERMS = 3000, LENGTH_MAX = 90 };

/* Terms of few different bytes, zeros among them, many of which begin alike for long. */
static struct q_str make_term(struct q_arena *arena, uint32_t *random)
{
	char bytes[LENGTH_MAX];
	size_t length = (*random = *random * 1664525 + 1013904223) >> 8;
	size_t alike = length / LENGTH_MAX % LENGTH_MAX;

	length = length % LENGTH_MAX;
	for (size_t i = 0; i < length; i++) {
		*random = *random * 1664525 + 1013904223;
		bytes[i] = i < alike ? 'a' : "\0ab"[(*random >> 24) % 3];
	}
	return q_arena_copy(arena, (struct q_str){bytes, length});
}

static void terms_come_in_the_order_of_their_bytes(void **state)
{
	struct q_arena *arena = q_arena_new(16 << 20);
	struct q__term_table *table = q__term_table_new(arena);
	const struct q__sorted_term *sorted;
	uint32_t random = 1;
	size_t count;

	(void)state;
	for (uint32_t i = 0; i < TERMS; i++)
		assert_true(q__term_table_add(table, make_term(arena, &random), i, 0));
	sorted = q__term_table_sort(table, &count);
	assert_non_null(sorted);
	assert_in_range(count, TERMS / 4, TERMS);
	for (size_t i = 1; i < count; i++)
		assert_true(q_str_compare(sorted[i - 1].term->term, sorted[i].term->term) < 0);
	q__term_table_free(table);
	q_arena_free(arena);
}

static void a_term_keeps_its_occurrences_in_order(void **state)
{
	struct q_arena *arena = q_arena_new(1 << 20);
	struct q__term_table *table = q__term_table_new(arena);
	const struct q__sorted_term *sorted;
	size_t count;

	(void)state;
	for (uint32_t i = 0; i < TERMS; i++)
		assert_true(q__term_table_add(table, i % 2 ? Q_STR("odd") : Q_STR("even"), i, 7));
	sorted = q__term_table_sort(table, &count);
	assert_non_null(sorted);
	assert_int_equal(count, 2);
	assert_int_equal(sorted[1].term->count, TERMS / 2);
	for (uint32_t i = 0; i < TERMS / 2; i++)
		assert_int_equal(sorted[1].term->occurrences[i].document, 2 * i + 1);
	q__term_table_free(table);
	q_arena_free(arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(terms_come_in_the_order_of_their_bytes),
		cmocka_unit_test(a_term_keeps_its_occurrences_in_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
