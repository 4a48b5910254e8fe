#include "embedded/sqlite_database.h"

#include "support/sqlite_site.h"

#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static const struct q_call no_limits;

enum { TEXT_BYTES = 20000 };

/* Item i holds text of its own letter; the outcome. */
static enum q_code put_text(struct sqlite_site *site, int i)
{
	static char text[TEXT_BYTES];
	struct q_change change = {Q_SET, Q_STR("t"),
				  q_value_string((struct q_str){text, TEXT_BYTES})};
	char sk[16];
	struct q_write write = {.kind = Q_WRITE_UPDATE,
				.key = {Q_STR("texts"), {0}},
				.changes = &change,
				.change_count = 1};

	snprintf(sk, sizeof sk, "%04d", i);
	write.key.sk = q_str_from(sk);
	memset(text, 'a' + i % 26, sizeof text);
	return q_record_store_write(site->store, &no_limits, &write, NULL, NULL, &site->err);
}

/* Items 0 to count - 1 are there, whole, and no other. */
static bool has_exactly(struct sqlite_site *site, int count)
{
	struct q_query query = {.pk = Q_STR("texts"), .limit = 100};
	int found = 0;

	q_arena_reset(site->arena);
	do {
		struct q_query_page page;
		struct q_str text;

		if (q_record_store_query(site->store, &no_limits, &query, site->arena, &page,
					 &site->err) != Q_OK)
			return false;
		for (size_t i = 0; i < page.count; i++) {
			text = q_item_string(&page.items[i], "t", Q_STR(""));
			if (text.length != TEXT_BYTES || text.data[0] != 'a' + found % 26)
				return false;
			found++;
		}
		query.after = page.next;
	} while (query.after.length > 0);
	return found == count;
}

/* Fills the disk; how many items were acknowledged. -1: it ended otherwise than by Q_NOSPACE. */
static int fill(struct sqlite_site *site)
{
	enum q_code code = Q_OK;
	int count = 0;

	while (!code && count < 10000) {
		code = put_text(site, count);
		count += !code;
	}
	return code == Q_NOSPACE ? count : -1;
}

/* A limit of the process on the size of its files: the same to SQLite as a quota. */
static void a_file_size_limit_is_no_space_and_harms_nothing(void **state)
{
	struct sqlite_site *site = *state;
	struct rlimit limit, low;
	int count;

	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
	low = (struct rlimit){1 << 20, limit.rlim_max};
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &low), 0);
	count = fill(site);
	assert_true(count > 5);
	assert_int_equal(site->err.code, Q_NOSPACE);
	assert_true(has_exactly(site, count));
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
	assert_int_equal(put_text(site, count), Q_OK); /* there is room again */
	sqlite_site_shut(site);
	assert_int_equal(sqlite_site_reopen(site), Q_OK);
	assert_true(has_exactly(site, count + 1));
}

/* A real full disk: a tmpfs of 4 MB. */

static bool mount_small_disk(const char *directory)
{
	if (unshare(CLONE_NEWNS) != 0 && unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0)
		return false;
	return mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
	       mount("none", directory, "tmpfs", 0, "size=4m,mode=700") == 0;
}

/* Something that the operator may delete. */
static bool make_ballast(const struct sqlite_site *site, char path[SCRATCH_PATH_MAX + 16])
{
	int fd;
	bool ok;

	snprintf(path, SCRATCH_PATH_MAX + 16, "%s/ballast", site->directory);
	fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	ok = fd >= 0 && posix_fallocate(fd, 0, 1 << 20) == 0;
	close(fd);
	return ok;
}

/* In a process of its own; 0, or the step that went wrong. */
static int fill_small_disk(struct sqlite_site *site)
{
	char ballast[SCRATCH_PATH_MAX + 16];
	bool has_more;
	int count;

	if (sqlite_site_reopen(site) != Q_OK || !make_ballast(site, ballast))
		return 1;
	count = fill(site);
	if (count < 5 || !has_exactly(site, count))
		return 2;
	if (put_text(site, count) != Q_NOSPACE || !has_exactly(site, count))
		return 3;
	if (unlink(ballast) != 0 || put_text(site, count) != Q_OK)
		return 4;
	if (q_sqlite_database_maintain(site->database, &no_limits, 0, &has_more, &site->err))
		return 5;
	sqlite_site_shut(site);
	if (sqlite_site_reopen(site) != Q_OK || !has_exactly(site, count + 1))
		return 6;
	sqlite_site_shut(site);
	return 0;
}

enum { CANNOT_MOUNT = 77 };

static void a_full_disk_is_no_space_and_harms_nothing(void **state)
{
	struct sqlite_site *site = *state;
	pid_t child;
	int status;

	sqlite_site_shut(site);
	child = fork();
	assert_true(child >= 0);
	if (child == 0)
		_exit(mount_small_disk(site->directory) ? fill_small_disk(site) : CANNOT_MOUNT);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) == CANNOT_MOUNT)
		print_message("# not run: this user may not mount a tmpfs\n");
	else
		assert_int_equal(WEXITSTATUS(status), 0);
}

#define CASE(NAME)                                                                                 \
	cmocka_unit_test_setup_teardown(NAME, sqlite_site_start_case, sqlite_site_end_case)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_file_size_limit_is_no_space_and_harms_nothing),
		CASE(a_full_disk_is_no_space_and_harms_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
