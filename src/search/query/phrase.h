/* search/query/phrase.h: how often words stand side by side in a document, or near to each other,
 * as Lucene counts it.
 *
 * Contract:  all words' postings stand at the document. What is counted is above 0 where the
 *            document has the phrase.
 * Ownership: words and what is made of them live in the caller's arena.
 * Threads:   one. */
#ifndef Q_SEARCH_QUERY_PHRASE_H
#define Q_SEARCH_QUERY_PHRASE_H

#include "base/call.h"
#include "search/segment/positions.h"

struct q__phrase_word {
	const struct q__term_ref *ref; /* the same for the same word */
	uint32_t offset;	       /* of the word in the phrase */
	struct q__postings postings;
	struct q__positions positions;
	int64_t place; /* private: of the walk over a document's positions */
};

/* How often every word stands where its offset says. Where the call ends meanwhile, the rest is not
 * counted. */
float q__phrase_frequency(struct q__phrase_word *words, size_t count, const struct q_call *call);

/* Words may stand elsewhere. A match whose words are together `length` places away from where they
 * belong counts 1 / (1 + length); it may be `slop` at most. */
struct q__sloppy_phrase;

/* At least two words; the same of the call. NULL when the arena is full. */
struct q__sloppy_phrase *q__sloppy_phrase_new(struct q__phrase_word *words, size_t count,
					      uint32_t slop, const struct q_call *call,
					      struct q_arena *arena);
float q__sloppy_phrase_frequency(struct q__sloppy_phrase *phrase);

#endif
