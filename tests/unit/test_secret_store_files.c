#include "embedded/secret_store_files.h"

#include "support/failing_memory.h"
#include "support/scratch.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

/* What is particular to files; the rest is in contract/secret_store_suite.c. */

static const struct q_call no_limits;

struct secrets {
	struct q_secret_store *store;
	struct q_arena *arena;
	struct q_err err;
	char root[SCRATCH_PATH_MAX];
	char directory[SCRATCH_PATH_MAX + 16];
};

static const struct q_secret_override overrides[] = {
	{"token-secret", "JWT_SECRET", {"from the setting", 16}},
	{"signing-keys", "SIGNING_KEYS", {NULL, 0}}, /* not set */
};

static int start_case(void **state)
{
	struct secrets *secrets = test_calloc(1, sizeof *secrets);

	scratch_make(secrets->root);
	snprintf(secrets->directory, sizeof secrets->directory, "%s/secrets", secrets->root);
	secrets->arena = q_arena_new(1 << 20);
	*state = secrets;
	return q_secret_store_files_open(secrets->directory, overrides, Q_COUNT_OF(overrides),
					 &secrets->store, &secrets->err);
}

static int end_case(void **state)
{
	struct secrets *secrets = *state;

	q_secret_store_close(secrets->store);
	q_arena_free(secrets->arena);
	scratch_remove(secrets->root);
	test_free(secrets);
	return 0;
}

static const char *path_of(struct secrets *secrets, const char *name)
{
	static char path[SCRATCH_PATH_MAX + 100];

	snprintf(path, sizeof path, "%s/%s", secrets->directory, name);
	return path;
}

static enum q_code get(struct secrets *secrets, const char *name, struct q_bytes *out)
{
	return q_secret_store_get(secrets->store, &no_limits, q_str_from(name), secrets->arena, out,
				  &secrets->err);
}

static enum q_code create(struct secrets *secrets, const char *name, const char *value)
{
	return q_secret_store_create(secrets->store, &no_limits, q_str_from(name),
				     q_str_bytes(q_str_from(value)), &secrets->err);
}

static void write_file(struct secrets *secrets, const char *name, const void *bytes, size_t length)
{
	int fd = open(path_of(secrets, name), O_CREAT | O_WRONLY | O_TRUNC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, length), length);
	close(fd);
}

static void files_are_0600_in_a_directory_0700(void **state)
{
	struct secrets *secrets = *state;
	mode_t before = umask(0);
	struct stat status;

	assert_int_equal(create(secrets, "made", "value"), Q_OK);
	umask(before);
	assert_int_equal(stat(path_of(secrets, "made"), &status), 0);
	assert_int_equal(status.st_mode & 07777, 0600);
	assert_int_equal(stat(secrets->directory, &status), 0);
	assert_int_equal(status.st_mode & 07777, 0700);
}

static void a_file_that_others_may_reach_is_refused(void **state)
{
	struct secrets *secrets = *state;
	static const mode_t modes[] = {0640, 0620, 0610, 0604, 0602, 0601, 0644, 0666, 0777};
	struct q_bytes value;

	write_file(secrets, "open", "value", 5);
	for (size_t i = 0; i < Q_COUNT_OF(modes); i++) {
		assert_int_equal(chmod(path_of(secrets, "open"), modes[i]), 0);
		assert_int_equal(get(secrets, "open", &value), Q_DENIED);
	}
	assert_non_null(strstr(secrets->err.message, "chmod 600"));
	assert_int_equal(chmod(path_of(secrets, "open"), 0400), 0);
	assert_int_equal(get(secrets, "open", &value), Q_OK);
}

static void a_file_of_another_user_is_refused(void **state)
{
	struct secrets *secrets = *state;
	struct q_bytes value;

	write_file(secrets, "theirs", "value", 5);
	if (chown(path_of(secrets, "theirs"), 12345, (gid_t)-1) != 0) {
		print_message("# skipped: chown needs root\n");
		return;
	}
	assert_int_equal(get(secrets, "theirs", &value), Q_DENIED);
}

static void a_symbolic_link_is_refused(void **state)
{
	struct secrets *secrets = *state;
	struct q_bytes value;

	write_file(secrets, "real", "value", 5);
	assert_int_equal(symlink("real", path_of(secrets, "link")), 0);
	assert_int_equal(get(secrets, "link", &value), Q_DENIED);
	assert_int_equal(create(secrets, "link", "x"), Q_CONFLICT);
}

static void a_pipe_is_not_waited_for(void **state)
{
	struct secrets *secrets = *state;
	struct q_bytes value;

	assert_int_equal(mkfifo(path_of(secrets, "pipe"), 0600), 0);
	assert_int_not_equal(get(secrets, "pipe", &value), Q_OK);
}

static void a_directory_that_others_may_write_is_refused(void **state)
{
	struct secrets *secrets = *state;
	struct q_secret_store *store;

	assert_int_equal(chmod(secrets->directory, 0770), 0);
	assert_int_equal(
		q_secret_store_files_open(secrets->directory, NULL, 0, &store, &secrets->err),
		Q_DENIED);
	assert_int_equal(chmod(secrets->directory, 0750), 0); /* may look, not write */
	assert_int_equal(
		q_secret_store_files_open(secrets->directory, NULL, 0, &store, &secrets->err),
		Q_OK);
	q_secret_store_close(store);
}

static void an_empty_or_a_huge_file_is_invalid(void **state)
{
	struct secrets *secrets = *state;
	static char huge[Q_SECRET_VALUE_MAX + 1];
	struct q_bytes value;

	write_file(secrets, "empty", "", 0);
	assert_int_equal(get(secrets, "empty", &value), Q_INVALID);
	write_file(secrets, "huge", huge, sizeof huge);
	assert_int_equal(get(secrets, "huge", &value), Q_INVALID);
}

static void a_setting_wins_over_the_file(void **state)
{
	struct secrets *secrets = *state;
	struct q_bytes value;

	write_file(secrets, "token-secret", "from the file", 13);
	assert_int_equal(get(secrets, "token-secret", &value), Q_OK);
	assert_int_equal(value.length, 16);
	assert_memory_equal(value.data, "from the setting", 16);
	assert_int_equal(create(secrets, "token-secret", "x"), Q_CONFLICT);
	assert_non_null(strstr(secrets->err.message, "JWT_SECRET"));
}

static void a_setting_that_is_not_set_leaves_the_file(void **state)
{
	struct secrets *secrets = *state;
	struct q_bytes value;

	assert_int_equal(get(secrets, "signing-keys", &value), Q_NOTFOUND);
	assert_int_equal(create(secrets, "signing-keys", "from the file"), Q_OK);
	assert_int_equal(get(secrets, "signing-keys", &value), Q_OK);
	assert_memory_equal(value.data, "from the file", 13);
}

static void a_setting_that_is_too_long_is_refused(void **state)
{
	struct secrets *secrets = *state;
	static char huge[Q_SECRET_VALUE_MAX + 1];
	struct q_secret_override override = {"token-secret", "JWT_SECRET", {huge, sizeof huge}};
	struct q_secret_store *store;

	assert_int_equal(
		q_secret_store_files_open(secrets->directory, &override, 1, &store, &secrets->err),
		Q_INVALID);
	assert_non_null(strstr(secrets->err.message, "JWT_SECRET"));
}

static void a_file_that_is_replaced_is_seen_at_once(void **state)
{
	struct secrets *secrets = *state;
	struct q_bytes value;

	write_file(secrets, "changed", "old", 3);
	assert_int_equal(get(secrets, "changed", &value), Q_OK);
	write_file(secrets, "changed", "new value", 9);
	assert_int_equal(get(secrets, "changed", &value), Q_OK);
	assert_int_equal(value.length, 9);
}

/* Each process has a value of its own; all must read the same one after. */
static int create_and_compare(struct secrets *secrets, int index)
{
	char mine[2] = {(char)('a' + index), '\0'};
	struct q_bytes value;
	enum q_code code = create(secrets, "raced", mine);

	if (code != Q_OK && code != Q_CONFLICT)
		return 100;
	if (get(secrets, "raced", &value) != Q_OK || value.length != 1)
		return 101;
	return value.data[0];
}

static void processes_that_create_at_once_agree_on_one_value(void **state)
{
	enum { PROCESSES = 6 };
	struct secrets *secrets = *state;
	pid_t children[PROCESSES];
	int outcomes[PROCESSES];

	for (int i = 0; i < PROCESSES; i++) {
		children[i] = fork();
		if (children[i] == 0)
			_exit(create_and_compare(secrets, i));
	}
	for (int i = 0; i < PROCESSES; i++)
		assert_int_equal(waitpid(children[i], &outcomes[i], 0), children[i]);
	for (int i = 0; i < PROCESSES; i++) {
		assert_in_range(WEXITSTATUS(outcomes[i]), 'a', 'a' + PROCESSES - 1);
		assert_int_equal(outcomes[i], outcomes[0]);
	}
}

static enum q_code use_everything(void *context)
{
	struct secrets *secrets = context;
	struct q_arena *arena = q_arena_new(1 << 16);
	struct q_secret_store *store = NULL;
	struct q_bytes value;
	struct q_err err;
	enum q_code code = Q_NOMEM;

	if (arena)
		code = q_secret_store_files_open(secrets->directory, overrides, 1, &store, &err);
	if (code == Q_OK)
		code = q_secret_store_get(store, &no_limits, Q_STR("token-secret"), arena, &value,
					  &err);
	if (code == Q_OK)
		code = q_secret_store_get(store, &no_limits, Q_STR("made"), arena, &value, &err);
	q_secret_store_close(store);
	q_arena_free(arena);
	return code;
}

static void a_full_heap_is_reported(void **state)
{
	struct secrets *secrets = *state;

	assert_int_equal(create(secrets, "made", "value"), Q_OK);
	assert_true(run_with_failing_memory(use_everything, secrets) > 1);
}

#define CASE(NAME) cmocka_unit_test_setup_teardown(NAME, start_case, end_case)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(files_are_0600_in_a_directory_0700),
		CASE(a_file_that_others_may_reach_is_refused),
		CASE(a_file_of_another_user_is_refused),
		CASE(a_symbolic_link_is_refused),
		CASE(a_pipe_is_not_waited_for),
		CASE(a_directory_that_others_may_write_is_refused),
		CASE(an_empty_or_a_huge_file_is_invalid),
		CASE(a_setting_wins_over_the_file),
		CASE(a_setting_that_is_not_set_leaves_the_file),
		CASE(a_setting_that_is_too_long_is_refused),
		CASE(a_file_that_is_replaced_is_seen_at_once),
		CASE(processes_that_create_at_once_agree_on_one_value),
		CASE(a_full_heap_is_reported),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
