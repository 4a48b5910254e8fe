/* search/query/similarity.h: BM25 as Lucene 10 computes it (BM25Similarity, k1 1.2, b 0.75, without
 * the factor k1 + 1): every step a 32-bit float, the logarithm a double rounded after. Pure. */
#ifndef Q_SEARCH_QUERY_SIMILARITY_H
#define Q_SEARCH_QUERY_SIMILARITY_H

#include <stdbool.h>
#include <stdint.h>

extern const float q__bm25_k1, q__bm25_b;

/* How rare a term is: of `document_count` documents with the field, `frequency` have the term. */
float q__idf(uint64_t document_count, uint64_t frequency);

float q__average_length(uint64_t document_count, uint64_t token_count);

/* By length byte: what the frequency is multiplied with. Without lengths there is only that of 1. */
void q__length_factors(float average_length, bool has_lengths, float factors[256]);

/* `weight` is boost x idf. Grows with the frequency and the factor, rounding included. */
static inline float q__score(float weight, float frequency, float length_factor)
{
	return weight - weight / (1.0f + frequency * length_factor);
}

#endif
