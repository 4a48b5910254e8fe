#include "embedded/blob_store_files.h"

#include "support/failing_memory.h"
#include "support/files_store.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const struct q_call no_limits;

static struct q_bytes text(const char *literal)
{
	return q_str_bytes(q_str_from(literal));
}

static enum q_code put_and_list(struct files_store *files, struct q_arena *arena)
{
	struct q_blob_info info;
	struct q_blob_page page;
	struct q_bytes body;
	struct q_err err;
	enum q_code code =
		q_blob_store_put(files->store, &no_limits, Q_STR("m/a"), text("x"), &info, &err);

	if (code == Q_OK)
		code = q_blob_store_copy_if_match(files->store, &no_limits, Q_STR("m/a"),
						  q_str_from(info.etag), Q_STR("m/b"), NULL, &err);
	if (code == Q_OK)
		code = q_blob_store_list(files->store, &no_limits, Q_STR(""), Q_STR(""), 10, arena,
					 &page, &err);
	if (code == Q_OK)
		code = q_blob_store_read(files->store, &no_limits, Q_STR("m/b"), Q_BLOB_WHOLE, 10,
					 arena, &body, &err);
	return code;
}

static enum q_code put_parts(struct files_store *files, struct q_arena *arena)
{
	struct q_str key = Q_STR("m/parts"), id;
	struct q_blob_parts parts;
	struct q_blob_part part;
	struct q_err err;
	enum q_code code = q_blob_parts_start(files->store, &no_limits, key, arena, &id, &err);

	if (code == Q_OK)
		code = q_blob_parts_put(files->store, &no_limits, key, id, 1, text("x"), &part,
					&err);
	if (code == Q_OK)
		code = q_blob_parts_list(files->store, &no_limits, key, id, arena, &parts, &err);
	if (code == Q_OK)
		code = q_blob_parts_complete(files->store, &no_limits, key, id, parts.items,
					     parts.count, NULL, &err);
	return code;
}

static enum q_code sign_and_check(struct files_store *files, struct q_arena *arena)
{
	struct q_blob_link link = {.expires_at_ms = INT64_MAX, .download_name = Q_STR("a b")}, out;
	struct q_str url, path, query;
	struct q_err err;
	enum q_code code = q_blob_store_presign(files->store, &no_limits, Q_STR("m"), &link, arena,
						&url, &err);

	if (code != Q_OK)
		return code;
	q_str_cut(url, '?', &path, &query);
	return q_blob_store_check_link(files->store, Q_STR("m"), query, arena, &out, &err);
}

static enum q_code use_everything(void *context)
{
	struct files_store *files = context;
	struct q_arena *arena = q_arena_new(1 << 20);
	enum q_code code = Q_NOMEM;

	if (arena)
		code = put_and_list(files, arena);
	if (code == Q_OK)
		code = put_parts(files, arena);
	if (code == Q_OK)
		code = sign_and_check(files, arena);
	q_arena_free(arena);
	return code;
}

static void a_full_heap_is_reported_by_every_operation(void **state)
{
	struct files_store *files = *state;

	assert_true(run_with_failing_memory(use_everything, files) > 10);
	assert_int_equal(files_store_count(files, ".tmp"), 0);
}

static enum q_code open_again(void *context)
{
	struct files_store *files = context;
	struct q_blob_store_files_options options = {.root = files->root,
						     .name = Q_STR("again"),
						     .keyring = files->keyring,
						     .clock = files->clock,
						     .random = files->random};
	struct q_blob_store *store;
	struct q_err err;
	enum q_code code = q_blob_store_files_open(&options, &store, &err);

	if (code == Q_OK)
		q_blob_store_close(store);
	return code;
}

static void a_full_heap_is_reported_by_open(void **state)
{
	assert_int_equal(run_with_failing_memory(open_again, *state), 1);
}

#define CASE(NAME)                                                                                 \
	cmocka_unit_test_setup_teardown(NAME, files_store_start_case, files_store_end_case)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_full_heap_is_reported_by_every_operation),
		CASE(a_full_heap_is_reported_by_open),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
