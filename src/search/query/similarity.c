#include "search/query/similarity.h"

#include "search/segment/length_byte.h"

#include <math.h>

const float q__bm25_k1 = 1.2f, q__bm25_b = 0.75f;

float q__idf(uint64_t document_count, uint64_t frequency)
{
	double count = (double)document_count, having = (double)frequency;

	return (float)log(1.0 + (count - having + 0.5) / (having + 0.5));
}

static float length_factor(float average_length, float length)
{
	return 1.0f / (q__bm25_k1 * ((1.0f - q__bm25_b) + q__bm25_b * length / average_length));
}

float q__average_length(uint64_t document_count, uint64_t token_count)
{
	return document_count ? (float)((double)token_count / (double)document_count) : 1.0f;
}

/* The second loop has no branch, so that it divides several at once. */
void q__length_factors(float average_length, bool has_lengths, float factors[256])
{
	if (!has_lengths) {
		factors[1] = length_factor(average_length, 1);
		return;
	}
	for (unsigned byte = 0; byte < 256; byte++)
		factors[byte] = (float)q__length_from_byte((uint8_t)byte);
	for (unsigned byte = 0; byte < 256; byte++)
		factors[byte] = length_factor(average_length, factors[byte]);
}
