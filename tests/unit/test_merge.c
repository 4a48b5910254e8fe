/* Segments of random documents, some deleted, merged in one thread and in two: the same bytes; and
 * whatever fails in either thread is told, and leaves no file of the second thread's behind. */
#include "search/index/merge.h"

#include "base/bell.h"
#include "search/index/index.h"
#include "search/segment/paced_directory.h"
#include "support/failing_memory.h"
#include "support/scratch.h"
#include "support/stopping_directory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum {
	SEGMENTS_MAX = 5,
	DOCUMENTS_MAX = 400, /* of a segment */
	WORDS_MAX = 30,
	VOCABULARY = 300,
	SOURCE_MAX = 1024,
	ROUNDS = 12,
	ROUNDS_LONG = 400,
	OPERATIONS_MAX = 100
};

static const struct q_field_definition fields[] = {
	{Q_STR_INIT("notes"), Q_FIELD_TEXT},   {Q_STR_INIT("name"), Q_FIELD_TEXT},
	{Q_STR_INIT("tags"), Q_FIELD_KEYWORD}, {Q_STR_INIT("made"), Q_FIELD_DATE},
	{Q_STR_INIT("age"), Q_FIELD_NUMBER},   {Q_STR_INIT("active"), Q_FIELD_BOOLEAN}};
static const struct q_index_definition definition = {.fields = fields,
						     .field_count = Q_COUNT_OF(fields)};

struct site {
	char path[SCRATCH_PATH_MAX];
	struct q__directory *directory; /* the index's */
	struct q__index *index;
	struct q_bell *sealed, *merge; /* nobody merges of their own accord */
	struct q__snapshot *snapshot;
	uint32_t random;
};

static uint32_t draw(struct site *site, uint32_t below)
{
	site->random = site->random * 1664525 + 1013904223;
	return (site->random >> 8) % below;
}

/* Words, of which a few are frequent. */
static size_t write_words(struct site *site, char *out, size_t room)
{
	size_t length = 0;

	for (uint32_t left = draw(site, WORDS_MAX); left > 0; left--)
		length += (size_t)snprintf(out + length, room - length, "w%u ",
					   draw(site, 1 + draw(site, VOCABULARY)));
	return length;
}

static struct q_str make_source(struct site *site, char out[SOURCE_MAX])
{
	size_t length = (size_t)snprintf(out, SOURCE_MAX, "{\"notes\":\"");

	length += write_words(site, out + length, SOURCE_MAX - length);
	length +=
		(size_t)snprintf(out + length, SOURCE_MAX - length,
				 "\",\"name\":\"n%u\",\"tags\":[\"t%u\",\"t%u\"],\"made\":%u,"
				 "\"age\":%u,\"active\":%s}",
				 draw(site, 50), draw(site, 9), draw(site, 9), draw(site, 1 << 20),
				 draw(site, 99), draw(site, 2) ? "true" : "false");
	return (struct q_str){out, length};
}

/* An id comes again now and then, which deletes the document before. */
static void put_one(struct site *site, struct q_arena *arena)
{
	char source[SOURCE_MAX];
	struct q_bulk_operation operation = {
		draw(site, 20) ? Q_BULK_PUT : Q_BULK_DELETE,
		q_arena_format(arena, "id-%u", draw(site, 4 * DOCUMENTS_MAX)),
		make_source(site, source)};
	struct q_bulk_result result;
	struct q_err err;

	assert_int_equal(q__index_bulk(site->index, &operation, 1, arena, &result, &err), Q_OK);
	assert_int_equal(result.code, Q_OK);
}

static void put_segment(struct site *site)
{
	struct q_arena *arena = q_arena_new(8 << 20);
	struct q_err err;

	for (uint32_t left = 1 + draw(site, DOCUMENTS_MAX); left > 0; left--)
		put_one(site, arena);
	assert_int_equal(q__index_refresh(site->index, &err), Q_OK);
	q_arena_free(arena);
}

static void open_site(struct site *site, uint32_t seed)
{
	struct q_err err;

	*site = (struct site){.random = seed, .sealed = q_bell_new(), .merge = q_bell_new()};
	scratch_make(site->path);
	site->directory = stopping_directory_open(site->path);
	assert_int_equal(q__index_create(site->directory, &definition, &site->index, &err), Q_OK);
	q__index_leave_work(site->index, site->sealed, site->merge);
	for (uint32_t left = 2 + draw(site, SEGMENTS_MAX - 1); left > 0; left--)
		put_segment(site);
	site->snapshot = q__index_snapshot(site->index);
}

static void close_site(struct site *site)
{
	stopping_directory_stop_after(site->directory, INT32_MAX);
	q__snapshot_unref(site->snapshot);
	q__index_close(site->index);
	q_bell_free(site->sealed);
	q_bell_free(site->merge);
	scratch_remove(site->path);
}

static enum q_code merge(struct site *site, const char *name, bool in_two_threads,
			 struct q_err *err)
{
	return q__merge(&definition, site->snapshot->parts, site->snapshot->part_count,
			site->directory, name, in_two_threads, err);
}

/* Does the second thread's file lie there? */
static bool is_left_over(const struct site *site)
{
	char path[2 * SCRATCH_PATH_MAX];

	snprintf(path, sizeof path, "%s/.tmp-two", site->path);
	return access(path, F_OK) == 0;
}

static void assert_same_files(struct site *site)
{
	struct q__directory *directory = site->directory;
	struct q_bytes one, two;
	struct q_err err;

	assert_int_equal(directory->ops->map(directory, "one", &one, &err), Q_OK);
	assert_int_equal(directory->ops->map(directory, "two", &two, &err), Q_OK);
	assert_int_equal(one.length, two.length);
	assert_memory_equal(one.data, two.data, one.length);
	directory->ops->unmap(directory, one);
	directory->ops->unmap(directory, two);
	assert_false(is_left_over(site));
}

static void one_thread_and_two_write_the_same_bytes(void **state)
{
	uint32_t rounds = getenv("QUIRE_LONG") ? ROUNDS_LONG : ROUNDS;
	struct site site;
	struct q_err err;

	(void)state;
	for (uint32_t seed = 1; seed <= rounds; seed++) {
		open_site(&site, seed);
		assert_int_equal(merge(&site, "one", false, &err), Q_OK);
		assert_int_equal(merge(&site, "two", true, &err), Q_OK);
		assert_same_files(&site);
		close_site(&site);
	}
}

static enum q_code merge_in_two(void *context)
{
	struct site *site = context;
	struct q_err err;
	enum q_code code = merge(site, "two", true, &err);

	if (code)
		assert_int_equal(code, err.code);
	assert_false(is_left_over(site));
	return code;
}

static void memory_that_ends_in_either_thread_is_told(void **state)
{
	struct site site;
	struct q_err err;

	(void)state;
	open_site(&site, 1);
	assert_int_equal(merge(&site, "one", false, &err), Q_OK);
	assert_in_range(run_with_failing_memory(merge_in_two, &site), 100, 100000);
	assert_same_files(&site);
	close_site(&site);
}

static void a_disk_that_stops_under_either_thread_is_told(void **state)
{
	enum q_code code = Q_IO;
	struct site site;
	struct q_err err;
	int stop;

	(void)state;
	open_site(&site, 2);
	assert_int_equal(merge(&site, "one", false, &err), Q_OK);
	for (stop = 1; code && stop < OPERATIONS_MAX; stop++) {
		stopping_directory_stop_after(site.directory, stop);
		code = merge(&site, "two", true, &err);
		assert_true(code == Q_OK || (code == Q_IO && err.code == Q_IO));
	}
	assert_in_range(stop, 6, OPERATIONS_MAX - 1);
	stopping_directory_stop_after(site.directory, INT32_MAX);
	assert_int_equal(merge(&site, "two", true, &err), Q_OK);
	assert_same_files(&site);
	close_site(&site);
}

static void a_stop_ends_both_threads(void **state)
{
	struct q_bell *bell = q_bell_new();
	struct q__pace pace = {.bell = bell, .is_stopped = true};
	struct q__paced_directory paced;
	struct site site;
	struct q_err err;

	(void)state;
	open_site(&site, 3);
	q__paced_directory_init(&paced, site.directory, &pace);
	assert_int_equal(q__merge(&definition, site.snapshot->parts, site.snapshot->part_count,
				  &paced.base, "two", true, &err),
			 Q_CANCELLED);
	assert_false(is_left_over(&site));
	close_site(&site);
	q_bell_free(bell);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_thread_and_two_write_the_same_bytes),
		cmocka_unit_test(memory_that_ends_in_either_thread_is_told),
		cmocka_unit_test(a_disk_that_stops_under_either_thread_is_told),
		cmocka_unit_test(a_stop_ends_both_threads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
