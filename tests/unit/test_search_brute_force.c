/* Random small indexes, with deletions and several segments, and random queries of every kind,
 * answered twice: by the engine and by the model. */
#include "support/search_model.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { ROUNDS = 4, QUERIES = 60, DEPTH = 3, HITS = 50, EXPLAINED = 3 };

static const struct q_call no_limits;

/* How many of the model's documents are found, and that each hit has the score of the model, and
 * that no document that is left out is better than the last hit. */
static void check_query(struct search_model *model, const struct q_search_query *query)
{
	struct q_search_request request = {.query = query, .size = HITS};
	struct q_search_result result;
	double scores[2 * SEARCH_MODEL_DOCUMENTS];
	size_t total = 0;

	if (q_search_index_search(model->store, &no_limits, search_model_index, &request,
				  model->arena, &result, &model->err))
		fail_msg("%s", model->err.message);
	for (size_t i = 0; i < model->count; i++) {
		scores[i] = model->documents[i].is_deleted
				    ? -1
				    : search_model_score(model, query, &model->documents[i], 1);
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
static void check_explained(struct search_model *model, const struct q_search_query *query)
{
	struct q_search_request request = {.query = query, .size = EXPLAINED};
	struct q_search_result result;
	struct q_explanation explanation;

	assert_int_equal(q_search_index_search(model->store, &no_limits, search_model_index,
					       &request, model->arena, &result, &model->err),
			 Q_OK);
	for (size_t i = 0; i < result.hit_count; i++) {
		assert_int_equal(q_search_index_explain(model->store, &no_limits,
							search_model_index, query, NULL,
							result.hits[i].id, model->arena,
							&explanation, &model->err),
				 Q_OK);
		assert_true((float)explanation.value == result.hits[i].score);
	}
	if (result.total == 0)
		assert_int_equal(q_search_index_explain(model->store, &no_limits,
							search_model_index, query, NULL, Q_STR("1"),
							model->arena, &explanation, &model->err),
				 Q_NOTFOUND);
}

/* The hits are the same, to the last bit, however far they are counted. */
static void check_bounded(struct search_model *model, const struct q_search_query *query)
{
	struct q_search_request request = {.query = query,
					   .size = 1 + search_model_draw(model, HITS)};
	struct q_search_result all, bounded;

	if (q_search_index_search(model->store, &no_limits, search_model_index, &request,
				  model->arena, &all, &model->err))
		fail_msg("%s", model->err.message);
	request.total_is_bounded = true;
	request.total_max = search_model_draw(model, 30);
	if (q_search_index_search(model->store, &no_limits, search_model_index, &request,
				  model->arena, &bounded, &model->err))
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

static void check_queries(struct search_model *model)
{
	for (int i = 0; i < QUERIES; i++) {
		struct q_search_query query = {0};

		q_arena_reset(model->arena);
		search_model_make_query(model, &query, DEPTH);
		check_query(model, &query);
		check_bounded(model, &query);
		check_explained(model, &query);
	}
}

static void random_queries_on_random_indexes_find_what_the_rules_say(void **state)
{
	struct search_model *model = calloc(1, sizeof *model);

	(void)state;
	assert_non_null(model);
	for (unsigned round = 0; round < ROUNDS; round++) {
		search_model_open(model, round);
		check_queries(model);
		search_model_merge(model);
		check_queries(model);
		search_model_close(model);
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
