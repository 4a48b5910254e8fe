/* The first line of an input holds the terms, the rest is the text. Fragments are pieces of it:
 * each one without its marks stands in the text, and has a mark; the marked words are the terms. */
#include "base/compiler.h"
#include "search/analysis/highlight.h"

#include <string.h>

enum { TERMS_MAX = 8, ARENA_BYTES = 8 << 20, FRAGMENT_UNITS = 12, MARK = 0x01 };

static size_t read_terms(struct q_str line, struct q_highlight_term terms[TERMS_MAX])
{
	size_t count = 0;

	while (line.length > 0 && count < TERMS_MAX) {
		q_str_cut(line, ' ', &terms[count].term, &line);
		terms[count].weight = 1.0F + (float)count;
		count++;
	}
	return count;
}

static bool is_term(const struct q_highlighter *highlighter, struct q_str marked)
{
	struct q_words words;
	struct q_word word;

	q_words_start(&words, Q_ANALYSER_STANDARD, marked);
	q_assert(q_words_next(&words, &word) && word.end - word.start == marked.length);
	for (size_t i = 0; i < highlighter->term_count; i++) {
		if (q_str_equal(highlighter->terms[i].term, word.term))
			return true;
	}
	return false;
}

static void check_fragment(const struct q_highlighter *highlighter, struct q_str fragment,
			   struct q_str text, char *plain)
{
	struct q_str before, marked, rest = fragment;
	size_t length = 0;
	size_t at;
	bool has_mark = false;

	while (q_str_cut(rest, MARK, &before, &rest)) {
		q_assert(q_str_cut(rest, MARK, &marked, &rest) && is_term(highlighter, marked));
		memcpy(plain + length, before.data, before.length);
		memcpy(plain + length + before.length, marked.data, marked.length);
		length += before.length + marked.length;
		has_mark = true;
	}
	memcpy(plain + length, before.data, before.length);
	length += before.length;
	q_assert(has_mark && q_str_find(text, (struct q_str){plain, length}, &at));
}

/* Texts that hold the mark themselves are none of this test's. */
static bool can_be_checked(struct q_str text)
{
	return text.length > 0 && !memchr(text.data, MARK, text.length);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct q_arena *arena = q_arena_new(ARENA_BYTES);
	struct q_highlight_term terms[TERMS_MAX];
	struct q_highlighter highlighter;
	struct q_highlights found;
	struct q_str line, text;
	struct q_err err;

	q_assert(arena);
	q_str_cut(q_bytes_str((struct q_bytes){data, size}), '\n', &line, &text);
	q_highlighter_init(&highlighter, terms, read_terms(line, terms));
	highlighter.fragment_units = FRAGMENT_UNITS;
	highlighter.before = highlighter.after = Q_STR("\x01");
	if (can_be_checked(text) && q_highlight(&highlighter, text, arena, &found, &err) == Q_OK) {
		char *plain = q_arena_alloc(arena, text.length);

		q_assert(found.count <= highlighter.fragment_count_max);
		for (size_t i = 0; plain && i < found.count; i++)
			check_fragment(&highlighter, found.fragments[i], text, plain);
	}
	q_arena_free(arena);
	return 0;
}
