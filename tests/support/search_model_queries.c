/* Queries at random. */
#include "support/search_model.h"

static struct q_str random_word(struct search_model *model)
{
	return q_str_from(model->vocabulary[search_model_draw(model, SEARCH_MODEL_VOCABULARY)]);
}

static struct q_minimum random_minimum(struct search_model *model)
{
	static const struct q_minimum two = {.number = 2, .from = 3};
	static const struct q_minimum some[] = {
		{.number = 0},
		{.number = 1},
		{.number = 2},
		{.number = 3},
		{.number = -1},
		{.number = 50, .is_percentage = true},
		{.number = 100, .is_percentage = true},
		{.number = -40, .is_percentage = true},
		{.number = 1, .from = 2, .next = &two},
	};

	return some[search_model_draw(model, Q_COUNT_OF(some))];
}

static void add_words(struct search_model *model, struct q_match *match, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		match->text = q_arena_format(model->arena, "%.*s %.*s", Q_STR_ARG(match->text),
					     Q_STR_ARG(random_word(model)));
}

static void make_match(struct search_model *model, struct q_search_query *query)
{
	static const float boosts[] = {1, 2, 0.5f, 3};
	struct q_match_field *asked = q_arena_alloc_array(model->arena, 3, sizeof *asked);
	size_t count = 0;

	for (size_t i = 0; i < 3; i++)
		if (search_model_draw(model, 2) || (i == 2 && count == 0))
			asked[count++] = (struct q_match_field){
				search_model_fields[i].name, boosts[search_model_draw(model, 4)]};
	query->match = (struct q_match){.text = random_word(model),
					.fields = asked,
					.field_count = count,
					.fuzziness = (enum q_fuzziness)search_model_draw(model, 5),
					.prefix_length = search_model_draw(model, 3),
					.max_expansions = search_model_draw(model, 4) ? 50 : 3};
	/* Several words only where they cannot stand for the same term, or each is for itself. */
	if (query->match.fuzziness == Q_FUZZINESS_NONE && search_model_draw(model, 2)) {
		query->match.match_operator = (enum q_match_operator)search_model_draw(model, 2);
		query->match.minimum = random_minimum(model);
		add_words(model, &query->match, 1 + search_model_draw(model, 4));
	} else if (search_model_draw(model, 2)) {
		query->match.minimum = (struct q_minimum){.number = 100, .is_percentage = true};
		add_words(model, &query->match, 1);
	}
}

/* Of words that stand together somewhere, mostly. */
static void make_phrase(struct search_model *model, struct q_search_query *query)
{
	const struct search_model_document *document =
		&model->documents[search_model_draw(model, (unsigned)model->count)];
	struct q_match_field *asked = q_arena_alloc_array(model->arena, 2, sizeof *asked);
	size_t field = 1 + search_model_draw(model, 2), count = document->counts[field];
	struct q_str text = random_word(model);

	for (size_t i = 0; i < 2; i++)
		asked[i] = (struct q_match_field){search_model_fields[1 + i].name,
						  (float)(1 + search_model_draw(model, 2))};
	for (size_t at = count ? search_model_draw(model, (unsigned)count) : 0, words = 0;
	     at < count && words <= search_model_draw(model, 3); at++, words++) {
		const char *word = model->vocabulary[document->words[field][at]];

		text = words == 0 ? q_str_from(word)
				  : q_arena_format(model->arena, "%.*s %s", Q_STR_ARG(text), word);
	}
	query->match = (struct q_match){.text = text, .fields = asked, .field_count = 2};
}

static void make_values(struct search_model *model, struct q_search_query *query)
{
	size_t count = search_model_draw(model, 6);
	struct q_str *values = q_arena_alloc_array(model->arena, count, sizeof *values);

	for (size_t i = 0; i < count; i++)
		values[i] =
			query->kind == Q_SEARCH_IDS
				? q_arena_format(model->arena, "%u",
						 search_model_draw(model, SEARCH_MODEL_DOCUMENTS))
				: random_word(model);
	query->terms.field = search_model_fields[0].name;
	query->terms.values = values;
	query->terms.count = count;
}

/* Of a text, or a boolean. */
static void make_term(struct search_model *model, struct q_search_query *query)
{
	bool is_flag = search_model_draw(model, 3) == 0;

	query->term.field = search_model_fields[is_flag ? 3 : 1].name;
	query->term.value = random_word(model);
	if (is_flag)
		query->term.value = search_model_draw(model, 2) ? Q_STR("true") : Q_STR("false");
}

static struct q_search_bound random_bound(struct search_model *model)
{
	return (struct q_search_bound){.value = random_word(model),
				       .is_set = search_model_draw(model, 4) > 0,
				       .is_exclusive = search_model_draw(model, 2)};
}

void search_model_make_query(struct search_model *model, struct q_search_query *query,
			     unsigned depth);

static const struct q_search_query *make_queries(struct search_model *model, unsigned depth,
						 size_t *count)
{
	struct q_search_query *queries;

	*count = search_model_draw(model, 3);
	queries = q_arena_alloc_array(model->arena, *count, sizeof *queries);
	for (size_t i = 0; i < *count; i++)
		search_model_make_query(model, &queries[i], depth);
	return queries;
}

void search_model_make_query(struct search_model *model, struct q_search_query *query,
			     unsigned depth)
{
	struct q_search_query *inner;

	query->boost = search_model_draw(model, 3) ? 1 : 2;
	query->kind = (enum q_search_kind)search_model_draw(model, depth ? Q_SEARCH_CONSTANT + 1
									 : Q_SEARCH_BOOL);
	switch (query->kind) {
	case Q_SEARCH_ALL:
		break;
	case Q_SEARCH_IDS:
	case Q_SEARCH_TERMS:
		make_values(model, query);
		break;
	case Q_SEARCH_TERM:
		make_term(model, query);
		break;
	case Q_SEARCH_RANGE:
		query->range.field = search_model_fields[search_model_draw(model, 3)].name;
		query->range.from = random_bound(model);
		query->range.to = random_bound(model);
		break;
	case Q_SEARCH_PREFIX:
		query->term.field = search_model_fields[search_model_draw(model, 3)].name;
		query->term.value = q_str_slice(random_word(model), 0, search_model_draw(model, 4));
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
			search_model_draw(model, (unsigned)query->combination.should_count + 1);
		break;
	case Q_SEARCH_CONSTANT:
		inner = q_arena_alloc(model->arena, sizeof *inner);
		search_model_make_query(model, inner, depth - 1);
		query->inner = inner;
		break;
	}
}
