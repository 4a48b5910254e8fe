/* apply_bulk DIR MAPPING < lines: puts and deletes in the index of a directory, where `quire index
 * search` finds it, from the very lines that OpenSearch's bulk API takes:
 *
 *     {"index": {"_id": "a"}}
 *     {"name": "a document"}
 *     {"delete": {"_id": "b"}}
 *
 * An empty line is a refresh: what follows comes into a segment of its own. At the end all is
 * merged into one, so that both engines count the same documents. */
#include "base/file.h"
#include "search/json/query_json.h"
#include "search/search_index_embedded.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>

enum { BATCH = 500, BATCH_ARENA_BYTES = 256 << 20, MAPPING_BYTES = 1 << 20 };

static const struct q_call no_limits;

struct loader {
	struct q_search_index *store;
	struct q_str index;
	struct q_arena *arena; /* of the batch */
	struct q_bulk_operation operations[BATCH];
	size_t count;
};

static enum q_code send_batch(struct loader *loader, struct q_err *err)
{
	struct q_bulk_result results[BATCH];
	enum q_code code;

	if (loader->count == 0)
		return Q_OK;
	code = q_search_index_bulk(loader->store, &no_limits, loader->index, loader->operations,
				   loader->count, loader->arena, results, err);
	for (size_t i = 0; i < loader->count && !code; i++) {
		if (results[i].code)
			code = q_fail(err, results[i].code, "apply_bulk", "%.*s: %.*s",
				      Q_STR_ARG(loader->operations[i].id),
				      Q_STR_ARG(results[i].message));
	}
	loader->count = 0;
	q_arena_reset(loader->arena);
	return code;
}

static enum q_code refresh(struct loader *loader, struct q_err *err)
{
	enum q_code code = send_batch(loader, err);

	return code ? code : q_search_index_refresh(loader->store, &no_limits, loader->index, err);
}

/* What a line of action says; the id lives in the arena. */
static enum q_code parse_action(struct loader *loader, struct q_str line,
				struct q_bulk_operation *out, struct q_err *err)
{
	const struct q_json *action, *put, *named;
	enum q_code code = q_json_parse(loader->arena, q_str_bytes(line), &q_json_request_limits,
					&action, err);

	if (code)
		return code;
	put = q_json_member(action, Q_STR("index"));
	named = put ? put : q_json_member(action, Q_STR("delete"));
	out->kind = put ? Q_BULK_PUT : Q_BULK_DELETE;
	if (!q_json_string(q_json_member(named, Q_STR("_id")), &out->id))
		return q_fail(err, Q_INVALID, "apply_bulk", "no index or delete: %.*s",
			      Q_STR_ARG(line));
	return Q_OK;
}

/* The next line without its end; false behind the last. It lasts until the next call. */
static bool next_line(struct q_str *out)
{
	static char *buffer;
	static size_t room;
	ssize_t length = getline(&buffer, &room, stdin);

	if (length < 0) {
		free(buffer);
		return false;
	}
	*out = q_str_trim((struct q_str){buffer, (size_t)length});
	return true;
}

static enum q_code take_operation(struct loader *loader, struct q_str line, struct q_err *err)
{
	struct q_bulk_operation *operation = &loader->operations[loader->count];
	enum q_code code = parse_action(loader, line, operation, err);

	if (code)
		return code;
	if (operation->kind == Q_BULK_PUT) {
		if (!next_line(&line))
			return q_fail(err, Q_INVALID, "apply_bulk", "a put without its document");
		operation->source = q_arena_copy(loader->arena, line);
		if (q_arena_failed(loader->arena))
			return q_fail(err, Q_NOMEM, "apply_bulk", "a batch of documents");
	}
	return ++loader->count == BATCH ? send_batch(loader, err) : Q_OK;
}

static enum q_code ensure(struct loader *loader, const char *path, struct q_err *err)
{
	struct q_index_definition definition;
	const struct q_json *mapping;
	struct q_bytes text;
	enum q_code code = q_file_read_at(AT_FDCWD, path, MAPPING_BYTES, loader->arena, &text, err);

	if (!code)
		code = q_json_parse(loader->arena, text, &q_json_request_limits, &mapping, err);
	if (!code)
		code = q_mapping_json_parse(loader->arena, mapping, &definition, err);
	return code ? code
		    : q_search_index_ensure(loader->store, &no_limits, loader->index, &definition,
					    err);
}

static enum q_code load(struct loader *loader, const char *mapping, struct q_err *err)
{
	enum q_code code = ensure(loader, mapping, err);
	struct q_str line;

	q_arena_reset(loader->arena);
	while (!code && next_line(&line))
		code = line.length > 0 ? take_operation(loader, line, err) : refresh(loader, err);
	if (!code)
		code = send_batch(loader, err);
	return code ? code : q_search_index_merge(loader->store, &no_limits, loader->index, err);
}

int main(int argument_count, char **arguments)
{
	struct loader loader = {.index = Q_STR("main"), .arena = q_arena_new(BATCH_ARENA_BYTES)};
	struct q_err err;
	enum q_code code;

	if (argument_count != 3 || !loader.arena) {
		fprintf(stderr, "usage: apply_bulk DIR MAPPING < lines\n");
		return 2;
	}
	code = q_search_index_embedded_open(arguments[1], &loader.store, &err);
	if (!code)
		code = load(&loader, arguments[2], &err);
	if (code)
		fprintf(stderr, "apply_bulk: %s\n", err.message);
	q_search_index_close(loader.store);
	q_arena_free(loader.arena);
	return code ? 1 : 0;
}
