#include "search/query/phrase.h"

enum { CHECK_WORDS = 1 << 20 /* looked for between looks at the call */ };

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

/* A document may have a word millions of times. */
static bool is_late(const struct q_call *call, size_t count, size_t *looked_for)
{
	struct q_err err;

	*looked_for += count;
	if (*looked_for < CHECK_WORDS)
		return false;
	*looked_for = 0;
	return q_call_check(call, "search_index.search", &err) != Q_OK;
}

float q__phrase_frequency(struct q__phrase_word *words, size_t count, const struct q_call *call)
{
	uint32_t frequency = 0;
	size_t looked_for = 0;

	for (size_t i = 0; i < count; i++) {
		q__positions_start(&words[i].positions);
		words[i].place = INT64_MIN;
	}
	while (q__positions_next(&words[0].positions) && !is_late(call, count, &looked_for)) {
		int64_t start = (int64_t)words[0].positions.position - words[0].offset;

		frequency += has_others(words, count, start);
	}
	return (float)frequency;
}
