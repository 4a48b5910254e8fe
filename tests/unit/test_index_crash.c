/* An index whose disk stops at any of its operations, the last write half done: what is opened
 * afterwards is the index before or after the refresh, and takes the same documents again. */
#include "search/index/index.h"

#include "search/answer/search.h"
#include "support/scratch.h"
#include "support/stopping_directory.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

enum { DOCUMENTS = 9, OPERATIONS_MAX = 500 };

static const struct q_field_definition fields[] = {{Q_STR_INIT("text"), Q_FIELD_TEXT}};
static const struct q_index_definition definition = {.fields = fields, .field_count = 1};

/* The index in `path`; its disk stops after so many operations (0: never). */
static struct q__index *open_index(const char *path, int operations)
{
	struct q__directory *directory = stopping_directory_open(path);
	struct q__index *index;
	struct q_err err;
	enum q_code code = q__index_open(directory, &index, &err);

	if (code)
		fail_msg("%s", err.message);
	if (operations)
		stopping_directory_stop_after(directory, operations);
	return index;
}

static void make_index(const char *path)
{
	struct q__directory *directory;
	struct q__index *index;
	struct q_err err;

	assert_int_equal(q__directory_open(AT_FDCWD, path, &directory, &err), Q_OK);
	assert_int_equal(q__index_create(directory, &definition, &index, &err), Q_OK);
	q__index_close(index);
}

/* Puts documents 0..DOCUMENTS of a generation, a new segment every three, then merges. Returns
 * whether all of it was done. */
static bool write_generation(struct q__index *index, const char *generation)
{
	struct q_arena *arena = q_arena_new(1 << 20);
	struct q_err err;
	enum q_code code = Q_OK;

	for (int i = 0; i < DOCUMENTS && !code; i++) {
		struct q_bulk_operation operation = {
			Q_BULK_PUT, q_arena_format(arena, "%d", i),
			q_arena_format(arena, "{\"text\":\"%s word%d\"}", generation, i)};
		struct q_bulk_result result;

		code = q__index_bulk(index, &operation, 1, arena, &result, &err);
		if (!code && i % 3 == 2)
			code = q__index_refresh(index, &err);
	}
	if (!code)
		code = q__index_merge(index, &err);
	q_arena_free(arena);
	return code == Q_OK;
}

static uint64_t count_of(struct q__index *index, const char *word)
{
	struct q_match_field field = {Q_STR("text"), 1};
	struct q_search_query query = {.kind = Q_SEARCH_MATCH,
				       .boost = 1,
				       .match = {.text = q_str_from(word),
						 .fields = &field,
						 .field_count = 1,
						 .max_expansions = 1}};
	struct q_search_request request = {.query = &query, .size = DOCUMENTS, .with_source = true};
	struct q__snapshot *snapshot = q__index_snapshot(index);
	struct q_arena *arena = q_arena_new(1 << 20);
	struct q_search_result result;
	struct q_call call = {0};
	struct q_err err;

	if (q__search(snapshot, q__index_definition(index), &call, &request, arena, &result, &err))
		fail_msg("%s", err.message);
	q_arena_free(arena);
	q__snapshot_unref(snapshot);
	return result.total;
}

/* Each document is there once, in its old form or in its new one; new ones in groups of three. */
static void check_whole(const char *path)
{
	struct q__index *index = open_index(path, 0);
	uint64_t before = count_of(index, "old"), after = count_of(index, "new");
	struct q__snapshot *snapshot = q__index_snapshot(index);
	struct q_err err;

	assert_int_equal(before + after, DOCUMENTS);
	assert_int_equal(after % 3, 0);
	for (size_t i = 0; i < snapshot->part_count; i++)
		assert_int_equal(q__segment_file_check(snapshot->parts[i].segment->file, &err),
				 Q_OK);
	q__snapshot_unref(snapshot);
	q__index_close(index);
}

static void a_disk_that_stops_leaves_the_index_before_or_after(void **state)
{
	bool is_done = false;
	int stop = 1;

	(void)state;
	for (; !is_done && stop < OPERATIONS_MAX; stop++) {
		char path[SCRATCH_PATH_MAX];
		struct q__index *index;

		scratch_make(path);
		make_index(path);
		index = open_index(path, 0);
		assert_true(write_generation(index, "old"));
		q__index_close(index);
		index = open_index(path, stop);
		is_done = write_generation(index, "new");
		q__index_close(index);
		check_whole(path);
		index = open_index(path, 0);
		assert_true(write_generation(index, "new"));
		assert_int_equal(count_of(index, "new"), DOCUMENTS);
		assert_int_equal(count_of(index, "old"), 0);
		q__index_close(index);
		scratch_remove(path);
	}
	assert_true(is_done && stop > 20);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_disk_that_stops_leaves_the_index_before_or_after),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
