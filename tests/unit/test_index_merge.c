/* A merge while others go on: what is deleted meanwhile stays deleted, and nobody waits for it. */
#include "search/index/index.h"

#include "base/bell.h"
#include "search/answer/search.h"
#include "search/segment/paced_directory.h"
#include "support/scratch.h"

#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

enum { SEGMENTS = 8, DOCUMENTS_EACH = 3, SOURCE_BYTES = 9000, IDS_TEXT_MAX = 512 };

static const struct q_field_definition fields[] = {{Q_STR_INIT("text"), Q_FIELD_TEXT}};
static const struct q_index_definition definition = {.fields = fields, .field_count = 1};

struct site {
	char path[SCRATCH_PATH_MAX];
	struct q__index *index;
	struct q_bell *sealed, *merge, *stop;
	struct q__pace pace; /* of the merge in `thread` */
	pthread_t thread;
	enum q_code code; /* what came of it */
	atomic_bool is_merged;
};

/* As large as it takes for a segment's sources to fill a block, and more. */
static struct q_str source_of(struct q_arena *arena, unsigned id)
{
	return q_arena_format(arena, "{\"text\":\"word%0*u\"}", SOURCE_BYTES, id);
}

static void put(struct site *site, enum q_bulk_kind kind, unsigned id)
{
	struct q_arena *arena = q_arena_new(1 << 16);
	struct q_bulk_operation operation = {kind, q_arena_format(arena, "%u", id),
					     source_of(arena, id)};
	struct q_bulk_result result;
	struct q_err err;

	assert_int_equal(q__index_bulk(site->index, &operation, 1, arena, &result, &err), Q_OK);
	assert_int_equal(result.code, Q_OK);
	q_arena_free(arena);
}

static void refresh(struct site *site)
{
	struct q_err err;

	if (q__index_refresh(site->index, &err))
		fail_msg("%s", err.message);
}

/* An index of SEGMENTS segments that are ripe for a merge, which nobody makes. */
static int open_site(void **state)
{
	static struct site site;
	struct q__directory *directory;
	struct q_err err;

	site = (struct site){.sealed = q_bell_new(), .merge = q_bell_new(), .stop = q_bell_new()};
	site.pace = (struct q__pace){.bytes_per_second = 1, .bell = site.stop};
	scratch_make(site.path);
	assert_int_equal(q__directory_open(AT_FDCWD, site.path, &directory, &err), Q_OK);
	assert_int_equal(q__index_create(directory, &definition, &site.index, &err), Q_OK);
	q__index_leave_work(site.index, site.sealed, site.merge);
	for (unsigned i = 0; i < SEGMENTS * DOCUMENTS_EACH; i++) {
		put(&site, Q_BULK_PUT, i);
		if (i % DOCUMENTS_EACH == DOCUMENTS_EACH - 1)
			refresh(&site);
	}
	*state = &site;
	return 0;
}

static int close_site(void **state)
{
	struct site *site = *state;

	q__index_close(site->index);
	q_bell_free(site->sealed);
	q_bell_free(site->merge);
	q_bell_free(site->stop);
	scratch_remove(site->path);
	return 0;
}

static bool has_file(const struct site *site, const char *name)
{
	char path[2 * SCRATCH_PATH_MAX];

	snprintf(path, sizeof path, "%s/%s", site->path, name);
	return access(path, F_OK) == 0;
}

static void *merge_slowly(void *context)
{
	struct site *site = context;
	struct q_err err;

	site->code = q__index_merge_some(site->index, &site->pace, &err);
	atomic_store(&site->is_merged, true);
	return NULL;
}

/* Returns when the merge has begun to write its file. */
static void start_merge(struct site *site, const char *file)
{
	assert_int_equal(pthread_create(&site->thread, NULL, merge_slowly, site), 0);
	while (!has_file(site, file))
		sched_yield();
}

/* Its waits end, one after the other. */
static void finish_merge(struct site *site)
{
	while (!atomic_load(&site->is_merged)) {
		q_bell_ring(site->stop);
		sched_yield();
	}
	pthread_join(site->thread, NULL);
}

/* The documents are these, in this order, each with its source. */
static void assert_ids(struct site *site, const char *expected)
{
	static const struct q_search_query all = {.kind = Q_SEARCH_ALL, .boost = 1};
	struct q_search_request request = {.query = &all, .size = 100, .with_source = true};
	struct q__snapshot *snapshot = q__index_snapshot(site->index);
	struct q_arena *arena = q_arena_new(1 << 20);
	struct q_search_result result;
	char ids[IDS_TEXT_MAX] = "";
	struct q_call call = {0};
	struct q_err err;

	if (q__search(snapshot, &definition, &call, &request, arena, &result, &err))
		fail_msg("%s", err.message);
	for (size_t i = 0; i < result.hit_count; i++) {
		const struct q_search_hit *hit = &result.hits[i];
		unsigned id = (unsigned)strtoul(hit->id.data, NULL, 10);

		assert_true(q_str_equal(hit->source, source_of(arena, id)));
		snprintf(ids + strlen(ids), sizeof ids - strlen(ids), "%s%.*s", i ? " " : "",
			 Q_STR_ARG(hit->id));
	}
	assert_string_equal(ids, expected);
	q__snapshot_unref(snapshot);
	q_arena_free(arena);
}

static size_t segment_count(struct site *site)
{
	struct q__snapshot *snapshot = q__index_snapshot(site->index);
	size_t count = snapshot->part_count;

	q__snapshot_unref(snapshot);
	return count;
}

static void what_is_deleted_during_a_merge_is_deleted_after_it(void **state)
{
	static const char ids[] = "0 2 3 4 6 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 7";
	struct site *site = *state;

	put(site, Q_BULK_DELETE, 1);
	refresh(site);
	start_merge(site, "000010.segment"); /* 9 is what was deleted before */
	put(site, Q_BULK_DELETE, 5);
	put(site, Q_BULK_DELETE, 23);
	put(site, Q_BULK_PUT, 7);
	refresh(site);
	assert_ids(site, ids);
	finish_merge(site);
	assert_int_equal(site->code, Q_OK);
	assert_int_equal(segment_count(site), 2);
	assert_ids(site, ids);
}

static void a_merge_that_is_stopped_leaves_the_index_as_it_was(void **state)
{
	struct site *site = *state;

	start_merge(site, "000009.segment");
	atomic_store(&site->pace.is_stopped, true);
	finish_merge(site);
	assert_int_equal(site->code, Q_CANCELLED);
	assert_int_equal(segment_count(site), SEGMENTS);
	assert_false(has_file(site, "000009.segment"));
}

/* A directory stands where the deletions would be written. */
static void a_merge_that_cannot_be_published_leaves_no_file(void **state)
{
	struct site *site = *state;
	char path[2 * SCRATCH_PATH_MAX];

	start_merge(site, "000009.segment");
	put(site, Q_BULK_DELETE, 5);
	refresh(site);
	assert_true(has_file(site, "000002-000010.deletions"));
	snprintf(path, sizeof path, "%s/000009-000011.deletions", site->path);
	assert_int_equal(mkdir(path, 0700), 0);
	finish_merge(site);
	assert_int_equal(site->code, Q_IO);
	assert_int_equal(segment_count(site), SEGMENTS);
	assert_false(has_file(site, "000009.segment"));
	assert_int_equal(rmdir(path), 0);
}

static void a_snapshot_outlives_the_files_of_its_segments(void **state)
{
	struct site *site = *state;
	struct q__snapshot *snapshot = q__index_snapshot(site->index);
	struct q_err err;

	assert_int_equal(q__index_merge(site->index, &err), Q_OK);
	assert_false(has_file(site, "000001.segment"));
	for (size_t i = 0; i < snapshot->part_count; i++)
		assert_int_equal(q__segment_file_check(snapshot->parts[i].segment->file, &err),
				 Q_OK);
	q__snapshot_unref(snapshot);
	assert_int_equal(segment_count(site), 1);
}

/* As a disk may do it. */
static void flip_byte(const struct site *site, const char *name, off_t at)
{
	char path[2 * SCRATCH_PATH_MAX];
	unsigned char byte;
	int fd;

	snprintf(path, sizeof path, "%s/%s", site->path, name);
	fd = open(path, O_RDWR);
	assert_true(fd >= 0);
	assert_int_equal(pread(fd, &byte, 1, at), 1);
	byte ^= 1;
	assert_int_equal(pwrite(fd, &byte, 1, at), 1);
	close(fd);
}

/* Otherwise it would have a right checksum from then on. */
static void what_a_disk_has_damaged_is_named_and_not_merged(void **state)
{
	struct site *site = *state;
	struct q_err err;

	flip_byte(site, "000003.segment", 20);
	assert_int_equal(q__index_merge(site->index, &err), Q_CORRUPT);
	assert_non_null(strstr(err.message, "000003.segment"));
	assert_int_equal(segment_count(site), SEGMENTS);
	flip_byte(site, "000003.segment", 20);
	assert_int_equal(q__index_merge(site->index, &err), Q_OK);
	assert_int_equal(segment_count(site), 1);
}

#define CASE(NAME) cmocka_unit_test_setup_teardown(NAME, open_site, close_site)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(what_is_deleted_during_a_merge_is_deleted_after_it),
		CASE(a_merge_that_is_stopped_leaves_the_index_as_it_was),
		CASE(a_merge_that_cannot_be_published_leaves_no_file),
		CASE(a_snapshot_outlives_the_files_of_its_segments),
		CASE(what_a_disk_has_damaged_is_named_and_not_merged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
