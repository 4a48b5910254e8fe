/* Documents that several parts have to have: where the parts are far from agreeing, the search for
 * one pauses now and then, so that whoever asked can look at the time, and passes over none. */
#include "search/query/matcher.h"

#include "search/segment/positions.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

enum {
	DOCUMENTS = 100000,  /* every second has the one part, the others the other */
	BOTH = DOCUMENTS - 3 /* this one has both */
};

static const struct q_call no_limits;

struct site {
	struct q_arena *arena;
	struct q__window window;
	struct q_buf postings;
	uint8_t lengths[DOCUMENTS];
};

static int open_site(void **state)
{
	static struct site site;

	site.arena = q_arena_new(16 << 20);
	assert_non_null(site.arena);
	q_buf_init(&site.postings, 16 << 20);
	memset(site.lengths, 1, sizeof site.lengths);
	*state = &site;
	return 0;
}

static int close_site(void **state)
{
	struct site *site = *state;

	q_buf_free(&site->postings);
	q_arena_free(site->arena);
	return 0;
}

static bool has_part(uint32_t document, uint32_t part)
{
	return document % 2 == part || document == BOTH;
}

static struct q__matcher *match_part(struct site *site, uint32_t part)
{
	uint64_t *words = q_arena_alloc_array(site->arena, DOCUMENTS / 64 + 1, sizeof *words);

	for (uint32_t i = 0; i < DOCUMENTS; i++)
		words[i / 64] |= (uint64_t)has_part(i, part) << i % 64;
	return q__match_set(words, DOCUMENTS, 1, site->arena);
}

/* As a search goes through a segment. */
static void assert_finds_both(struct site *site, struct q__matcher *matcher)
{
	uint32_t count = 0, start, pauses = 0;

	for (start = q__matcher_next(matcher, 0); start < DOCUMENTS;
	     start = q__matcher_next(matcher, site->window.end), pauses++) {
		uint32_t end = start + Q__WINDOW_DOCUMENTS;

		q__matcher_fill(matcher, &site->window, start, end < DOCUMENTS ? end : DOCUMENTS,
				Q__EXACT_SCORES);
		for (uint32_t i = start; i < site->window.end; i++) {
			if (!(site->window.found[(i - start) / 64] >> (i - start) % 64 & 1))
				continue;
			assert_int_equal(i, BOTH);
			count++;
		}
	}
	assert_int_equal(count, 1);
	assert_in_range(pauses, 2, DOCUMENTS / Q__WINDOW_DOCUMENTS + 1);
}

static void a_search_for_what_all_filters_find_pauses(void **state)
{
	struct site *site = *state;
	struct q__matcher *parts[] = {q__match_all(DOCUMENTS, 1, site->arena), match_part(site, 0),
				      match_part(site, 1)};

	assert_finds_both(
		site, q__match_combination(&(struct q__combination){.filter = parts,
								    .filter_count = 3,
								    .document_count = DOCUMENTS},
					   site->arena));
	assert_finds_both(
		site, q__match_combination(&(struct q__combination){.must = parts,
								    .must_count = 3,
								    .document_count = DOCUMENTS},
					   site->arena));
}

/* The part as a word: at place 0, or 1. */
static void write_word(struct site *site, uint32_t part, struct q__term_ref *ref)
{
	struct q__postings_writer postings;
	struct q__positions_writer positions;

	q__postings_writer_init(&postings, true);
	q__positions_writer_init(&positions);
	for (uint32_t i = 0; i < DOCUMENTS; i++) {
		if (!has_part(i, part))
			continue;
		*q__positions_add(&positions, 1) = part;
		q__postings_add(&postings, i, 1, 1);
	}
	assert_true(q__postings_end(&postings, site->postings.length, &site->postings, ref));
	assert_true(q__positions_end(&positions, &site->postings));
	q__postings_writer_free(&postings);
	q__positions_writer_free(&positions);
}

static void a_search_for_all_words_of_a_phrase_pauses(void **state)
{
	struct site *site = *state;
	static const float factors[256] = {0, 1};
	struct q__term_ref words[2];
	const struct q__term_ref *refs[] = {&words[0], &words[1]};
	struct q__field field = {
		.lengths.bytes = site->lengths,
		.postings = {.has_frequencies = true, .document_count = DOCUMENTS}};

	write_word(site, 0, &words[0]);
	write_word(site, 1, &words[1]);
	q_buf_append_bytes(&site->postings, (char[Q__PACKED_SLACK]){0}, Q__PACKED_SLACK);
	field.postings.bytes = q_str_bytes(q_buf_str(&site->postings));
	for (uint32_t slop = 0; slop < 2; slop++)
		assert_finds_both(site, q__match_phrase(refs, 2, slop, 1, &field, factors,
							&no_limits, site->arena));
}

#define CASE(NAME) cmocka_unit_test_setup_teardown(NAME, open_site, close_site)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_search_for_what_all_filters_find_pauses),
		CASE(a_search_for_all_words_of_a_phrase_pauses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
