#include "embedded/extractive/key_points.h"

enum { WORDS_MIN = 3 }; /* fewer make a table's row */

static const double weight_of_type[Q_ENTITY_TYPE_COUNT] = {
	[Q_ENTITY_MONEY] = 3,
	[Q_ENTITY_PERCENT] = 3,
	[Q_ENTITY_DATE] = 2,
};
static const double weight_of_duty = 2;

/* A title may have the words of a duty too, but no end. */
static bool states_duty(const struct q__scan *scan)
{
	if (!q__sentence_has_end(scan->sentence))
		return false;
	for (unsigned i = 0; i < scan->sentence->count; i++)
		if (q__phrase(scan, i, Q__OBLIGATION) > 0)
			return true;
	return false;
}

/* A row of a table, or a title, states nothing. */
static bool is_statement(const struct q__sentence *sentence)
{
	unsigned words = 0, plain = 0;

	for (unsigned i = 0; i < sentence->count; i++) {
		words += sentence->tokens[i].kind == Q__WORD;
		plain += sentence->tokens[i].kind == Q__WORD &&
			 !(sentence->tokens[i].shape & Q__CAPITAL);
	}
	if (words >= WORDS_MIN && plain * (q__sentence_has_end(sentence) ? words : 2) >= words)
		return true;
	return q__sentence_is_prose(sentence);
}

double q__key_point_weight(const struct q__scan *scan, const struct q__match *matches,
			   unsigned count)
{
	bool has_type[Q_ENTITY_TYPE_COUNT] = {false};
	double weight = 0;

	if (!is_statement(scan->sentence))
		return 0;
	for (unsigned i = 0; i < count; i++)
		has_type[matches[i].type] = true;
	for (unsigned type = 0; type < Q_ENTITY_TYPE_COUNT; type++)
		weight += has_type[type] ? weight_of_type[type] : 0;
	return weight + (states_duty(scan) ? weight_of_duty : 0);
}
