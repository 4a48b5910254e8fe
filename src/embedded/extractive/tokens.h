/* embedded/extractive/tokens.h: a page as words, numbers, ideographs and signs, read from front to
 * end.
 *
 * Contract:  every byte of the page belongs to one token or to the gap between two. Any bytes are
 *            accepted; a bad one reads as U+FFFD.
 * Units:     bytes from the page's start.
 * Ownership: a reader borrows page and lexicon.
 * Threads:   one reader, one thread.
 * Errors:    none. */
#ifndef Q_EMBEDDED_EXTRACTIVE_TOKENS_H
#define Q_EMBEDDED_EXTRACTIVE_TOKENS_H

#include "embedded/extractive/lexicon.h"

enum q__token_kind {
	Q__END,	      /* there is no token: what reads beyond either end find */
	Q__WORD,      /* letters and marks, then digits too; apostrophes inside */
	Q__NUMBER,    /* decimal digits of one run: "1,234.56" is five tokens */
	Q__IDEOGRAPH, /* one character of a script that puts no spaces between words */
	Q__SIGN	      /* one character of anything else */
};

/* What parts a token from the one before. In rising order. */
enum q__gap {
	Q__JOINED,
	Q__SPACE,
	Q__LINE,
	Q__BLOCK /* an empty line, a form feed, the page's start */
};

enum q__shape {
	Q__CAPITAL = 1 << 0,	  /* begins with a capital */
	Q__ALL_CAPITALS = 1 << 1, /* two letters or more, no small one */
	Q__SMALL = 1 << 2,	  /* begins with a small letter */
	Q__HAS_DIGIT = 1 << 3,
	Q__CURRENCY_SIGN = 1 << 4
};

struct q__token {
	uint32_t offset;
	uint32_t length;
	uint32_t code;	  /* first code point; of a number its value, UINT32_MAX when larger */
	uint32_t hash;	  /* what stands for its meaning when texts are compared; 0: it has none */
	unsigned classes; /* of the lexicon */
	uint8_t kind;
	uint8_t gap;
	uint8_t shape;
	uint8_t digits; /* in a word or number; 255: or more */
};

struct q__token_reader {
	struct q_str page;
	const struct q__lexicon *lexicon;
	size_t offset;
	uint32_t ideograph; /* the token before, when it was one */
};

void q__token_reader_init(struct q__token_reader *reader, struct q_str page,
			  const struct q__lexicon *lexicon);

/* False at the page's end. */
bool q__token_next(struct q__token_reader *reader, struct q__token *token);

/* Writes the word in lower case and returns its length, or 0 when it does not fit. */
size_t q__word_lower(struct q_str word, char *out, size_t size);

#endif
