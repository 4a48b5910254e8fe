/* Random small indexes, with deletions and several segments, and random queries of every kind,
 * answered twice: by the engine, and by going through all documents with the rules of
 * docs/search.md written down as plainly as possible. */
#include "search/search_index_embedded.h"
#include "search/similarity.h"

#include "base/buf.h"
#include "search/length_byte.h"
#include "support/scratch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum {
	ROUNDS = 4,
	QUERIES = 60,
	DOCUMENTS = 400,
	WORDS_MAX = 9,
	VOCABULARY = 120,
	DEPTH = 3,
	HITS = 50,
	EXPLAINED = 3,
	REFRESHES_MAX = 6 /* so few that no merge forgets what is deleted: it counts until then */
};

static const struct q_call no_limits;

static const struct q_field_definition fields[] = {
	{Q_STR_INIT("key"), Q_FIELD_KEYWORD},
	{Q_STR_INIT("title"), Q_FIELD_TEXT},
	{Q_STR_INIT("body"), Q_FIELD_TEXT},
};
static const struct q_index_definition definition = {fields, Q_COUNT_OF(fields)};
static const struct q_str index_name = Q_STR_INIT("random");

/* A document as the model sees it: word numbers by field. Field 0 is the keyword. */
struct model_document {
	unsigned words[3][WORDS_MAX];
	size_t counts[3];
	unsigned id;
	bool is_deleted;
};

struct model {
	uint64_t seed;
	char vocabulary[VOCABULARY][16];
	struct model_document documents[2 * DOCUMENTS]; /* in the order of their places */
	size_t count;
	struct q_search_index *store;
	struct q_arena *arena;
	struct q_err err;
};

static size_t field_number(struct q_str name)
{
	size_t number = 0;

	while (!q_str_equal(fields[number].name, name))
		number++;
	return number;
}

static unsigned draw(struct model *model, unsigned below)
{
	model->seed = model->seed * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(model->seed >> 33) % below;
}

/* Words that are near to each other: short, of few letters. */
static void make_vocabulary(struct model *model)
{
	for (size_t i = 0; i < VOCABULARY; i++) {
		size_t length = 2 + draw(model, 6);

		for (size_t j = 0; j < length; j++)
			model->vocabulary[i][j] = (char)('a' + draw(model, 3));
		model->vocabulary[i][length] = '\0';
	}
}

static void make_document(struct model *model, struct model_document *document)
{
	for (size_t field = 0; field < 3; field++) {
		document->counts[field] = field == 0 ? 1 : draw(model, WORDS_MAX + 1);
		for (size_t i = 0; i < document->counts[field]; i++)
			document->words[field][i] = draw(model, draw(model, VOCABULARY) + 1);
	}
}

static void write_source(const struct model *model, const struct model_document *document,
			 struct q_buf *out)
{
	q_buf_clear(out);
	for (size_t field = 0; field < 3; field++) {
		q_buf_format(out, "%s\"%.*s\":\"", field ? "," : "{",
			     Q_STR_ARG(fields[field].name));
		for (size_t i = 0; i < document->counts[field]; i++)
			q_buf_format(out, "%s%s", i ? " " : "",
				     model->vocabulary[document->words[field][i]]);
		q_buf_append_char(out, '"');
	}
	q_buf_append_char(out, '}');
}

static void apply(struct model *model, enum q_bulk_kind kind, unsigned id, struct q_str source)
{
	struct q_bulk_operation operation = {kind, q_arena_format(model->arena, "%u", id), source};
	struct q_bulk_result result;

	assert_int_equal(q_search_index_bulk(model->store, &no_limits, index_name, &operation, 1,
					     model->arena, &result, &model->err),
			 Q_OK);
	assert_int_equal(result.code, Q_OK);
}

static void forget(struct model *model, unsigned id)
{
	for (size_t i = 0; i < model->count; i++)
		if (model->documents[i].id == id)
			model->documents[i].is_deleted = true;
}

static void put_one(struct model *model, struct q_buf *source)
{
	struct model_document *document = &model->documents[model->count];
	unsigned id = draw(model, DOCUMENTS);

	forget(model, id);
	model->count++;
	document->id = id;
	make_document(model, document);
	write_source(model, document, source);
	apply(model, Q_BULK_PUT, id, q_buf_str(source));
}

static void refresh(struct model *model)
{
	assert_int_equal(q_search_index_refresh(model->store, &no_limits, index_name, &model->err),
			 Q_OK);
}

/* Puts, puts again, deletes, with refreshes at random. */
static void fill(struct model *model)
{
	unsigned refreshes = 0;
	struct q_buf source;

	q_buf_init(&source, 1 << 16);
	while (model->count < DOCUMENTS) {
		unsigned id = draw(model, DOCUMENTS);

		put_one(model, &source);
		if (draw(model, 8) == 0) {
			forget(model, id);
			apply(model, Q_BULK_DELETE, id, (struct q_str){0});
		}
		if (draw(model, 60) == 0 && refreshes++ < REFRESHES_MAX)
			refresh(model);
	}
	refresh(model);
	q_buf_free(&source);
}

/* After a merge, deleted documents count no longer. */
static void merge(struct model *model)
{
	size_t kept = 0;

	assert_int_equal(q_search_index_merge(model->store, &no_limits, index_name, &model->err),
			 Q_OK);
	for (size_t i = 0; i < model->count; i++)
		if (!model->documents[i].is_deleted)
			model->documents[kept++] = model->documents[i];
	model->count = kept;
}

/* How often a document has a word (by its text: words of the vocabulary may be equal). */
static unsigned frequency_of(const struct model *model, const struct model_document *document,
			     size_t field, const char *word)
{
	unsigned count = 0;

	for (size_t i = 0; i < document->counts[field]; i++)
		count += strcmp(model->vocabulary[document->words[field][i]], word) == 0;
	return count;
}

static unsigned document_count_of(const struct model *model, size_t field, const char *word)
{
	unsigned count = 0;

	for (size_t i = 0; i < model->count; i++)
		count += frequency_of(model, &model->documents[i], field, word) > 0;
	return count;
}

/* Documents that have the field, and all of its tokens. */
static uint64_t field_counts(const struct model *model, size_t field, uint64_t *tokens)
{
	uint64_t documents = 0;

	*tokens = 0;
	for (size_t i = 0; i < model->count; i++) {
		documents += model->documents[i].counts[field] > 0;
		*tokens += model->documents[i].counts[field];
	}
	return documents;
}

static float weighted_score(const struct model *model, const struct model_document *document,
			    size_t field, unsigned frequency, float weight)
{
	uint64_t tokens, documents = field_counts(model, field, &tokens);
	uint8_t length = field ? q__length_to_byte((uint32_t)document->counts[field]) : 1;
	float factors[256];

	q__length_factors(q__average_length(documents, tokens), factors);
	return q__score(weight, (float)frequency, factors[length]);
}

static float score_of(const struct model *model, const struct model_document *document,
		      size_t field, const char *word, float boost, unsigned having)
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
static size_t expand(const struct model *model, const struct q_match *match, size_t field,
		     const char *word, struct candidate *out)
{
	size_t count = 0;

	for (size_t i = 0; i < VOCABULARY; i++) {
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
static double word_score(const struct model *model, const struct q_match *match,
			 const struct model_document *document, size_t field, const char *word,
			 float boost)
{
	struct candidate candidates[VOCABULARY];
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

/* Are so many of a text's words enough? */
static bool is_enough(const struct q_match *match, int given, int found)
{
	bool is_all = match->match_operator == Q_MATCH_AND;
	int optional = is_all ? 0 : given, minimum = match->minimum.number;

	if (match->minimum.is_percentage)
		minimum = optional * minimum / 100;
	if (match->minimum.number < 0)
		minimum += optional;
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
static double field_score(const struct model *model, const struct q_match *match,
			  const struct model_document *document, size_t field, float boost)
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

static double match_score(const struct model *model, const struct q_match *match,
			  const struct model_document *document, float boost)
{
	double best = -1;

	for (size_t i = 0; i < match->field_count; i++) {
		double score =
			field_score(model, match, document, field_number(match->fields[i].name),
				    boost * match->fields[i].boost);

		best = score > best ? score : best;
	}
	return best < 0 ? -1 : (double)(float)best;
}

/* Do the words of a phrase stand in the field from this place on? */
static bool has_words_at(const struct model *model, const struct model_document *document,
			 size_t field, size_t at, struct q_str phrase)
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

static float rarity_of(const struct model *model, size_t field, struct q_str phrase)
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

static double phrase_score(const struct model *model, const struct q_match *phrase,
			   const struct model_document *document, float boost)
{
	double best = -1;

	for (size_t i = 0; i < phrase->field_count; i++) {
		size_t field = field_number(phrase->fields[i].name);
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

static double query_score(const struct model *model, const struct q_search_query *query,
			  const struct model_document *document, float outer);

static bool has_any(const struct model *model, const struct q_search_query *query,
		    const struct model_document *document)
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

static bool has_prefix(const struct model *model, const struct q_search_query *query,
		       const struct model_document *document)
{
	size_t field = field_number(query->term.field);

	for (size_t i = 0; i < document->counts[field]; i++)
		if (q_str_starts_with(q_str_from(model->vocabulary[document->words[field][i]]),
				      query->term.value))
			return true;
	return false;
}

static double combination_score(const struct model *model, const struct q_search_query *query,
				const struct model_document *document, float boost)
{
	size_t should = 0, minimum = query->combination.minimum_should;
	size_t required = query->combination.must_count + query->combination.filter_count;
	double sum = 0, offered = 0;

	if (required + query->combination.should_count + query->combination.must_not_count == 0)
		return (double)boost;
	if (required == 0)
		minimum = query->combination.should_count == 0 ? 0 : minimum > 0 ? minimum : 1;
	for (size_t i = 0; i < query->combination.must_count; i++) {
		double score = query_score(model, &query->combination.must[i], document, boost);

		if (score < 0)
			return -1;
		sum += score;
	}
	for (size_t i = 0; i < query->combination.filter_count; i++)
		if (query_score(model, &query->combination.filter[i], document, boost) < 0)
			return -1;
	for (size_t i = 0; i < query->combination.must_not_count; i++)
		if (query_score(model, &query->combination.must_not[i], document, boost) >= 0)
			return -1;
	for (size_t i = 0; i < query->combination.should_count; i++) {
		double score = query_score(model, &query->combination.should[i], document, boost);

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

static bool is_in_range(const struct model *model, const struct q_search_query *query,
			const struct model_document *document)
{
	size_t field = 0;

	while (!q_str_equal(fields[field].name, query->range.field))
		field++;
	for (size_t i = 0; i < document->counts[field]; i++) {
		const char *word = model->vocabulary[document->words[field][i]];

		if (is_between(query, q_str_from(word)))
			return true;
	}
	return false;
}

/* -1: not found. */
static double query_score(const struct model *model, const struct q_search_query *query,
			  const struct model_document *document, float outer)
{
	static const struct q_match_field title = {Q_STR_INIT("title"), 1};
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
		return match_score(model,
				   &(struct q_match){.text = query->term.value,
						     .fields = &title,
						     .field_count = 1,
						     .max_expansions = 1},
				   document, boost);
	case Q_SEARCH_PREFIX:
		return has_prefix(model, query, document) ? (double)boost : -1;
	case Q_SEARCH_MATCH:
		return match_score(model, &query->match, document, boost);
	case Q_SEARCH_PHRASE:
		return phrase_score(model, &query->match, document, boost);
	case Q_SEARCH_BOOL:
		return combination_score(model, query, document, boost);
	case Q_SEARCH_CONSTANT:
		return query_score(model, query->inner, document, 1) < 0 ? -1 : (double)boost;
	}
	return -1;
}

static struct q_str random_word(struct model *model)
{
	return q_str_from(model->vocabulary[draw(model, VOCABULARY)]);
}

static struct q_minimum random_minimum(struct model *model)
{
	static const struct q_minimum some[] = {{0, false},  {1, false}, {2, false},  {3, false},
						{-1, false}, {50, true}, {100, true}, {-40, true}};

	return some[draw(model, Q_COUNT_OF(some))];
}

static void add_words(struct model *model, struct q_match *match, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		match->text = q_arena_format(model->arena, "%.*s %.*s", Q_STR_ARG(match->text),
					     Q_STR_ARG(random_word(model)));
}

static void make_match(struct model *model, struct q_search_query *query)
{
	static const float boosts[] = {1, 2, 0.5f, 3};
	struct q_match_field *asked = q_arena_alloc_array(model->arena, 3, sizeof *asked);
	size_t count = 0;

	for (size_t i = 0; i < 3; i++)
		if (draw(model, 2) || (i == 2 && count == 0))
			asked[count++] =
				(struct q_match_field){fields[i].name, boosts[draw(model, 4)]};
	query->match = (struct q_match){.text = random_word(model),
					.fields = asked,
					.field_count = count,
					.fuzziness = (enum q_fuzziness)draw(model, 5),
					.prefix_length = draw(model, 3),
					.max_expansions = draw(model, 4) ? 50 : 3};
	/* Several words only where they cannot stand for the same term, or each is for itself. */
	if (query->match.fuzziness == Q_FUZZINESS_NONE && draw(model, 2)) {
		query->match.match_operator = (enum q_match_operator)draw(model, 2);
		query->match.minimum = random_minimum(model);
		add_words(model, &query->match, 1 + draw(model, 4));
	} else if (draw(model, 2)) {
		query->match.minimum = (struct q_minimum){.number = 100, .is_percentage = true};
		add_words(model, &query->match, 1);
	}
}

/* Of words that stand together somewhere, mostly. */
static void make_phrase(struct model *model, struct q_search_query *query)
{
	const struct model_document *document =
		&model->documents[draw(model, (unsigned)model->count)];
	struct q_match_field *asked = q_arena_alloc_array(model->arena, 2, sizeof *asked);
	size_t field = 1 + draw(model, 2), count = document->counts[field];
	struct q_str text = random_word(model);

	for (size_t i = 0; i < 2; i++)
		asked[i] = (struct q_match_field){fields[1 + i].name, (float)(1 + draw(model, 2))};
	for (size_t at = count ? draw(model, (unsigned)count) : 0, words = 0;
	     at < count && words <= draw(model, 3); at++, words++) {
		const char *word = model->vocabulary[document->words[field][at]];

		text = words == 0 ? q_str_from(word)
				  : q_arena_format(model->arena, "%.*s %s", Q_STR_ARG(text), word);
	}
	query->match = (struct q_match){.text = text, .fields = asked, .field_count = 2};
}

static void make_values(struct model *model, struct q_search_query *query)
{
	size_t count = draw(model, 6);
	struct q_str *values = q_arena_alloc_array(model->arena, count, sizeof *values);

	for (size_t i = 0; i < count; i++)
		values[i] = query->kind == Q_SEARCH_IDS
				    ? q_arena_format(model->arena, "%u", draw(model, DOCUMENTS))
				    : random_word(model);
	query->terms.field = fields[0].name;
	query->terms.values = values;
	query->terms.count = count;
}

static struct q_search_bound random_bound(struct model *model)
{
	return (struct q_search_bound){.value = random_word(model),
				       .is_set = draw(model, 4) > 0,
				       .is_exclusive = draw(model, 2)};
}

static void make_query(struct model *model, struct q_search_query *query, unsigned depth);

static const struct q_search_query *make_queries(struct model *model, unsigned depth, size_t *count)
{
	struct q_search_query *queries;

	*count = draw(model, 3);
	queries = q_arena_alloc_array(model->arena, *count, sizeof *queries);
	for (size_t i = 0; i < *count; i++)
		make_query(model, &queries[i], depth);
	return queries;
}

static void make_query(struct model *model, struct q_search_query *query, unsigned depth)
{
	struct q_search_query *inner;

	query->boost = draw(model, 3) ? 1 : 2;
	query->kind =
		(enum q_search_kind)draw(model, depth ? Q_SEARCH_CONSTANT + 1 : Q_SEARCH_BOOL);
	switch (query->kind) {
	case Q_SEARCH_ALL:
		break;
	case Q_SEARCH_IDS:
	case Q_SEARCH_TERMS:
		make_values(model, query);
		break;
	case Q_SEARCH_TERM:
		query->term.field = fields[1].name;
		query->term.value = random_word(model);
		break;
	case Q_SEARCH_RANGE:
		query->range.field = fields[draw(model, 3)].name;
		query->range.from = random_bound(model);
		query->range.to = random_bound(model);
		break;
	case Q_SEARCH_PREFIX:
		query->term.field = fields[draw(model, 3)].name;
		query->term.value = q_str_slice(random_word(model), 0, draw(model, 4));
		break;
	case Q_SEARCH_MATCH:
		make_match(model, query);
		break;
	case Q_SEARCH_PHRASE:
		make_phrase(model, query);
		break;
	case Q_SEARCH_BOOL:
		query->combination.must =
			make_queries(model, depth - 1, &query->combination.must_count);
		query->combination.filter =
			make_queries(model, depth - 1, &query->combination.filter_count);
		query->combination.should =
			make_queries(model, depth - 1, &query->combination.should_count);
		query->combination.must_not =
			make_queries(model, depth - 1, &query->combination.must_not_count);
		query->combination.minimum_should =
			draw(model, (unsigned)query->combination.should_count + 1);
		break;
	case Q_SEARCH_CONSTANT:
		inner = q_arena_alloc(model->arena, sizeof *inner);
		make_query(model, inner, depth - 1);
		query->inner = inner;
		break;
	}
}

/* How many of the model's documents are found, and that each hit has the score of the model, and
 * that no document that is left out is better than the last hit. */
static void check_query(struct model *model, const struct q_search_query *query)
{
	struct q_search_request request = {.query = query, .size = HITS};
	struct q_search_result result;
	double scores[2 * DOCUMENTS];
	size_t total = 0;

	if (q_search_index_search(model->store, &no_limits, index_name, &request, model->arena,
				  &result, &model->err))
		fail_msg("%s", model->err.message);
	for (size_t i = 0; i < model->count; i++) {
		scores[i] = model->documents[i].is_deleted
				    ? -1
				    : query_score(model, query, &model->documents[i], 1);
		total += scores[i] >= 0;
	}
	assert_int_equal(result.total, total);
	assert_int_equal(result.hit_count, total < HITS ? total : HITS);
	for (size_t i = 0; i < result.hit_count; i++) {
		size_t best = 0;
		char id[16];

		for (size_t j = 1; j < model->count; j++)
			if ((float)scores[j] > (float)scores[best])
				best = j;
		snprintf(id, sizeof id, "%u", model->documents[best].id);
		/* Sums of several parts may differ in the last bit, by the order of adding. */
		assert_true(abs((int)((double)result.hits[i].score * 1e4) -
				(int)(scores[best] * 1e4)) <= 1);
		if (result.hits[i].score == (float)scores[best] && query->kind == Q_SEARCH_MATCH)
			assert_true(q_str_equal(result.hits[i].id, q_str_from(id)));
		scores[best] = -1;
	}
}

/* An explanation's value is the score, and of what is not found there is none. */
static void check_explained(struct model *model, const struct q_search_query *query)
{
	struct q_search_request request = {.query = query, .size = EXPLAINED};
	struct q_search_result result;
	struct q_explanation explanation;

	assert_int_equal(q_search_index_search(model->store, &no_limits, index_name, &request,
					       model->arena, &result, &model->err),
			 Q_OK);
	for (size_t i = 0; i < result.hit_count; i++) {
		assert_int_equal(q_search_index_explain(model->store, &no_limits, index_name, query,
							NULL, result.hits[i].id, model->arena,
							&explanation, &model->err),
				 Q_OK);
		assert_true((float)explanation.value == result.hits[i].score);
	}
	if (result.total == 0)
		assert_int_equal(q_search_index_explain(model->store, &no_limits, index_name, query,
							NULL, Q_STR("1"), model->arena,
							&explanation, &model->err),
				 Q_NOTFOUND);
}

/* The hits are the same, to the last bit, however far they are counted. */
static void check_bounded(struct model *model, const struct q_search_query *query)
{
	struct q_search_request request = {.query = query, .size = 1 + draw(model, HITS)};
	struct q_search_result all, bounded;

	if (q_search_index_search(model->store, &no_limits, index_name, &request, model->arena,
				  &all, &model->err))
		fail_msg("%s", model->err.message);
	request.total_is_bounded = true;
	request.total_max = draw(model, 30);
	if (q_search_index_search(model->store, &no_limits, index_name, &request, model->arena,
				  &bounded, &model->err))
		fail_msg("%s", model->err.message);
	assert_int_equal(bounded.total_is_exceeded, all.total > request.total_max);
	assert_int_equal(bounded.total,
			 all.total > request.total_max ? request.total_max : all.total);
	assert_int_equal(bounded.hit_count, all.hit_count);
	for (size_t i = 0; i < all.hit_count; i++) {
		assert_true(q_str_equal(bounded.hits[i].id, all.hits[i].id));
		assert_true(bounded.hits[i].score == all.hits[i].score);
	}
}

static void check_queries(struct model *model)
{
	for (int i = 0; i < QUERIES; i++) {
		struct q_search_query query = {0};

		q_arena_reset(model->arena);
		make_query(model, &query, DEPTH);
		check_query(model, &query);
		check_bounded(model, &query);
		check_explained(model, &query);
	}
}

static void random_queries_on_random_indexes_find_what_the_rules_say(void **state)
{
	struct model *model = calloc(1, sizeof *model);

	(void)state;
	for (unsigned round = 0; round < ROUNDS; round++) {
		char path[SCRATCH_PATH_MAX];

		scratch_make(path);
		*model = (struct model){.seed = round, .arena = q_arena_new(64 << 20)};
		make_vocabulary(model);
		assert_int_equal(q_search_index_embedded_open(path, &model->store, &model->err),
				 Q_OK);
		assert_int_equal(q_search_index_ensure(model->store, &no_limits, index_name,
						       &definition, &model->err),
				 Q_OK);
		fill(model);
		check_queries(model);
		merge(model);
		check_queries(model);
		q_search_index_close(model->store);
		q_arena_free(model->arena);
		scratch_remove(path);
	}
	free(model);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_queries_on_random_indexes_find_what_the_rules_say),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
