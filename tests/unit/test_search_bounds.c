/* What is passed over because it cannot be among the best hits: with enough documents for many
 * windows and blocks, the hits are the same whether all are counted, and so found, or none. */
#include "search/search_index_embedded.h"

#include "base/buf.h"
#include "support/draw.h"
#include "support/scratch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum {
	DOCUMENTS = 24000,
	BATCH = 1000,
	VOCABULARY = 300,
	WORD_BYTES = 12,
	BODY_WORDS_MAX = 30,
	QUERIES = 150
};

static const struct q_call no_limits;
static const struct q_str index_name = Q_STR_INIT("bounds");

/* Names of a word or two, notes of many, and a key that few share. */
static const struct q_field_definition fields[] = {
	{Q_STR_INIT("name"), Q_FIELD_TEXT},
	{Q_STR_INIT("notes"), Q_FIELD_TEXT},
	{Q_STR_INIT("key"), Q_FIELD_KEYWORD},
};
static const struct q_index_definition definition = {.fields = fields,
						     .field_count = Q_COUNT_OF(fields)};

struct site {
	char path[SCRATCH_PATH_MAX];
	char vocabulary[VOCABULARY][WORD_BYTES];
	uint64_t seed;
	struct q_search_index *store;
	struct q_arena *arena;
	struct q_err err;
};

static unsigned draw(struct site *site, unsigned below)
{
	return draw_below(&site->seed, below);
}

/* Low numbers are drawn more often, as a language's frequent words. */
static const char *draw_word(struct site *site)
{
	return site->vocabulary[draw(site, 1 + draw(site, 1 + draw(site, VOCABULARY)))];
}

static void make_vocabulary(struct site *site)
{
	for (size_t i = 0; i < VOCABULARY; i++) {
		size_t length = 3 + draw(site, WORD_BYTES - 4);

		for (size_t j = 0; j < length; j++)
			site->vocabulary[i][j] = (char)('a' + draw(site, 3));
		site->vocabulary[i][length] = '\0';
	}
}

static struct q_str draw_words(struct site *site, unsigned count)
{
	struct q_buf text;
	struct q_str copy;

	q_buf_init(&text, 1 << 12);
	for (unsigned i = 0; i < count; i++)
		q_buf_format(&text, "%s%s", i ? " " : "", draw_word(site));
	copy = q_arena_copy(site->arena, q_buf_str(&text));
	q_buf_free(&text);
	return copy;
}

static void put_batch(struct site *site, unsigned first)
{
	struct q_bulk_operation operations[BATCH];
	struct q_bulk_result results[BATCH];

	q_arena_reset(site->arena);
	for (unsigned i = 0; i < BATCH; i++) {
		struct q_str name = draw_words(site, draw(site, 20) ? 1 : 2);
		struct q_str notes = draw_words(site, draw(site, draw(site, BODY_WORDS_MAX) + 1));

		operations[i].kind = draw(site, 50) ? Q_BULK_PUT : Q_BULK_DELETE;
		operations[i].id = q_arena_format(site->arena, "%u", first + i - draw(site, 3));
		operations[i].source = q_arena_format(
			site->arena, "{\"name\":\"%.*s\",\"notes\":\"%.*s\",\"key\":\"%s%u\"}",
			Q_STR_ARG(name), Q_STR_ARG(notes), draw_word(site), draw(site, 9));
	}
	assert_int_equal(q_search_index_bulk(site->store, &no_limits, index_name, operations, BATCH,
					     site->arena, results, &site->err),
			 Q_OK);
}

static void refresh(struct site *site)
{
	assert_int_equal(q_search_index_refresh(site->store, &no_limits, index_name, &site->err),
			 Q_OK);
}

static int open_site(void **state)
{
	struct site *site = calloc(1, sizeof *site);

	site->arena = q_arena_new(64 << 20);
	make_vocabulary(site);
	scratch_make(site->path);
	assert_int_equal(q_search_index_embedded_open(site->path, &site->store, &site->err), Q_OK);
	assert_int_equal(
		q_search_index_ensure(site->store, &no_limits, index_name, &definition, &site->err),
		Q_OK);
	/* One segment of many windows, and smaller ones. */
	for (unsigned first = 10; first < DOCUMENTS; first += BATCH) {
		put_batch(site, first);
		if (first > DOCUMENTS - 4 * BATCH)
			refresh(site);
	}
	refresh(site);
	*state = site;
	return 0;
}

static int close_site(void **state)
{
	struct site *site = *state;

	q_search_index_close(site->store);
	q_arena_free(site->arena);
	scratch_remove(site->path);
	free(site);
	return 0;
}

static void make_query(struct site *site, struct q_search_query *query,
		       struct q_match_field asked[Q_COUNT_OF(fields)])
{
	size_t count = 0;

	for (size_t i = 0; i < Q_COUNT_OF(fields); i++) {
		if (draw(site, 3) || (i == 2 && count == 0))
			asked[count++] =
				(struct q_match_field){fields[i].name, (float)(1 + draw(site, 3))};
	}
	*query = (struct q_search_query){
		.kind = Q_SEARCH_MATCH,
		.boost = 1,
		.match = {.text = draw_words(site, 1 + draw(site, 3)),
			  .fields = asked,
			  .field_count = count,
			  .match_operator = draw(site, 5) ? Q_MATCH_OR : Q_MATCH_AND,
			  .fuzziness = (enum q_fuzziness)draw(site, 5),
			  .prefix_length = draw(site, 3),
			  .max_expansions = 50}};
}

static void search(struct site *site, const struct q_search_request *request,
		   struct q_search_result *result)
{
	if (q_search_index_search(site->store, &no_limits, index_name, request, site->arena, result,
				  &site->err))
		fail_msg("%s", site->err.message);
}

static void check(struct site *site, const struct q_search_query *query)
{
	struct q_search_request request = {.query = query, .size = 1 + draw(site, 30)};
	struct q_search_result all, best;

	search(site, &request, &all);
	request.total_is_bounded = true;
	search(site, &request, &best);
	assert_int_equal(best.total_is_exceeded, all.total > 0);
	assert_int_equal(best.hit_count, all.hit_count);
	for (size_t i = 0; i < all.hit_count; i++) {
		assert_true(q_str_equal(best.hits[i].id, all.hits[i].id));
		assert_true(best.hits[i].score == all.hits[i].score);
	}
}

static void check_queries(struct site *site)
{
	for (unsigned i = 0; i < QUERIES; i++) {
		struct q_match_field asked[Q_COUNT_OF(fields)];
		struct q_search_query query;

		q_arena_reset(site->arena);
		make_query(site, &query, asked);
		check(site, &query);
	}
}

static void what_is_passed_over_is_not_among_the_best(void **state)
{
	check_queries(*state);
}

static void nor_in_one_segment(void **state)
{
	struct site *site = *state;

	assert_int_equal(q_search_index_merge(site->store, &no_limits, index_name, &site->err),
			 Q_OK);
	check_queries(site);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_passed_over_is_not_among_the_best),
		cmocka_unit_test(nor_in_one_segment),
	};

	return cmocka_run_group_tests(tests, open_site, close_site);
}
