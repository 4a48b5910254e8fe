/* From a text to the words that stand side by side. As in Lucene, a phrase is scored as one term
 * whose rarity is the sum of its words', and one word alone is a term. */
#include "search/analysis/analyser.h"
#include "search/query/expansion.h"
#include "search/query/plan_internal.h"

enum { WORDS_MAX = 256 /* with repeated words, time grows with its square */ };

struct words {
	struct q__expansion *items;
	size_t count;
};

/* The word as it stands in the index; one that has been seen is not looked up again. */
static enum q_code add_word(struct q__planner *planner, size_t field, struct q_str term,
			    struct words *words)
{
	struct q__expansion *word = &words->items[words->count];
	enum q_code code = q__plan_take_word(planner);

	if (code)
		return code;
	if (words->count == WORDS_MAX)
		return q_fail(planner->err, Q_TOOBIG, "search_index.search",
			      "a phrase of more than %d words", WORDS_MAX);
	for (size_t i = 0; i < words->count; i++) {
		if (q_str_equal(words->items[i].term, term)) {
			words->items[words->count++] = words->items[i];
			return Q_OK;
		}
	}
	term = q_arena_copy(planner->arena, term);
	if (q_arena_failed(planner->arena) ||
	    !q__expand_exact(planner->scope, field, term, planner->cursor, planner->arena, word))
		return q__plan_out_of_memory(planner);
	words->count++;
	return Q_OK;
}

static enum q_code take_words(struct q__planner *planner, size_t field, struct q_str text,
			      struct words *words)
{
	struct q_words walk;
	struct q_word word;
	enum q_code code = Q_OK;

	words->count = 0;
	words->items = q_arena_alloc_array(planner->arena, WORDS_MAX, sizeof *words->items);
	if (!words->items)
		return q__plan_out_of_memory(planner);
	q_words_start(&walk, Q_ANALYSER_STANDARD, text);
	while (!code && q_words_next(&walk, &word))
		code = add_word(planner, field, word.term, words);
	return code;
}

static enum q_code plan_words(struct q__planner *planner, size_t field, const struct words *words,
			      uint32_t slop, float boost, struct q__plan *plan)
{
	double rarity = 0;
	enum q_code code = q__plan_weighted(planner, field, words->count, plan);

	for (size_t i = 0; i < words->count && !code; i++) {
		const struct q__expansion *word = &words->items[i];
		float weight = q__plan_weight(planner, field, 1.0f, word->document_count);

		rarity += (double)weight;
		plan->terms[i] = (struct q__planned_term){word->refs, weight, word->term, boost,
							  word->document_count};
	}
	plan->kind = Q__PLAN_PHRASE;
	plan->call = planner->call;
	plan->term_count = words->count;
	plan->slop = slop;
	plan->score = boost * (float)rarity;
	return code;
}

enum q_code q__plan_phrase(struct q__planner *planner, const struct q_match *phrase,
			   const struct q_match_field *named, float boost, struct q__plan *plan)
{
	enum q_field_kind kind;
	struct words words;
	size_t field;
	enum q_code code = q__plan_field(planner, named->name, &field, &kind);

	boost *= named->boost;
	if (code)
		return code;
	if (kind != Q_FIELD_TEXT)
		return q__plan_term(planner, field, kind, phrase->text, boost, plan);
	code = take_words(planner, field, phrase->text, &words);
	if (code || words.count == 0)
		return code;
	if (words.count == 1)
		return q__plan_term(planner, field, kind, words.items[0].term, boost, plan);
	return plan_words(planner, field, &words, phrase->slop, boost, plan);
}
