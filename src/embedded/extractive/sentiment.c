#include "embedded/extractive/sentiment.h"

enum {
	NEGATION_REACH = 3, /* words */
	EVIDENCE_MIN = 2,   /* words of either kind */
	WORDS_PER_EVIDENCE = 60
};

void q__mood_add(struct q__mood *mood, const struct q__sentence *sentence)
{
	unsigned negated = 0; /* words that the last negation still reaches */

	for (unsigned i = 0; i < sentence->count; i++) {
		const struct q__token *token = &sentence->tokens[i];
		bool is_negated = negated > 0;

		if (token->kind != Q__WORD) {
			negated = token->kind == Q__SIGN && token->code != '\'' ? 0 : negated;
			continue;
		}
		mood->words++;
		negated -= negated > 0;
		if (token->classes & Q__POSITIVE)
			*(is_negated ? &mood->negative : &mood->positive) += 1;
		if (token->classes & Q__NEGATIVE)
			*(is_negated ? &mood->positive : &mood->negative) += 1;
		if (token->classes & Q__NEGATION)
			negated = NEGATION_REACH;
	}
}

enum q_sentiment q__mood_sentiment(const struct q__mood *mood)
{
	unsigned evidence = mood->positive + mood->negative;

	if (evidence < EVIDENCE_MIN || (size_t)evidence * WORDS_PER_EVIDENCE < mood->words)
		return Q_SENTIMENT_NEUTRAL;
	if (mood->positive >= 2 * mood->negative && mood->positive > mood->negative)
		return Q_SENTIMENT_POSITIVE;
	if (mood->negative >= 2 * mood->positive && mood->negative > mood->positive)
		return Q_SENTIMENT_NEGATIVE;
	return Q_SENTIMENT_NEUTRAL;
}
