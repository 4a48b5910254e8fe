/* search/analysis/fuzzy.h: is a text within so many edits of a word? An automaton that is fed the
 * text a character at a time and knows early when the answer is no.
 *
 * An edit inserts, deletes or replaces a character, or swaps two neighbours; a swapped pair is not
 * edited again (optimal string alignment), as in Lucene's automaton.
 *
 * After j characters only the places j - 2 .. j + 2 of the word can have been reached, so that a
 * state is a few sets of 5 bits: for each count of edits the places that are reached with it, and
 * those from which a swap has been half done (after Schulz and Mihov 2002, and Hyyro 2003). Any
 * word length will do. While an edit is left any character will do; then the text can only end as
 * the word does from one of the places. Pure. */
#ifndef Q_SEARCH_ANALYSIS_FUZZY_H
#define Q_SEARCH_ANALYSIS_FUZZY_H

#include "ports/search_index.h"

enum { Q__EDITS_MAX = 2 };

struct q__fuzzy {
	struct q_str word;
	const uint32_t *characters; /* of the word, with padding on both sides */
	const uint32_t *ends;	    /* of each, in bytes of the word */
	uint32_t length;
	unsigned edits_max;
};

struct q__fuzzy_state {
	uint8_t reached[Q__EDITS_MAX + 1]; /* by edits: bit b is place j - 2 + b */
	uint8_t swapping[Q__EDITS_MAX + 1];
};

/* The word is borrowed, its characters are in the arena; false when it is full. */
Q_MUST_USE bool q__fuzzy_make(struct q__fuzzy *fuzzy, struct q_str word, unsigned edits_max,
			      struct q_arena *arena);

struct q__fuzzy_state q__fuzzy_start(const struct q__fuzzy *fuzzy);

/* The state after one more character; `count` characters came before it. */
struct q__fuzzy_state q__fuzzy_step(const struct q__fuzzy *fuzzy, struct q__fuzzy_state state,
				    uint32_t count, uint32_t character);

/* What a text can go on with: a character, and then the end of the word. */
struct q__fuzzy_ending {
	uint32_t character;
	struct q_str rest;
};

/* In the order of the texts' bytes. */
int q__fuzzy_ending_compare(const struct q__fuzzy_ending *a, const struct q__fuzzy_ending *b);

/* The first ending that comes not before `from` of those that make a state without an edit left
 * near enough; false: there is none. */
bool q__fuzzy_find_ending(const struct q__fuzzy *fuzzy, struct q__fuzzy_state state, uint32_t count,
			  const struct q__fuzzy_ending *from, struct q__fuzzy_ending *out);

/* Is no edit left? A text that is not dead is not spent before. */
static inline bool q__fuzzy_is_spent(const struct q__fuzzy *fuzzy, struct q__fuzzy_state state)
{
	unsigned left = 0;

	for (unsigned edits = 0; edits < fuzzy->edits_max; edits++)
		left |= state.reached[edits];
	return left == 0;
}

/* Can no text that goes on from here be near enough? */
static inline bool q__fuzzy_is_dead(struct q__fuzzy_state state)
{
	return (state.reached[0] | state.reached[1] | state.reached[2] | state.swapping[1] |
		state.swapping[2]) == 0;
}

/* Edits between the word and the text of `count` characters; edits_max + 1 for more. */
unsigned q__fuzzy_distance(const struct q__fuzzy *fuzzy, struct q__fuzzy_state state,
			   uint32_t count);

/* How like two words are that are so many edits apart, of so many characters each: Lucene's boost
 * of a term that a fuzzy word stands for. */
static inline float q__similarity(unsigned edits, uint32_t length, uint32_t other_length)
{
	uint32_t shorter = length < other_length ? length : other_length;

	return edits == 0 ? 1.0f : 1.0f - (float)edits / (float)shorter;
}

/* Edits that a word of a query allows. */
unsigned q__edits_allowed(enum q_fuzziness fuzziness, struct q_str word);

#endif
