#include "search/analysis/analyser.h"

#include "base/compiler.h"
#include "base/utf8.h"
#include "search/analysis/word_table.h"

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

static uint32_t next_character(struct q_str text, size_t *at)
{
	unsigned char byte = (unsigned char)text.data[*at];

	if (byte >= 0x80)
		return q_utf8_next(text, at);
	++*at;
	return byte;
}

static size_t put_character(uint32_t c, char *out)
{
	if (c >= 0x80)
		return q_utf8_encode(c, out);
	*out = (char)c;
	return 1;
}

/* The longest word that starts at `start`, lower-cased. As Lucene does, it looks no further than a
 * word may be long: what would join beyond that point does not. */
static bool match_word(struct q_words *words, size_t start, struct q_word *word)
{
	struct q_str text = words->text;
	unsigned state = Q__WORD_START;
	size_t at = start;
	size_t units = 0;
	size_t length = 0;

	*word = (struct q_word){.term.data = words->term, .start = start, .end = start};
	while (at < text.length && state != Q__WORD_DEAD) {
		uint32_t c = next_character(text, &at);
		const struct q__word_kind *kind = q__word_kind_of(c);

		units += c > 0xFFFF ? 2 : 1;
		if (units > Q_WORD_UNITS_MAX)
			break;
		state = q__word_next[state * Q__WORD_CLASSES + kind->class];
		length += put_character((uint32_t)((int32_t)c + kind->to_lower),
					words->term + length);
		if (state >= Q__WORD_ACCEPTING) {
			word->end = at;
			word->term.length = length;
		}
	}
	return word->end > start;
}

static unsigned byte_role(struct q_str text, size_t at)
{
	return at < text.length ? q__word_bytes[(unsigned char)text.data[at]] : Q__BYTE_ENDS;
}

/* Does the word of ASCII letters and digits before `at` end there, for sure? */
static bool ends_plainly(struct q_str text, size_t at)
{
	if (byte_role(text, at) == Q__BYTE_MAY_JOIN)
		at++;
	return byte_role(text, at) == Q__BYTE_ENDS;
}

/* Most words are ASCII letters and digits between blanks, and need no machine. False where it takes
 * one to tell. */
static bool match_plain_word(struct q_words *words, size_t start, struct q_word *word)
{
	struct q_str text = words->text; /* a copy: what is written to the term cannot change it */
	unsigned role = byte_role(text, start);
	size_t length = 0;

	while (role >= Q__BYTE_LOWER && length < Q_WORD_UNITS_MAX) {
		words->term[length++] = (char)role;
		role = byte_role(text, start + length);
	}
	if (length == 0 || !ends_plainly(text, start + length))
		return false;
	*word = (struct q_word){{words->term, length}, start, start + length, 0};
	return true;
}

static bool find_standard(struct q_words *words, struct q_word *word)
{
	for (; words->at < words->text.length; next_character(words->text, &words->at)) {
		if (byte_role(words->text, words->at) == Q__BYTE_ENDS)
			continue;
		if (match_plain_word(words, words->at, word) ||
		    match_word(words, words->at, word)) {
			words->at = word->end;
			return true;
		}
	}
	return false;
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
	bool is_found = words->analyser == Q_ANALYSER_KEYWORD ? find_keyword(words, word)
							      : find_standard(words, word);

	if (is_found)
		word->position = words->position++;
	return is_found;
}
