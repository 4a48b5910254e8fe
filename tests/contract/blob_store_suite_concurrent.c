#include "contract/blob_store_suite_internal.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

/* cmocka's asserts belong to the thread of the case: these count what went wrong. */

enum { THREADS = 4, ROUNDS = 40 };

struct worker {
	struct suite *suite;
	int index;
	int failures;
};

static int run_workers(struct suite *suite, void *(*run)(void *))
{
	struct worker workers[THREADS];
	pthread_t threads[THREADS];
	int failures = 0;

	for (int i = 0; i < THREADS; i++) {
		workers[i] = (struct worker){.suite = suite, .index = i};
		q_assert(pthread_create(&threads[i], NULL, run, &workers[i]) == 0);
	}
	for (int i = 0; i < THREADS; i++) {
		pthread_join(threads[i], NULL);
		failures += workers[i].failures;
	}
	return failures;
}

/* A key beside those of the others, so that each removes what would empty the directories that
 * another needs. */
static void *put_read_and_remove(void *argument)
{
	struct worker *worker = argument;
	struct q_blob_store *store = worker->suite->store;
	struct q_blob_info info;
	struct q_err err;
	char key[64];

	for (int i = 0; i < ROUNDS; i++) {
		snprintf(key, sizeof key, "beside/tenant/%d/file-%d", i % 3, worker->index);
		worker->failures += q_blob_store_put(store, &no_limits, q_str_from(key), text("x"),
						     NULL, &err) != Q_OK;
		worker->failures +=
			q_blob_store_stat(store, &no_limits, q_str_from(key), &info, &err) != Q_OK;
		worker->failures +=
			q_blob_store_remove(store, &no_limits, q_str_from(key), &err) != Q_OK;
		worker->failures += q_blob_store_stat(store, &no_limits, q_str_from(key), &info,
						      &err) != Q_NOTFOUND;
	}
	return NULL;
}

static void threads_put_and_remove_beside_each_other(void **state)
{
	assert_int_equal(run_workers(*state, put_read_and_remove), 0);
}

/* Every version is 100,000 times the same letter: a mixture would show. */
static bool is_one_version(const struct q_bytes *body)
{
	for (size_t i = 1; i < body->length; i++)
		if (body->data[i] != body->data[0])
			return false;
	return body->length == 100000;
}

static void *replace_and_read(void *argument)
{
	struct worker *worker = argument;
	struct q_blob_store *store = worker->suite->store;
	struct q_arena *arena = q_arena_new(1 << 20);
	static const struct q_str key = {"beside/replaced", 15};
	char version[100000];
	struct q_err err;

	q_assert(arena);
	memset(version, 'a' + worker->index, sizeof version);
	for (int i = 0; i < ROUNDS; i++) {
		struct q_bytes body = {(unsigned char *)version, sizeof version};

		worker->failures +=
			q_blob_store_put(store, &no_limits, key, body, NULL, &err) != Q_OK;
		q_arena_reset(arena);
		worker->failures += q_blob_store_read(store, &no_limits, key, Q_BLOB_WHOLE,
						      sizeof version, arena, &body, &err) != Q_OK ||
				    !is_one_version(&body);
	}
	q_arena_free(arena);
	return NULL;
}

static void readers_see_whole_versions_while_others_write(void **state)
{
	assert_int_equal(run_workers(*state, replace_and_read), 0);
}

/* What was there before, and stays, is on every list, whatever comes and goes around it. */
static void *list_while_others_write(void *argument)
{
	struct worker *worker = argument;
	struct q_blob_store *store = worker->suite->store;
	struct q_arena *arena = q_arena_new(1 << 20);
	struct q_blob_page page;
	struct q_err err;

	q_assert(arena);
	if (worker->index % 2 == 0) {
		put_read_and_remove(argument);
		goto done;
	}
	for (int i = 0; i < ROUNDS; i++) {
		q_arena_reset(arena);
		if (q_blob_store_list(store, &no_limits, Q_STR("beside/t"), Q_STR(""), 1000, arena,
				      &page, &err) != Q_OK ||
		    page.count == 0 ||
		    !q_str_equal(page.items[page.count - 1].key, Q_STR("beside/tenant/9/stays")))
			worker->failures++;
	}
done:
	q_arena_free(arena);
	return NULL;
}

static void lists_hold_what_stays_while_others_write(void **state)
{
	put(*state, "beside/tenant/9/stays", text("x"));
	assert_int_equal(run_workers(*state, list_while_others_write), 0);
}

static void *complete_and_read(void *argument)
{
	struct worker *worker = argument;
	struct q_blob_store *store = worker->suite->store;
	struct q_arena *arena = q_arena_new(1 << 20);
	struct q_blob_part part;
	struct q_str id, key;
	struct q_err err;

	q_assert(arena);
	for (int i = 0; i < ROUNDS / 4; i++) {
		key = q_arena_format(arena, "beside/parts/%d", worker->index);
		worker->failures +=
			q_blob_parts_start(store, &no_limits, key, arena, &id, &err) ||
			q_blob_parts_put(store, &no_limits, key, id, 1, text("part"), &part,
					 &err) ||
			q_blob_parts_complete(store, &no_limits, key, id, &part, 1, NULL, &err) ||
			q_blob_store_remove(store, &no_limits, key, &err);
	}
	q_arena_free(arena);
	return NULL;
}

static void threads_complete_uploads_beside_each_other(void **state)
{
	assert_int_equal(run_workers(*state, complete_and_read), 0);
}

struct upload { /* of one part */
	struct suite *suite;
	struct q_str key, id;
	atomic_int lists;
	int failures;
};

static void *list_until_it_is_over(void *argument)
{
	struct upload *upload = argument;
	struct q_arena *arena = q_arena_new(1 << 20);
	struct q_blob_parts parts;
	struct q_err err;

	q_assert(arena);
	while (q_blob_parts_list(upload->suite->store, &no_limits, upload->key, upload->id, arena,
				 &parts, &err) == Q_OK) {
		upload->failures += parts.count != 1;
		atomic_fetch_add(&upload->lists, 1);
		q_arena_reset(arena);
	}
	upload->failures += err.code != Q_NOTFOUND;
	atomic_fetch_add(&upload->lists, 1);
	q_arena_free(arena);
	return NULL;
}

/* Whoever takes a part of them for all of them would refuse what is complete. */
static void parts_are_listed_whole_while_another_completes_them(void **state)
{
	struct suite *suite = *state;

	for (int i = 0; i < ROUNDS; i++) {
		struct upload upload = {.suite = suite, .key = Q_STR("beside/listed")};
		struct q_blob_part part;
		pthread_t thread;

		assert_ok(q_blob_parts_start(suite->store, &no_limits, upload.key, suite->arena,
					     &upload.id, &suite->err));
		assert_ok(q_blob_parts_put(suite->store, &no_limits, upload.key, upload.id, 1,
					   text("part"), &part, &suite->err));
		q_assert(pthread_create(&thread, NULL, list_until_it_is_over, &upload) == 0);
		while (atomic_load(&upload.lists) == 0)
			sched_yield();
		assert_ok(q_blob_parts_complete(suite->store, &no_limits, upload.key, upload.id,
						&part, 1, NULL, &suite->err));
		pthread_join(thread, NULL);
		assert_int_equal(upload.failures, 0);
	}
}

struct case_list blob_store_concurrent_cases(void)
{
	static const struct CMUnitTest cases[] = {
		CASE(threads_put_and_remove_beside_each_other),
		CASE(readers_see_whole_versions_while_others_write),
		CASE(lists_hold_what_stays_while_others_write),
		CASE(threads_complete_uploads_beside_each_other),
		CASE(parts_are_listed_whole_while_another_completes_them),
	};

	return (struct case_list){cases, Q_COUNT_OF(cases)};
}
