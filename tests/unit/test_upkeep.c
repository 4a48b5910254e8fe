/* A store that refreshes and merges by itself, while one writes and others read. */
#include "search/search_index_embedded.h"

#include "base/mem.h"
#include "support/scratch.h"

#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum {
	DOCUMENTS = 40,
	READERS = 2,
	ROUNDS = 60,
	ROUNDS_LONG = 2000,
	LARGE_DOCUMENTS = Q_SANITIZED ? 60 : 110, /* one full buffer, or two */
	LARGE_BYTES = 4000000
};

#define INDEX Q_STR("people")

static const struct q_call no_limits;
static const struct q_field_definition fields[] = {{Q_STR_INIT("text"), Q_FIELD_TEXT}};
static const struct q_index_definition definition = {.fields = fields, .field_count = 1};

struct site {
	char path[SCRATCH_PATH_MAX];
	struct q_search_index *store;
	atomic_bool is_written; /* readers may stop */
	struct q_err err;
};

static void open_store(struct site *site, struct q_search_upkeep_options options)
{
	if (q_search_index_embedded_open(site->path, &site->store, &site->err) ||
	    q_search_index_embedded_keep_up(site->store, &options, &site->err) ||
	    q_search_index_ensure(site->store, &no_limits, INDEX, &definition, &site->err))
		fail_msg("%s", site->err.message);
}

static int make_site(void **state)
{
	static struct site site;

	site = (struct site){0};
	scratch_make(site.path);
	*state = &site;
	return 0;
}

static int remove_site(void **state)
{
	struct site *site = *state;

	q_search_index_close(site->store);
	scratch_remove(site->path);
	return 0;
}

/* Puts document i of all anew. */
static void put(struct site *site, struct q_arena *arena, unsigned i, unsigned round)
{
	struct q_bulk_operation operation = {
		Q_BULK_PUT, q_arena_format(arena, "%u", i),
		q_arena_format(arena, "{\"text\":\"round%u\"}", round)};
	struct q_bulk_result result;

	assert_int_equal(q_search_index_bulk(site->store, &no_limits, INDEX, &operation, 1, arena,
					     &result, &site->err),
			 Q_OK);
	assert_int_equal(result.code, Q_OK);
}

static void put_all(struct site *site, unsigned round)
{
	struct q_arena *arena = q_arena_new(1 << 20);

	for (unsigned i = 0; i < DOCUMENTS; i++)
		put(site, arena, i, round);
	q_arena_free(arena);
}

/* All hits; how many. */
static size_t find_all(struct q_search_index *store, struct q_arena *arena,
		       struct q_search_result *out)
{
	static const struct q_search_query all = {.kind = Q_SEARCH_ALL, .boost = 1};
	struct q_search_request request = {.query = &all, .size = 2 * DOCUMENTS};
	struct q_err err;

	if (q_search_index_search(store, &no_limits, INDEX, &request, arena, out, &err))
		fail_msg("%s", err.message);
	return out->hit_count;
}

static void await_all(struct site *site)
{
	struct q_arena *arena = q_arena_new(1 << 20);
	struct q_search_result result;

	while (find_all(site->store, arena, &result) < DOCUMENTS) {
		q_arena_reset(arena);
		sched_yield();
	}
	q_arena_free(arena);
}

/* Every document is there once, whatever is being written or merged. */
static void *read_on(void *context)
{
	struct site *site = context;
	struct q_arena *arena = q_arena_new(1 << 20);

	while (!atomic_load(&site->is_written)) {
		bool is_seen[DOCUMENTS] = {false};
		struct q_search_result result;

		q_arena_reset(arena);
		q_assert(find_all(site->store, arena, &result) == DOCUMENTS);
		for (size_t i = 0; i < DOCUMENTS; i++) {
			int64_t id = -1;

			q_assert(q_str_to_int64(result.hits[i].id, &id) && id < DOCUMENTS);
			q_assert(!is_seen[id]);
			is_seen[id] = true;
		}
	}
	q_arena_free(arena);
	return NULL;
}

static void what_is_put_is_found_without_being_asked_for(void **state)
{
	struct site *site = *state;

	open_store(site, (struct q_search_upkeep_options){.refresh_interval_ms = 1});
	put_all(site, 0);
	await_all(site);
}

static void readers_see_every_document_once_while_it_is_put_anew_and_merged(void **state)
{
	unsigned rounds = getenv("QUIRE_LONG") ? ROUNDS_LONG : ROUNDS;
	struct site *site = *state;
	pthread_t readers[READERS];

	open_store(site, (struct q_search_upkeep_options){.refresh_interval_ms = 1});
	put_all(site, 0);
	await_all(site);
	for (size_t i = 0; i < READERS; i++)
		assert_int_equal(pthread_create(&readers[i], NULL, read_on, site), 0);
	for (unsigned i = 1; i <= rounds; i++) {
		put_all(site, i);
		assert_int_equal(q_search_index_refresh(site->store, &no_limits, INDEX, &site->err),
				 Q_OK);
	}
	atomic_store(&site->is_written, true);
	for (size_t i = 0; i < READERS; i++)
		pthread_join(readers[i], NULL);
	await_all(site);
}

/* So large that some fifty fill a buffer; its text is in no field. */
static struct q_str large_source(struct q_arena *arena, unsigned i)
{
	return q_arena_format(arena, "{\"text\":\"large\",\"other\":\"%0*u\"}", LARGE_BYTES, i);
}

static void put_large(struct site *site, unsigned i)
{
	struct q_arena *arena = q_arena_new(8 << 20);
	struct q_bulk_operation operation = {Q_BULK_PUT, q_arena_format(arena, "%u", i),
					     large_source(arena, i)};
	struct q_bulk_result result;

	assert_int_equal(q_search_index_bulk(site->store, &no_limits, INDEX, &operation, 1, arena,
					     &result, &site->err),
			 Q_OK);
	assert_int_equal(result.code, Q_OK);
	q_arena_free(arena);
}

static void full_buffers_are_written_in_their_order(void **state)
{
	struct site *site = *state;
	struct q_arena *arena = q_arena_new(1 << 20);
	struct q_index_statistics statistics;
	struct q_search_result result;

	open_store(site, (struct q_search_upkeep_options){0});
	for (unsigned i = 0; i < LARGE_DOCUMENTS; i++)
		put_large(site, i);
	assert_int_equal(q_search_index_refresh(site->store, &no_limits, INDEX, &site->err), Q_OK);
	assert_int_equal(
		q_search_index_statistics(site->store, &no_limits, INDEX, &statistics, &site->err),
		Q_OK);
	assert_in_range(statistics.segment_count, Q_SANITIZED ? 2 : 3, LARGE_DOCUMENTS);
	assert_int_equal(statistics.document_count, LARGE_DOCUMENTS);
	assert_true(find_all(site->store, arena, &result) > DOCUMENTS);
	for (unsigned i = 0; i < result.hit_count; i++)
		assert_true(q_str_equal(result.hits[i].id, q_arena_format(arena, "%u", i)));
	q_arena_free(arena);
}

static void closing_ends_a_merge_that_would_take_days(void **state)
{
	struct site *site = *state;

	open_store(site, (struct q_search_upkeep_options){.merge_bytes_per_second = 1});
	for (unsigned i = 0; i < 12; i++) {
		put_all(site, i);
		assert_int_equal(q_search_index_refresh(site->store, &no_limits, INDEX, &site->err),
				 Q_OK);
	}
	q_search_index_close(site->store);
	open_store(site, (struct q_search_upkeep_options){0});
	await_all(site);
}

/* False where memory ended on the way. What failed then is tried again. */
static bool ensure_with_allocation_failing(struct site *site, int64_t successes)
{
	enum q_code code;
	bool has_failed;

	q_mem_fail_after(successes);
	code = q_search_index_ensure(site->store, &no_limits, INDEX, &definition, &site->err);
	has_failed = q_mem_failure_fired();
	q_mem_fail_after(-1);
	assert_int_equal(code, has_failed ? Q_NOMEM : Q_OK);
	assert_int_equal(
		q_search_index_ensure(site->store, &no_limits, INDEX, &definition, &site->err),
		Q_OK);
	return !has_failed;
}

static void an_index_for_which_memory_ended_is_kept_up_when_it_is_opened_again(void **state)
{
	static const struct q_search_upkeep_options options = {.refresh_interval_ms = 1};
	struct site *site = *state;
	bool is_over = false;

	for (int64_t successes = 0; !is_over; successes++) {
		if (q_search_index_embedded_open(site->path, &site->store, &site->err) ||
		    q_search_index_embedded_keep_up(site->store, &options, &site->err))
			fail_msg("%s", site->err.message);
		is_over = ensure_with_allocation_failing(site, successes);
		put_all(site, 0);
		await_all(site);
		q_search_index_close(site->store);
		site->store = NULL;
		scratch_remove(site->path);
		scratch_make(site->path);
	}
}

#define CASE(NAME) cmocka_unit_test_setup_teardown(NAME, make_site, remove_site)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(what_is_put_is_found_without_being_asked_for),
		CASE(readers_see_every_document_once_while_it_is_put_anew_and_merged),
		CASE(full_buffers_are_written_in_their_order),
		CASE(closing_ends_a_merge_that_would_take_days),
		CASE(an_index_for_which_memory_ended_is_kept_up_when_it_is_opened_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
