#include "embedded/change_feed_sqlite.h"
#include "embedded/event_log_sqlite.h"
#include "embedded/record_store_sqlite.h"

#include "base/mem.h"
#include "support/clock_simulated.h"
#include "support/failing_memory.h"
#include "support/scratch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <sqlite3.h>

/* The heap is full at the first, second, third... allocation of a day's work: it answers Q_NOMEM,
 * loses nothing and leaks nothing. First our own allocations, then SQLite's too, which it makes
 * through ours here. */

static const struct q_call no_limits;

struct site {
	char directory[SCRATCH_PATH_MAX];
	struct q_clock *clock;
	int64_t acknowledged; /* sum of what was added */
	int64_t tried;
};

/* Whatever of it was opened; NULL the rest. */
struct parts {
	struct q_sqlite_database *database;
	struct q_record_store *store;
	struct q_change_feed *feed;
	struct q_event_log *log;
	struct q_arena *arena;
};

static enum q_code open_parts(struct site *site, struct parts *parts, struct q_err *err)
{
	enum q_code code = q_sqlite_database_open(site->directory, &parts->database, err);

	if (!code)
		code = q_record_store_sqlite_open(parts->database, "records", site->clock,
						  &parts->store, err);
	if (!code)
		code = q_change_feed_sqlite_open(parts->database, "records", site->clock,
						 &parts->feed, err);
	if (!code)
		code = q_event_log_sqlite_open(parts->database, site->clock, &parts->log, err);
	parts->arena = q_arena_new(1 << 20);
	return code ? code : parts->arena ? Q_OK : Q_NOMEM;
}

static void close_parts(struct parts *parts)
{
	q_arena_free(parts->arena);
	q_event_log_close(parts->log);
	q_change_feed_close(parts->feed);
	q_record_store_close(parts->store);
	q_sqlite_database_close(parts->database);
}

static enum q_code add_one(struct site *site, struct parts *parts, struct q_err *err)
{
	static char text[3000];
	struct q_change changes[] = {{Q_ADD, Q_STR("n"), q_value_number(1)},
				     {Q_SET, Q_STR("t"), {.kind = Q_VALUE_STRING}}};
	struct q_write write = {.kind = Q_WRITE_UPDATE,
				.key = {Q_STR("p"), Q_STR("s")},
				.changes = changes,
				.change_count = 2};
	struct q_item after;
	enum q_code code;

	memset(text, 't', sizeof text);
	changes[1].value.string = (struct q_str){text, sizeof text};
	site->tried++;
	code = q_record_store_write(parts->store, &no_limits, &write, parts->arena, &after, err);
	site->acknowledged += !code;
	return code;
}

static enum q_code read_all(struct parts *parts, struct q_err *err)
{
	struct q_stream_position newest = {.start = Q_STREAM_OLDEST};
	struct q_query query = {.pk = Q_STR("p"), .limit = 3};
	struct q_event event = {Q_STR("k"), {0}};
	struct q_query_page items;
	struct q_change_page changes;
	struct q_event_page events;
	struct q_item item;
	bool has_more;
	enum q_code code = q_record_store_get(parts->store, &no_limits,
					      (struct q_record_key){Q_STR("p"), Q_STR("s")},
					      parts->arena, &item, err);

	if (!code)
		code = q_record_store_query(parts->store, &no_limits, &query, parts->arena, &items,
					    err);
	if (!code)
		code = q_event_log_publish(parts->log, &no_limits, &event, 1, err);
	if (!code)
		code = q_change_feed_read(parts->feed, &no_limits, Q_STR("0"), newest, 2, 0,
					  parts->arena, &changes, err);
	if (!code)
		code = q_event_log_read(parts->log, &no_limits, Q_STR("0"), newest, 2, 0,
					parts->arena, &events, err);
	if (!code)
		code = q_sqlite_database_maintain(parts->database, &no_limits, 1, &has_more, err);
	return code;
}

static enum q_code work(void *context)
{
	struct site *site = context;
	struct parts parts = {0};
	struct q_err err;
	enum q_code code = open_parts(site, &parts, &err);

	if (!code)
		code = add_one(site, &parts, &err);
	if (!code)
		code = read_all(&parts, &err);
	close_parts(&parts);
	return code;
}

static int64_t stored_sum(struct site *site)
{
	struct parts parts = {0};
	struct q_item item;
	struct q_err err;
	int64_t sum;

	assert_int_equal(open_parts(site, &parts, &err), Q_OK);
	assert_int_equal(q_record_store_get(parts.store, &no_limits,
					    (struct q_record_key){Q_STR("p"), Q_STR("s")},
					    parts.arena, &item, &err),
			 Q_OK);
	sum = q_item_number(&item, "n", -1);
	close_parts(&parts);
	return sum;
}

static int open_site(void **state)
{
	static struct site site;

	memset(&site, 0, sizeof site);
	scratch_make(site.directory);
	site.clock = clock_simulated_new(1800000000000);
	*state = &site;
	return work(&site) == Q_OK ? 0 : -1; /* the file is made once */
}

static int close_site(void **state)
{
	struct site *site = *state;

	q_clock_close(site->clock);
	scratch_remove(site->directory);
	return 0;
}

static void a_full_heap_is_reported(void **state)
{
	struct site *site = *state;

	assert_true(run_with_failing_memory(work, site) > 5);
	assert_int_equal(stored_sum(site), site->acknowledged);
}

/* SQLite gets by without some of its allocations: then the work succeeds. */
static void a_heap_that_is_full_for_sqlite_is_reported(void **state)
{
	struct site *site = *state;
	int has_fired = 1;

	for (int64_t failing = 0; has_fired; failing++) {
		enum q_code code;

		q_mem_fail_after(failing);
		code = work(site);
		has_fired = q_mem_failure_fired();
		q_mem_fail_after(-1);
		assert_true(code == Q_OK || (has_fired && code == Q_NOMEM));
		assert_true(failing < 20000);
	}
	assert_in_range(stored_sum(site), site->acknowledged, site->tried);
}

/* SQLite's heap on ours: each block is preceded by its size, which SQLite asks for. */

enum { SIZE_BYTES = 16 }; /* keeps the alignment */

static void *give(int size)
{
	int *block = q_mem_resize(NULL, (size_t)size + SIZE_BYTES);

	if (!block)
		return NULL;
	*block = size;
	return (char *)block + SIZE_BYTES;
}

static void *start_of(void *memory)
{
	return (char *)memory - SIZE_BYTES;
}

static void take_back(void *memory)
{
	q_mem_free(start_of(memory));
}

static void *resize(void *memory, int size)
{
	int *block = q_mem_resize(start_of(memory), (size_t)size + SIZE_BYTES);

	if (!block)
		return NULL;
	*block = size;
	return (char *)block + SIZE_BYTES;
}

static int size_of(void *memory)
{
	return *(int *)start_of(memory);
}

static int round_up(int size)
{
	return (size + 7) & ~7;
}

static int initialize(void *context)
{
	(void)context;
	return SQLITE_OK;
}

static void shut_down(void *context)
{
	(void)context;
}

static int open_site_on_our_heap(void **state)
{
	const sqlite3_mem_methods methods = {give,     take_back,  resize,    size_of,
					     round_up, initialize, shut_down, NULL};

	sqlite3_shutdown();
	assert_int_equal(sqlite3_config(SQLITE_CONFIG_MALLOC, &methods), SQLITE_OK);
	return open_site(state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_full_heap_is_reported, open_site, close_site),
		cmocka_unit_test_setup_teardown(a_heap_that_is_full_for_sqlite_is_reported,
						open_site_on_our_heap, close_site),
	};

	/* Hundreds of openings, each flushed: not to a disk, where there is a place in memory. */
	if (access("/dev/shm", W_OK) == 0)
		setenv("TMPDIR", "/dev/shm", 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
