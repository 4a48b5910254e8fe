/* From a text to weighted terms, as Lucene rewrites a (multi_)match:
 *
 * - A word that stands for several terms of a field gives each the document frequency of the most
 *   frequent one, so that a rare misspelling does not score above the word.
 * - A word that is given twice is one clause with twice the boost.
 * - Two words that stand for the same term are one clause with the sum of their boosts and the
 *   frequency of the first word. (OpenSearch takes either one, by a hash that changes with each
 *   start.) A word that is given twice and stands for several terms is not joined with others.
 * - The best field counts. */
#include "search/analysis/field.h"
#include "search/analysis/fuzzy.h"
#include "search/query/expansion.h"
#include "search/query/minimum.h"
#include "search/query/plan_internal.h"

enum { WORDS_MAX = Q_SEARCH_TEXT_MAX };

struct word {
	struct q_str term;
	unsigned times;
	bool is_exact; /* asked for without fuzziness */
	struct q__expansion *expansions;
	size_t expansion_count;
	uint64_t document_count; /* of the most frequent expansion */
};

/* A term of a field with the boost of all words that stand for it. */
struct clause {
	const struct q__expansion *expansion;
	double boost;
	uint64_t document_count;
	bool is_joinable;
};

static bool add_word(struct word *words, size_t *count, struct q_str term, struct q_arena *arena)
{
	for (size_t i = 0; i < *count; i++) {
		if (q_str_equal(words[i].term, term)) {
			words[i].times++;
			return true;
		}
	}
	words[(*count)++] = (struct word){.term = q_arena_copy(arena, term), .times = 1};
	return !q_arena_failed(arena);
}

/* The words of a text, each once, in the order of their first places. */
static enum q_code take_words(struct q__planner *planner, enum q_field_kind kind, struct q_str text,
			      struct word **out, size_t *count)
{
	/* A word has a byte at least, and the keyword analyser gives one for an empty text. */
	struct word *words = q_arena_alloc_array(planner->arena, text.length + 1, sizeof *words);
	struct q_words walk;
	struct q_word word;

	if (!words)
		return q__plan_out_of_memory(planner);
	*out = words;
	*count = 0;
	q_words_start(&walk, q__analyser_of(kind), text);
	while (q_words_next(&walk, &word)) {
		if (!add_word(words, count, word.term, planner->arena))
			return q__plan_out_of_memory(planner);
	}
	return Q_OK;
}

static enum q_code expand_word(struct q__planner *planner, size_t field,
			       const struct q_match *match, struct word *word)
{
	struct q__expansion_rule rule = {.edits = q__edits_allowed(match->fuzziness, word->term),
					 .prefix_length = match->prefix_length,
					 .max = match->max_expansions};
	enum q_code code = q__plan_take_word(planner);

	if (code)
		return code;
	if (!q__expand(planner->scope, field, word->term, &rule, planner->cursor, planner->arena,
		       &word->expansions, &word->expansion_count))
		return q__plan_out_of_memory(planner);
	word->is_exact = match->fuzziness == Q_FUZZINESS_NONE;
	word->document_count = 0;
	for (size_t i = 0; i < word->expansion_count; i++) {
		if (word->expansions[i].document_count > word->document_count)
			word->document_count = word->expansions[i].document_count;
	}
	return Q_OK;
}

static struct clause *find_clause(struct clause *clauses, size_t count, struct q_str term)
{
	for (size_t i = 0; i < count; i++) {
		if (clauses[i].is_joinable && q_str_equal(clauses[i].expansion->term, term))
			return &clauses[i];
	}
	return NULL;
}

static bool can_join(const struct word *word)
{
	return word->times == 1 || word->expansion_count == 1;
}

static size_t add_clauses(const struct word *word, struct clause *clauses, size_t count)
{
	bool is_joinable = can_join(word);
	size_t before = count;

	for (size_t i = 0; i < word->expansion_count; i++) {
		const struct q__expansion *expansion = &word->expansions[i];
		double boost = (double)expansion->boost * word->times;
		struct clause *same =
			is_joinable ? find_clause(clauses, before, expansion->term) : NULL;

		if (same)
			same->boost += boost;
		else
			clauses[count++] = (struct clause){expansion, boost, word->document_count,
							   is_joinable};
	}
	return count;
}

static struct q__planned_term plan_clause(const struct q__planner *planner, size_t field,
					  const struct clause *clause, float outer)
{
	float boost = outer * (float)clause->boost;

	return (struct q__planned_term){
		clause->expansion->refs,
		q__plan_weight(planner, field, boost, clause->document_count),
		clause->expansion->term, boost, clause->document_count};
}

/* Exact words that no document has: Lucene keeps them as clauses. */
static size_t missing_words(const struct word *words, size_t word_count)
{
	size_t count = 0;

	for (size_t i = 0; i < word_count; i++)
		count += words[i].is_exact && words[i].expansion_count == 0;
	return count;
}

/* The words as one sum. */
static enum q_code plan_words(struct q__planner *planner, size_t field, const struct word *words,
			      size_t word_count, float boost, struct q__plan *plan)
{
	struct clause *clauses;
	size_t room = 0, count = 0;
	enum q_code code;

	for (size_t i = 0; i < word_count; i++)
		room += words[i].expansion_count;
	code = q__plan_weighted(planner, field, room, plan);
	if (code)
		return code;
	clauses = q_arena_alloc_array(planner->arena, room, sizeof *clauses);
	if (!clauses)
		return q__plan_out_of_memory(planner);
	plan->is_distinct = true;
	for (size_t i = 0; i < word_count; i++) {
		count = add_clauses(&words[i], clauses, count);
		plan->is_distinct = plan->is_distinct && can_join(&words[i]);
	}
	for (size_t i = 0; i < count; i++)
		plan->terms[i] = plan_clause(planner, field, &clauses[i], boost);
	plan->term_count = count;
	plan->clause_count = count + missing_words(words, word_count);
	return Q_OK;
}

/* Adds a word as a sum of its own. */
static enum q_code add_word_plan(struct q__planner *planner, size_t field, const struct word *word,
				 float boost, struct q__plan *plan)
{
	struct q__plan *inner = q_arena_alloc(planner->arena, sizeof *inner);

	if (!inner)
		return q__plan_out_of_memory(planner);
	inner->boost = 1;
	plan->inner[plan->inner_count++] = inner;
	return plan_words(planner, field, word, 1, boost, inner);
}

static enum q_code plan_all_words(struct q__planner *planner, size_t field,
				  const struct word *words, size_t word_count, float boost,
				  struct q__plan *plan)
{
	enum q_code code = Q_OK;

	plan->kind = Q__PLAN_BOOL;
	plan->must_count = word_count;
	plan->inner = q_arena_alloc_array(planner->arena, word_count, sizeof(void *));
	if (!plan->inner)
		return q__plan_out_of_memory(planner);
	for (size_t i = 0; i < word_count && !code; i++)
		code = add_word_plan(planner, field, &words[i], boost, plan);
	return code;
}

/* So many of the words, where one that is given twice counts twice. */
static enum q_code plan_some_words(struct q__planner *planner, size_t field,
				   const struct word *words, size_t given, size_t minimum,
				   float boost, struct q__plan *plan)
{
	enum q_code code = Q_OK;

	plan->kind = Q__PLAN_BOOL;
	plan->should_count = given;
	plan->minimum_should = minimum;
	plan->inner = q_arena_alloc_array(planner->arena, given, sizeof(void *));
	if (!plan->inner)
		return q__plan_out_of_memory(planner);
	for (; plan->inner_count < given && !code; words++) {
		struct word once = *words;

		once.times = 1;
		code = add_word_plan(planner, field, &once, boost, plan);
		for (unsigned i = 1; i < words->times; i++, plan->inner_count++)
			plan->inner[plan->inner_count] = plan->inner[plan->inner_count - 1];
	}
	return code;
}

/* As many of the words as are asked for; where that is more than there are, the plan is none. */
static enum q_code plan_asked_words(struct q__planner *planner, size_t field,
				    const struct q_match *match, const struct word *words,
				    size_t word_count, float boost, struct q__plan *plan)
{
	bool is_all = match->match_operator == Q_MATCH_AND;
	size_t given = 0, optional, minimum;

	for (size_t i = 0; i < word_count; i++)
		given += words[i].times;
	if (given == 1)
		return plan_words(planner, field, words, 1, boost, plan);
	optional = is_all ? 0 : given;
	minimum = q__minimum_of(&match->minimum, optional);
	if (minimum > optional)
		return Q_OK;
	is_all = is_all || minimum == given;
	if (is_all && word_count > 1)
		return plan_all_words(planner, field, words, word_count, boost, plan);
	if (!is_all && minimum > 1)
		return plan_some_words(planner, field, words, given, minimum, boost, plan);
	return plan_words(planner, field, words, word_count, boost, plan);
}

static enum q_code plan_field_match(struct q__planner *planner, const struct q_match *match,
				    const struct q_match_field *named, float boost,
				    struct q__plan *plan)
{
	enum q_field_kind kind;
	struct word *words;
	size_t field, count = 0;
	enum q_code code = q__plan_field(planner, named->name, &field, &kind);

	boost *= named->boost;
	if (!code && (q__kind_has_values(kind) ||
		      (kind == Q_FIELD_KEYWORD && match->fuzziness == Q_FUZZINESS_NONE)))
		return q__plan_term(planner, field, kind, match->text, boost, plan);
	if (!code)
		code = take_words(planner, kind, match->text, &words, &count);
	for (size_t i = 0; !code && i < count; i++)
		code = expand_word(planner, field, match, &words[i]);
	if (code || count == 0)
		return code;
	return plan_asked_words(planner, field, match, words, count, boost, plan);
}

enum q_code q__plan_match(struct q__planner *planner, const struct q_search_query *query,
			  float boost, struct q__plan *plan)
{
	const struct q_match *match = &query->match;
	enum q_code code = Q_OK;

	plan->kind = Q__PLAN_BEST;
	plan->inner = q_arena_alloc_array(planner->arena, match->field_count, sizeof(void *));
	if (!plan->inner)
		return q__plan_out_of_memory(planner);
	for (size_t i = 0; i < match->field_count && !code; i++) {
		struct q__plan *inner = q_arena_alloc(planner->arena, sizeof *inner);

		if (!inner)
			return q__plan_out_of_memory(planner);
		inner->boost = match->fields[i].boost;
		if (query->kind == Q_SEARCH_PHRASE)
			code = q__plan_phrase(planner, match, &match->fields[i], boost, inner);
		else
			code = plan_field_match(planner, match, &match->fields[i], boost, inner);
		if (inner->kind != Q__PLAN_NONE)
			plan->inner[plan->inner_count++] = inner;
	}
	return code;
}
