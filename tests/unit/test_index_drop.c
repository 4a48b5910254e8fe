/* An index that is dropped is whole or gone: when a process is killed at it, when it is found half
 * gone, and to those who read, write and merge meanwhile. 10 kills, 200 with QUIRE_LONG. */
#include "search/search_index_embedded.h"

#include "base/pool.h"
#include "support/scratch.h"

#include <dirent.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum {
	DOCUMENTS = 20,
	KILLS = 10,
	KILLS_LONG = 200,
	SPIN_MAX = 400000,
	DROPS = 30,
	STACK_BYTES = 1 << 20
};

#define INDEX Q_STR("people")
#define ALIAS Q_STR("everybody")

static const struct q_call no_limits;
static const struct q_field_definition fields[] = {{Q_STR_INIT("name"), Q_FIELD_TEXT}};
static const struct q_index_definition definition = {.fields = fields, .field_count = 1};

static struct q_search_index *open_store(const char *path)
{
	struct q_search_index *store;
	struct q_err err;

	q_assert(!q_search_index_embedded_open(path, &store, &err));
	return store;
}

static enum q_code put_all(struct q_search_index *store, struct q_err *err)
{
	struct q_bulk_operation operations[DOCUMENTS];
	struct q_bulk_result results[DOCUMENTS];
	struct q_arena *arena = q_arena_new(1 << 20);
	enum q_code code;

	for (unsigned i = 0; i < DOCUMENTS; i++)
		operations[i] = (struct q_bulk_operation){
			Q_BULK_PUT, q_arena_format(arena, "%u", i), Q_STR("{\"name\":\"ann\"}")};
	code = q_search_index_bulk(store, &no_limits, INDEX, operations, DOCUMENTS, arena, results,
				   err);
	q_arena_free(arena);
	return code ? code : q_search_index_refresh(store, &no_limits, INDEX, err);
}

static void make_index(struct q_search_index *store)
{
	struct q_err err;

	q_assert(!q_search_index_ensure(store, &no_limits, INDEX, &definition, &err));
	q_assert(!put_all(store, &err));
	q_assert(!q_search_index_alias(store, &no_limits, ALIAS, INDEX, &err));
}

static enum q_code count_all(struct q_search_index *store, struct q_str index, uint64_t *total)
{
	static const struct q_search_query all = {.kind = Q_SEARCH_ALL, .boost = 1};
	struct q_err err;

	return q_search_index_count(store, &no_limits, index, &all, NULL, total, &err);
}

/* Besides what a store has while it is open. */
static unsigned count_names(const char *path)
{
	DIR *stream = opendir(path);
	const struct dirent *entry;
	unsigned count = 0;

	assert_non_null(stream);
	while ((entry = readdir(stream)) != NULL)
		count += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0 &&
			 strcmp(entry->d_name, ".lock") != 0;
	closedir(stream);
	return count;
}

static void what_is_left_of_a_dropped_index_goes_when_the_store_is_opened(void **state)
{
	char path[SCRATCH_PATH_MAX], file[SCRATCH_PATH_MAX + 64];

	(void)state;
	scratch_make(path);
	snprintf(file, sizeof file, "%s/.dropped-people", path);
	assert_int_equal(mkdir(file, 0700), 0);
	snprintf(file, sizeof file, "%s/.dropped-people/000001.segment", path);
	assert_int_equal(close(open(file, O_CREAT | O_WRONLY, 0600)), 0);
	snprintf(file, sizeof file, "%s/everybody", path);
	assert_int_equal(symlink("people", file), 0);
	assert_int_equal(count_names(path), 2);
	q_search_index_close(open_store(path));
	assert_int_equal(count_names(path), 0);
	scratch_remove(path);
}

static void an_index_that_cannot_be_read_can_be_dropped(void **state)
{
	char path[SCRATCH_PATH_MAX], file[SCRATCH_PATH_MAX + 64];
	struct q_search_index *store;
	struct q_err err;
	uint64_t total;

	(void)state;
	scratch_make(path);
	store = open_store(path);
	make_index(store);
	q_search_index_close(store);
	snprintf(file, sizeof file, "%s/people/manifest", path);
	assert_int_equal(truncate(file, 10), 0);
	store = open_store(path);
	assert_int_equal(count_all(store, INDEX, &total), Q_CORRUPT);
	assert_int_equal(q_search_index_drop(store, &no_limits, INDEX, &err), Q_OK);
	assert_int_equal(count_names(path), 0);
	q_search_index_close(store);
	scratch_remove(path);
}

/* The process that is killed; it says when the index is there, and then drops it. */
static void make_and_drop(const char *path, int ready)
{
	struct q_search_index *store = open_store(path);
	struct q_err err;

	make_index(store);
	q_assert(write(ready, "r", 1) == 1);
	q_assert(!q_search_index_drop(store, &no_limits, INDEX, &err));
	for (;;)
		pause();
}

static void kill_at_drop(const char *path)
{
	int ready[2];
	char byte;
	pid_t child;

	assert_int_equal(pipe(ready), 0);
	child = fork();
	assert_true(child >= 0);
	if (child == 0)
		make_and_drop(path, ready[1]);
	assert_int_equal(read(ready[0], &byte, 1), 1);
	for (volatile int spin = rand() % SPIN_MAX; spin > 0; spin--)
		continue;
	kill(child, SIGKILL);
	assert_int_equal(waitpid(child, NULL, 0), child);
	close(ready[0]);
	close(ready[1]);
}

static void assert_whole_or_gone(const char *path)
{
	struct q_search_index *store = open_store(path);
	uint64_t total = 0, total_of_alias = 0;
	enum q_code code = count_all(store, INDEX, &total);
	enum q_code code_of_alias = count_all(store, ALIAS, &total_of_alias);

	assert_int_equal(code, code_of_alias);
	assert_int_equal(total, total_of_alias);
	if (code == Q_OK)
		assert_int_equal(total, DOCUMENTS);
	else
		assert_int_equal(code, Q_NOTFOUND);
	assert_int_equal(count_names(path), code == Q_OK ? 2 : 0);
	q_search_index_close(store);
}

static void a_process_that_is_killed_leaves_it_whole_or_gone(void **state)
{
	int kills = getenv("QUIRE_LONG") ? KILLS_LONG : KILLS;
	char path[SCRATCH_PATH_MAX];

	(void)state;
	scratch_make(path);
	for (int i = 0; i < kills; i++) {
		kill_at_drop(path);
		assert_whole_or_gone(path);
	}
	scratch_remove(path);
}

struct shared {
	struct q_search_index *store;
	atomic_bool is_over;
};

/* Finds all documents, none before they were put, or no index. */
static void *read_on(void *context)
{
	struct shared *shared = context;

	while (!atomic_load(&shared->is_over)) {
		uint64_t total = 0;
		enum q_code code = count_all(shared->store, INDEX, &total);

		q_assert(code == Q_NOTFOUND || (code == Q_OK && total <= DOCUMENTS));
	}
	return NULL;
}

static void *write_on(void *context)
{
	struct shared *shared = context;

	while (!atomic_load(&shared->is_over)) {
		struct q_err err;
		enum q_code code = put_all(shared->store, &err);

		if (!code)
			code = q_search_index_merge(shared->store, &no_limits, INDEX, &err);
		q_assert(code == Q_OK || code == Q_NOTFOUND);
	}
	return NULL;
}

static void drop_again_and_again(struct q_search_index *store)
{
	struct q_err err;

	for (int i = 0; i < DROPS; i++) {
		uint64_t total = 0;

		make_index(store);
		assert_int_equal(count_all(store, ALIAS, &total), Q_OK);
		assert_int_equal(total, DOCUMENTS);
		if (q_search_index_drop(store, &no_limits, INDEX, &err))
			fail_msg("%s", err.message);
	}
}

static void others_read_write_and_merge_meanwhile(void **state)
{
	static const struct q_search_upkeep_options upkeep = {.refresh_interval_ms = 1};
	char path[SCRATCH_PATH_MAX];
	struct shared shared = {0};
	unsigned long reader, writer;
	struct q_err err;

	(void)state;
	scratch_make(path);
	shared.store = open_store(path);
	assert_int_equal(q_search_index_embedded_keep_up(shared.store, &upkeep, &err), Q_OK);
	assert_int_equal(q_thread_start("read", STACK_BYTES, read_on, &shared, &reader, &err),
			 Q_OK);
	assert_int_equal(q_thread_start("write", STACK_BYTES, write_on, &shared, &writer, &err),
			 Q_OK);
	drop_again_and_again(shared.store);
	atomic_store(&shared.is_over, true);
	q_thread_join(reader);
	q_thread_join(writer);
	q_search_index_close(shared.store);
	q_search_index_close(open_store(path));
	assert_int_equal(count_names(path), 0);
	scratch_remove(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_left_of_a_dropped_index_goes_when_the_store_is_opened),
		cmocka_unit_test(an_index_that_cannot_be_read_can_be_dropped),
		cmocka_unit_test(a_process_that_is_killed_leaves_it_whole_or_gone),
		cmocka_unit_test(others_read_write_and_merge_meanwhile),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
