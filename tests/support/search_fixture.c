#include "support/search_fixture.h"

#include "base/file.h"
#include "search/json/query_json.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#include <cmocka.h>

enum { ARENA_BYTES = 1 << 30, FILE_BYTES = 64 << 20, BATCH = 1000 };

static const struct q_call no_limits;

void search_site_open(struct search_site *site)
{
	scratch_make(site->path);
	site->arena = q_arena_new(ARENA_BYTES);
	assert_non_null(site->arena);
	if (q_search_index_embedded_open(site->path, &site->store, &site->err))
		fail_msg("%s", site->err.message);
}

void search_site_close(struct search_site *site)
{
	q_search_index_close(site->store);
	q_arena_free(site->arena);
	scratch_remove(site->path);
}

static struct q_str unpack(struct q_arena *arena, struct q_bytes packed)
{
	unsigned long long size = ZSTD_getFrameContentSize(packed.data, packed.length);
	char *out = q_arena_alloc(arena, (size_t)size);

	assert_non_null(out);
	assert_int_equal(ZSTD_decompress(out, (size_t)size, packed.data, packed.length), size);
	return (struct q_str){out, (size_t)size};
}

struct q_str search_fixture(struct q_arena *arena, const char *name)
{
	char path[512];
	struct q_bytes bytes;
	struct q_err err;

	snprintf(path, sizeof path, "%s/tests/fixtures/search/%s", getenv("QUIRE_SOURCE_ROOT"),
		 name);
	if (q_file_read_at(AT_FDCWD, path, FILE_BYTES, arena, &bytes, &err))
		fail_msg("%s", err.message);
	return strstr(name, ".zst") ? unpack(arena, bytes) : q_bytes_str(bytes);
}

bool search_fixture_line(struct q_str *rest, struct q_str *line)
{
	if (rest->length == 0)
		return false;
	q_str_cut(*rest, '\n', line, rest);
	return true;
}

const struct q_json *search_fixture_json(struct q_arena *arena, struct q_str text)
{
	const struct q_json *value;
	struct q_err err;

	if (q_json_parse(arena, q_str_bytes(text), &q_json_request_limits, &value, &err))
		fail_msg("%s", err.message);
	return value;
}

static void put_batch(struct search_site *site, struct q_str index,
		      const struct q_bulk_operation *operations, size_t count)
{
	struct q_bulk_result results[BATCH];

	if (count == 0)
		return;
	if (q_search_index_bulk(site->store, &no_limits, index, operations, count, site->arena,
				results, &site->err))
		fail_msg("%s", site->err.message);
	for (size_t i = 0; i < count; i++) {
		if (results[i].code)
			fail_msg("%.*s", Q_STR_ARG(results[i].message));
	}
}

static void refresh(struct search_site *site, struct q_str index)
{
	if (q_search_index_refresh(site->store, &no_limits, index, &site->err))
		fail_msg("%s", site->err.message);
}

void search_site_load(struct search_site *site, const char *index, const char *mapping,
		      const char *documents, const char *id_field, size_t refresh_every)
{
	struct q_str name = q_str_from(index), rest = search_fixture(site->arena, documents), line;
	struct q_bulk_operation operations[BATCH];
	struct q_index_definition definition;
	size_t batch = refresh_every && refresh_every < BATCH ? refresh_every : BATCH;
	size_t count = 0;

	if (q_mapping_json_parse(
		    site->arena,
		    search_fixture_json(site->arena, search_fixture(site->arena, mapping)),
		    &definition, &site->err) ||
	    q_search_index_ensure(site->store, &no_limits, name, &definition, &site->err))
		fail_msg("%s", site->err.message);
	while (search_fixture_line(&rest, &line)) {
		const struct q_json *document = search_fixture_json(site->arena, line);
		struct q_str id = {0};

		q_json_string(q_json_member(document, q_str_from(id_field)), &id);
		operations[count++] = (struct q_bulk_operation){Q_BULK_PUT, id, line};
		if (count < batch)
			continue;
		put_batch(site, name, operations, count);
		if (refresh_every)
			refresh(site, name);
		count = 0;
	}
	put_batch(site, name, operations, count);
	refresh(site, name);
}
