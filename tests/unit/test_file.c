#include "base/file.h"

#include "support/checks.h"
#include "support/failing_memory.h"
#include "support/scratch.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

/* The operating system, with faults: these stand before the C library's when the test is linked. */
static int fsyncs_until_failure; /* 0: none fails */
static bool has_no_renameat2;	 /* as on NFS */

int fsync(int fd)
{
	if (fsyncs_until_failure > 0 && --fsyncs_until_failure == 0) {
		errno = EIO;
		return -1;
	}
	return (int)syscall(SYS_fsync, fd);
}

int renameat2(int from_directory, const char *from, int to_directory, const char *to,
	      unsigned flags)
{
	if (has_no_renameat2) {
		errno = EINVAL;
		return -1;
	}
	return (int)syscall(SYS_renameat2, from_directory, from, to_directory, to, flags);
}

struct fixture {
	char path[SCRATCH_PATH_MAX];
	int directory;
	struct q_arena *arena;
	struct q_err err;
};

static int set_up(void **state)
{
	static struct fixture fixture;

	scratch_make(fixture.path);
	fixture.directory = open(fixture.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	fixture.arena = q_arena_new(10 * 1024 * 1024);
	fsyncs_until_failure = 0;
	has_no_renameat2 = false;
	*state = &fixture;
	return fixture.directory >= 0 && fixture.arena ? 0 : -1;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	close(f->directory);
	scratch_remove(f->path);
	q_arena_free(f->arena);
	return 0;
}

static void replace(struct fixture *f, const char *path, const char *body)
{
	assert_int_equal(
		q_file_replace_at(f->directory, path, q_str_bytes(q_str_from(body)), 0600, &f->err),
		Q_OK);
}

static void check_body(struct fixture *f, const char *path, const char *expected)
{
	struct q_bytes body;

	assert_int_equal(q_file_read_at(f->directory, path, 1000, f->arena, &body, &f->err), Q_OK);
	assert_string_equal((const char *)body.data, expected);
	assert_int_equal(body.length, strlen(expected));
}

static int count_names(const struct fixture *f)
{
	DIR *directory = opendir(f->path);
	int count = 0;

	assert_non_null(directory);
	while (readdir(directory))
		count++;
	closedir(directory);
	return count - 2; /* "." and ".." */
}

static void what_was_written_is_read(void **state)
{
	struct fixture *f = *state;

	replace(f, "a", "some text");
	check_body(f, "a", "some text");
	replace(f, "empty", "");
	check_body(f, "empty", "");
	assert_int_equal(count_names(f), 2);
}

static void file_of_the_limit_is_read_and_one_byte_more_is_too_big(void **state)
{
	struct fixture *f = *state;
	struct q_bytes body = {0};

	replace(f, "a", "12345");
	assert_int_equal(q_file_read_at(f->directory, "a", 5, f->arena, &body, &f->err), Q_OK);
	assert_int_equal(body.length, 5);
	assert_int_equal(q_file_read_at(f->directory, "a", 4, f->arena, &body, &f->err), Q_TOOBIG);
	assert_int_equal(body.length, 5);
	assert_int_equal(q_file_read_at(f->directory, "a", 0, f->arena, &body, &f->err), Q_TOOBIG);
}

static void large_file_is_read_whole(void **state)
{
	enum { SIZE = 3 * 1024 * 1024 + 1 };
	struct fixture *f = *state;
	unsigned char *bytes = malloc(SIZE);
	struct q_bytes body;

	for (size_t i = 0; i < SIZE; i++)
		bytes[i] = (unsigned char)(i * 31 >> 8);
	assert_int_equal(
		q_file_replace_at(f->directory, "a", (struct q_bytes){bytes, SIZE}, 0600, &f->err),
		Q_OK);
	assert_int_equal(q_file_read_at(f->directory, "a", SIZE, f->arena, &body, &f->err), Q_OK);
	assert_int_equal(body.length, SIZE);
	assert_memory_equal(body.data, bytes, SIZE);
	free(bytes);
}

/* Its size is told as 0. */
static void file_of_proc_is_read_whole(void **state)
{
	struct fixture *f = *state;
	struct q_bytes body;

	assert_int_equal(
		q_file_read_at(AT_FDCWD, "/proc/self/status", 100000, f->arena, &body, &f->err),
		Q_OK);
	assert_true(body.length > 100);
}

static void missing_file_is_not_found(void **state)
{
	struct fixture *f = *state;
	struct q_bytes body;

	assert_int_equal(q_file_read_at(f->directory, "a", 10, f->arena, &body, &f->err),
			 Q_NOTFOUND);
	assert_int_equal(f->err.os_error, ENOENT);
	assert_non_null(strstr(f->err.message, "a: "));
}

static void directory_is_not_read_as_a_file(void **state)
{
	struct fixture *f = *state;
	struct q_bytes body;

	assert_int_equal(q_file_read_at(f->directory, ".", 10, f->arena, &body, &f->err), Q_IO);
	assert_int_equal(f->err.os_error, EISDIR);
}

static void replace_takes_the_place_of_the_old_file(void **state)
{
	struct fixture *f = *state;

	replace(f, "a", "old and long");
	replace(f, "a", "new");
	check_body(f, "a", "new");
	assert_int_equal(count_names(f), 1);
}

static void new_file_has_the_mode_that_was_asked_for(void **state)
{
	struct fixture *f = *state;
	struct stat status;

	replace(f, "a", "secret");
	assert_int_equal(fstatat(f->directory, "a", &status, 0), 0);
	assert_int_equal(status.st_mode & 07777, 0600);
}

static void replace_writes_beside_the_path_in_any_directory(void **state)
{
	struct fixture *f = *state;
	char path[SCRATCH_PATH_MAX + 8];

	assert_int_equal(mkdirat(f->directory, "d", 0700), 0);
	replace(f, "d/a", "one");
	check_body(f, "d/a", "one");
	snprintf(path, sizeof path, "%s/d/b", f->path);
	assert_int_equal(q_file_replace_at(AT_FDCWD, path, (struct q_bytes){0}, 0600, &f->err),
			 Q_OK);
	check_body(f, "d/b", "");
}

static void replace_in_a_missing_directory_is_not_found(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(q_file_replace_at(f->directory, "d/a", (struct q_bytes){0}, 0600, &f->err),
			 Q_NOTFOUND);
}

static void replace_of_a_directory_fails_and_leaves_nothing(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(mkdirat(f->directory, "a", 0700), 0);
	assert_int_equal(q_file_replace_at(f->directory, "a", (struct q_bytes){0}, 0600, &f->err),
			 Q_IO);
	assert_int_equal(count_names(f), 1);
}

static void path_that_is_too_long_is_refused(void **state)
{
	struct fixture *f = *state;
	char path[5000];

	memset(path, 'a', sizeof path - 1);
	path[sizeof path - 1] = '\0';
	path[4500] = '/';
	assert_int_equal(q_file_replace_at(f->directory, path, (struct q_bytes){0}, 0600, &f->err),
			 Q_IO);
	assert_int_equal(f->err.os_error, ENAMETOOLONG);
	assert_int_equal(q_file_make_directories(f->directory, path, &f->err), Q_IO);
	assert_int_equal(f->err.os_error, ENAMETOOLONG);
}

/* A limit on the size of files stands for the full disk: both stop a write half-way. */
static void full_disk_keeps_the_old_file_and_leaves_nothing(void **state)
{
	static const unsigned char body[100000];
	const struct rlimit small = {50000, RLIM_INFINITY};
	const struct rlimit unlimited = {RLIM_INFINITY, RLIM_INFINITY};
	struct fixture *f = *state;
	enum q_code code;

	replace(f, "a", "old");
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	code = q_file_replace_at(f->directory, "a", (struct q_bytes){body, sizeof body}, 0600,
				 &f->err);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &unlimited), 0);
	assert_int_equal(code, Q_NOSPACE);
	check_body(f, "a", "old");
	assert_int_equal(count_names(f), 1);
}

static void failed_flush_of_the_bytes_keeps_the_old_file(void **state)
{
	struct fixture *f = *state;

	replace(f, "a", "old");
	fsyncs_until_failure = 1;
	assert_int_equal(
		q_file_replace_at(f->directory, "a", q_str_bytes(Q_STR("new")), 0600, &f->err),
		Q_IO);
	check_body(f, "a", "old");
	assert_int_equal(count_names(f), 1);
}

/* The file is there, but nobody may be told so: a power cut could take it back. */
static void failed_flush_of_the_directory_is_an_error(void **state)
{
	struct fixture *f = *state;

	fsyncs_until_failure = 2;
	assert_int_equal(
		q_file_create_at(f->directory, "a", q_str_bytes(Q_STR("new")), 0600, &f->err),
		Q_IO);
	assert_int_equal(count_names(f), 1);
	fsyncs_until_failure = 1;
	assert_int_equal(q_file_make_directories(f->directory, "d", &f->err), Q_IO);
}

static void write_to_a_full_device_is_no_space(void **state)
{
	struct fixture *f = *state;
	int fd = open("/dev/full", O_WRONLY | O_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(q_file_write_all(fd, q_str_bytes(Q_STR("abc")), &f->err), Q_NOSPACE);
	assert_int_equal(q_file_write_all(fd, (struct q_bytes){0}, &f->err), Q_OK);
	close(fd);
}

/* A pipe takes what fits; a writer that stops at a short write would lose the rest. */
static void write_goes_on_after_short_writes(void **state)
{
	static unsigned char body[1000000], got[sizeof body];
	struct fixture *f = *state;
	size_t length = 0;
	int channel[2];
	ssize_t count;
	pid_t child;

	memset(body, 'x', sizeof body);
	assert_int_equal(pipe(channel), 0);
	child = fork();
	if (child == 0) {
		close(channel[0]);
		_exit((int)q_file_write_all(channel[1], (struct q_bytes){body, sizeof body},
					    &f->err));
	}
	close(channel[1]);
	while ((count = read(channel[0], got + length, sizeof got - length)) > 0)
		length += (size_t)count;
	close(channel[0]);
	assert_int_equal(waitpid(child, NULL, 0), child);
	assert_int_equal(length, sizeof body);
	assert_memory_equal(got, body, sizeof body);
}

static void reader_sees_the_old_or_the_new_file_whole(void **state)
{
	enum { SIZE = 200000, ROUNDS = 50 };
	static unsigned char body[SIZE];
	struct fixture *f = *state;
	int status;
	pid_t child;

	assert_int_equal(
		q_file_replace_at(f->directory, "a", (struct q_bytes){body, SIZE}, 0600, &f->err),
		Q_OK);
	child = fork();
	if (child == 0) {
		enum q_code code = Q_OK;

		for (int round = 1; round <= ROUNDS && code == Q_OK; round++) {
			memset(body, round, SIZE);
			code = q_file_replace_at(f->directory, "a", (struct q_bytes){body, SIZE},
						 0600, &f->err);
		}
		_exit((int)code);
	}
	while (waitpid(child, &status, WNOHANG) == 0) {
		struct q_bytes got;

		q_arena_reset(f->arena);
		assert_int_equal(q_file_read_at(f->directory, "a", SIZE, f->arena, &got, &f->err),
				 Q_OK);
		assert_int_equal(got.length, SIZE);
		memset(body, got.data[0], SIZE);
		assert_memory_equal(got.data, body, SIZE);
	}
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == Q_OK);
}

static void create_makes_a_file_that_is_not_there(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(
		q_file_create_at(f->directory, "a", q_str_bytes(Q_STR("mine")), 0600, &f->err),
		Q_OK);
	check_body(f, "a", "mine");
	assert_int_equal(count_names(f), 1);
}

static void create_leaves_the_file_of_another(void **state)
{
	struct fixture *f = *state;

	replace(f, "a", "another's");
	assert_int_equal(
		q_file_create_at(f->directory, "a", q_str_bytes(Q_STR("mine")), 0600, &f->err),
		Q_CONFLICT);
	check_body(f, "a", "another's");
	assert_int_equal(count_names(f), 1);
}

/* Without renameat2 a link does the same. */
static void create_needs_no_special_rename(void **state)
{
	struct fixture *f = *state;

	has_no_renameat2 = true;
	create_makes_a_file_that_is_not_there(state);
	assert_int_equal(
		q_file_create_at(f->directory, "a", q_str_bytes(Q_STR("other")), 0600, &f->err),
		Q_CONFLICT);
	check_body(f, "a", "mine");
	assert_int_equal(count_names(f), 1);
}

static void one_of_many_creators_wins(void **state)
{
	enum { CREATORS = 8 };
	struct fixture *f = *state;
	pid_t children[CREATORS];
	int winners = 0;

	for (int i = 0; i < CREATORS; i++) {
		unsigned char body = (unsigned char)('a' + i);

		children[i] = fork();
		if (children[i] == 0)
			_exit((int)q_file_create_at(f->directory, "file",
						    (struct q_bytes){&body, 1}, 0600, &f->err));
	}
	for (int i = 0; i < CREATORS; i++) {
		char expected[] = {(char)('a' + i), '\0'};
		int status;

		assert_int_equal(waitpid(children[i], &status, 0), children[i]);
		assert_true(WIFEXITED(status));
		if (WEXITSTATUS(status) != Q_OK) {
			assert_int_equal(WEXITSTATUS(status), Q_CONFLICT);
			continue;
		}
		winners++;
		check_body(f, "file", expected);
	}
	assert_int_equal(winners, 1);
	assert_int_equal(count_names(f), 1);
}

static void missing_directories_are_made(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(q_file_make_directories(f->directory, "a/b//c/", &f->err), Q_OK);
	replace(f, "a/b/c/file", "deep");
	check_body(f, "a/b/c/file", "deep");
	assert_int_equal(q_file_make_directories(f->directory, "a/b/c/d", &f->err), Q_OK);
	assert_int_equal(q_file_make_directories(f->directory, "a/b/c/d", &f->err), Q_OK);
	assert_int_equal(q_file_make_directories(AT_FDCWD, "/", &f->err), Q_OK);
	assert_int_equal(q_file_make_directories(f->directory, ".", &f->err), Q_OK);
}

static void absolute_directories_are_made_for_the_owner_alone(void **state)
{
	struct fixture *f = *state;
	char path[SCRATCH_PATH_MAX + 8];
	struct stat status;

	snprintf(path, sizeof path, "%s/a/b", f->path);
	assert_int_equal(q_file_make_directories(AT_FDCWD, path, &f->err), Q_OK);
	assert_int_equal(fstatat(f->directory, "a/b", &status, 0), 0);
	assert_int_equal(status.st_mode & 07777, 0700);
}

static void file_in_the_way_of_a_directory_is_an_error(void **state)
{
	struct fixture *f = *state;

	replace(f, "a", "file");
	assert_int_equal(q_file_make_directories(f->directory, "a", &f->err), Q_IO);
	assert_int_equal(f->err.os_error, ENOTDIR);
	assert_int_equal(q_file_make_directories(f->directory, "a/b", &f->err), Q_IO);
}

static void sync_parent_needs_the_directory_alone(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(q_file_sync_parent(f->directory, "not there", &f->err), Q_OK);
	assert_int_equal(q_file_sync_parent(f->directory, "d/a", &f->err), Q_NOTFOUND);
}

static void lock_file_holds_the_pid(void **state)
{
	struct fixture *f = *state;
	char expected[32];
	pid_t holder_pid;
	int fd;

	replace(f, "lock", "99999999 of one that was there before");
	assert_int_equal(q_file_lock(f->directory, "lock", &fd, &holder_pid, &f->err), Q_OK);
	snprintf(expected, sizeof expected, "%ld\n", (long)getpid());
	check_body(f, "lock", expected);
	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	close(fd);
}

/* The child takes the lock, tells so on the pipe and holds it until it is killed. */
static pid_t start_holder(struct fixture *f)
{
	int channel[2];
	char byte;
	pid_t child;

	assert_int_equal(pipe(channel), 0);
	child = fork();
	if (child == 0) {
		pid_t holder_pid;
		int fd;

		if (q_file_lock(f->directory, "lock", &fd, &holder_pid, &f->err) != Q_OK ||
		    write(channel[1], "k", 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	close(channel[1]);
	assert_int_equal(read(channel[0], &byte, 1), 1);
	close(channel[0]);
	return child;
}

static void lock_of_another_process_is_a_conflict_that_names_it(void **state)
{
	struct fixture *f = *state;
	pid_t child = start_holder(f);
	pid_t holder_pid;
	int fd = -1;

	assert_int_equal(q_file_lock(f->directory, "lock", &fd, &holder_pid, &f->err), Q_CONFLICT);
	assert_int_equal(holder_pid, child);
	assert_int_equal(fd, -1);
	assert_int_equal(kill(child, SIGKILL), 0);
	assert_int_equal(waitpid(child, NULL, 0), child);
	assert_int_equal(q_file_lock(f->directory, "lock", &fd, &holder_pid, &f->err), Q_OK);
	close(fd);
}

static void holder_that_is_not_named_is_unknown(void **state)
{
	static const char *const texts[] = {"", "x", "-5", "0", "99999999999999"};
	struct fixture *f = *state;
	pid_t holder_pid;
	int fd, other_fd;

	assert_int_equal(q_file_lock(f->directory, "lock", &fd, &holder_pid, &f->err), Q_OK);
	for (size_t i = 0; i < Q_COUNT_OF(texts); i++) {
		holder_pid = 77;
		assert_int_equal(ftruncate(fd, 0), 0);
		assert_int_equal(pwrite(fd, texts[i], strlen(texts[i]), 0), strlen(texts[i]));
		assert_int_equal(q_file_lock(f->directory, "lock", &other_fd, &holder_pid, &f->err),
				 Q_CONFLICT);
		assert_int_equal(holder_pid, 0);
	}
	close(fd);
}

static enum q_code read_file(void *context)
{
	struct fixture *f = context;
	struct q_arena *arena = q_arena_new(100000);
	enum q_code code = Q_NOMEM;
	struct q_bytes body;

	if (arena)
		code = q_file_read_at(f->directory, "a", 100000, arena, &body, &f->err);
	q_arena_free(arena);
	return code;
}

static void failing_allocations_are_told(void **state)
{
	static const unsigned char body[10000];
	struct fixture *f = *state;

	assert_int_equal(q_file_replace_at(f->directory, "a", (struct q_bytes){body, sizeof body},
					   0600, &f->err),
			 Q_OK);
	assert_true(run_with_failing_memory(read_file, f) >= 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_was_written_is_read, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			file_of_the_limit_is_read_and_one_byte_more_is_too_big, set_up, tear_down),
		cmocka_unit_test_setup_teardown(large_file_is_read_whole, set_up, tear_down),
		cmocka_unit_test_setup_teardown(file_of_proc_is_read_whole, set_up, tear_down),
		cmocka_unit_test_setup_teardown(missing_file_is_not_found, set_up, tear_down),
		cmocka_unit_test_setup_teardown(directory_is_not_read_as_a_file, set_up, tear_down),
		cmocka_unit_test_setup_teardown(replace_takes_the_place_of_the_old_file, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(new_file_has_the_mode_that_was_asked_for, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(replace_writes_beside_the_path_in_any_directory,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(replace_in_a_missing_directory_is_not_found, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(replace_of_a_directory_fails_and_leaves_nothing,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(path_that_is_too_long_is_refused, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(full_disk_keeps_the_old_file_and_leaves_nothing,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(failed_flush_of_the_bytes_keeps_the_old_file,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(failed_flush_of_the_directory_is_an_error, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(write_to_a_full_device_is_no_space, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(write_goes_on_after_short_writes, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(reader_sees_the_old_or_the_new_file_whole, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(create_makes_a_file_that_is_not_there, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(create_leaves_the_file_of_another, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(create_needs_no_special_rename, set_up, tear_down),
		cmocka_unit_test_setup_teardown(one_of_many_creators_wins, set_up, tear_down),
		cmocka_unit_test_setup_teardown(missing_directories_are_made, set_up, tear_down),
		cmocka_unit_test_setup_teardown(absolute_directories_are_made_for_the_owner_alone,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(file_in_the_way_of_a_directory_is_an_error, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(sync_parent_needs_the_directory_alone, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(lock_file_holds_the_pid, set_up, tear_down),
		cmocka_unit_test_setup_teardown(lock_of_another_process_is_a_conflict_that_names_it,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(holder_that_is_not_named_is_unknown, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(failing_allocations_are_told, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
