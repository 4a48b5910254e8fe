#include "embedded/blob_store_files.h"

#include "support/files_store.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

/* What is particular to files; the rest is in contract/blob_store_suite*.c. */

static const struct q_call no_limits;

/* ---- short forms */

static struct q_bytes text(const char *literal)
{
	return q_str_bytes(q_str_from(literal));
}

static enum q_code put(struct files_store *files, const char *key, struct q_bytes body)
{
	struct q_err err;

	return q_blob_store_put(files->store, &no_limits, q_str_from(key), body, NULL, &err);
}

static enum q_code stat_key(struct files_store *files, const char *key)
{
	struct q_blob_info info;
	struct q_err err;

	return q_blob_store_stat(files->store, &no_limits, q_str_from(key), &info, &err);
}

static enum q_code remove_key(struct files_store *files, const char *key)
{
	struct q_err err;

	return q_blob_store_remove(files->store, &no_limits, q_str_from(key), &err);
}

static bool exists(struct files_store *files, const char *path)
{
	struct stat status;

	return lstat(files_store_path(files, path), &status) == 0;
}

/* ---- the tree */

static void keys_of_n_parts_stand_in_tree_n(void **state)
{
	struct files_store *files = *state;

	assert_int_equal(put(files, "a", text("x")), Q_OK);
	assert_int_equal(put(files, "a/b", text("x")), Q_OK);
	assert_int_equal(put(files, ".tmp/b/c", text("x")), Q_OK);
	assert_true(exists(files, "1/a"));
	assert_true(exists(files, "2/a/b"));
	assert_true(exists(files, "3/.tmp/b/c"));
}

static int bad_modes;

static int check_mode(const char *path, const struct stat *status, int type, struct FTW *place)
{
	mode_t expected = S_ISDIR(status->st_mode) ? 0700 : 0600;

	if ((status->st_mode & 07777) != expected) {
		print_message("# %s has mode %o\n", path, status->st_mode & 07777);
		bad_modes++;
	}
	return 0;
}

static void nobody_else_may_read_or_write(void **state)
{
	struct files_store *files = *state;
	struct q_arena *arena = q_arena_new(4096);
	mode_t before = umask(0);
	struct q_blob_part part;
	struct q_str id;
	struct q_err err;

	assert_int_equal(put(files, "a/b/c", text("x")), Q_OK);
	assert_int_equal(q_blob_parts_start(files->store, &no_limits, Q_STR("k"), arena, &id, &err),
			 Q_OK);
	assert_int_equal(q_blob_parts_put(files->store, &no_limits, Q_STR("k"), id, 1, text("x"),
					  &part, &err),
			 Q_OK);
	umask(before);
	bad_modes = 0;
	assert_int_equal(nftw(files->root, check_mode, 8, FTW_PHYS), 0);
	assert_int_equal(bad_modes, 0);
	q_arena_free(arena);
}

static void removing_prunes_directories_that_are_empty(void **state)
{
	struct files_store *files = *state;

	assert_int_equal(put(files, "t/f/a", text("x")), Q_OK);
	assert_int_equal(put(files, "t/f/b", text("x")), Q_OK);
	assert_int_equal(put(files, "t/g/a", text("x")), Q_OK);
	assert_int_equal(remove_key(files, "t/f/a"), Q_OK);
	assert_true(exists(files, "3/t/f"));
	assert_int_equal(remove_key(files, "t/f/b"), Q_OK);
	assert_false(exists(files, "3/t/f"));
	assert_true(exists(files, "3/t/g/a"));
	assert_int_equal(remove_key(files, "t/g/a"), Q_OK);
	assert_false(exists(files, "3/t"));
}

static void nothing_is_left_in_tmp(void **state)
{
	struct files_store *files = *state;
	struct q_blob_writer *writer;
	struct q_blob_info info;
	struct q_err err;

	assert_int_equal(put(files, "a/b", text("x")), Q_OK);
	assert_int_equal(q_blob_store_stat(files->store, &no_limits, Q_STR("a/b"), &info, &err),
			 Q_OK);
	for (int i = 0; i < 2;
	     i++) /* the second time the copy is a name of the same file already */
		assert_int_equal(q_blob_store_copy_if_match(files->store, &no_limits, Q_STR("a/b"),
							    q_str_from(info.etag), Q_STR("c/d"),
							    NULL, &err),
				 Q_OK);
	assert_int_equal(q_blob_writer_open(files->store, &no_limits, Q_STR("a/b"), &writer, &err),
			 Q_OK);
	assert_int_equal(files_store_count(files, ".tmp"), 1);
	q_blob_writer_abort(writer);
	assert_int_equal(files_store_count(files, ".tmp"), 0);
}

static void open_removes_what_a_crash_left(void **state)
{
	struct files_store *files = *state;
	int fd = open(files_store_path(files, ".tmp/0000000000000000"), O_CREAT | O_WRONLY, 0600);

	assert_true(fd >= 0);
	close(fd);
	assert_int_equal(mkdir(files_store_path(files, ".tmp/0000000000000001"), 0700), 0);
	fd = open(files_store_path(files, ".tmp/0000000000000001/key"), O_CREAT | O_WRONLY, 0600);
	assert_true(fd >= 0);
	close(fd);
	files_store_reopen(files);
	assert_int_equal(files_store_count(files, ".tmp"), 0);
	assert_int_equal(put(files, "a", text("x")), Q_OK);
}

static void objects_and_uploads_outlive_the_store(void **state)
{
	struct files_store *files = *state;
	struct q_arena *arena = q_arena_new(4096);
	struct q_blob_part part;
	struct q_str id;
	struct q_err err;

	assert_int_equal(put(files, "a/b", text("x")), Q_OK);
	assert_int_equal(q_blob_parts_start(files->store, &no_limits, Q_STR("k"), arena, &id, &err),
			 Q_OK);
	assert_int_equal(q_blob_parts_put(files->store, &no_limits, Q_STR("k"), id, 1, text("x"),
					  &part, &err),
			 Q_OK);
	files_store_reopen(files);
	assert_int_equal(stat_key(files, "a/b"), Q_OK);
	assert_int_equal(q_blob_parts_complete(files->store, &no_limits, Q_STR("k"), id, &part, 1,
					       NULL, &err),
			 Q_OK);
	assert_int_equal(files_store_count(files, ".parts"), 0);
	q_arena_free(arena);
}

static void a_name_that_links_cannot_hold_is_refused(void **state)
{
	struct files_store *files = *state;
	static const char *const names[] = {"",	  "A",	 "a/b",
					    "1a", "a_b", "a23456789012345678901234567890123"};
	struct q_blob_store_files_options options = {.root = files->root,
						     .keyring = files->keyring,
						     .clock = files->clock,
						     .random = files->random};
	struct q_blob_store *store;
	struct q_err err;

	for (size_t i = 0; i < Q_COUNT_OF(names); i++) {
		options.name = q_str_from(names[i]);
		assert_int_equal(q_blob_store_files_open(&options, &store, &err), Q_INVALID);
	}
}

/* ---- what others put into the directory */

static void a_symbolic_link_in_the_place_of_a_directory_is_not_followed(void **state)
{
	struct files_store *files = *state;
	char outside[SCRATCH_PATH_MAX];

	scratch_make(outside);
	assert_int_equal(put(files, "x/y", text("x")), Q_OK); /* tree 2 */
	assert_int_equal(symlink(outside, files_store_path(files, "2/link")), 0);
	assert_int_not_equal(put(files, "link/out", text("x")), Q_OK);
	assert_int_not_equal(stat_key(files, "link/out"), Q_OK);
	assert_int_not_equal(remove_key(files, "link/out"), Q_OK);
	assert_int_equal(rmdir(outside), 0); /* nothing was written there */
}

static void a_symbolic_link_in_the_place_of_an_object_is_not_followed(void **state)
{
	struct files_store *files = *state;

	assert_int_equal(put(files, "real", text("x")), Q_OK);
	assert_int_equal(symlink("real", files_store_path(files, "1/link")), 0);
	assert_int_not_equal(stat_key(files, "link"), Q_OK);
	assert_int_equal(put(files, "link", text("replaced")), Q_OK);
	assert_int_equal(stat_key(files, "link"), Q_OK);
	assert_int_equal(remove_key(files, "link"), Q_OK);
	assert_int_equal(stat_key(files, "real"), Q_OK);
}

static void a_pipe_in_the_place_of_an_object_is_corrupt(void **state)
{
	struct files_store *files = *state;

	assert_int_equal(put(files, "x", text("x")), Q_OK);
	assert_int_equal(mkfifo(files_store_path(files, "1/pipe"), 0600), 0);
	assert_int_equal(stat_key(files, "pipe"), Q_CORRUPT);
}

static void lists_leave_out_what_is_no_object(void **state)
{
	struct files_store *files = *state;
	struct q_arena *arena = q_arena_new(1 << 20);
	struct q_blob_page page;
	struct q_err err;

	assert_int_equal(put(files, "m", text("x")), Q_OK);
	assert_int_equal(symlink("m", files_store_path(files, "1/a")), 0);
	assert_int_equal(mkfifo(files_store_path(files, "1/b"), 0600), 0);
	assert_int_equal(mkdir(files_store_path(files, "1/c"), 0700), 0);
	assert_int_equal(mkdir(files_store_path(files, "unknown"), 0700), 0);
	assert_int_equal(mkdir(files_store_path(files, "0"), 0700), 0);
	assert_int_equal(q_blob_store_list(files->store, &no_limits, Q_STR(""), Q_STR(""), 10,
					   arena, &page, &err),
			 Q_OK);
	assert_int_equal(page.count, 1);
	q_arena_free(arena);
}

static void a_file_that_was_cut_or_grew_is_corrupt(void **state)
{
	struct files_store *files = *state;
	static const off_t sizes[] = {0, 10, 63, 64, 10 + 63, 10 + 65, 1000};

	assert_int_equal(put(files, "x", text("0123456789")), Q_OK);
	for (size_t i = 0; i < Q_COUNT_OF(sizes); i++) {
		assert_int_equal(truncate(files_store_path(files, "1/x"), sizes[i]), 0);
		assert_int_equal(stat_key(files, "x"), Q_CORRUPT);
		assert_int_equal(put(files, "x", text("0123456789")), Q_OK);
	}
	assert_int_equal(stat_key(files, "x"), Q_OK);
}

/* ---- copies */

static void a_copy_is_a_second_name_of_the_file(void **state)
{
	struct files_store *files = *state;
	struct q_blob_info info;
	struct stat status;
	struct q_err err;

	assert_int_equal(put(files, "from", text("x")), Q_OK);
	assert_int_equal(q_blob_store_stat(files->store, &no_limits, Q_STR("from"), &info, &err),
			 Q_OK);
	assert_int_equal(q_blob_store_copy_if_match(files->store, &no_limits, Q_STR("from"),
						    q_str_from(info.etag), Q_STR("to"), NULL, &err),
			 Q_OK);
	assert_int_equal(stat(files_store_path(files, "1/to"), &status), 0);
	assert_int_equal(status.st_nlink, 2);
}

/* In a child whose root directory has no /proc, the link cannot be made. The exit status is the
 * outcome. */
static int copy_without_proc(struct files_store *files)
{
	struct q_blob_info info, copied;
	struct q_err err;
	bool is_right;

	if (chroot(files->root) != 0)
		return 77;
	is_right =
		put(files, "from", text("x")) == Q_OK &&
		q_blob_store_stat(files->store, &no_limits, Q_STR("from"), &info, &err) == Q_OK &&
		q_blob_store_copy_if_match(files->store, &no_limits, Q_STR("from"),
					   q_str_from(info.etag), Q_STR("to"), &copied,
					   &err) == Q_OK &&
		strcmp(copied.etag, info.etag) == 0;
	return is_right ? 0 : 1;
}

static void a_copy_is_of_bytes_where_no_link_can_be_had(void **state)
{
	struct files_store *files = *state;
	struct stat status;
	int outcome;
	pid_t child = fork();

	if (child == 0)
		_exit(copy_without_proc(files));
	assert_int_equal(waitpid(child, &outcome, 0), child);
	if (WEXITSTATUS(outcome) == 77) {
		print_message("# skipped: chroot needs root\n");
		return;
	}
	assert_int_equal(outcome, 0);
	assert_int_equal(stat(files_store_path(files, "1/to"), &status), 0);
	assert_int_equal(status.st_nlink, 1);
	assert_int_equal(stat_key(files, "to"), Q_OK);
}

/* ---- a full disk */

/* A file system of the test's own over the store's root: false where that needs root. */
static bool mount_small(struct files_store *files, const char *options)
{
	if (unshare(CLONE_NEWNS) != 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
	    mount("tmpfs", files->root, "tmpfs", 0, options) != 0) {
		print_message("# skipped: a small file system needs root (%s)\n", strerror(errno));
		return false;
	}
	files_store_reopen(files);
	return true;
}

static void unmount_small(struct files_store *files)
{
	q_blob_store_close(files->store);
	files->store = NULL;
	assert_int_equal(umount2(files->root, MNT_DETACH), 0);
}

static void a_full_disk_stores_nothing(void **state)
{
	struct files_store *files = *state;
	static unsigned char body[2 << 20];

	if (!mount_small(files, "size=1m"))
		return;
	assert_int_equal(put(files, "before", text("small")), Q_OK);
	assert_int_equal(put(files, "t/f/big", (struct q_bytes){body, sizeof body}), Q_NOSPACE);
	assert_int_equal(stat_key(files, "t/f/big"), Q_NOTFOUND);
	assert_int_equal(files_store_count(files, ".tmp"), 0);
	assert_int_equal(put(files, "t/f/after", text("small")), Q_OK);
	assert_int_equal(stat_key(files, "before"), Q_OK);
	unmount_small(files);
}

static void a_disk_that_can_hold_no_more_names_stores_nothing(void **state)
{
	struct files_store *files = *state;

	if (!mount_small(files, "size=1m,nr_inodes=7")) /* the root, .tmp, .parts: four are left */
		return;
	assert_int_equal(put(files, "a/b/c/d/e", text("x")), Q_NOSPACE);
	assert_int_equal(stat_key(files, "a/b/c/d/e"), Q_NOTFOUND);
	assert_int_equal(files_store_count(files, ".tmp"), 0);
	unmount_small(files);
}

static void parts_on_a_full_disk_leave_the_upload_as_it_was(void **state)
{
	struct files_store *files = *state;
	static unsigned char body[2 << 20];
	struct q_arena *arena = q_arena_new(4 << 20);
	struct q_blob_part part, refused;
	struct q_str key = Q_STR("k"), id;
	struct q_err err;

	if (!mount_small(files, "size=1m")) {
		q_arena_free(arena);
		return;
	}
	assert_int_equal(q_blob_parts_start(files->store, &no_limits, key, arena, &id, &err), Q_OK);
	assert_int_equal(
		q_blob_parts_put(files->store, &no_limits, key, id, 1, text("small"), &part, &err),
		Q_OK);
	assert_int_equal(q_blob_parts_put(files->store, &no_limits, key, id, 1,
					  (struct q_bytes){body, sizeof body}, &refused, &err),
			 Q_NOSPACE);
	assert_int_equal(
		q_blob_parts_complete(files->store, &no_limits, key, id, &part, 1, NULL, &err),
		Q_OK);
	q_arena_free(arena);
	unmount_small(files);
}

#define CASE(NAME)                                                                                 \
	cmocka_unit_test_setup_teardown(NAME, files_store_start_case, files_store_end_case)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(keys_of_n_parts_stand_in_tree_n),
		CASE(nobody_else_may_read_or_write),
		CASE(removing_prunes_directories_that_are_empty),
		CASE(nothing_is_left_in_tmp),
		CASE(open_removes_what_a_crash_left),
		CASE(objects_and_uploads_outlive_the_store),
		CASE(a_name_that_links_cannot_hold_is_refused),
		CASE(a_symbolic_link_in_the_place_of_a_directory_is_not_followed),
		CASE(a_symbolic_link_in_the_place_of_an_object_is_not_followed),
		CASE(a_pipe_in_the_place_of_an_object_is_corrupt),
		CASE(lists_leave_out_what_is_no_object),
		CASE(a_file_that_was_cut_or_grew_is_corrupt),
		CASE(a_copy_is_a_second_name_of_the_file),
		CASE(a_copy_is_of_bytes_where_no_link_can_be_had),
		CASE(a_full_disk_stores_nothing),
		CASE(a_disk_that_can_hold_no_more_names_stores_nothing),
		CASE(parts_on_a_full_disk_leave_the_upload_as_it_was),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
