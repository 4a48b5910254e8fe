/* search/analysis/word_table.h: the tables of word_table.c, for analyser.c alone.
 * make_word_table.py says how they come about. */
#ifndef Q_SEARCH_ANALYSIS_WORD_TABLE_H
#define Q_SEARCH_ANALYSIS_WORD_TABLE_H

#include <stdint.h>

enum {
	Q__WORD_CLASSES = 26,
	Q__WORD_DEAD = 0, /* the state that no character leads out of */
	Q__WORD_START = 1,
	Q__WORD_ACCEPTING = 13, /* this state and those after it end a word */
};

/* What there is to know of a character: its column in q__word_next, and how far its lower case
 * is. */
struct q__word_kind {
	uint8_t class;
	int32_t to_lower;
};

extern const uint8_t q__word_next[]; /* [state * Q__WORD_CLASSES + class] */
extern const struct q__word_kind q__word_kinds[];

/* Blocks of 32 that are alike are stored once; those of ASCII come first and are all different, so
 * that its characters index the leaves themselves. */
extern const uint8_t q__word_top[];
extern const uint16_t q__word_middle[];
extern const uint8_t q__word_leaves[];

/* What a byte does to a word of ASCII letters and digits that stands before it; one that ends it
 * begins no other. */
enum {
	Q__BYTE_ENDS,	  /* it */
	Q__BYTE_MAY_JOIN, /* ends it if the byte after it does */
	Q__BYTE_UNTOLD,	  /* '_', '#', '*', and what is not ASCII */
	Q__BYTE_LOWER	  /* this or more: continues it, and is itself in lower case */
};
extern const uint8_t q__word_bytes[256];

static inline const struct q__word_kind *q__word_kind_of(uint32_t c)
{
	uint32_t leaf = c;

	if (c >= 0x80)
		leaf = q__word_middle[q__word_top[c >> 10] * 32u + (c >> 5 & 31)] * 32u + (c & 31);
	return &q__word_kinds[q__word_leaves[leaf]];
}

#endif
