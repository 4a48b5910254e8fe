/* The heap is full at the first, second, third... allocation of an index's life: what was put into
 * it and acknowledged is there afterwards, nothing else is, and nothing leaks. */
#include "search/search_index_embedded.h"

#include "support/failing_memory.h"
#include "support/scratch.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

enum { DOCUMENTS = 6, ROUNDS = 2 };

#define INDEX Q_STR("people")

static const struct q_call no_limits;
static const struct q_field_definition fields[] = {{Q_STR_INIT("name"), Q_FIELD_TEXT},
						   {Q_STR_INIT("group"), Q_FIELD_KEYWORD},
						   {Q_STR_INIT("age"), Q_FIELD_NUMBER}};
static const struct q_index_definition definition = {.fields = fields, .field_count = 3};

struct day {
	char path[SCRATCH_PATH_MAX];
	struct q_search_index *store;
	struct q_arena *arena;
	bool is_put[DOCUMENTS]; /* acknowledged */
};

/* Puts document i; what came of it. */
static enum q_code put(struct day *day, unsigned i, unsigned round, struct q_err *err)
{
	struct q_bulk_operation operation = {
		Q_BULK_PUT, q_arena_format(day->arena, "id-%u", i),
		q_arena_format(
			day->arena,
			"{\"name\":\"name%u of many\",\"group\":[\"g%u\",\"all\"],\"age\":%u}", i,
			i % 3, round)};
	struct q_bulk_result result;
	enum q_code code;

	if (q_arena_failed(day->arena))
		return Q_NOMEM;
	code = q_search_index_bulk(day->store, &no_limits, INDEX, &operation, 1, day->arena,
				   &result, err);
	code = code ? code : result.code;
	if (!code)
		day->is_put[i] = true;
	return code;
}

static enum q_code put_all(struct day *day, unsigned round, struct q_err *err)
{
	enum q_code code = Q_OK;

	for (unsigned i = 0; i < DOCUMENTS && !code; i++)
		code = put(day, i, round, err);
	return code;
}

/* How many documents have all that document i has. */
static enum q_code count(struct day *day, unsigned i, uint64_t *total, struct q_err *err)
{
	struct q_match_field field = {Q_STR("name"), 1};
	struct q_search_query query = {.kind = Q_SEARCH_MATCH,
				       .boost = 1,
				       .match = {.text = q_arena_format(day->arena, "name%u", i),
						 .fields = &field,
						 .field_count = 1,
						 .max_expansions = 1}};

	if (q_arena_failed(day->arena))
		return Q_NOMEM;
	return q_search_index_count(day->store, &no_limits, INDEX, &query, NULL, total, err);
}

/* Every document that was acknowledged is found once, any other at most once. */
static enum q_code check(struct day *day, struct q_err *err)
{
	enum q_code code = q_search_index_refresh(day->store, &no_limits, INDEX, err);
	uint64_t total;

	for (unsigned i = 0; i < DOCUMENTS && !code; i++) {
		code = count(day, i, &total, err);
		if (!code)
			assert_int_equal(total, day->is_put[i]);
	}
	return code;
}

/* What fails is tried once more, as there is memory again: it must not be the worse for it. */
static enum q_code write_and_read(struct day *day, struct q_err *err)
{
	enum q_code code = Q_OK, failed = Q_OK;

	for (unsigned i = 0; i < ROUNDS && !failed; i++) {
		failed = put_all(day, i, err);
		if (!failed)
			failed = q_search_index_refresh(day->store, &no_limits, INDEX, err);
	}
	if (!failed)
		failed = q_search_index_merge(day->store, &no_limits, INDEX, err);
	code = check(day, err);
	return failed ? failed : code;
}

static enum q_code live_a_day(void *context)
{
	struct day *day = context;
	struct q_err err;
	enum q_code code;

	*day = (struct day){.arena = q_arena_new(4 << 20)};
	scratch_make(day->path);
	if (!day->arena) {
		scratch_remove(day->path);
		return Q_NOMEM;
	}
	code = q_search_index_embedded_open(day->path, &day->store, &err);
	if (!code)
		code = q_search_index_ensure(day->store, &no_limits, INDEX, &definition, &err);
	if (!code)
		code = write_and_read(day, &err);
	q_search_index_close(day->store);
	q_arena_free(day->arena);
	scratch_remove(day->path);
	return code;
}

static void memory_that_ends_anywhere_loses_nothing(void **state)
{
	struct day day;

	(void)state;
	assert_in_range(run_with_failing_memory(live_a_day, &day), 300, 100000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(memory_that_ends_anywhere_loses_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
