/* How often a phrase is found, exactly and with slop: as OpenSearch 3.9 told it (phraseFreq of its
 * explain). */
#include "search/query/phrase.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

struct told {
	const char *text, *phrase;
	uint32_t slop;
	float frequency;
};

static const struct told told[] = {
	{"a b", "a b", 0, 1},
	{"a c b", "a b", 0, 0},
	{"a c b", "a b", 1, 0.5f},
	{"b a", "a b", 1, 0},
	{"b a", "a b", 2, 0.33333334f},
	{"a b a b", "a b", 0, 2},
	{"a x y b", "a b", 2, 0.33333334f},
	{"a b c b a", "a b c", 4, 1.4000001f},
	{"a a a", "a a", 0, 2},
	{"a a a", "a a a", 0, 1},
	{"a a a", "a a", 2, 2},
	{"to be or not to be", "to be or not to be", 0, 1},
	{"to be or not to be", "not to be", 0, 1},
	{"not to be to or be", "to be or not to be", 9, 0.16666667f},
	{"x a y b z a b", "a b", 3, 1.5f},
	{"c c b b c b c b a b b a c a", "b c a c a", 2, 0},
	{"a c b c c a a c c c a b", "a c", 5, 2.6666667f},
	{"c c b c a c a a b c a a", "c c b", 20, 2},
	{"b a b c b a c", "a c c a", 1, 0},
	{"a b c a a c a b c", "c c", 2, 0.6666667f},
	{"a a b a c a b b b a a", "a a b", 2, 1.8333334f},
	{"c a c c", "a c b b c b", 2, 0},
	{"c a a a", "b c c c", 5, 0},
	{"b b c a a b b b a c c b", "a c a c c a", 5, 0.16666667f},
	{"a c b c a c b c b a b a", "c a a", 2, 0.33333334f},
	{"a c b c c a a c c c a b", "c c a c a", 3, 1.25f},
	{"a c b b c b b a a b", "c c b a c a", 2, 0},
	{"a b c c b b b c b b b a a", "a a c b", 9, 0.2857143f},
	{"a b c a a c a b c", "b b", 9, 0.16666667f},
	{"a b b a a b c b c c b a c", "c a c b b c", 9, 1.1539682f},
	{"c c b c a c a a b c a a", "c a c c b", 9, 0.8333334f},
	{"c c a b c b c a c a b", "b a b", 1, 0},
	{"c c b b c b c b a b b a c a", "b a c a b", 1, 0},
	{"a b c c b b b c b b b a a", "a a c c", 20, 0.26515153f},
	{"b c c a a c c b", "b a b", 2, 0},
	{"c a a c b a", "b b", 2, 0},
	{"a c b b c b b a a b", "a c b", 9, 1.5250001f},
	{"c c b b c b c b a b b a c a", "b a b b", 1, 1},
	{"c a a c b a", "a b c b", 5, 0},
	{"b b b a a a c b c b b", "b b", 9, 3.7f},
	{"a b a a b", "c a a a", 1, 0},
	{"b a a a c b a c a a", "b a a b", 2, 0.33333334f},
	{"b b c a a b b b a c c b", "c b b a c", 9, 1.3261906f},
	{"b c b a a", "c b a b a", 20, 0.33333334f},
	{"c c a c a", "a b a c a", 3, 0},
	{"b a a a c b a c a a", "a a b a b a", 3, 0.25f},
	{"c c c c a b c c b b b b", "b c a a c", 20, 0},
	{"a c b c b b c", "a b", 1, 0.5f},
	{"c c a c a", "b c b", 9, 0},
	{"a c b c a c b c b a b a", "b b c", 20, 0.7833333f},
	{"c c a c a", "b a b a", 1, 0},
	{"a b c a a c a b c", "c a c b a b", 1, 0},
	{"a c b b c b b a a b", "c b c b c", 3, 0},
	{"b b b a a a c b c b b", "a b a", 20, 0.5833334f},
	{"c a a c b a", "b b a", 2, 0},
	{"a b c a a c a b c", "c c", 3, 0.6666667f},
	{"a a b a c a b b b a a", "a a c", 5, 1.1666667f},
	{"c b b a a a a b a b a", "c b c a c b", 1, 0},
	{"b c b a b c b c b b c", "a b b", 1, 0.5f},
	{"b c a a c b a b a b b", "b c b a", 1, 0},
};

static const struct q_call no_limits;

enum { WORDS_MAX = 16 };

struct words {
	struct q_str items[WORDS_MAX];
	size_t count;
};

static struct words split(const char *text)
{
	struct words words = {.count = 0};
	struct q_str rest = q_str_from(text);

	while (rest.length > 0)
		q_str_cut(rest, ' ', &words.items[words.count++], &rest);
	return words;
}

/* A segment's postings of one document, word behind word. */
struct index {
	struct q_buf bytes;
	struct q__term_ref
		refs[WORDS_MAX]; /* by words of the phrase; equal ones have the first's */
	size_t first[WORDS_MAX];
	struct q_arena *arena;
};

/* False where the document does not have the word. */
static bool write_word(struct index *index, const struct words *text, struct q_str word,
		       struct q__term_ref *ref)
{
	struct q__postings_writer postings;
	struct q__positions_writer positions;
	uint32_t deltas[WORDS_MAX], frequency = 0, before = 0, *room;

	q__postings_writer_init(&postings, true);
	q__positions_writer_init(&positions);
	for (uint32_t i = 0; i < text->count; i++) {
		if (!q_str_equal(text->items[i], word))
			continue;
		deltas[frequency++] = i - before;
		before = i;
	}
	if (frequency > 0) {
		room = q__positions_add(&positions, frequency);
		assert_non_null(room);
		memcpy(room, deltas, frequency * sizeof *deltas);
		q__postings_add(&postings, 0, frequency, 1);
		assert_true(q__postings_end(&postings, index->bytes.length, &index->bytes, ref));
		assert_true(q__positions_end(&positions, &index->bytes));
	}
	q__postings_writer_free(&postings);
	q__positions_writer_free(&positions);
	return frequency > 0;
}

static bool write_words(struct index *index, const struct words *text, const struct words *phrase)
{
	bool has_all = true;

	for (size_t i = 0; i < phrase->count && has_all; i++) {
		index->first[i] = 0;
		while (!q_str_equal(phrase->items[index->first[i]], phrase->items[i]))
			index->first[i]++;
		if (index->first[i] == i)
			has_all = write_word(index, text, phrase->items[i], &index->refs[i]);
	}
	q_buf_append_bytes(&index->bytes, (char[Q__PACKED_SLACK]){0}, Q__PACKED_SLACK);
	return has_all;
}

static void open_words(struct index *index, struct q__phrase_word *words, size_t count)
{
	struct q__postings_source source = {.has_frequencies = true, .document_count = 1};

	source.bytes = q_str_bytes(q_buf_str(&index->bytes));
	for (size_t i = 0; i < count; i++) {
		words[i] = (struct q__phrase_word){.ref = &index->refs[index->first[i]],
						   .offset = (uint32_t)i};
		assert_true(
			q__postings_open(&words[i].postings, words[i].ref, &source, index->arena));
		q__positions_open(&words[i].positions, &words[i].postings);
		assert_int_equal(q__postings_seek(&words[i].postings, 0), 0);
	}
}

static float frequency_of(const struct told *row)
{
	struct words text = split(row->text), phrase = split(row->phrase);
	struct q__phrase_word words[WORDS_MAX];
	struct index index = {.arena = q_arena_new(1 << 20)};
	float frequency = 0;

	assert_non_null(index.arena);
	q_buf_init(&index.bytes, 1 << 20);
	if (write_words(&index, &text, &phrase)) {
		open_words(&index, words, phrase.count);
		frequency =
			row->slop == 0
				? q__phrase_frequency(words, phrase.count, &no_limits)
				: q__sloppy_phrase_frequency(q__sloppy_phrase_new(
					  words, phrase.count, row->slop, &no_limits, index.arena));
	}
	q_buf_free(&index.bytes);
	q_arena_free(index.arena);
	return frequency;
}

static void phrases_are_counted_as_told(void **state)
{
	(void)state;
	for (size_t i = 0; i < Q_COUNT_OF(told); i++) {
		float frequency = frequency_of(&told[i]);

		if (frequency != told[i].frequency)
			fail_msg("\"%s\"~%u in \"%s\": %.9g, not %.9g", told[i].phrase,
				 told[i].slop, told[i].text, (double)frequency,
				 (double)told[i].frequency);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(phrases_are_counted_as_told)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
