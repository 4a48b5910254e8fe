#include "embedded/sqlite_reader.h"

#include "support/sqlite_site.h"

#include <dirent.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { THREADS = 80 }; /* more than may have a reader of their own */

struct readers_case {
	struct sqlite_site site;
	pthread_barrier_t all_have_read;
	atomic_int wrong;
};

static int start_case(void **state)
{
	static struct readers_case suite;

	sqlite_site_open(&suite.site);
	assert_int_equal(sqlite_site_put(&suite.site, "p", "s", 7), Q_OK);
	atomic_store(&suite.wrong, 0);
	*state = &suite;
	return 0;
}

static int end_case(void **state)
{
	sqlite_site_close(&((struct readers_case *)*state)->site);
	return 0;
}

/* How many times the process has the file open. SQLite keeps the descriptor of a closed connection
 * for the next one: closing it would give up the locks of all. */
static int count_open(const struct sqlite_site *site)
{
	DIR *descriptors = opendir("/proc/self/fd");
	const struct dirent *entry;
	int count = 0;

	assert_non_null(descriptors);
	while ((entry = readdir(descriptors))) {
		char target[256];
		ssize_t length =
			readlinkat(dirfd(descriptors), entry->d_name, target, sizeof target - 1);

		target[length > 0 ? length : 0] = '\0';
		count += strcmp(target, site->path) == 0;
	}
	closedir(descriptors);
	return count;
}

static void read_some(struct readers_case *suite)
{
	static const struct q_call no_limits;
	struct q_record_key key = {Q_STR("p"), Q_STR("s")};
	struct q_arena *arena = q_arena_new(1 << 20);

	for (int i = 0; i < 50; i++) {
		struct q_item item;
		struct q_err err;

		if (q_record_store_get(suite->site.store, &no_limits, key, arena, &item, &err) ||
		    q_item_number(&item, "n", -1) != 7)
			atomic_fetch_add(&suite->wrong, 1);
	}
	q_arena_free(arena);
}

static void *read_and_wait(void *argument)
{
	struct readers_case *suite = argument;

	read_some(suite);
	pthread_barrier_wait(&suite->all_have_read);
	pthread_barrier_wait(&suite->all_have_read); /* until they have been counted */
	return NULL;
}

static void many_threads_share_a_bounded_number_of_connections(void **state)
{
	struct readers_case *suite = *state;
	pthread_t threads[THREADS];
	int before = count_open(&suite->site), during;

	pthread_barrier_init(&suite->all_have_read, NULL, THREADS + 1);
	for (size_t i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, read_and_wait, suite), 0);
	pthread_barrier_wait(&suite->all_have_read);
	during = count_open(&suite->site);
	pthread_barrier_wait(&suite->all_have_read);
	for (size_t i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	pthread_barrier_destroy(&suite->all_have_read);
	assert_int_equal(atomic_load(&suite->wrong), 0);
	assert_in_range(during - before, 2, 40);
}

static void *read_once(void *argument)
{
	read_some(argument);
	return NULL;
}

static void threads_come_and_go_while_others_read(void **state)
{
	struct readers_case *suite = *state;
	pthread_t threads[8];
	int before = count_open(&suite->site);

	for (int round = 0; round < 10; round++) {
		for (size_t i = 0; i < 8; i++)
			assert_int_equal(pthread_create(&threads[i], NULL, read_once, suite), 0);
		for (size_t i = 0; i < 8; i++)
			pthread_join(threads[i], NULL);
	}
	assert_in_range(count_open(&suite->site) - before, 0, 8);
	assert_int_equal(atomic_load(&suite->wrong), 0);
}

static void threads_may_outlive_the_database(void **state)
{
	struct readers_case *suite = *state;
	pthread_t thread;

	pthread_barrier_init(&suite->all_have_read, NULL, 2);
	assert_int_equal(pthread_create(&thread, NULL, read_and_wait, suite), 0);
	pthread_barrier_wait(&suite->all_have_read);
	sqlite_site_shut(&suite->site);
	pthread_barrier_wait(&suite->all_have_read);
	pthread_join(thread, NULL);
	pthread_barrier_destroy(&suite->all_have_read);
	assert_int_equal(count_open(&suite->site), 0);
}

#define CASE(NAME) cmocka_unit_test_setup_teardown(NAME, start_case, end_case)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(many_threads_share_a_bounded_number_of_connections),
		CASE(threads_come_and_go_while_others_read),
		CASE(threads_may_outlive_the_database),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
