#include "search/analysis/field.h"
#include "search/analysis/fuzzy.h"
#include "search/answer/suggest_internal.h"
#include "search/query/expansion.h"

#include <stdlib.h>

/* The most alike of this many are then put in order by their documents. */
enum { CANDIDATES_MAX = 1000 };

static int by_likeness(const void *a, const void *b)
{
	const struct q__expansion *x = a, *y = b;

	if (x->boost != y->boost)
		return x->boost > y->boost ? -1 : 1;
	if (x->document_count != y->document_count)
		return x->document_count > y->document_count ? -1 : 1;
	return q_str_compare(x->term, y->term);
}

/* The best candidates but the word itself, which says how many documents have it. */
static void take_best(const struct q__suggesting *suggesting, const struct q__expansion *candidates,
		      size_t count, struct q_suggestion *suggestions, struct q_suggested_word *out)
{
	for (size_t i = 0; i < count; i++) {
		const struct q__expansion *candidate = &candidates[i];

		if (q_str_equal(candidate->term, out->word))
			out->document_count = candidate->document_count;
		else if (out->suggestion_count < suggesting->request->size)
			suggestions[out->suggestion_count++] = (struct q_suggestion){
				q_arena_copy(suggesting->arena, candidate->term),
				candidate->document_count, candidate->boost};
	}
	out->suggestions = suggestions;
}

static enum q_code correct_word(struct q__suggesting *suggesting, struct q_suggested_word *out)
{
	const struct q_suggest_request *request = suggesting->request;
	const struct q__expansion_rule rule = {
		.edits = q__edits_allowed(request->fuzziness, out->word),
		.prefix_length = request->prefix_length,
		.max = CANDIDATES_MAX};
	struct q_suggestion *suggestions =
		q_arena_alloc_array(suggesting->arena, request->size, sizeof *suggestions);
	struct q__term_cursor *cursor;
	struct q__expansion *candidates;
	size_t count;

	q_arena_reset(suggesting->scratch);
	cursor = q_arena_alloc(suggesting->scratch, sizeof *cursor);
	if (!suggestions || !cursor ||
	    !q__expand(suggesting->scope, suggesting->field, out->word, &rule, cursor,
		       suggesting->scratch, &candidates, &count))
		return q__suggest_out_of_memory(suggesting);
	if (count > 0)
		qsort(candidates, count, sizeof *candidates, by_likeness);
	take_best(suggesting, candidates, count, suggestions, out);
	return q__scope_check(suggesting->scope, suggesting->err);
}

static enum q_code take_words(struct q__suggesting *suggesting, struct q_suggest_result *out)
{
	struct q_words walk;
	struct q_word word;

	q_words_start(&walk, q__analyser_of(suggesting->kind), suggesting->request->text);
	while (q_words_next(&walk, &word)) {
		if (out->word_count == Q_SUGGEST_WORDS_MAX)
			return q_fail(suggesting->err, Q_TOOBIG, "search_index.suggest",
				      "a text of more than %d words", Q_SUGGEST_WORDS_MAX);
		out->words[out->word_count++] = (struct q_suggested_word){
			.word = q_arena_copy(suggesting->arena, word.term),
			.start = word.start,
			.end = word.end};
	}
	return Q_OK;
}

enum q_code q__suggest_correction(struct q__suggesting *suggesting, struct q_suggest_result *out)
{
	enum q_code code;

	*out = (struct q_suggest_result){0};
	out->words =
		q_arena_alloc_array(suggesting->arena, Q_SUGGEST_WORDS_MAX, sizeof *out->words);
	if (!out->words)
		return q__suggest_out_of_memory(suggesting);
	code = take_words(suggesting, out);
	for (size_t i = 0; i < out->word_count && !code; i++)
		code = correct_word(suggesting, &out->words[i]);
	return code;
}
