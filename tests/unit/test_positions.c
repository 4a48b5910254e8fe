/* A term's positions, written and read back with its postings: blocks, seeking, damage. */
#include "search/segment/positions.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { DOCUMENTS = 1000, FREQUENCY_MAX = 5, DISTANCE = 3 /* between documents */ };

struct written {
	struct q_buf bytes; /* of a term, and of what every section has behind it */
	struct q__term_ref ref;
	struct q_arena *arena;
};

/* The positions that the tests expect: they grow, and the largest is large. */
static uint32_t frequency_of(uint32_t document)
{
	return 1 + document % FREQUENCY_MAX;
}

static uint32_t position_of(uint32_t document, uint32_t i)
{
	return document % 7 + i * (document % 11 == 0 ? 100000 : 2);
}

static void add_document(struct q__postings_writer *postings, struct q__positions_writer *positions,
			 uint32_t document)
{
	uint32_t *deltas = q__positions_add(positions, frequency_of(document));

	assert_non_null(deltas);
	q__postings_add(postings, DISTANCE * document, frequency_of(document), 10);
	for (uint32_t i = 0; i < frequency_of(document); i++)
		deltas[i] = position_of(document, i) - (i ? position_of(document, i - 1) : 0);
}

static void write_term(struct written *term, uint32_t document_count)
{
	static const char slack[Q__PACKED_SLACK];
	struct q__postings_writer postings;
	struct q__positions_writer positions;

	term->arena = q_arena_new(1 << 20);
	assert_non_null(term->arena);
	q_buf_init(&term->bytes, 1 << 20);
	q__postings_writer_init(&postings, true);
	q__positions_writer_init(&positions);
	for (uint32_t i = 0; i < document_count; i++)
		add_document(&postings, &positions, i);
	assert_true(q__postings_end(&postings, 0, &term->bytes, &term->ref));
	assert_true(q__positions_end(&positions, &term->bytes));
	q_buf_append_bytes(&term->bytes, slack, sizeof slack);
	q__postings_writer_free(&postings);
	q__positions_writer_free(&positions);
}

static void free_term(struct written *term)
{
	q_buf_free(&term->bytes);
	q_arena_free(term->arena);
}

static void open_term(struct written *term, struct q__postings *postings,
		      struct q__positions *positions)
{
	struct q__postings_source source = {.has_frequencies = true,
					    .document_count = DISTANCE * DOCUMENTS};

	source.bytes = q_str_bytes(q_buf_str(&term->bytes));
	source.bytes.length -= Q__PACKED_SLACK;
	assert_true(q__postings_open(postings, &term->ref, &source, term->arena));
	q__positions_open(positions, postings);
}

static void assert_document(const struct q__postings *postings, struct q__positions *positions)
{
	uint32_t document = postings->documents[postings->at] / DISTANCE;

	q__positions_start(positions);
	for (uint32_t i = 0; i < frequency_of(document); i++) {
		assert_true(q__positions_next(positions));
		assert_int_equal(positions->position, position_of(document, i));
	}
	assert_false(q__positions_next(positions));
}

static void assert_read_with_steps(uint32_t document_count, uint32_t step)
{
	struct q__postings postings;
	struct q__positions positions;
	struct written term;
	uint32_t seen = 0;

	write_term(&term, document_count);
	open_term(&term, &postings, &positions);
	for (uint32_t i = 0; i < document_count; i += step) {
		assert_int_equal(q__postings_seek(&postings, DISTANCE * i), DISTANCE * i);
		assert_document(&postings, &positions);
		seen++;
	}
	assert_int_equal(seen, (document_count + step - 1) / step);
	assert_false(positions.is_broken);
	free_term(&term);
}

static void every_document_has_its_positions(void **state)
{
	(void)state;
	assert_read_with_steps(1, 1);
	assert_read_with_steps(Q__BLOCK_DOCUMENTS, 1);
	assert_read_with_steps(Q__BLOCK_DOCUMENTS + 1, 1);
	assert_read_with_steps(DOCUMENTS, 1);
}

static void documents_and_blocks_may_be_passed_over(void **state)
{
	(void)state;
	assert_read_with_steps(DOCUMENTS, 2);
	assert_read_with_steps(DOCUMENTS, 50);
	assert_read_with_steps(DOCUMENTS, 300);
}

static void a_document_may_be_read_twice(void **state)
{
	struct q__postings postings;
	struct q__positions positions;
	struct written term;

	(void)state;
	write_term(&term, DOCUMENTS);
	open_term(&term, &postings, &positions);
	q__postings_seek(&postings, DISTANCE * 444);
	assert_document(&postings, &positions);
	assert_document(&postings, &positions);
	free_term(&term);
}

/* Whatever byte is damaged: all that is read lies inside (a sanitizer looks), and it ends. */
static void damage_is_survived(void **state)
{
	struct written term;

	(void)state;
	write_term(&term, 3 * Q__BLOCK_DOCUMENTS);
	for (size_t i = 0; i < term.bytes.length - Q__PACKED_SLACK; i++) {
		struct q__postings postings;
		struct q__positions positions;
		uint64_t sum = 0;
		char before = term.bytes.data[i];

		term.bytes.data[i] = (char)(before ^ 0xff);
		q_arena_reset(term.arena);
		open_term(&term, &postings, &positions);
		while (q__postings_seek(&postings, 0) != Q__NO_DOCUMENT) {
			q__positions_start(&positions);
			for (int j = 0; j < 100 && q__positions_next(&positions); j++)
				sum += positions.position;
			postings.at++;
		}
		term.bytes.data[i] = before;
		assert_true(sum > 0 || postings.is_broken || positions.is_broken);
	}
	free_term(&term);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_document_has_its_positions),
		cmocka_unit_test(documents_and_blocks_may_be_passed_over),
		cmocka_unit_test(a_document_may_be_read_twice),
		cmocka_unit_test(damage_is_survived),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
