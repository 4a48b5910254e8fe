/* A field's dictionary, of which nothing is believed. */
#include "search/segment/terms.h"

#include "support/draw.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { TERMS = 2000, TERM_BYTES = 16, SEARCHES = 20000 };

struct dictionary {
	char texts[TERMS][TERM_BYTES]; /* sorted, each once */
	size_t count;
	uint64_t seed;
	struct q__terms_writer writer;
	struct q__terms terms;
	struct q__term_cursor cursor;
};

/* Many share their first bytes, and more than those that a block's head has. */
static void draw_text(struct dictionary *dictionary, char out[TERM_BYTES])
{
	static const char *const beginnings[] = {"", "a", "common-a", "common-b\xc3", "\xc3\xa9"};
	size_t at = (size_t)snprintf(out, TERM_BYTES, "%s",
				     beginnings[draw_below(&dictionary->seed, 5)]);
	size_t length = at + draw_below(&dictionary->seed, (unsigned)(TERM_BYTES - at));

	for (; at < length; at++)
		out[at] = "ab\xc3\xa9"[draw_below(&dictionary->seed, 4)];
	out[length] = '\0';
}

static int by_bytes(const void *a, const void *b)
{
	return strcmp(a, b);
}

static struct dictionary *make_dictionary(unsigned draws)
{
	struct dictionary *dictionary = calloc(1, sizeof *dictionary);
	char drawn[TERMS][TERM_BYTES];

	for (unsigned i = 0; i < draws; i++)
		draw_text(dictionary, drawn[i]);
	qsort(drawn, draws, TERM_BYTES, by_bytes);
	q__terms_writer_init(&dictionary->writer);
	for (unsigned i = 0; i < draws; i++) {
		const struct q__term_ref ref = {
			.document_count = 1, .is_single = true, .document = i};

		if (i > 0 && by_bytes(drawn[i - 1], drawn[i]) == 0)
			continue;
		memcpy(dictionary->texts[dictionary->count++], drawn[i], TERM_BYTES);
		q__terms_add(&dictionary->writer, q_str_from(drawn[i]), &ref);
	}
	assert_true(q__terms_end(&dictionary->writer));
	assert_true(q__terms_open(
		&dictionary->terms, q_str_bytes(q_buf_str(&dictionary->writer.blocks)),
		q_str_bytes(q_buf_str(&dictionary->writer.block_heads)), dictionary->count));
	return dictionary;
}

static void free_dictionary(struct dictionary *dictionary)
{
	q__terms_writer_free(&dictionary->writer);
	free(dictionary);
}

static size_t bytes_in_common(const char *a, const char *b)
{
	size_t count = 0;

	while (a[count] && a[count] == b[count])
		count++;
	return count;
}

/* The cursor is, where `is_there`, at the first term from `from` on that is not before the key; it
 * is then the next one to search from. */
static size_t check_place(struct dictionary *dictionary, size_t from, const char *key,
			  bool is_there)
{
	const struct q__term_cursor *cursor = &dictionary->cursor;

	while (from < dictionary->count && strcmp(dictionary->texts[from], key) < 0)
		from++;
	assert_int_equal(is_there, from < dictionary->count);
	if (!is_there)
		return from;
	assert_int_equal(q__term_cursor_ordinal(cursor), from);
	assert_true(q_str_equal(q__term_cursor_term(cursor), q_str_from(dictionary->texts[from])));
	assert_int_equal(cursor->shared, bytes_in_common(dictionary->texts[from], key));
	return from;
}

static void check_searches(struct dictionary *dictionary)
{
	struct q__term_cursor *cursor = &dictionary->cursor;
	size_t at = dictionary->count;

	q__term_cursor_start(cursor, &dictionary->terms);
	for (int i = 0; i < SEARCHES; i++) {
		char key[TERM_BYTES];
		struct q_str wanted;

		draw_text(dictionary, key);
		wanted = q_str_from(key);
		if (at < dictionary->count && strcmp(dictionary->texts[at], key) < 0)
			at = check_place(dictionary, at, key,
					 q__term_cursor_advance(cursor, wanted));
		else
			at = check_place(dictionary, 0, key, q__term_cursor_seek(cursor, wanted));
		if (at < dictionary->count && draw_below(&dictionary->seed, 3) == 0)
			assert_int_equal(q__term_cursor_next(cursor), ++at < dictionary->count);
	}
}

static void a_term_is_found_from_any_other_and_from_none(void **state)
{
	(void)state;
	for (unsigned draws = 1; draws <= TERMS; draws = draws * 2 + 1) {
		struct dictionary *dictionary = make_dictionary(draws);

		check_searches(dictionary);
		free_dictionary(dictionary);
	}
}

static void more_terms_than_the_blocks_hold_are_refused(void **state)
{
	static const unsigned char heads[Q__BLOCK_HEAD_BYTES];
	static const uint64_t none[] = {1, 32, UINT64_MAX / 2, UINT64_MAX - 30, UINT64_MAX};
	static const uint64_t one[] = {0, 33, UINT64_MAX - 30, UINT64_MAX};
	struct q__terms terms;

	(void)state;
	for (size_t i = 0; i < Q_COUNT_OF(none); i++)
		assert_false(
			q__terms_open(&terms, (struct q_bytes){0}, (struct q_bytes){0}, none[i]));
	for (size_t i = 0; i < Q_COUNT_OF(one); i++)
		assert_false(q__terms_open(&terms, (struct q_bytes){0},
					   (struct q_bytes){heads, sizeof heads}, one[i]));
	assert_true(q__terms_open(&terms, (struct q_bytes){0}, (struct q_bytes){0}, 0));
	assert_true(q__terms_open(&terms, (struct q_bytes){0},
				  (struct q_bytes){heads, sizeof heads}, 32));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_term_is_found_from_any_other_and_from_none),
		cmocka_unit_test(more_terms_than_the_blocks_hold_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
