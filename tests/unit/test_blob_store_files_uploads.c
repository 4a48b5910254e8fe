/* Uploads in parts that were begun and never ended: what a crash left of them, and what is old. */
#include "embedded/blob_store_files.h"

#include "base/file.h"
#include "support/clock_simulated.h"
#include "support/files_store.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>

#include <cmocka.h>

static const struct q_call no_limits;

static struct q_bytes text(const char *literal)
{
	return q_str_bytes(q_str_from(literal));
}

/* A complete that died between publishing the object and removing the last part: the upload is
 * made once more by hand. */
static void a_complete_that_died_in_its_end_may_be_repeated(void **state)
{
	struct files_store *files = *state;
	struct q_arena *arena = q_arena_new(1 << 20);
	struct q_str key = Q_STR("k"), id;
	struct q_blob_part part;
	struct q_blob_info first, second;
	struct q_err err;
	char directory[64];

	assert_int_equal(q_blob_parts_start(files->store, &no_limits, key, arena, &id, &err), Q_OK);
	assert_int_equal(
		q_blob_parts_put(files->store, &no_limits, key, id, 1, text("x"), &part, &err),
		Q_OK);
	assert_int_equal(
		q_blob_parts_complete(files->store, &no_limits, key, id, &part, 1, &first, &err),
		Q_OK);
	snprintf(directory, sizeof directory, ".parts/%.*s", Q_STR_ARG(id));
	assert_int_equal(mkdir(files_store_path(files, directory), 0700), 0);
	snprintf(directory, sizeof directory, ".parts/%.*s/key", Q_STR_ARG(id));
	assert_int_equal(q_file_create_at(AT_FDCWD, files_store_path(files, directory), text("k"),
					  0600, &err),
			 Q_OK);
	assert_int_equal(
		q_blob_parts_complete(files->store, &no_limits, key, id, &part, 1, &second, &err),
		Q_OK);
	assert_string_equal(first.etag, second.etag);
	assert_int_equal(files_store_count(files, ".parts"), 0);
	q_arena_free(arena);
}

static struct q_str start_parts(struct files_store *files, const char *key, struct q_arena *arena)
{
	struct q_str id;
	struct q_err err;

	assert_int_equal(
		q_blob_parts_start(files->store, &no_limits, q_str_from(key), arena, &id, &err),
		Q_OK);
	return id;
}

static struct q_str start_parts_a_week_ago(struct files_store *files, const char *key,
					   struct q_arena *arena)
{
	struct timespec days_ago = {.tv_sec = time(NULL) - 8 * 86400};
	struct q_str id = start_parts(files, key, arena);
	struct q_str directory = q_arena_format(arena, ".parts/%.*s", Q_STR_ARG(id));
	struct q_blob_part part;
	struct q_err err;

	assert_int_equal(q_blob_parts_put(files->store, &no_limits, q_str_from(key), id, 1,
					  text("x"), &part, &err),
			 Q_OK);
	assert_int_equal(utimensat(AT_FDCWD, files_store_path(files, directory.data),
				   (struct timespec[]){days_ago, days_ago}, 0),
			 0);
	return id;
}

static void assert_upload(struct files_store *files, const char *key, struct q_str id,
			  enum q_code expected, struct q_arena *arena)
{
	struct q_blob_parts parts;
	struct q_err err;

	assert_int_equal(q_blob_parts_list(files->store, &no_limits, q_str_from(key), id, arena,
					   &parts, &err),
			 expected);
}

static void open_removes_uploads_that_have_had_no_part_for_a_week(void **state)
{
	struct files_store *files = *state;
	struct q_arena *arena = q_arena_new(1 << 16);
	struct q_str old = start_parts_a_week_ago(files, "old", arena);
	struct q_str recent = start_parts(files, "new", arena);

	files_store_reopen(files);
	assert_upload(files, "old", old, Q_NOTFOUND, arena);
	assert_upload(files, "new", recent, Q_OK, arena);
	assert_int_equal(files_store_count(files, ".tmp"), 0);
	q_arena_free(arena);
}

static void a_store_that_stays_open_removes_them_too(void **state)
{
	struct files_store *files = *state;
	struct q_arena *arena = q_arena_new(1 << 16);
	struct q_str old = start_parts_a_week_ago(files, "old", arena);
	struct q_str recent = start_parts(files, "new", arena);

	assert_upload(files, "old", old, Q_OK, arena);
	clock_simulated_advance(files->clock, 24 * 3600 * 1000);
	start_parts(files, "newest", arena);
	assert_upload(files, "old", old, Q_NOTFOUND, arena);
	assert_upload(files, "new", recent, Q_OK, arena);
	q_arena_free(arena);
}

static void an_upload_without_its_key_is_not_found(void **state)
{
	struct files_store *files = *state;
	struct q_str id = Q_STR("00112233445566778899aabbccddeeff");
	struct q_blob_part part;
	struct q_err err;

	assert_int_equal(
		mkdir(files_store_path(files, ".parts/00112233445566778899aabbccddeeff"), 0700), 0);
	assert_int_equal(q_blob_parts_put(files->store, &no_limits, Q_STR("k"), id, 1, text("x"),
					  &part, &err),
			 Q_NOTFOUND);
}

#define CASE(NAME)                                                                                 \
	cmocka_unit_test_setup_teardown(NAME, files_store_start_case, files_store_end_case)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_complete_that_died_in_its_end_may_be_repeated),
		CASE(open_removes_uploads_that_have_had_no_part_for_a_week),
		CASE(a_store_that_stays_open_removes_them_too),
		CASE(an_upload_without_its_key_is_not_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
