/* search/analysis/analyser.h: text into terms, the same for what is indexed and for what is asked.
 *
 * Contract:  `standard` gives the words of Lucene 10's StandardAnalyzer without stop words: Unicode
 *            word boundaries (UAX #29, Unicode 12.1), Han and Hiragana a word a character, Katakana
 *            and Hangul in runs, South-East Asian runs whole, an emoji sequence one word; what is
 *            none of these separates words. Each character is then lower-cased on its own. A word
 *            of more than Q_WORD_UNITS_MAX UTF-16 units is cut into several.
 *            `keyword` gives the whole text as one term, unchanged, even the empty text.
 *            A byte that is no UTF-8 counts as U+FFFD, which separates words: terms of `standard`
 *            are valid UTF-8 whatever the text holds.
 * Units:     bytes of the text, positions in words from 0, each word one further than the last.
 * Ownership: nothing allocates. The text is borrowed for the walk; a term lives until the next
 *            step, in the walk or in the text.
 * Threads:   a walk belongs to one thread; nothing is shared.
 * Errors:    none; no text is refused. Time is bounded by Q_WORD_UNITS_MAX steps a character, and
 *            is one or two on any ordinary text. */
#ifndef Q_SEARCH_ANALYSIS_ANALYSER_H
#define Q_SEARCH_ANALYSIS_ANALYSER_H

#include "base/str.h"

/* A BMP character is one unit and at most 3 bytes, any other is two and 4; lower-casing keeps the
 * units. */
enum { Q_WORD_UNITS_MAX = 255, Q_WORD_TERM_BYTES_MAX = 3 * Q_WORD_UNITS_MAX };

enum q_analyser { Q_ANALYSER_STANDARD, Q_ANALYSER_KEYWORD };

/* The analyser of this name in a mapping ("standard", "keyword"); false where there is none. */
bool q_analyser_find(struct q_str name, enum q_analyser *out);

struct q_word {
	struct q_str term;
	size_t start, end; /* bytes [start, end) of the text */
	uint32_t position;
};

/* A walk over the words of a text; made by q_words_start, private. */
struct q_words {
	enum q_analyser analyser;
	struct q_str text;
	size_t at;
	uint32_t position;
	char term[Q_WORD_TERM_BYTES_MAX];
};

void q_words_start(struct q_words *words, enum q_analyser analyser, struct q_str text);

/* The next word; false at the end, where *word means nothing. */
bool q_words_next(struct q_words *words, struct q_word *word);

#endif
