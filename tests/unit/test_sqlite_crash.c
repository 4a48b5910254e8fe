#include "embedded/sqlite_database.h"

#include "embedded/change_feed_sqlite.h"
#include "support/random_source_seeded.h"
#include "support/sqlite_site.h"

#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <sqlite3.h>

/* A child with several threads writes number after number, each into two items in one transaction,
 * and tells of each one that was acknowledged; it is killed at a random moment. What it told must
 * be there, both items alike, the feed without a gap, the file whole: ten times, in one directory.
 * QUIRE_SEED repeats a run's moments, QUIRE_ROUNDS makes more of them. */

enum { WRITERS = 4, ROUNDS = 10, ACKNOWLEDGED_MAX = 150 };

static const struct q_call no_limits;

struct crash {
	struct sqlite_site site;
	struct q_random_source *random;
	int64_t acknowledged[WRITERS];
};

/* What a child tells. */
struct message {
	int64_t writer;
	int64_t n;
};

struct writer {
	struct sqlite_site *site;
	int64_t number;
	int64_t n; /* to go on with */
	int pipe;
};

/* The child. */

static enum q_code write_pair(struct sqlite_site *site, struct q_str pk, int64_t n)
{
	struct q_change change = {Q_SET, Q_STR("n"), q_value_number(n)};
	struct q_write writes[2];
	struct q_err err;

	for (size_t i = 0; i < 2; i++)
		writes[i] = (struct q_write){.kind = Q_WRITE_UPDATE,
					     .key = {pk, i == 0 ? Q_STR("a") : Q_STR("b")},
					     .changes = &change,
					     .change_count = 1};
	return q_record_store_transact(site->store, &no_limits, writes, 2, NULL, &err);
}

static void *write_until_killed(void *argument)
{
	struct writer *writer = argument;
	char pk[24];

	snprintf(pk, sizeof pk, "writer-%" PRId64, writer->number);
	for (;;) {
		struct message message = {writer->number, writer->n};

		if (write_pair(writer->site, q_str_from(pk), writer->n++) != Q_OK)
			_exit(1);
		if (write(writer->pipe, &message, sizeof message) != sizeof message)
			_exit(2);
	}
	return NULL;
}

static void run_child(struct crash *crash, int pipe)
{
	struct writer writers[WRITERS];

	if (sqlite_site_reopen(&crash->site) != Q_OK)
		_exit(3);
	for (int64_t i = 0; i < WRITERS; i++) {
		pthread_t thread;

		writers[i] = (struct writer){&crash->site, i, crash->acknowledged[i] + 1, pipe};
		if (pthread_create(&thread, NULL, write_until_killed, &writers[i]) != 0)
			_exit(4);
	}
	for (;;)
		pause();
}

/* The parent. */

static bool hear_one(struct crash *crash, int pipe)
{
	struct message message;

	if (read(pipe, &message, sizeof message) != sizeof message)
		return false;
	assert_in_range(message.writer, 0, WRITERS - 1);
	crash->acknowledged[message.writer] = message.n;
	return true;
}

static uint32_t draw(struct crash *crash, uint32_t below)
{
	uint32_t n;

	q_random_source_fill(crash->random, &n, sizeof n);
	return n % below;
}

static void write_and_kill(struct crash *crash)
{
	uint32_t wanted = 1 + draw(crash, ACKNOWLEDGED_MAX);
	int pipe_fds[2], status;
	pid_t child;

	assert_int_equal(pipe2(pipe_fds, O_CLOEXEC), 0);
	child = fork();
	assert_true(child >= 0);
	if (child == 0)
		run_child(crash, pipe_fds[1]);
	close(pipe_fds[1]);
	while (wanted-- > 0)
		assert_true(hear_one(crash, pipe_fds[0]));
	usleep(draw(crash, 2000)); /* to die in the middle of something: nothing is waited for */
	kill(child, SIGKILL);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status));
	while (hear_one(crash, pipe_fds[0]))
		continue;
	close(pipe_fds[0]);
}

static void check_items(struct crash *crash)
{
	for (int64_t i = 0; i < WRITERS; i++) {
		char pk[24];
		int64_t n;

		snprintf(pk, sizeof pk, "writer-%" PRId64, i);
		n = sqlite_site_number(&crash->site, pk, "a");
		assert_int_equal(sqlite_site_number(&crash->site, pk, "b"), n);
		/* One more may have been written than was told. */
		assert_in_range(n - crash->acknowledged[i], 0, 1);
		crash->acknowledged[i] = n;
	}
}

static void check_change(const struct q_change_record *record, int64_t last[WRITERS][2])
{
	size_t writer = (size_t)(record->key.pk.data[record->key.pk.length - 1] - '0');
	size_t item = (size_t)(record->key.sk.data[0] - 'a');

	assert_non_null(record->after);
	assert_int_equal(q_item_number(record->after, "n", -1), last[writer][item] + 1);
	assert_int_equal(record->before ? q_item_number(record->before, "n", -1) : 0,
			 last[writer][item]);
	last[writer][item]++;
}

static void check_feed(struct crash *crash)
{
	struct sqlite_site *site = &crash->site;
	struct q_stream_position position = {.start = Q_STREAM_OLDEST};
	int64_t last[WRITERS][2] = {{0}};
	struct q_change_feed *feed;
	struct q_change_page page;

	assert_int_equal(q_change_feed_sqlite_open(site->database, "records", site->clock, &feed,
						   &site->err),
			 Q_OK);
	do {
		assert_int_equal(q_change_feed_read(feed, &no_limits, Q_STR("0"), position, 1000, 0,
						    site->arena, &page, &site->err),
				 Q_OK);
		for (size_t i = 0; i < page.count; i++)
			check_change(&page.items[i], last);
		position = (struct q_stream_position){Q_STREAM_AFTER, page.next};
	} while (page.count > 0);
	for (size_t i = 0; i < WRITERS; i++) {
		assert_int_equal(last[i][0], crash->acknowledged[i]);
		assert_int_equal(last[i][1], crash->acknowledged[i]);
	}
	q_change_feed_close(feed);
	q_arena_reset(site->arena);
}

static void check_file(struct crash *crash)
{
	sqlite3_stmt *statement;
	sqlite3 *handle;

	assert_int_equal(sqlite3_open(crash->site.path, &handle), SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(handle, "PRAGMA integrity_check", -1, &statement, NULL),
			 SQLITE_OK);
	assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
	assert_string_equal((const char *)sqlite3_column_text(statement, 0), "ok");
	sqlite3_finalize(statement);
	sqlite3_close(handle);
}

static uint64_t setting(const char *name, uint64_t otherwise)
{
	const char *text = getenv(name);

	return text ? strtoull(text, NULL, 10) : otherwise;
}

static void what_was_acknowledged_survives_kill_9(void **state)
{
	struct crash *crash = *state;
	uint64_t rounds = setting("QUIRE_ROUNDS", ROUNDS);

	for (uint64_t i = 0; i < rounds; i++) {
		sqlite_site_shut(&crash->site);
		write_and_kill(crash);
		assert_int_equal(sqlite_site_reopen(&crash->site), Q_OK);
		check_items(crash);
		check_feed(crash);
		sqlite_site_shut(&crash->site);
		check_file(crash);
	}
}

static int start_case(void **state)
{
	static struct crash crash;
	uint64_t seed = setting("QUIRE_SEED", (uint64_t)getpid());

	print_message("# QUIRE_SEED=%" PRIu64 "\n", seed);
	sqlite_site_open(&crash.site);
	crash.random = random_source_seeded_new(seed);
	*state = &crash;
	return 0;
}

static int end_case(void **state)
{
	struct crash *crash = *state;

	q_random_source_close(crash->random);
	sqlite_site_close(&crash->site);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_was_acknowledged_survives_kill_9, start_case,
						end_case),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
