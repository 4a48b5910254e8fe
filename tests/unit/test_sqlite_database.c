#include "embedded/sqlite_database.h"

#include "embedded/change_feed_sqlite.h"
#include "embedded/sqlite_schema.h"
#include "support/checks.h"
#include "support/clock_simulated.h"
#include "support/sqlite_site.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <sqlite3.h>

static const struct q_call no_limits;

/* Runs SQL on the file while the database is shut. */
static void edit(struct sqlite_site *site, const char *sql)
{
	sqlite3 *handle;

	sqlite_site_shut(site);
	assert_int_equal(sqlite3_open(site->path, &handle), SQLITE_OK);
	assert_int_equal(sqlite3_exec(handle, sql, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(handle);
}

static void overwrite(struct sqlite_site *site, off_t at, const void *bytes, size_t count)
{
	int fd;

	sqlite_site_shut(site);
	fd = open(site->path, O_WRONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, bytes, count, at), count);
	close(fd);
}

static int64_t ask(struct sqlite_site *site, const char *sql)
{
	sqlite3 *handle;
	sqlite3_stmt *statement;
	int64_t answer;

	sqlite_site_shut(site);
	assert_int_equal(sqlite3_open(site->path, &handle), SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(handle, sql, -1, &statement, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
	answer = sqlite3_column_int64(statement, 0);
	sqlite3_finalize(statement);
	sqlite3_close(handle);
	return answer;
}

/* Opening. */

static void new_file_is_private_and_names_its_program(void **state)
{
	struct sqlite_site *site = *state;
	struct stat status;

	assert_int_equal(stat(site->path, &status), 0);
	assert_int_equal(status.st_mode & 07777, 0600);
	assert_int_equal(ask(site, "PRAGMA application_id"), Q__SQLITE_APPLICATION_ID);
	assert_int_equal(ask(site, "PRAGMA user_version"), Q__SQLITE_VERSION);
}

static void closed_and_opened_again_nothing_is_lost(void **state)
{
	struct sqlite_site *site = *state;
	char wal[sizeof site->path + 4];

	assert_int_equal(sqlite_site_put(site, "p", "s", 7), Q_OK);
	sqlite_site_shut(site);
	snprintf(wal, sizeof wal, "%s-wal", site->path);
	assert_int_equal(access(wal, F_OK), -1); /* all of it is in the one file */
	assert_int_equal(sqlite_site_reopen(site), Q_OK);
	assert_int_equal(sqlite_site_number(site, "p", "s"), 7);
}

static void an_empty_file_is_filled(void **state)
{
	struct sqlite_site *site = *state;

	sqlite_site_shut(site);
	assert_int_equal(truncate(site->path, 0), 0);
	assert_int_equal(sqlite_site_reopen(site), Q_OK);
	assert_int_equal(sqlite_site_put(site, "p", "s", 7), Q_OK);
}

static void a_newer_file_is_refused_naming_both_versions(void **state)
{
	struct sqlite_site *site = *state;

	edit(site, "PRAGMA user_version = 12345");
	assert_int_equal(sqlite_site_reopen(site), Q_UNSUPPORTED);
	assert_non_null(strstr(site->err.message, "12345"));
	assert_non_null(strstr(site->err.message, "up to 1"));
	assert_ptr_equal(strstr(site->err.message, site->path), site->err.message);
	assert_null(strstr(site->err.message + 1, site->path));
	assert_int_equal(ask(site, "PRAGMA user_version"), 12345);
	edit(site, "PRAGMA user_version = 1");
	assert_int_equal(sqlite_site_reopen(site), Q_OK);
}

static void a_foreign_database_is_refused_and_left_alone(void **state)
{
	struct sqlite_site *site = *state;

	sqlite_site_shut(site);
	assert_int_equal(unlink(site->path), 0);
	edit(site, "CREATE TABLE theirs (x); INSERT INTO theirs VALUES (1)");
	assert_int_equal(sqlite_site_reopen(site), Q_UNSUPPORTED);
	assert_non_null(strstr(site->err.message, "another program"));
	assert_int_equal(ask(site, "SELECT count(*) FROM sqlite_schema"), 1);
	edit(site, "PRAGMA application_id = 77; PRAGMA user_version = 1");
	assert_int_equal(sqlite_site_reopen(site), Q_UNSUPPORTED);
	assert_non_null(strstr(site->err.message, "another program"));
}

static void a_file_that_is_no_database_is_corrupt(void **state)
{
	struct sqlite_site *site = *state;

	overwrite(site, 0, "this is not a database", 22);
	assert_int_equal(sqlite_site_reopen(site), Q_CORRUPT);
	assert_non_null(strstr(site->err.message, site->path));
}

static void a_missing_directory_is_not_found(void **state)
{
	struct q_sqlite_database *database = NULL;
	struct q_err err;

	assert_int_equal(q_sqlite_database_open("/nowhere/at/all", &database, &err), Q_NOTFOUND);
	assert_null(database);
}

static void damaged_pages_are_corrupt_when_they_are_read(void **state)
{
	struct sqlite_site *site = *state;
	unsigned char rubbish[4096];
	struct q_query query = {.pk = Q_STR("p"), .limit = 1000};
	struct q_query_page page;
	int64_t pages;

	for (int i = 0; i < 200; i++) {
		char sk[16];

		snprintf(sk, sizeof sk, "%d", i);
		assert_int_equal(sqlite_site_put(site, "p", sk, i), Q_OK);
	}
	memset(rubbish, 0xa5, sizeof rubbish);
	pages = ask(site, "PRAGMA page_count");
	for (int64_t i = 8; i < pages; i++) /* the first ones hold the schema and the roots */
		overwrite(site, (off_t)i * 4096, rubbish, sizeof rubbish);
	assert_int_equal(sqlite_site_reopen(site), Q_OK);
	assert_int_equal(q_record_store_query(site->store, &no_limits, &query, site->arena, &page,
					      &site->err),
			 Q_CORRUPT);
}

/* In a child that has waited for a byte: is the database of the directory free? SQLite must not be
 * carried through a fork, so it is shut then. */
static int open_when_told(const char *directory, int from_parent)
{
	struct q_sqlite_database *database;
	struct q_err err;
	char byte;

	if (read(from_parent, &byte, 1) != 1)
		return -1;
	return (int)q_sqlite_database_open(directory, &database, &err);
}

static void another_process_is_told_that_it_is_open(void **state)
{
	struct sqlite_site *site = *state;
	int pipe_fds[2], status;
	pid_t child;

	sqlite_site_shut(site);
	assert_int_equal(pipe2(pipe_fds, O_CLOEXEC), 0);
	child = fork();
	assert_true(child >= 0);
	if (child == 0)
		_exit(open_when_told(site->directory, pipe_fds[0]));
	assert_int_equal(sqlite_site_reopen(site), Q_OK);
	assert_int_equal(write(pipe_fds[1], "!", 1), 1);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), Q_BUSY);
	assert_int_equal(sqlite_site_put(site, "p", "s", 1), Q_OK);
	close(pipe_fds[0]);
	close(pipe_fds[1]);
}

/* Named stores. */

static void stores_of_different_names_do_not_see_each_other(void **state)
{
	struct sqlite_site *site = *state;
	struct q_record_store *records = site->store, *members;
	struct q_change_feed *feed;
	struct q_change_page page;
	struct q_stream_position oldest = {.start = Q_STREAM_OLDEST};

	assert_int_equal(q_record_store_sqlite_open(site->database, "members", site->clock,
						    &members, &site->err),
			 Q_OK);
	assert_int_equal(q_change_feed_sqlite_open(site->database, "members", site->clock, &feed,
						   &site->err),
			 Q_OK);
	assert_int_equal(sqlite_site_put(site, "p", "s", 1), Q_OK);
	site->store = members;
	assert_int_equal(sqlite_site_number(site, "p", "s"), -1);
	assert_int_equal(sqlite_site_put(site, "p", "s", 2), Q_OK);
	site->store = records;
	assert_int_equal(sqlite_site_number(site, "p", "s"), 1);
	assert_int_equal(q_change_feed_read(feed, &no_limits, Q_STR("0"), oldest, 10, 0,
					    site->arena, &page, &site->err),
			 Q_OK);
	assert_int_equal(page.count, 1);
	assert_int_equal(q_item_number(page.items[0].after, "n", -1), 2);
	q_change_feed_close(feed);
	q_record_store_close(members);
}

static void store_names_have_1_to_64_bytes(void **state)
{
	struct sqlite_site *site = *state;
	struct q_record_store *store = NULL;
	char name[Q_SQLITE_NAME_MAX + 2] = "";

	assert_int_equal(
		q_record_store_sqlite_open(site->database, name, site->clock, &store, &site->err),
		Q_INVALID);
	memset(name, 'n', sizeof name - 1);
	assert_int_equal(
		q_record_store_sqlite_open(site->database, name, site->clock, &store, &site->err),
		Q_INVALID);
	name[Q_SQLITE_NAME_MAX] = '\0';
	assert_int_equal(
		q_record_store_sqlite_open(site->database, name, site->clock, &store, &site->err),
		Q_OK);
	q_record_store_close(store);
}

/* Upkeep. */

static int64_t count_rows(struct sqlite_site *site, const char *table)
{
	char sql[64];
	int64_t count;

	snprintf(sql, sizeof sql, "SELECT count(*) FROM %s", table);
	count = ask(site, sql);
	assert_int_equal(sqlite_site_reopen(site), Q_OK);
	return count;
}

static void maintain(struct sqlite_site *site, bool *has_more)
{
	assert_int_equal(q_sqlite_database_maintain(site->database, &no_limits,
						    q_clock_now_ms(site->clock), has_more,
						    &site->err),
			 Q_OK);
}

/* A multiple of 25 of them. */
static void put_expiring(struct sqlite_site *site, int count)
{
	int64_t expires_at_ms = q_clock_now_ms(site->clock) + 1;
	struct q_write writes[Q_RECORD_TRANSACTION_MAX];

	for (int i = 0; i < count; i++) {
		struct q_str sk = q_arena_format(site->arena, "%d", i);

		writes[i % Q_RECORD_TRANSACTION_MAX] =
			(struct q_write){.kind = Q_WRITE_UPDATE,
					 .key = {Q_STR("expiring"), sk},
					 .expires_at_ms = &expires_at_ms};
		if (i % Q_RECORD_TRANSACTION_MAX == Q_RECORD_TRANSACTION_MAX - 1)
			assert_int_equal(q_record_store_transact(site->store, &no_limits, writes,
								 Q_RECORD_TRANSACTION_MAX, NULL,
								 &site->err),
					 Q_OK);
	}
}

static void upkeep_removes_what_has_expired_step_by_step(void **state)
{
	struct sqlite_site *site = *state;
	bool has_more;

	put_expiring(site, 600);
	assert_int_equal(sqlite_site_put(site, "stays", "s", 1), Q_OK);
	maintain(site, &has_more);
	assert_false(has_more);
	assert_int_equal(count_rows(site, "items"), 601);
	clock_simulated_advance(site->clock, 1);
	maintain(site, &has_more);
	assert_true(has_more);
	assert_true(count_rows(site, "items") > 1);
	maintain(site, &has_more);
	assert_false(has_more);
	assert_int_equal(count_rows(site, "items"), 1);
	assert_int_equal(sqlite_site_number(site, "stays", "s"), 1);
}

static void upkeep_trims_a_day_old_records_step_by_step(void **state)
{
	struct sqlite_site *site = *state;
	bool has_more = true;
	int steps;

	put_expiring(site, 600);
	clock_simulated_advance(site->clock, 1);
	for (steps = 0; has_more; steps++)
		maintain(site, &has_more);
	assert_int_equal(steps, 2);
	assert_int_equal(count_rows(site, "records"), 1200); /* put and expired */
	clock_simulated_advance(site->clock, Q_SQLITE_RETENTION_MS + 1);
	has_more = true;
	for (steps = 0; has_more; steps++)
		maintain(site, &has_more);
	assert_in_range(steps, 2, 4);
	assert_int_equal(count_rows(site, "records"), 0);
}

/* A step is bounded by bytes too: others wait for it. */
static void upkeep_of_large_items_takes_smaller_steps(void **state)
{
	struct sqlite_site *site = *state;
	static char text[250 * 1024];
	int64_t expires_at_ms = q_clock_now_ms(site->clock) + 1;
	struct q_change change = {Q_SET, Q_STR("t"),
				  q_value_string((struct q_str){text, sizeof text})};
	bool has_more;

	memset(text, 't', sizeof text);
	for (int i = 0; i < 40; i++) {
		struct q_write write = {
			.kind = Q_WRITE_UPDATE,
			.key = {Q_STR("large"), q_arena_format(site->arena, "%d", i)},
			.changes = &change,
			.change_count = 1,
			.expires_at_ms = &expires_at_ms};

		assert_int_equal(q_record_store_write(site->store, &no_limits, &write, NULL, NULL,
						      &site->err),
				 Q_OK);
	}
	clock_simulated_advance(site->clock, 1);
	maintain(site, &has_more);
	assert_true(has_more);
	maintain(site, &has_more);
	assert_false(has_more);
	assert_int_equal(count_rows(site, "items"), 0);
	clock_simulated_advance(site->clock, Q_SQLITE_RETENTION_MS + 1);
	maintain(site, &has_more);
	assert_true(has_more);
	while (has_more)
		maintain(site, &has_more);
	assert_int_equal(count_rows(site, "records"), 0);
}

static void the_log_beside_the_file_stays_small(void **state)
{
	struct sqlite_site *site = *state;
	char wal[sizeof site->path + 4], text[100 * 1024];
	struct q_change change = {Q_SET, Q_STR("t"),
				  q_value_string((struct q_str){text, sizeof text})};
	struct q_write write = {.kind = Q_WRITE_UPDATE,
				.key = {Q_STR("p"), Q_STR("s")},
				.changes = &change,
				.change_count = 1};
	struct stat status;

	snprintf(wal, sizeof wal, "%s-wal", site->path);
	for (unsigned i = 0; i < 150; i++) { /* 45 MB: the item, and its image before and after */
		memset(text, 'a' + (int)(i % 26), sizeof text);
		assert_int_equal(q_record_store_write(site->store, &no_limits, &write, NULL, NULL,
						      &site->err),
				 Q_OK);
	}
	assert_int_equal(stat(wal, &status), 0);
	assert_in_range(status.st_size, 1, 16 << 20);
}

#define CASE(NAME)                                                                                 \
	cmocka_unit_test_setup_teardown(NAME, sqlite_site_start_case, sqlite_site_end_case)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(new_file_is_private_and_names_its_program),
		CASE(closed_and_opened_again_nothing_is_lost),
		CASE(an_empty_file_is_filled),
		CASE(a_newer_file_is_refused_naming_both_versions),
		CASE(a_foreign_database_is_refused_and_left_alone),
		CASE(a_file_that_is_no_database_is_corrupt),
		CASE(a_missing_directory_is_not_found),
		CASE(damaged_pages_are_corrupt_when_they_are_read),
		CASE(another_process_is_told_that_it_is_open),
		CASE(stores_of_different_names_do_not_see_each_other),
		CASE(store_names_have_1_to_64_bytes),
		CASE(upkeep_removes_what_has_expired_step_by_step),
		CASE(upkeep_trims_a_day_old_records_step_by_step),
		CASE(upkeep_of_large_items_takes_smaller_steps),
		CASE(the_log_beside_the_file_stays_small),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
