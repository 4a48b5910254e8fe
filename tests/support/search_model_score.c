/* The rules of docs/search.md, as plainly as possible. */
#include "search/query/similarity.h"
#include "support/search_model.h"

#include "search/segment/length_byte.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* How often a document has a word (by its text: words of the vocabulary may be equal). */
static unsigned frequency_of(const struct search_model *model,
			     const struct search_model_document *document, size_t field,
			     const char *word)
{
	unsigned count = 0;

	for (size_t i = 0; i < document->counts[field]; i++)
		count += strcmp(model->vocabulary[document->words[field][i]], word) == 0;
	return count;
}

static unsigned document_count_of(const struct search_model *model, size_t field, const char *word)
{
	unsigned count = 0;

	for (size_t i = 0; i < model->count; i++)
		count += frequency_of(model, &model->documents[i], field, word) > 0;
	return count;
}

/* Documents that have the field, and all of its tokens. */
static uint64_t field_counts(const struct search_model *model, size_t field, uint64_t *tokens)
{
	uint64_t documents = 0;

	*tokens = 0;
	for (size_t i = 0; i < model->count; i++) {
		documents += model->documents[i].counts[field] > 0;
		*tokens += model->documents[i].counts[field];
	}
	return documents;
}

static float weighted_score(const struct search_model *model,
			    const struct search_model_document *document, size_t field,
			    unsigned frequency, float weight)
{
	uint64_t tokens, documents = field_counts(model, field, &tokens);
	uint8_t length = field ? q__length_to_byte((uint32_t)document->counts[field]) : 1;
	float factors[256];

	q__length_factors(q__average_length(documents, tokens), true, factors);
	return q__score(weight, (float)frequency, factors[length]);
}

static float score_of(const struct search_model *model,
		      const struct search_model_document *document, size_t field, const char *word,
		      float boost, unsigned having)
{
	uint64_t tokens, documents = field_counts(model, field, &tokens);

	return weighted_score(model, document, field, frequency_of(model, document, field, word),
			      boost * q__idf(documents, having));
}

/* Edits between two words, a swap of neighbours one. */
static unsigned distance(const char *a, const char *b)
{
	unsigned table[17][17];
	size_t rows = strlen(a), columns = strlen(b);

	for (size_t i = 0; i <= rows; i++) {
		for (size_t j = 0; j <= columns; j++) {
			unsigned best = i == 0 ? (unsigned)j : (unsigned)i;

			if (i > 0 && j > 0) {
				best = table[i - 1][j - 1] + (a[i - 1] != b[j - 1]);
				best = table[i - 1][j] + 1 < best ? table[i - 1][j] + 1 : best;
				best = table[i][j - 1] + 1 < best ? table[i][j - 1] + 1 : best;
			}
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
			    table[i - 2][j - 2] + 1 < best)
				best = table[i - 2][j - 2] + 1;
			table[i][j] = best;
		}
	}
	return table[rows][columns];
}

struct candidate {
	const char *word;
	float boost;
};

static int by_boost(const void *a, const void *b)
{
	const struct candidate *x = a, *y = b;

	if (x->boost != y->boost)
		return x->boost > y->boost ? -1 : 1;
	return strcmp(x->word, y->word);
}

static unsigned edits_of(const struct q_match *match, const char *word)
{
	switch (match->fuzziness) {
	case Q_FUZZINESS_1:
		return 1;
	case Q_FUZZINESS_2:
		return 2;
	case Q_FUZZINESS_AUTO:
		return strlen(word) < 3 ? 0 : strlen(word) < 6 ? 1 : 2;
	case Q_FUZZINESS_NONE:
	case Q_FUZZINESS_0:
		break;
	}
	return 0;
}

/* The terms that a word stands for in a field. */
static size_t expand(const struct search_model *model, const struct q_match *match, size_t field,
		     const char *word, struct candidate *out)
{
	size_t count = 0;

	for (size_t i = 0; i < SEARCH_MODEL_VOCABULARY; i++) {
		const char *term = model->vocabulary[i];
		unsigned edits = distance(word, term);
		size_t shorter = strlen(word) < strlen(term) ? strlen(word) : strlen(term);
		bool is_known = false;

		for (size_t j = 0; j < count; j++)
			is_known |= strcmp(out[j].word, term) == 0;
		if (is_known || edits > edits_of(match, word) ||
		    strncmp(word, term, match->prefix_length) != 0 ||
		    document_count_of(model, field, term) == 0)
			continue;
		out[count++] = (struct candidate){term, edits ? 1.0f - (float)edits / (float)shorter
							      : 1.0f};
	}
	qsort(out, count, sizeof *out, by_boost);
	return count < match->max_expansions ? count : match->max_expansions;
}

/* One word against one field of a document; -1: it is not there. */
static double word_score(const struct search_model *model, const struct q_match *match,
			 const struct search_model_document *document, size_t field,
			 const char *word, float boost)
{
	struct candidate candidates[SEARCH_MODEL_VOCABULARY];
	size_t count = expand(model, match, field, word, candidates);
	unsigned having = 0;
	double sum = -1;

	for (size_t i = 0; i < count; i++) {
		unsigned in = document_count_of(model, field, candidates[i].word);

		having = in > having ? in : having;
	}
	for (size_t i = 0; i < count; i++) {
		if (frequency_of(model, document, field, candidates[i].word) == 0)
			continue;
		sum = sum < 0 ? 0 : sum;
		sum += (double)score_of(model, document, field, candidates[i].word,
					boost * candidates[i].boost, having);
	}
	return sum;
}

/* How many of so many words are asked for. */
static int minimum_of(const struct q_minimum *minimum, int count)
{
	int asked = count;

	for (; minimum && (int)minimum->from <= count; minimum = minimum->next) {
		asked = minimum->is_percentage ? count * minimum->number / 100 : minimum->number;
		asked += minimum->number < 0 ? count : 0;
	}
	return asked;
}

/* Are so many of a text's words enough? */
static bool is_enough(const struct q_match *match, int given, int found)
{
	bool is_all = match->match_operator == Q_MATCH_AND;
	int minimum = minimum_of(&match->minimum, is_all ? 0 : given);

	if (given == 1)
		return found == 1;
	return found > 0 && (is_all ? found == given && minimum <= 0 : found >= minimum);
}

/* The next word of a text, which is whole for a keyword. */
static void take_word(struct q_str *text, size_t field, char word[64])
{
	struct q_str taken = *text, rest = {0};

	if (field > 0)
		q_str_cut(*text, ' ', &taken, &rest);
	*text = rest;
	snprintf(word, 64, "%.*s", Q_STR_ARG(taken));
}

/* One field of a document; -1: it does not have enough of the words. Where they are looked for
 * together, they do not stand for the same terms often enough to matter (see make_match). */
static double field_score(const struct search_model *model, const struct q_match *match,
			  const struct search_model_document *document, size_t field, float boost)
{
	struct q_str rest = match->text;
	int given = 0, found = 0;
	double sum = 0;

	while (rest.length > 0) {
		char word[64];
		double score;

		take_word(&rest, field, word);
		if (field == 0 && match->fuzziness == Q_FUZZINESS_NONE)
			score = frequency_of(model, document, 0, word) ? (double)boost : -1;
		else
			score = word_score(model, match, document, field, word, boost);
		given++;
		found += score >= 0;
		sum += score >= 0 ? (double)(float)score : 0;
	}
	return is_enough(match, given, found) ? sum : -1;
}

static double match_score(const struct search_model *model, const struct q_match *match,
			  const struct search_model_document *document, float boost)
{
	double best = -1;

	for (size_t i = 0; i < match->field_count; i++) {
		double score = field_score(model, match, document,
					   search_model_field(match->fields[i].name),
					   boost * match->fields[i].boost);

		best = score > best ? score : best;
	}
	return best < 0 ? -1 : (double)(float)best;
}

/* Do the words of a phrase stand in the field from this place on? */
static bool has_words_at(const struct search_model *model,
			 const struct search_model_document *document, size_t field, size_t at,
			 struct q_str phrase)
{
	while (phrase.length > 0) {
		char word[64];

		take_word(&phrase, 1, word);
		if (at == document->counts[field] ||
		    strcmp(model->vocabulary[document->words[field][at++]], word) != 0)
			return false;
	}
	return true;
}

static float rarity_of(const struct search_model *model, size_t field, struct q_str phrase)
{
	uint64_t tokens, documents = field_counts(model, field, &tokens);
	double rarity = 0;

	while (phrase.length > 0) {
		char word[64];

		take_word(&phrase, 1, word);
		rarity += (double)q__idf(documents, document_count_of(model, field, word));
	}
	return (float)rarity;
}

static double phrase_score(const struct search_model *model, const struct q_match *phrase,
			   const struct search_model_document *document, float boost)
{
	double best = -1;

	for (size_t i = 0; i < phrase->field_count; i++) {
		size_t field = search_model_field(phrase->fields[i].name);
		unsigned frequency = 0;
		double score;

		for (size_t at = 0; at < document->counts[field]; at++)
			frequency += has_words_at(model, document, field, at, phrase->text);
		score = frequency == 0
				? -1
				: weighted_score(model, document, field, frequency,
						 boost * phrase->fields[i].boost *
							 rarity_of(model, field, phrase->text));
		best = score > best ? score : best;
	}
	return best;
}

double search_model_score(const struct search_model *model, const struct q_search_query *query,
			  const struct search_model_document *document, float outer);

static bool has_any(const struct search_model *model, const struct q_search_query *query,
		    const struct search_model_document *document)
{
	char id[16];

	snprintf(id, sizeof id, "%u", document->id);
	for (size_t i = 0; i < query->terms.count; i++) {
		char value[64];

		snprintf(value, sizeof value, "%.*s", Q_STR_ARG(query->terms.values[i]));
		if (query->kind == Q_SEARCH_IDS ? strcmp(id, value) == 0
						: frequency_of(model, document, 0, value) > 0)
			return true;
	}
	return false;
}

static bool has_prefix(const struct search_model *model, const struct q_search_query *query,
		       const struct search_model_document *document)
{
	size_t field = search_model_field(query->term.field);

	for (size_t i = 0; i < document->counts[field]; i++)
		if (q_str_starts_with(q_str_from(model->vocabulary[document->words[field][i]]),
				      query->term.value))
			return true;
	return false;
}

static double combination_score(const struct search_model *model,
				const struct q_search_query *query,
				const struct search_model_document *document, float boost)
{
	size_t should = 0, minimum = query->combination.minimum_should;
	size_t required = query->combination.must_count + query->combination.filter_count;
	double sum = 0, offered = 0;

	if (required + query->combination.should_count + query->combination.must_not_count == 0)
		return (double)boost;
	if (required == 0)
		minimum = query->combination.should_count == 0 ? 0 : minimum > 0 ? minimum : 1;
	for (size_t i = 0; i < query->combination.must_count; i++) {
		double score =
			search_model_score(model, &query->combination.must[i], document, boost);

		if (score < 0)
			return -1;
		sum += score;
	}
	for (size_t i = 0; i < query->combination.filter_count; i++)
		if (search_model_score(model, &query->combination.filter[i], document, boost) < 0)
			return -1;
	for (size_t i = 0; i < query->combination.must_not_count; i++)
		if (search_model_score(model, &query->combination.must_not[i], document, boost) >=
		    0)
			return -1;
	for (size_t i = 0; i < query->combination.should_count; i++) {
		double score =
			search_model_score(model, &query->combination.should[i], document, boost);

		should += score >= 0;
		offered += score >= 0 ? score : 0;
	}
	return should >= minimum ? (double)((float)sum + (float)offered) : -1;
}

static bool is_between(const struct q_search_query *query, struct q_str word)
{
	const struct q_search_bound *from = &query->range.from, *to = &query->range.to;
	int from_order = q_str_compare(word, from->value);
	int to_order = q_str_compare(word, to->value);

	return (!from->is_set || from_order > 0 || (from_order == 0 && !from->is_exclusive)) &&
	       (!to->is_set || to_order < 0 || (to_order == 0 && !to->is_exclusive));
}

static bool is_in_range(const struct search_model *model, const struct q_search_query *query,
			const struct search_model_document *document)
{
	size_t field = 0;

	while (!q_str_equal(search_model_fields[field].name, query->range.field))
		field++;
	for (size_t i = 0; i < document->counts[field]; i++) {
		const char *word = model->vocabulary[document->words[field][i]];

		if (is_between(query, q_str_from(word)))
			return true;
	}
	return false;
}

/* As a word that stands once in a field of one word; or not at all. */
static double flag_score(const struct search_model *model, struct q_str value,
			 const struct search_model_document *document, float boost)
{
	enum search_model_flag asked = q_str_equal(value, Q_STR("true")) ? FLAG_TRUE : FLAG_FALSE;
	uint64_t having = 0, documents = 0;
	float factors[256];

	for (size_t i = 0; i < model->count; i++) {
		documents += model->documents[i].flag != FLAG_NONE;
		having += model->documents[i].flag == asked;
	}
	q__length_factors(1, true, factors);
	if (document->flag != asked)
		return -1;
	return (double)q__score(boost * q__idf(documents, having), 1, factors[1]);
}

static double term_score(const struct search_model *model, const struct q_search_query *query,
			 const struct search_model_document *document, float boost)
{
	static const struct q_match_field title = {Q_STR_INIT("title"), 1};
	struct q_match match = {
		.text = query->term.value, .fields = &title, .field_count = 1, .max_expansions = 1};

	if (q_str_equal(query->term.field, search_model_fields[3].name))
		return flag_score(model, query->term.value, document, boost);
	return match_score(model, &match, document, boost);
}

/* -1: not found. */
double search_model_score(const struct search_model *model, const struct q_search_query *query,
			  const struct search_model_document *document, float outer)
{
	float boost = outer * query->boost;

	switch (query->kind) {
	case Q_SEARCH_ALL:
		return (double)boost;
	case Q_SEARCH_IDS:
	case Q_SEARCH_TERMS:
		return has_any(model, query, document) ? (double)boost : -1;
	case Q_SEARCH_RANGE:
		return is_in_range(model, query, document) ? (double)boost : -1;
	case Q_SEARCH_TERM:
		return term_score(model, query, document, boost);
	case Q_SEARCH_PREFIX:
		return has_prefix(model, query, document) ? (double)boost : -1;
	case Q_SEARCH_MATCH:
		return match_score(model, &query->match, document, boost);
	case Q_SEARCH_PHRASE:
		return phrase_score(model, &query->match, document, boost);
	case Q_SEARCH_BOOL:
		return combination_score(model, query, document, boost);
	case Q_SEARCH_CONSTANT:
		return search_model_score(model, query->inner, document, 1) < 0 ? -1
										: (double)boost;
	}
	return -1;
}
