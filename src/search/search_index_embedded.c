#include "search/search_index_embedded.h"

#include "base/file.h"
#include "base/map.h"
#include "base/mem.h"
#include "search/embedded_internal.h"
#include "search/search.h"
#include "search/upkeep.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

enum { INDEXES_MAX = 1024, COUNT_BYTES = 1 << 16 /* a result without hits */ };

struct embedded {
	struct q_search_index base;
	int root, lock;		  /* owned */
	pthread_mutex_t opening;  /* guards the map */
	struct q_map *indexes;	  /* by name; opened at their first use, closed with the store */
	struct q__upkeep *upkeep; /* owned; NULL: none */
};

static struct embedded *embedded_of(struct q_search_index *store)
{
	return q_container_of(store, struct embedded, base);
}

static enum q_code open_directory(struct embedded *store, struct q_str name,
				  struct q__directory **out, struct q_err *err)
{
	char path[Q_INDEX_NAME_MAX + 1];

	snprintf(path, sizeof path, "%.*s", Q_STR_ARG(name));
	return q__directory_open(store->root, path, out, err);
}

static enum q_code remember(struct embedded *store, struct q_str name, struct q__index *index,
			    struct q_err *err)
{
	if (!q_map_put(store->indexes, name, index)) {
		q__index_close(index);
		return q_fail(err, Q_NOMEM, "search_index.open", "at most %d indexes are open",
			      INDEXES_MAX);
	}
	return store->upkeep ? q__upkeep_add(store->upkeep, index, err) : Q_OK;
}

/* Holds `opening`. */
static enum q_code find_or_open(struct embedded *store, struct q_str name, struct q__index **out,
				struct q_err *err)
{
	struct q__directory *directory;
	enum q_code code;

	*out = q_map_find(store->indexes, name);
	if (*out)
		return Q_OK;
	code = open_directory(store, name, &directory, err);
	if (!code)
		code = q__index_open(directory, out, err);
	if (!code)
		code = remember(store, name, *out, err);
	if (code == Q_NOTFOUND)
		return q_fail(err, Q_NOTFOUND, "search_index.open", "there is no index %.*s",
			      Q_STR_ARG(name));
	return code;
}

enum q_code q__embedded_find(struct q_search_index *base, struct q_str name, struct q__index **out,
			     struct q_err *err)
{
	struct embedded *store = embedded_of(base);
	enum q_code code;

	pthread_mutex_lock(&store->opening);
	code = find_or_open(store, name, out, err);
	pthread_mutex_unlock(&store->opening);
	return code;
}

static bool is_same(const struct q_index_definition *a, const struct q_index_definition *b)
{
	if (a->field_count != b->field_count)
		return false;
	for (size_t i = 0; i < a->field_count; i++) {
		if (a->fields[i].kind != b->fields[i].kind ||
		    !q_str_equal(a->fields[i].name, b->fields[i].name))
			return false;
	}
	return true;
}

static enum q_code create_index(struct embedded *store, struct q_str name,
				const struct q_index_definition *definition, struct q_err *err)
{
	struct q__directory *directory;
	struct q__index *index;
	char path[Q_INDEX_NAME_MAX + 1];
	enum q_code code;

	snprintf(path, sizeof path, "%.*s", Q_STR_ARG(name));
	code = q_file_make_directories(store->root, path, err);
	if (!code)
		code = open_directory(store, name, &directory, err);
	if (!code)
		code = q__index_create(directory, definition, &index, err);
	return code ? code : remember(store, name, index, err);
}

static enum q_code ensure(struct q_search_index *base, const struct q_call *call, struct q_str name,
			  const struct q_index_definition *definition, struct q_err *err)
{
	struct embedded *store = embedded_of(base);
	struct q__index *index;
	enum q_code code;

	(void)call;
	pthread_mutex_lock(&store->opening);
	code = find_or_open(store, name, &index, err);
	if (code == Q_NOTFOUND)
		code = create_index(store, name, definition, err);
	else if (!code && !is_same(q__index_definition(index), definition))
		code = q_fail(err, Q_CONFLICT, "search_index.ensure",
			      "index %.*s has other fields: build one of another name and swap",
			      Q_STR_ARG(name));
	pthread_mutex_unlock(&store->opening);
	return code;
}

static enum q_code bulk(struct q_search_index *base, const struct q_call *call, struct q_str name,
			const struct q_bulk_operation *operations, size_t count,
			struct q_arena *arena, struct q_bulk_result *results, struct q_err *err)
{
	struct q__index *index;
	enum q_code code = q__embedded_find(base, name, &index, err);

	(void)call;
	return code ? code : q__index_bulk(index, operations, count, arena, results, err);
}

static enum q_code refresh(struct q_search_index *base, const struct q_call *call,
			   struct q_str name, struct q_err *err)
{
	struct q__index *index;
	enum q_code code = q__embedded_find(base, name, &index, err);

	(void)call;
	return code ? code : q__index_refresh(index, err);
}

static enum q_code merge(struct q_search_index *base, const struct q_call *call, struct q_str name,
			 struct q_err *err)
{
	struct q__index *index;
	enum q_code code = q__embedded_find(base, name, &index, err);

	(void)call;
	return code ? code : q__index_merge(index, err);
}

static enum q_code read_document(const struct q__snapshot *snapshot, struct q_str id,
				 struct q_arena *arena, struct q_str *source, struct q_err *err)
{
	struct q__term_cursor *cursor = q_arena_alloc(arena, sizeof *cursor);
	uint32_t document;
	size_t part;

	if (!cursor)
		return q_fail(err, Q_NOMEM, "search_index.get", "a document");
	if (!q__snapshot_find(snapshot, id, cursor, &part, &document))
		return q_fail(err, Q_NOTFOUND, "search_index.get", "there is no such document");
	return q__stored_read(&snapshot->parts[part].segment->stored, document, arena, source, err);
}

static enum q_code get(struct q_search_index *base, const struct q_call *call, struct q_str name,
		       struct q_str id, struct q_arena *arena, struct q_str *source,
		       struct q_err *err)
{
	struct q__snapshot *snapshot;
	struct q__index *index;
	enum q_code code = q__embedded_find(base, name, &index, err);

	(void)call;
	if (code)
		return code;
	snapshot = q__index_snapshot(index);
	code = read_document(snapshot, id, arena, source, err);
	q__snapshot_unref(snapshot);
	return code;
}

static enum q_code search(struct q_search_index *base, const struct q_call *call, struct q_str name,
			  const struct q_search_request *request, struct q_arena *arena,
			  struct q_search_result *out, struct q_err *err)
{
	struct q__snapshot *snapshot;
	struct q__index *index;
	enum q_code code = q__embedded_find(base, name, &index, err);

	if (code)
		return code;
	snapshot = q__index_snapshot(index);
	code = q__search(snapshot, q__index_definition(index), call, request, arena, out, err);
	q__snapshot_unref(snapshot);
	return code;
}

static enum q_code count(struct q_search_index *base, const struct q_call *call, struct q_str name,
			 const struct q_search_query *query, uint64_t *total, struct q_err *err)
{
	const struct q_search_request request = {.query = query};
	struct q_arena *arena = q_arena_new(COUNT_BYTES);
	struct q_search_result result;
	enum q_code code;

	if (!arena)
		return q_fail(err, Q_NOMEM, "search_index.count", "a result");
	code = search(base, call, name, &request, arena, &result, err);
	if (!code)
		*total = result.total;
	q_arena_free(arena);
	return code;
}

static void count_part(const struct q__part *part, struct q_index_statistics *out)
{
	uint32_t deleted = part->deletions ? part->deletions->deleted_count : 0;

	out->document_count += part->segment->document_count - deleted;
	out->deleted_count += deleted;
	out->segment_count++;
	out->size_bytes += q__segment_file_size(part->segment->file);
}

static enum q_code statistics(struct q_search_index *base, const struct q_call *call,
			      struct q_str name, struct q_index_statistics *out, struct q_err *err)
{
	struct q__snapshot *snapshot;
	struct q__index *index;
	enum q_code code = q__embedded_find(base, name, &index, err);

	(void)call;
	if (code)
		return code;
	*out = (struct q_index_statistics){0};
	snapshot = q__index_snapshot(index);
	for (size_t i = 0; i < snapshot->part_count; i++)
		count_part(&snapshot->parts[i], out);
	q__snapshot_unref(snapshot);
	return Q_OK;
}

static void close_store(struct q_search_index *base)
{
	struct embedded *store = embedded_of(base);
	struct q_str name;
	size_t at = 0;
	void *index;

	q__upkeep_stop(store->upkeep);
	while (store->indexes && q_map_next(store->indexes, &at, &name, &index))
		q__index_close(index);
	q_map_free(store->indexes);
	pthread_mutex_destroy(&store->opening);
	if (store->lock >= 0)
		close(store->lock);
	if (store->root >= 0)
		close(store->root);
	q_mem_free(store);
}

static const struct q_search_index_ops embedded_ops = {
	.name = "embedded",
	.capabilities = Q_CAP_IN_PROCESS,
	.ensure = ensure,
	.bulk = bulk,
	.refresh = refresh,
	.get = get,
	.search = search,
	.count = count,
	.merge = merge,
	.statistics = statistics,
	.close = close_store,
};

static enum q_code open_root(struct embedded *store, const char *root, struct q_err *err)
{
	pid_t holder;
	enum q_code code = q_file_make_directories(AT_FDCWD, root, err);

	if (code)
		return code;
	store->root = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (store->root < 0)
		return q_fail_os(err, errno, "search_index.open", "%s", root);
	code = q_file_lock(store->root, "lock", &store->lock, &holder, err);
	if (code)
		store->lock = -1;
	return code;
}

enum q_code q_search_index_embedded_open(const char *root, struct q_search_index **out,
					 struct q_err *err)
{
	struct embedded *store = q_mem_new(sizeof *store);
	enum q_code code;

	if (!store)
		return q_fail(err, Q_NOMEM, "search_index.open", "%s", root);
	store->base.ops = &embedded_ops;
	store->root = store->lock = -1;
	pthread_mutex_init(&store->opening, NULL);
	store->indexes = q_map_new(INDEXES_MAX);
	code = store->indexes ? open_root(store, root, err)
			      : q_fail(err, Q_NOMEM, "search_index.open", "%s", root);
	if (code)
		close_store(&store->base);
	else
		*out = &store->base;
	return code;
}

const struct q_search_upkeep_options q_search_upkeep_defaults = {
	.refresh_interval_ms = 1000, .merge_bytes_per_second = 32 << 20};

enum q_code q_search_index_embedded_keep_up(struct q_search_index *base,
					    const struct q_search_upkeep_options *options,
					    struct q_err *err)
{
	struct embedded *store = embedded_of(base);

	q_assert(!store->upkeep && q_map_count(store->indexes) == 0);
	return q__upkeep_start(options, &store->upkeep, err);
}
