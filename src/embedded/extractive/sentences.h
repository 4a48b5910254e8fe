/* embedded/extractive/sentences.h: a page as sentences, headings, list items and table rows, read
 * from front to end.
 *
 * Contract:  a full stop ends a sentence unless it belongs to an abbreviation, an initial, a
 *            number or an item's number; an empty line always ends one; a line break does where
 *            the next word would have fitted on the line, before a bullet, and between table rows.
 *            After Q__SENTENCE_TOKENS_MAX tokens a sentence ends wherever it is.
 * Ownership: a sentence borrows the reader's tokens until the next one is read, and the page.
 * Threads:   one reader, one thread.
 * Errors:    none. */
#ifndef Q_EMBEDDED_EXTRACTIVE_SENTENCES_H
#define Q_EMBEDDED_EXTRACTIVE_SENTENCES_H

#include "embedded/extractive/tokens.h"

enum { Q__SENTENCE_TOKENS_MAX = 512 };

struct q__sentence {
	struct q_str page;
	struct q_str text; /* from the first token to the last, without a bullet */
	const struct q__token *tokens;
	unsigned count;
	unsigned ordinal; /* from 0 */
};

/* What has been read of a line. */
struct q__line {
	size_t start;	/* bytes */
	unsigned first; /* its first token in the sentence */
	unsigned words; /* but little ones */
	unsigned small; /* of them without a capital */
	unsigned numbers;
};

struct q__sentence_reader {
	struct q__token_reader reader;
	struct q__token tokens[Q__SENTENCE_TOKENS_MAX];
	struct q__token
		pending; /* the first token of the next sentence; Q__END at the page's end */
	unsigned count;
	unsigned ordinal;
	struct q__line line; /* that the last token is on */
	size_t line_width;   /* bytes that a full line of this page has, about */
};

void q__sentence_reader_init(struct q__sentence_reader *reader, struct q_str page,
			     const struct q__lexicon *lexicon);

/* False at the page's end. */
bool q__sentence_next(struct q__sentence_reader *reader, struct q__sentence *sentence);

/* Does it end in a full stop or the like? */
bool q__sentence_has_end(const struct q__sentence *sentence);

/* Does it read like a sentence, and not like a heading, a table row or an address? */
bool q__sentence_is_prose(const struct q__sentence *sentence);

/* The token at `index`, or one of kind Q__END outside the sentence. */
const struct q__token *q__token_at(const struct q__sentence *sentence, size_t index);

#endif
