#include "search/analysis/fuzzy.h"

#include "support/draw.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { WORD_MAX = 12, ROUNDS = 60000 };

/* The textbook's table: optimal string alignment. */
static unsigned distance_by_table(const char *a, const char *b)
{
	unsigned table[WORD_MAX + 1][WORD_MAX + 1];
	size_t rows = strlen(a), columns = strlen(b);

	for (size_t i = 0; i <= rows; i++)
		table[i][0] = (unsigned)i;
	for (size_t j = 0; j <= columns; j++)
		table[0][j] = (unsigned)j;
	for (size_t i = 1; i <= rows; i++) {
		for (size_t j = 1; j <= columns; j++) {
			unsigned best = table[i - 1][j - 1] + (a[i - 1] != b[j - 1]);

			if (table[i - 1][j] + 1 < best)
				best = table[i - 1][j] + 1;
			if (table[i][j - 1] + 1 < best)
				best = table[i][j - 1] + 1;
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
			    table[i - 2][j - 2] + 1 < best)
				best = table[i - 2][j - 2] + 1;
			table[i][j] = best;
		}
	}
	return table[rows][columns];
}

/* Edits up to edits_max, edits_max + 1 for more; a dead state is never left. */
static unsigned distance_of(const char *word, const char *text, unsigned edits_max,
			    struct q_arena *arena)
{
	struct q__fuzzy fuzzy;
	struct q__fuzzy_state state;
	uint32_t count = 0;

	q_arena_reset(arena);
	assert_true(q__fuzzy_make(&fuzzy, q_str_from(word), edits_max, arena));
	state = q__fuzzy_start(&fuzzy);
	for (; text[count]; count++) {
		if (q__fuzzy_is_dead(state))
			return edits_max + 1;
		state = q__fuzzy_step(&fuzzy, state, count, (unsigned char)text[count]);
	}
	return q__fuzzy_distance(&fuzzy, state, count);
}

static uint32_t next_random(uint64_t *seed)
{
	return (uint32_t)(draw_next(seed) >> 33);
}

static void random_word(uint64_t *seed, char out[WORD_MAX + 1])
{
	size_t length = next_random(seed) % (WORD_MAX + 1);

	for (size_t i = 0; i < length; i++)
		out[i] = (char)('a' + next_random(seed) % 3);
	out[length] = '\0';
}

static void distances_are_those_of_the_table(void **state)
{
	struct q_arena *arena = q_arena_new(1 << 20);
	uint64_t seed = 7;

	(void)state;
	for (int i = 0; i < ROUNDS; i++) {
		char word[WORD_MAX + 1], text[WORD_MAX + 1];
		unsigned edits_max = next_random(&seed) % 3, expected;

		random_word(&seed, word);
		random_word(&seed, text);
		expected = distance_by_table(word, text);
		if (expected > edits_max)
			expected = edits_max + 1;
		if (distance_of(word, text, edits_max, arena) != expected)
			fail_msg("%s %s: not %u within %u", word, text, expected, edits_max);
	}
	q_arena_free(arena);
}

static void a_swapped_pair_is_one_edit_and_not_edited_again(void **state)
{
	struct q_arena *arena = q_arena_new(1 << 20);

	(void)state;
	assert_int_equal(distance_of("smith", "smiht", 2, arena), 1);
	assert_int_equal(distance_of("ca", "abc", 2, arena), 3);
	q_arena_free(arena);
}

static void a_word_may_be_long(void **state)
{
	struct q_arena *arena = q_arena_new(1 << 20);
	char word[301], text[301];

	(void)state;
	memset(word, 'x', 300);
	word[300] = '\0';
	memcpy(text, word, sizeof text);
	text[150] = 'y';
	text[299] = '\0';
	assert_int_equal(distance_of(word, text, 2, arena), 2);
	assert_int_equal(distance_of(word, text, 1, arena), 2);
	q_arena_free(arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(distances_are_those_of_the_table),
		cmocka_unit_test(a_swapped_pair_is_one_edit_and_not_edited_again),
		cmocka_unit_test(a_word_may_be_long),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
