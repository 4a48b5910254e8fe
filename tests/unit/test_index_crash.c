/* An index whose disk stops at any of its operations, the last write half done: what is opened
 * afterwards is the index before or after the refresh, and takes the same documents again. */
#include "search/index/index.h"

#include "base/mem.h"
#include "search/answer/search.h"
#include "support/scratch.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

enum { DOCUMENTS = 9, OPERATIONS_MAX = 500 };

static const struct q_field_definition fields[] = {{Q_STR_INIT("text"), Q_FIELD_TEXT}};
static const struct q_index_definition definition = {.fields = fields, .field_count = 1};

/* A directory that works for so many operations, and then for none. */
struct stopping_directory {
	struct q__directory base;
	struct q__directory *inner; /* owned */
	int left;
};

struct stopping_output {
	struct q__output base;
	struct q__output *inner; /* owned */
	struct stopping_directory *directory;
};

static bool is_stopped(struct stopping_directory *directory)
{
	return directory->left <= 0 || --directory->left == 0;
}

static enum q_code fail_stopped(struct q_err *err)
{
	return q_fail(err, Q_IO, "test", "the disk has stopped");
}

static enum q_code write_output(struct q__output *base, struct q_bytes bytes, struct q_err *err)
{
	struct stopping_output *output = q_container_of(base, struct stopping_output, base);

	if (!is_stopped(output->directory))
		return output->inner->ops->write(output->inner, bytes, err);
	bytes.length /= 2;
	(void)!output->inner->ops->write(output->inner, bytes, err);
	return fail_stopped(err);
}

static void abandon_output(struct q__output *base)
{
	struct stopping_output *output = q_container_of(base, struct stopping_output, base);

	output->inner->ops->abandon(output->inner);
	q_mem_free(output);
}

static enum q_code finish_output(struct q__output *base, struct q_err *err)
{
	struct stopping_output *output = q_container_of(base, struct stopping_output, base);
	enum q_code code;

	if (is_stopped(output->directory)) {
		abandon_output(base);
		return fail_stopped(err);
	}
	code = output->inner->ops->finish(output->inner, err);
	q_mem_free(output);
	return code;
}

static const struct q__output_ops output_ops = {
	.write = write_output, .finish = finish_output, .abandon = abandon_output};

static struct stopping_directory *stopping(struct q__directory *base)
{
	return q_container_of(base, struct stopping_directory, base);
}

static enum q_code create(struct q__directory *base, const char *name, struct q__output **out,
			  struct q_err *err)
{
	struct stopping_directory *directory = stopping(base);
	struct stopping_output *output;
	enum q_code code;

	if (is_stopped(directory))
		return fail_stopped(err);
	output = q_mem_new(sizeof *output);
	assert_non_null(output);
	output->base.ops = &output_ops;
	output->directory = directory;
	code = directory->inner->ops->create(directory->inner, name, &output->inner, err);
	assert_int_equal(code, Q_OK);
	*out = &output->base;
	return Q_OK;
}

static enum q_code map(struct q__directory *base, const char *name, struct q_bytes *out,
		       struct q_err *err)
{
	struct q__directory *inner = stopping(base)->inner;

	return inner->ops->map(inner, name, out, err);
}

static void unmap(struct q__directory *base, struct q_bytes bytes)
{
	struct q__directory *inner = stopping(base)->inner;

	inner->ops->unmap(inner, bytes);
}

static enum q_code replace(struct q__directory *base, const char *name, struct q_bytes bytes,
			   struct q_err *err)
{
	struct q__directory *inner = stopping(base)->inner;

	return is_stopped(stopping(base)) ? fail_stopped(err)
					  : inner->ops->replace(inner, name, bytes, err);
}

static enum q_code remove_file(struct q__directory *base, const char *name, struct q_err *err)
{
	struct q__directory *inner = stopping(base)->inner;

	return is_stopped(stopping(base)) ? fail_stopped(err)
					  : inner->ops->remove(inner, name, err);
}

static enum q_code sync_directory(struct q__directory *base, struct q_err *err)
{
	struct q__directory *inner = stopping(base)->inner;

	return is_stopped(stopping(base)) ? fail_stopped(err) : inner->ops->sync(inner, err);
}

static enum q_code list(struct q__directory *base, void (*see)(void *, const char *), void *context,
			struct q_err *err)
{
	struct q__directory *inner = stopping(base)->inner;

	return inner->ops->list(inner, see, context, err);
}

static void close_directory(struct q__directory *base)
{
	struct q__directory *inner = stopping(base)->inner;

	inner->ops->close(inner);
	q_mem_free(stopping(base));
}

static const struct q__directory_ops stopping_ops = {
	.create = create,
	.map = map,
	.unmap = unmap,
	.replace = replace,
	.remove = remove_file,
	.sync = sync_directory,
	.list = list,
	.close = close_directory,
};

/* The index in `path`; its disk stops after so many operations (0: never). */
static struct q__index *open_index(const char *path, int operations)
{
	struct stopping_directory *directory = q_mem_new(sizeof *directory);
	struct q__index *index;
	struct q_err err;
	enum q_code code;

	assert_non_null(directory);
	directory->base.ops = &stopping_ops;
	directory->left = INT32_MAX;
	assert_int_equal(q__directory_open(AT_FDCWD, path, &directory->inner, &err), Q_OK);
	code = q__index_open(&directory->base, &index, &err);
	if (code)
		fail_msg("%s", err.message);
	if (operations)
		directory->left = operations;
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
