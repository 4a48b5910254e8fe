#include "base/bits.h"

#include "base/compiler.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { LAST = 192, END = LAST + 1 };

static const size_t numbers[] = {0, 1, 63, 64, 127, 191, LAST};

struct set {
	uint64_t words[4];
};

static struct set make_set(void)
{
	struct set set = {{0}};

	assert_int_equal(q_bits_words(LAST), Q_COUNT_OF(set.words));
	for (size_t i = 0; i < Q_COUNT_OF(numbers); i++)
		q_bits_add(set.words, numbers[i]);
	return set;
}

static void what_was_added_is_there_and_nothing_else(void **state)
{
	struct set set = make_set();
	size_t next = 0;

	(void)state;
	for (size_t i = 0; i < END; i++) {
		bool is_added = next < Q_COUNT_OF(numbers) && numbers[next] == i;

		assert_int_equal(q_bits_have(set.words, i), is_added);
		next += is_added;
	}
}

static void the_next_number_is_found_from_anywhere(void **state)
{
	struct set set = make_set();
	size_t next = 0;

	(void)state;
	for (size_t from = 0; from < END; from++) {
		assert_int_equal(q_bits_next(set.words, from, END), numbers[next]);
		next += numbers[next] == from;
	}
	assert_int_equal(q_bits_next(set.words, END, END), END);
}

static void where_no_number_is_left_the_end_is_given(void **state)
{
	struct set empty = {{0}};

	(void)state;
	for (size_t end = 0; end < END; end++)
		assert_int_equal(q_bits_next(empty.words, 0, end), end);
}

static void those_below_an_end_are_counted(void **state)
{
	struct set set = make_set();
	size_t count = 0;

	(void)state;
	for (size_t end = 0; end < END; end++) {
		assert_int_equal(q_bits_count(set.words, end), count);
		count += q_bits_have(set.words, end);
	}
}

int main(void)
{
	static const struct CMUnitTest cases[] = {
		cmocka_unit_test(what_was_added_is_there_and_nothing_else),
		cmocka_unit_test(the_next_number_is_found_from_anywhere),
		cmocka_unit_test(where_no_number_is_left_the_end_is_given),
		cmocka_unit_test(those_below_an_end_are_counted),
	};

	return cmocka_run_group_tests(cases, NULL, NULL);
}
