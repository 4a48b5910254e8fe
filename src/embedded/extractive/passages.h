/* embedded/extractive/passages.h: sentences kept for comparison, and short lists of the best of
 * them.
 *
 * Contract:  a passage holds at most Q__PASSAGE_WORDS_MAX different words of its sentence, so that
 *            comparing two of them, and keeping a list, costs no more on a long page than on a
 *            short one.
 * Ownership: a passage's text is a view of the page.
 * Threads:   one at a time.
 * Errors:    none. */
#ifndef Q_EMBEDDED_EXTRACTIVE_PASSAGES_H
#define Q_EMBEDDED_EXTRACTIVE_PASSAGES_H

#include "embedded/extractive/sentences.h"

enum { Q__PASSAGE_WORDS_MAX = 48, Q__SHORTLIST_MAX = 64 };

struct q__passage {
	struct q_str text;
	unsigned ordinal; /* of the sentence */
	bool has_end;	  /* in a full stop or the like */
	unsigned word_count;
	double weight;
	uint32_t words[Q__PASSAGE_WORDS_MAX]; /* hashes of different words, in rising order */
};

void q__passage_from(struct q__passage *passage, const struct q__sentence *sentence, double weight);

/* Words that both hold. */
unsigned q__passage_shared(const struct q__passage *a, const struct q__passage *b);

/* Do the passages say nearly the same: do they share three words in four of the longer one? */
bool q__passage_repeats(const struct q__passage *a, const struct q__passage *b);

/* The passages of most weight that were offered, in the order in which they were offered; of equal
 * weight the earlier ones. */
struct q__shortlist {
	unsigned count;
	unsigned limit;
	struct q__passage passages[Q__SHORTLIST_MAX];
};

void q__shortlist_init(struct q__shortlist *list, unsigned limit);
void q__shortlist_offer(struct q__shortlist *list, const struct q__sentence *sentence,
			double weight);

/* What was taken from short lists, in the page's order. */
enum { Q__SELECTION_MAX = 16 };
struct q__selection {
	unsigned count;
	const struct q__passage *passages[Q__SELECTION_MAX];
};

/* Takes the passage of most weight that says nearly the same as none in the selection or in
 * `others` (NULL: no others). False where there is none. */
bool q__selection_take(struct q__selection *selection, const struct q__shortlist *list,
		       const struct q__selection *others);

#endif
