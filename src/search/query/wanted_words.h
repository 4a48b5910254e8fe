/* search/query/wanted_words.h: the words that a query looks for in one field: what highlights mark.
 *
 * Contract:  as Lucene's highlighter takes them from the query as it was asked, not from what it
 *            stands for in the index: everything but must_not counts, filters too, and a fuzzy word
 *            wants every word that is near enough. A word that several parts of the query want has
 *            the weight of the last of them; a phrase counts where no other part wants the word.
 * Ownership: the words are in the arena and borrow the query's texts.
 * Threads:   any, once made.
 * Errors:    Q_NOMEM. */
#ifndef Q_SEARCH_QUERY_WANTED_WORDS_H
#define Q_SEARCH_QUERY_WANTED_WORDS_H

#include "search/analysis/fuzzy.h"
#include "search/query/phrase_cover.h"

struct q__wanted_word {
	struct q_str word;
	float weight;	      /* of the word itself; one that is like it has as much less */
	bool is_beginning;    /* any word that begins so */
	unsigned edits;	      /* 0: the word alone */
	struct q_str prefix;  /* edits > 0: what may not differ */
	struct q__fuzzy rest; /* edits > 0: what follows the prefix */
	uint32_t length;      /* edits > 0: characters */

	const struct q_search_query *range; /* or any word between its ends; borrowed */
	struct q__wanted_phrase *phrase;    /* or its words, where it stands */
};

struct q__wanted_words {
	struct q__wanted_word *words;
	size_t count;
};

Q_MUST_USE enum q_code q__wanted_words_make(const struct q_search_query *query,
					    const struct q_field_definition *field,
					    struct q_arena *arena, struct q__wanted_words *out,
					    struct q_err *err);

/* The texts of a field of one document, one after the other, as the query sees them: where the
 * phrases that it wants stand. */
struct q__wanted_text {
	const struct q__wanted_words *wanted;
	uint64_t **covers; /* one a wanted word; NULL where no phrase is wanted */
	uint64_t *joined;  /* as in a highlighter */

	/* The first word of the next text that may begin a fragment: Lucene still waits there for the
	 * end of a phrase that the text before ended with. */
	uint32_t waits_until;
};

/* Before the first of the texts. */
void q__wanted_text_start(struct q__wanted_text *text, const struct q__wanted_words *wanted);

/* Goes on to the next one. Looks at the call between phrases: Q_TIMEOUT, Q_CANCELLED too. */
Q_MUST_USE enum q_code q__wanted_text_next(struct q__wanted_text *text, struct q_str next,
					   const struct q_call *call, struct q_arena *arena,
					   struct q_err *err);

/* How much the word is wanted; 0 or less: it is not to be marked. False in *is_here: it is wanted,
 * but as a word of a phrase that does not stand at this word. */
float q__wanted_weight(const struct q__wanted_text *text, struct q_str word, uint32_t position,
		       bool *is_here);

#endif
