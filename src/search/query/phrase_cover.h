/* search/query/phrase_cover.h: which words of a text are part of a phrase that stands in it, as
 * Lucene's highlighter sees it: every word from the first to the last of each place where the
 * phrase's words stand in order, or near enough to each other.
 *
 * Ownership: what is found is in the arena; the phrase borrows its words.
 * Threads:   one. */
#ifndef Q_SEARCH_QUERY_PHRASE_COVER_H
#define Q_SEARCH_QUERY_PHRASE_COVER_H

#include "base/arena.h"

struct q__wanted_phrase {
	struct q_str *words;   /* at least 2 */
	bool *is_wanted_later; /* of each word: a later part of the query wants it anywhere */
	size_t count;
	uint32_t slop; /* places that the words may be apart, in any order; 0: in their order */
};

/* *covered: bit i for the i-th word of the text; NULL where the phrase does not stand in it. The
 * words behind the i-th and before ends[i], where that is set, begin no fragment: Lucene keeps a
 * place together, but sees it one word late, and only where its second word is one of the phrase
 * and was not wanted later (then it forgets the places). What an earlier phrase has set stays.
 * False: out of memory. */
Q_MUST_USE bool q__phrase_cover(const struct q__wanted_phrase *phrase, struct q_str text,
				struct q_arena *arena, uint64_t **covered, uint32_t *ends);

#endif
