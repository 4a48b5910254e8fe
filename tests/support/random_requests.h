/* support/random_requests.h: search requests as OpenSearch has them, made up from a seed: of text
 * fields "title" and "body", keywords "tags" and numbers "price". */
#ifndef Q_TESTS_RANDOM_REQUESTS_H
#define Q_TESTS_RANDOM_REQUESTS_H

#include "base/buf.h"

enum { RANDOM_WORDS = 150 };

/* Where the numbers come from, and words that are near to each other. */
struct random_words {
	uint64_t seed;
	char words[RANDOM_WORDS][16];
};

void random_words_make(struct random_words *random, uint64_t seed);
unsigned random_draw(struct random_words *random, unsigned below);

/* A whole body: a query of any kind, and what else there is to ask for. */
void random_body_append(struct random_words *random, struct q_buf *out);

#endif
