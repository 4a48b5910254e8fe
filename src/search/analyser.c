#include "search/analyser.h"

#include "base/compiler.h"
#include "base/utf8.h"

#include <unicode/uchar.h>

bool q_analyser_find(struct q_str name, enum q_analyser *out)
{
	static const struct q_str names[] = {
		[Q_ANALYSER_STANDARD] = Q_STR_INIT("standard"),
		[Q_ANALYSER_KEYWORD] = Q_STR_INIT("keyword"),
	};

	for (size_t i = 0; i < Q_COUNT_OF(names); i++) {
		if (q_str_equal(name, names[i])) {
			*out = (enum q_analyser)i;
			return true;
		}
	}
	return false;
}

void q_words_start(struct q_words *words, enum q_analyser analyser, struct q_str text)
{
	words->analyser = analyser;
	words->text = text;
	words->at = 0;
	words->position = 0;
}

/* NEEDSWORK: runs of letters and digits stand in for the word boundaries until their table is here. */
static bool find_standard(struct q_words *words, struct q_word *word)
{
	size_t length = 0;
	size_t units = 0;

	word->start = words->at;
	while (words->at < words->text.length) {
		size_t next = words->at;
		uint32_t c = q_utf8_next(words->text, &next);

		units += c > 0xFFFF ? 2 : 1;
		if (units > Q_WORD_UNITS_MAX || (!u_isalnum((UChar32)c) && length > 0))
			break;
		words->at = next;
		if (u_isalnum((UChar32)c)) {
			length += q_utf8_encode((uint32_t)u_tolower((UChar32)c),
						words->term + length);
		} else {
			word->start = next;
			units = 0;
		}
	}
	word->end = words->at;
	word->term = (struct q_str){words->term, length};
	return length > 0;
}

static bool find_keyword(struct q_words *words, struct q_word *word)
{
	if (words->position > 0)
		return false;
	*word = (struct q_word){.term = words->text, .end = words->text.length};
	return true;
}

bool q_words_next(struct q_words *words, struct q_word *word)
{
	struct q_word found;
	bool is_found = words->analyser == Q_ANALYSER_KEYWORD ? find_keyword(words, &found)
							      : find_standard(words, &found);

	if (!is_found)
		return false;
	found.position = words->position++;
	*word = found;
	return true;
}
