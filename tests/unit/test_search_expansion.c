/* The terms that a fuzzy word stands for, against a walk over the whole dictionary that measures
 * each: random words of few characters, of one to four bytes each, so that many are near. */
#include "search/search_index_embedded.h"

#include "search/analysis/fuzzy.h"
#include "support/draw.h"
#include "support/scratch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum {
	WORDS_MAX = 14000,
	SEGMENTS = 3,
	CHARACTERS_MAX = 9,
	TEXT_BYTES = 4 * CHARACTERS_MAX + 1,
	SIZE_MAX_ASKED = 3000,
	QUERIES = 400,
	QUERIES_OF_MANY = 100
};

static const struct q_call no_limits;
static const struct q_str index_name = Q_STR_INIT("expansion");
static const struct q_field_definition fields[] = {{Q_STR_INIT("word"), Q_FIELD_KEYWORD}};
static const struct q_index_definition definition = {.fields = fields,
						     .field_count = Q_COUNT_OF(fields)};

/* In the order of their bytes, of which some have the first ones in common. */
static const char *const alphabet[] = {"-",	 "0",	   "a",	     "b",	   "\u00e9",
				       "\u00ea", "\u65e5", "\u65e6", "\U0001F600", "\U0001F601"};

struct word {
	uint8_t characters[CHARACTERS_MAX]; /* of the alphabet */
	size_t length;
	char text[TEXT_BYTES];
};

struct candidate {
	const struct word *word;
	float boost;
};

/* One has so many words that one edit is tried before two. */
static const struct kind {
	unsigned letters; /* of the alphabet */
	size_t words;
	unsigned queries;
} kinds[] = {{3, 3000, QUERIES}, {6, 3000, QUERIES}, {10, WORDS_MAX, QUERIES_OF_MANY}};

struct site {
	char path[SCRATCH_PATH_MAX];
	uint64_t seed;
	const struct kind *kind;
	struct word words[WORDS_MAX];
	struct candidate candidates[WORDS_MAX];
	size_t candidate_count;
	struct q_search_index *store;
	struct q_arena *arena;
	struct q_err err;
};

static void draw_word(struct site *site, struct word *word)
{
	word->length = 1 + draw_below(&site->seed, CHARACTERS_MAX);
	word->text[0] = '\0';
	for (size_t i = 0; i < word->length; i++) {
		word->characters[i] =
			(uint8_t)draw_below(&site->seed, i == 0 ? 2 : site->kind->letters);
		strncat(word->text, alphabet[word->characters[i]], 4);
	}
}

static unsigned least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

/* The textbook's table: optimal string alignment. */
static unsigned distance(const struct word *a, const struct word *b)
{
	unsigned table[CHARACTERS_MAX + 1][CHARACTERS_MAX + 1];

	for (unsigned i = 0; i <= a->length; i++) {
		for (unsigned j = 0; j <= b->length; j++) {
			const uint8_t *x = a->characters + i, *y = b->characters + j;

			table[i][j] = i == 0 ? j : j == 0 ? i : table[i - 1][j] + 1;
			if (i == 0 || j == 0)
				continue;
			table[i][j] = least(table[i][j], table[i][j - 1] + 1);
			table[i][j] = least(table[i][j], table[i - 1][j - 1] + (x[-1] != y[-1]));
			if (i > 1 && j > 1 && x[-1] == y[-2] && x[-2] == y[-1])
				table[i][j] = least(table[i][j], table[i - 2][j - 2] + 1);
		}
	}
	return table[a->length][b->length];
}

static bool begins_alike(const struct word *a, const struct word *b, size_t characters)
{
	for (size_t i = 0; i < characters && i < a->length; i++) {
		if (i >= b->length || a->characters[i] != b->characters[i])
			return false;
	}
	return true;
}

static int by_boost(const void *a, const void *b)
{
	const struct candidate *x = a, *y = b;

	if (x->boost != y->boost)
		return x->boost > y->boost ? -1 : 1;
	return strcmp(x->word->text, y->word->text);
}

static int by_text(const void *a, const void *b)
{
	const struct candidate *x = a, *y = b;

	return strcmp(x->word->text, y->word->text);
}

/* Each text once, as many of the best as are wanted, in the order of the texts. */
static void choose(struct site *site, size_t max)
{
	size_t kept = 0;

	qsort(site->candidates, site->candidate_count, sizeof site->candidates[0], by_boost);
	for (size_t i = 0; i < site->candidate_count && kept < max; i++) {
		if (kept == 0 || by_text(&site->candidates[kept - 1], &site->candidates[i]) != 0)
			site->candidates[kept++] = site->candidates[i];
	}
	site->candidate_count = kept;
	qsort(site->candidates, kept, sizeof site->candidates[0], by_text);
}

static void expect(struct site *site, const struct word *wanted, const struct q_match *match)
{
	unsigned allowed = match->fuzziness == Q_FUZZINESS_1 ? 1 : 2;

	site->candidate_count = 0;
	for (size_t i = 0; i < site->kind->words; i++) {
		const struct word *word = &site->words[i];
		unsigned edits = distance(wanted, word);
		float boost =
			q__similarity(edits, (uint32_t)wanted->length, (uint32_t)word->length);

		if (edits <= allowed && begins_alike(wanted, word, match->prefix_length))
			site->candidates[site->candidate_count++] = (struct candidate){word, boost};
	}
	choose(site, match->max_expansions);
}

static bool is_expected(const struct site *site, struct q_str text)
{
	for (size_t i = 0; i < site->candidate_count; i++) {
		if (q_str_equal(text, q_str_from(site->candidates[i].word->text)))
			return true;
	}
	return false;
}

/* A document's id is its word and a number, so that as many are found as have an expected word. */
static size_t count_expected(const struct site *site)
{
	size_t count = 0;

	for (size_t i = 0; i < site->kind->words; i++)
		count += is_expected(site, q_str_from(site->words[i].text));
	return count;
}

static void search(struct site *site, const struct q_match *match, struct q_search_result *result)
{
	const struct q_search_query query = {.kind = Q_SEARCH_MATCH, .boost = 1, .match = *match};
	const struct q_search_request request = {.query = &query, .size = SIZE_MAX_ASKED};

	if (q_search_index_search(site->store, &no_limits, index_name, &request, site->arena,
				  result, &site->err))
		fail_msg("%s", site->err.message);
}

static void check(struct site *site)
{
	static const uint32_t kept[] = {1, 5, 50, 1000};
	const struct q_match_field field = {fields[0].name, 1};
	struct word wanted;
	struct q_match match = {.fields = &field,
				.field_count = 1,
				.fuzziness =
					draw_below(&site->seed, 2) ? Q_FUZZINESS_1 : Q_FUZZINESS_2,
				.prefix_length = draw_below(&site->seed, 4),
				.max_expansions = kept[draw_below(&site->seed, Q_COUNT_OF(kept))]};
	struct q_search_result result;

	draw_word(site, &wanted);
	match.text = q_str_from(wanted.text);
	expect(site, &wanted, &match);
	search(site, &match, &result);
	if (result.total != count_expected(site))
		fail_msg("%s, %u characters in common: %u and not %zu", wanted.text,
			 (unsigned)match.prefix_length, (unsigned)result.total,
			 count_expected(site));
	for (size_t i = 0; i < result.hit_count; i++) {
		struct q_str id = result.hits[i].id;

		if (!is_expected(site, q_str_slice(id, 0, id.length - 5)))
			fail_msg("%s: not %.*s", wanted.text, Q_STR_ARG(id));
	}
}

static void put(struct site *site, size_t first, size_t end)
{
	for (size_t i = first; i < end; i++) {
		const char *text = site->words[i].text;
		struct q_bulk_operation operation = {
			.kind = Q_BULK_PUT,
			.id = q_arena_format(site->arena, "%s%05zu", text, i),
			.source = q_arena_format(site->arena, "{\"word\":\"%s\"}", text)};
		struct q_bulk_result result;

		assert_int_equal(q_search_index_bulk(site->store, &no_limits, index_name,
						     &operation, 1, site->arena, &result,
						     &site->err),
				 Q_OK);
	}
	assert_int_equal(q_search_index_refresh(site->store, &no_limits, index_name, &site->err),
			 Q_OK);
}

static void fill(struct site *site)
{
	assert_int_equal(
		q_search_index_ensure(site->store, &no_limits, index_name, &definition, &site->err),
		Q_OK);
	for (size_t i = 0; i < site->kind->words; i++)
		draw_word(site, &site->words[i]);
	for (size_t i = 0; i < SEGMENTS; i++)
		put(site, site->kind->words * i / SEGMENTS, site->kind->words * (i + 1) / SEGMENTS);
}

static void check_dictionary(struct site *site)
{
	scratch_make(site->path);
	assert_int_equal(q_search_index_embedded_open(site->path, &site->store, &site->err), Q_OK);
	fill(site);
	for (unsigned i = 0; i < 2 * site->kind->queries; i++) {
		if (i == site->kind->queries)
			assert_int_equal(q_search_index_merge(site->store, &no_limits, index_name,
							      &site->err),
					 Q_OK);
		q_arena_reset(site->arena);
		check(site);
	}
	q_search_index_close(site->store);
	scratch_remove(site->path);
}

static void a_fuzzy_word_stands_for_the_nearest_terms(void **state)
{
	struct site *site = calloc(1, sizeof *site);

	(void)state;
	site->arena = q_arena_new(64 << 20);
	for (size_t i = 0; i < Q_COUNT_OF(kinds); i++) {
		site->kind = &kinds[i];
		check_dictionary(site);
	}
	q_arena_free(site->arena);
	free(site);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_fuzzy_word_stands_for_the_nearest_terms),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
