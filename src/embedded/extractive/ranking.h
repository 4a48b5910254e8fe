/* embedded/extractive/ranking.h: which sentences say what the page is about.
 *
 * How:       a first reading counts the page's words. In the second each sentence is weighed by
 * how common its words are on the page, and the best Q__SHORTLIST_MAX are kept. These form a graph
 * whose edges are shared words (TextRank: Mihalcea and Tarau, 2004); a random walk on it, which
 * starts more often at heavy and at early sentences, ranks them. Cost:      linear in the page,
 * plus a bounded graph.
 *
 * Ownership: plain memory of the caller's.
 * Threads:   one at a time.
 * Errors:    none. */
#ifndef Q_EMBEDDED_EXTRACTIVE_RANKING_H
#define Q_EMBEDDED_EXTRACTIVE_RANKING_H

#include "embedded/extractive/passages.h"

enum { Q__WORD_COUNTS = 4096 };

/* Counts by hash. When the table is crowded new words are not counted: by then a page has shown its
 * common ones. */
struct q__word_counts {
	uint32_t hashes[Q__WORD_COUNTS];
	uint32_t counts[Q__WORD_COUNTS];
};

void q__word_counts_add(struct q__word_counts *counts, const struct q__sentence *sentence);

/* What a sentence that names so many facts (entities) weighs before the graph is built. */
double q__sentence_weight(const struct q__word_counts *counts, const struct q__sentence *sentence,
			  unsigned facts);

/* Replaces each passage's weight by its rank in the graph. */
void q__rank(struct q__shortlist *list);

#endif
