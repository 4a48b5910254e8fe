/* Words of any bytes stand one after the other inside them; their terms are valid UTF-8 of a
 * bounded length, and depend on nothing beyond the blanks around them. */
#include "base/compiler.h"
#include "base/utf8.h"
#include "search/analysis/analyser.h"

#include <string.h>

static void check_word(const struct q_word *word, const struct q_word *before, struct q_str text)
{
	q_assert(word->start >= before->end && word->start < word->end);
	q_assert(word->end <= text.length);
	q_assert(word->term.length > 0 && word->term.length <= Q_WORD_TERM_BYTES_MAX);
	q_assert(word->end - word->start <= Q_WORD_TERM_BYTES_MAX);
	q_assert(q_utf8_is_valid(word->term));
}

/* The words of `text` from `first` on are those that `whole` goes on with, moved by `offset`. */
static void check_line(struct q_words *whole, struct q_str line, size_t offset)
{
	struct q_words words;
	struct q_word word, same;

	q_words_start(&words, Q_ANALYSER_STANDARD, line);
	while (q_words_next(&words, &word)) {
		q_assert(q_words_next(whole, &same));
		q_assert(q_str_equal(word.term, same.term));
		q_assert(same.start == word.start + offset && same.end == word.end + offset);
	}
}

static void check_lines(struct q_str text)
{
	struct q_str rest = text;
	struct q_words whole;
	struct q_word word;
	struct q_str line;

	q_words_start(&whole, Q_ANALYSER_STANDARD, text);
	for (size_t offset = 0; rest.length > 0; offset = text.length - rest.length) {
		q_str_cut(rest, ' ', &line, &rest);
		check_line(&whole, line, offset);
	}
	q_assert(!q_words_next(&whole, &word));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct q_str text = q_bytes_str((struct q_bytes){data, size});
	struct q_word before = {.end = 0};
	struct q_words words;
	struct q_word word;

	q_words_start(&words, Q_ANALYSER_STANDARD, text);
	for (uint32_t position = 0; q_words_next(&words, &word); position++) {
		q_assert(word.position == position);
		check_word(&word, &before, text);
		before = word;
	}
	check_lines(text);
	return 0;
}
