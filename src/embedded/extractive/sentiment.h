/* embedded/extractive/sentiment.h: does a page praise or complain? Counts of praising and blaming
 * words, turned round by a negation up to three words before them. Most pages do neither: the
 * answer is neutral unless several words, most of them of one kind, say otherwise.
 *
 * Threads:   one at a time.
 * Errors:    none. */
#ifndef Q_EMBEDDED_EXTRACTIVE_SENTIMENT_H
#define Q_EMBEDDED_EXTRACTIVE_SENTIMENT_H

#include "embedded/extractive/sentences.h"
#include "ports/analyst.h"

struct q__mood {
	unsigned words;
	unsigned positive;
	unsigned negative;
};

void q__mood_add(struct q__mood *mood, const struct q__sentence *sentence);
enum q_sentiment q__mood_sentiment(const struct q__mood *mood);

#endif
