#include "search/query/wanted_words.h"

#include "base/bits.h"
#include "base/utf8.h"
#include "base/vec.h"
#include "search/analysis/field.h"

#include <string.h>

enum { WORDS_MAX = 65536 };

struct collecting {
	const struct q_field_definition *field;
	struct q_arena *arena;
	struct q_vec words; /* struct q__wanted_word */
	bool is_out_of_memory;
};

static void add(struct collecting *collecting, const struct q__wanted_word *word)
{
	if (!q_vec_push(&collecting->words, word))
		collecting->is_out_of_memory = true;
}

static void add_fuzzy(struct collecting *collecting, const struct q_match *match, struct q_str text,
		      float weight)
{
	struct q__wanted_word word = {.word = text, .weight = weight};
	size_t cut = q_utf8_bytes_of(text, match->prefix_length);

	word.edits = q__edits_allowed(match->fuzziness, text);
	if (word.edits > 0) {
		word.prefix = q_str_slice(text, 0, cut);
		word.length = (uint32_t)q_utf8_count(text);
		if (!q__fuzzy_make(&word.rest, q_str_slice(text, cut, text.length), word.edits,
				   collecting->arena))
			collecting->is_out_of_memory = true;
	}
	add(collecting, &word);
}

static void add_words(struct collecting *collecting, const struct q_match *match, float weight)
{
	struct q_words walk;
	struct q_word word;

	q_words_start(&walk, q__analyser_of(collecting->field->kind), match->text);
	while (q_words_next(&walk, &word) && !collecting->is_out_of_memory)
		add_fuzzy(collecting, match, q_arena_copy(collecting->arena, word.term), weight);
}

static bool is_field(const struct collecting *collecting, struct q_str name)
{
	return q_str_equal(collecting->field->name, name);
}

/* One word alone is no phrase; neither is a keyword. */
static void add_phrase(struct collecting *collecting, const struct q_match *match, float weight)
{
	struct q__wanted_phrase *phrase = q_arena_alloc(collecting->arena, sizeof *phrase);
	struct q_words walk;
	struct q_word word;

	if (!phrase || collecting->field->kind != Q_FIELD_TEXT) {
		add_words(collecting, match, weight);
		return;
	}
	phrase->slop = match->slop;
	phrase->words = q_arena_alloc_array(collecting->arena, match->text.length + 1,
					    sizeof *phrase->words);
	q_words_start(&walk, Q_ANALYSER_STANDARD, match->text);
	while (phrase->words && q_words_next(&walk, &word))
		phrase->words[phrase->count++] = q_arena_copy(collecting->arena, word.term);
	if (phrase->count > 1)
		add(collecting, &(struct q__wanted_word){.weight = weight, .phrase = phrase});
	else
		add_words(collecting, match, weight);
}

static void add_match(struct collecting *collecting, const struct q_search_query *query,
		      float outer)
{
	const struct q_match *match = &query->match;

	for (size_t i = 0; i < match->field_count; i++) {
		float weight = outer * match->fields[i].boost;

		if (!is_field(collecting, match->fields[i].name))
			continue;
		if (query->kind == Q_SEARCH_PHRASE)
			add_phrase(collecting, match, weight);
		else
			add_words(collecting, match, weight);
	}
}

static void add_term(struct collecting *collecting, const struct q_search_query *query,
		     float weight)
{
	if (is_field(collecting, query->term.field))
		add(collecting,
		    &(struct q__wanted_word){.word = query->term.value,
					     .weight = weight,
					     .is_beginning = query->kind == Q_SEARCH_PREFIX});
}

static void add_terms(struct collecting *collecting, const struct q_search_query *query,
		      float weight)
{
	for (size_t i = 0; is_field(collecting, query->terms.field) && i < query->terms.count; i++)
		add(collecting,
		    &(struct q__wanted_word){.word = query->terms.values[i], .weight = weight});
}

static void add_range(struct collecting *collecting, const struct q_search_query *query,
		      float weight)
{
	/* Without ends it asks for a value of any kind, and not for words. */
	bool has_end = query->range.from.is_set || query->range.to.is_set;

	if (has_end && is_field(collecting, query->range.field))
		add(collecting, &(struct q__wanted_word){.weight = weight, .range = query});
}

static void add_query(struct collecting *collecting, const struct q_search_query *query,
		      float outer);

static void add_queries(struct collecting *collecting, const struct q_search_query *queries,
			size_t count, float weight)
{
	for (size_t i = 0; i < count; i++)
		add_query(collecting, &queries[i], weight);
}

static bool finds_nothing(const struct q_search_query *query);

static size_t count_of_nothing(const struct q_search_query *queries, size_t count)
{
	size_t found = 0;

	for (size_t i = 0; i < count; i++)
		found += finds_nothing(&queries[i]);
	return found;
}

static bool combines_to_nothing(const struct q_search_query *query)
{
	size_t must = query->combination.must_count, should = query->combination.should_count;
	size_t filter = query->combination.filter_count;

	if (must + filter == 0)
		return should > 0 && count_of_nothing(query->combination.should, should) == should;
	return count_of_nothing(query->combination.must, must) > 0 ||
	       count_of_nothing(query->combination.filter, filter) > 0;
}

/* What OpenSearch knows from the query alone, and leaves out before it is asked what to mark. */
static bool finds_nothing(const struct q_search_query *query)
{
	switch (query->kind) {
	case Q_SEARCH_TERMS:
	case Q_SEARCH_IDS:
		return query->terms.count == 0;
	case Q_SEARCH_BOOL:
		return combines_to_nothing(query);
	case Q_SEARCH_CONSTANT:
		return finds_nothing(query->inner);
	default:
		return false;
	}
}

/* In the order in which OpenSearch makes its clauses of them. */
static void add_combination(struct collecting *collecting, const struct q_search_query *query,
			    float weight)
{
	if (finds_nothing(query))
		return;
	add_queries(collecting, query->combination.must, query->combination.must_count, weight);
	add_queries(collecting, query->combination.should, query->combination.should_count, weight);
	add_queries(collecting, query->combination.filter, query->combination.filter_count, weight);
}

/* `outer`: the boosts of all queries around this one. */
static void add_query(struct collecting *collecting, const struct q_search_query *query,
		      float outer)
{
	float weight = outer * query->boost;

	switch (query->kind) {
	case Q_SEARCH_ALL:
	case Q_SEARCH_IDS:
		return;
	case Q_SEARCH_RANGE:
		add_range(collecting, query, weight);
		return;
	case Q_SEARCH_TERM:
	case Q_SEARCH_PREFIX:
		add_term(collecting, query, weight);
		return;
	case Q_SEARCH_TERMS:
		add_terms(collecting, query, weight);
		return;
	case Q_SEARCH_PHRASE:
	case Q_SEARCH_MATCH:
		add_match(collecting, query, weight);
		return;
	case Q_SEARCH_BOOL:
		add_combination(collecting, query, weight);
		return;
	case Q_SEARCH_CONSTANT:
		add_query(collecting, query->inner, weight);
		return;
	}
}

/* Edits between the two; more than allowed where they are not alike. */
static unsigned edits_between(const struct q__wanted_word *wanted, struct q_str word)
{
	struct q__fuzzy_state state = q__fuzzy_start(&wanted->rest);
	size_t at = wanted->prefix.length;
	uint32_t count = 0;

	if (!q_str_starts_with(word, wanted->prefix))
		return wanted->edits + 1;
	for (; at < word.length && !q__fuzzy_is_dead(state); count++)
		state = q__fuzzy_step(&wanted->rest, state, count, q_utf8_next(word, &at));
	if (q__fuzzy_is_dead(state))
		return wanted->edits + 1;
	return q__fuzzy_distance(&wanted->rest, state, count);
}

static bool is_between(const struct q_search_query *query, struct q_str word)
{
	const struct q_search_bound *from = &query->range.from, *to = &query->range.to;

	/* Negative: the word lies within that end; 0: it is that end. */
	int low = from->is_set ? q_str_compare(from->value, word) : -1;
	int high = to->is_set ? q_str_compare(word, to->value) : -1;

	return (low < 0 || (low == 0 && !from->is_exclusive)) &&
	       (high < 0 || (high == 0 && !to->is_exclusive));
}

/* False: it does not want this word. The weight of a word that is all edits is 0. */
static bool wants(const struct q__wanted_word *wanted, struct q_str word, float *weight)
{
	unsigned edits;

	*weight = wanted->weight;
	if (wanted->range)
		return is_between(wanted->range, word);
	if (wanted->is_beginning)
		return q_str_starts_with(word, wanted->word);
	if (wanted->edits == 0)
		return q_str_equal(wanted->word, word);
	edits = edits_between(wanted, word);
	*weight *= q__similarity(edits, wanted->length, (uint32_t)q_utf8_count(word));
	return edits <= wanted->edits;
}

/* Whether a part of the query behind the first `from` wants the word wherever it stands. */
static bool is_wanted_from(const struct q__wanted_words *wanted, size_t from, struct q_str word)
{
	float weight;

	for (size_t i = from; i < wanted->count; i++) {
		if (!wanted->words[i].phrase && wants(&wanted->words[i], word, &weight))
			return true;
	}
	return false;
}

static bool find_wanted_later(const struct q__wanted_words *wanted, struct q_arena *arena)
{
	for (size_t i = 0; i < wanted->count; i++) {
		struct q__wanted_phrase *phrase = wanted->words[i].phrase;

		if (!phrase)
			continue;
		phrase->is_wanted_later = q_arena_alloc_array(arena, phrase->count, sizeof(bool));
		if (!phrase->is_wanted_later)
			return false;
		for (size_t j = 0; j < phrase->count; j++)
			phrase->is_wanted_later[j] =
				is_wanted_from(wanted, i + 1, phrase->words[j]);
	}
	return true;
}

static enum q_code out_of_memory(struct q_err *err)
{
	return q_fail(err, Q_NOMEM, "search_index.search", "the words to highlight");
}

enum q_code q__wanted_words_make(const struct q_search_query *query,
				 const struct q_field_definition *field, struct q_arena *arena,
				 struct q__wanted_words *out, struct q_err *err)
{
	struct collecting collecting = {.field = field, .arena = arena};
	size_t bytes;

	q_vec_init(&collecting.words, sizeof(struct q__wanted_word), WORDS_MAX);
	add_query(&collecting, query, 1.0f);
	bytes = collecting.words.count * sizeof(struct q__wanted_word);
	out->count = collecting.words.count;
	out->words = q_arena_alloc(arena, bytes + 1);
	if (out->words && bytes > 0)
		memcpy(out->words, collecting.words.items, bytes);
	q_vec_free(&collecting.words);
	if (collecting.is_out_of_memory || q_arena_failed(arena) || !out->words ||
	    !find_wanted_later(out, arena))
		return out_of_memory(err);
	return Q_OK;
}

void q__wanted_text_start(struct q__wanted_text *text, const struct q__wanted_words *wanted)
{
	*text = (struct q__wanted_text){.wanted = wanted};
}

static uint32_t count_words(struct q_str text)
{
	uint32_t count = 0;
	struct q_words words;
	struct q_word word;

	q_words_start(&words, Q_ANALYSER_STANDARD, text);
	while (q_words_next(&words, &word))
		count++;
	return count;
}

/* A fragment does not begin within a place of a phrase; places that begin in it do not count. */
static void join_places(struct q__wanted_text *text, const uint32_t *ends, uint32_t word_count)
{
	for (uint32_t i = 1; i < word_count; i++) {
		if (i < text->waits_until)
			q_bits_add(text->joined, i);
		else
			text->waits_until = ends[i];
	}
}

static enum q_code find_phrases(struct q__wanted_text *text, struct q_str next,
				const struct q_call *call, struct q_arena *arena, struct q_err *err)
{
	const struct q__wanted_words *wanted = text->wanted;
	uint32_t word_count = count_words(next);
	uint32_t *ends = q_arena_alloc_array(arena, word_count + 1, sizeof *ends);

	text->covers = q_arena_alloc_array(arena, wanted->count, sizeof *text->covers);
	text->joined = q_arena_alloc_array(arena, q_bits_words(word_count), sizeof *text->joined);
	if (!ends || !text->covers || !text->joined)
		return out_of_memory(err);
	for (size_t i = 0; i < wanted->count; i++) {
		const struct q__wanted_phrase *phrase = wanted->words[i].phrase;

		if (phrase && q_call_check(call, "search_index.search", err))
			return err->code;
		if (phrase && !q__phrase_cover(phrase, next, arena, &text->covers[i], ends))
			return out_of_memory(err);
	}
	join_places(text, ends, word_count);
	return Q_OK;
}

enum q_code q__wanted_text_next(struct q__wanted_text *text, struct q_str next,
				const struct q_call *call, struct q_arena *arena, struct q_err *err)
{
	for (size_t i = 0; i < text->wanted->count; i++) {
		if (text->wanted->words[i].phrase)
			return find_phrases(text, next, call, arena, err);
	}
	return Q_OK;
}

static bool has_word(const struct q__wanted_phrase *phrase, struct q_str word)
{
	for (size_t i = 0; i < phrase->count; i++) {
		if (q_str_equal(phrase->words[i], word))
			return true;
	}
	return false;
}

/* The last part that wants the word wherever it stands; else the first phrase, and all of them say
 * where. */
float q__wanted_weight(const struct q__wanted_text *text, struct q_str word, uint32_t position,
		       bool *is_here)
{
	float weight, phrase_weight = 0;

	*is_here = false;
	for (size_t i = text->wanted->count; i > 0; i--) {
		const struct q__wanted_word *wanted = &text->wanted->words[i - 1];

		if (!wanted->phrase && wants(wanted, word, &weight)) {
			*is_here = true;
			return weight;
		}
		if (wanted->phrase && text->covers[i - 1] && has_word(wanted->phrase, word)) {
			phrase_weight = wanted->weight;
			*is_here |= q_bits_have(text->covers[i - 1], position);
		}
	}
	return phrase_weight;
}
