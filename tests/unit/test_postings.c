/* A term's documents, of which nothing is believed: whatever byte of them is damaged, they come in
 * order and below the segment's end, since those who read them count on that. */
#include "search/segment/postings.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { DOCUMENTS = 5 * Q__BLOCK_DOCUMENTS + 7, DISTANCE = 3 /* between documents */ };

struct written {
	struct q_buf bytes; /* of a term, and of what every section has behind it */
	struct q__term_ref ref;
	bool has_frequencies;
	struct q_arena *arena;
};

static void write_term(struct written *term, bool has_frequencies)
{
	static const char slack[Q__PACKED_SLACK];
	struct q__postings_writer writer;

	term->has_frequencies = has_frequencies;
	term->arena = q_arena_new(1 << 20);
	assert_non_null(term->arena);
	q_buf_init(&term->bytes, 1 << 20);
	q__postings_writer_init(&writer, has_frequencies);
	for (uint32_t i = 0; i < DOCUMENTS; i++)
		q__postings_add(&writer, DISTANCE * i, 1 + i % 4, 10);
	assert_true(q__postings_end(&writer, 0, &term->bytes, &term->ref));
	q_buf_append_bytes(&term->bytes, slack, sizeof slack);
	q__postings_writer_free(&writer);
}

static void free_term(struct written *term)
{
	q_buf_free(&term->bytes);
	q_arena_free(term->arena);
}

static void open_term(struct written *term, struct q__postings *postings)
{
	struct q__postings_source source = {.bytes = q_str_bytes(q_buf_str(&term->bytes)),
					    .has_frequencies = term->has_frequencies,
					    .document_count = DISTANCE * DOCUMENTS};

	source.bytes.length -= Q__PACKED_SLACK;
	q_arena_reset(term->arena);
	assert_true(q__postings_open(postings, &term->ref, &source, term->arena));
}

/* Reads on to the end; returns how many documents there were. */
static uint32_t assert_in_order(struct q__postings *postings, uint32_t next)
{
	uint32_t count = 0;

	do {
		for (; postings->at < postings->count; postings->at++, count++) {
			uint32_t document = postings->documents[postings->at];

			assert_in_range(document, next, DISTANCE * DOCUMENTS - 1);
			next = document + 1;
		}
	} while (q__postings_next_block(postings));
	return count;
}

static void all_documents_come_back(void **state)
{
	struct q__postings postings;
	struct written term;

	(void)state;
	for (int has_frequencies = 0; has_frequencies < 2; has_frequencies++) {
		write_term(&term, has_frequencies);
		open_term(&term, &postings);
		assert_int_equal(assert_in_order(&postings, 0), DOCUMENTS);
		assert_false(postings.is_broken);
		free_term(&term);
	}
}

static void assert_survives(struct written *term, size_t at, char flipped)
{
	struct q__postings postings;

	term->bytes.data[at] = (char)(term->bytes.data[at] ^ flipped);
	open_term(term, &postings);
	assert_in_order(&postings, 0);
	for (uint32_t from = 0; from < DISTANCE * DOCUMENTS; from += Q__BLOCK_DOCUMENTS) {
		open_term(term, &postings);
		if (q__postings_seek(&postings, from) != Q__NO_DOCUMENT)
			assert_in_order(&postings, from);
	}
	term->bytes.data[at] = (char)(term->bytes.data[at] ^ flipped);
}

static void documents_come_in_order_however_they_are_damaged(void **state)
{
	static const char flips[] = {1, (char)0x80, (char)0xff};
	struct written term;

	(void)state;
	for (int has_frequencies = 0; has_frequencies < 2; has_frequencies++) {
		write_term(&term, has_frequencies);
		for (size_t i = 0; i < term.bytes.length - Q__PACKED_SLACK; i++) {
			for (size_t j = 0; j < sizeof flips; j++)
				assert_survives(&term, i, flips[j]);
		}
		free_term(&term);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_documents_come_back),
		cmocka_unit_test(documents_come_in_order_however_they_are_damaged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
