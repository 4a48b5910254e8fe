/* embedded/extractive/lexicon.h: what the extractive analyst knows about words. One look-up a word
 * tells the classes it belongs to; everything else asks for classes and knows no words. For this
 * folder and analyst_extractive.c.
 *
 * The lists stand in lexicon_language.c and lexicon_names.c: lower case, UTF-8, words parted by
 * white space, '_' for the space inside a phrase.
 *
 * Ownership: the caller owns the lexicon.
 * Threads:   read-only once made.
 * Errors:    NULL when the heap is full. */
#ifndef Q_EMBEDDED_EXTRACTIVE_LEXICON_H
#define Q_EMBEDDED_EXTRACTIVE_LEXICON_H

#include "base/compiler.h"
#include "base/str.h"

enum {
	Q__STOP = 1 << 0, /* says nothing about the subject: the, und, pour */
	Q__NEGATION = 1 << 1,
	Q__POSITIVE = 1 << 2,
	Q__NEGATIVE = 1 << 3,
	Q__OBLIGATION = 1 << 4, /* shall, must, payable */
	Q__MONTH = 1 << 5,
	Q__PERCENT_WORD = 1 << 6,
	Q__CURRENCY_CODE = 1 << 7, /* counts in capitals only */
	Q__CURRENCY_WORD = 1 << 8, /* dollars */
	Q__SCALE = 1 << 9,	   /* million */
	Q__PHONE_CUE = 1 << 10,	   /* tel, fax */
	Q__ID_LABEL = 1 << 11,	   /* what is numbered: contract, policy */
	Q__ID_MARKER = 1 << 12,	   /* what says that a number follows: no, number, id */
	Q__ID_PREFIX = 1 << 13,	   /* loc, mem: begins a code in small letters too */
	Q__STANDARD = 1 << 14,	   /* whose standards are numbered: iso, din */
	Q__TITLE = 1 << 15,	   /* before a person's name */
	Q__CREDENTIAL = 1 << 16,   /* after it, behind a comma */
	Q__GIVEN_NAME = 1 << 17,
	Q__NAME_PARTICLE = 1 << 18, /* van, de */
	Q__NAME_LABEL = 1 << 19,    /* before a colon and a name: contact */
	Q__ORG_LEGAL = 1 << 20,	    /* legal form: inc, gmbh */
	Q__ORG_HEAD = 1 << 21, /* club, university: makes an organisation of a name before it */
	Q__ORG_OF = 1 << 22,   /* university, bank: makes one with "of" and a name after it */
	Q__PLACE = 1 << 23,
	Q__STATE_CODE = 1 << 24, /* il: counts in capitals behind a comma only */
	Q__STREET = 1 << 25,
	Q__GENERIC = 1 << 26,		/* common in headings and forms: makes no name by itself */
	Q__REFERENCE = 1 << 27,		/* what a letter or number counts: section, schedule */
	Q__ABBREVIATION = 1 << 28,	/* its full stop ends no sentence */
	Q__ABBREVIATION_LAST = 1 << 29, /* its full stop may end one as well: inc, etc */
	Q__PHRASE_FIRST = 1 << 30	/* a phrase of several words begins with it */
};

enum {
	Q__LEXICON_WORD_MAX = 48,   /* bytes; longer words are in no list */
	Q__LEXICON_PHRASE_WORDS = 4 /* words of the longest phrase */
};

struct q__word_list {
	unsigned classes;
	const char *words; /* NULL ends an array of lists */
};

extern const struct q__word_list q__language_lists[];
extern const struct q__word_list q__name_lists[];

struct q__lexicon;

Q_MUST_USE struct q__lexicon *q__lexicon_new(void);
void q__lexicon_free(struct q__lexicon *lexicon);

/* The classes of a word in lower case, or of a phrase with '_' between its words; 0 for one in no
 * list. */
unsigned q__lexicon_find(const struct q__lexicon *lexicon, struct q_str word);

/* FNV-1a. The same in every process: an analysis must not depend on a seed. */
uint32_t q__hash(struct q_str s);

#endif
