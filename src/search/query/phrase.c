#include "search/query/phrase.h"

/* Goes to the word's first position that is not before the wanted one. */
static bool stands_at(struct q__phrase_word *word, int64_t wanted)
{
	while (word->place < wanted && q__positions_next(&word->positions))
		word->place = word->positions.position;
	return word->place == wanted;
}

static bool has_others(struct q__phrase_word *words, size_t count, int64_t start)
{
	for (size_t i = 1; i < count; i++) {
		if (!stands_at(&words[i], start + words[i].offset))
			return false;
	}
	return true;
}

float q__phrase_frequency(struct q__phrase_word *words, size_t count)
{
	uint32_t frequency = 0;

	for (size_t i = 0; i < count; i++) {
		q__positions_start(&words[i].positions);
		words[i].place = INT64_MIN;
	}
	while (q__positions_next(&words[0].positions)) {
		int64_t start = (int64_t)words[0].positions.position - words[0].offset;

		frequency += has_others(words, count, start);
	}
	return (float)frequency;
}
