#include "search/search_index_embedded.h"

#include "base/file.h"
#include "base/mem.h"
#include "search/answer/explain.h"
#include "search/answer/search.h"
#include "search/answer/suggest.h"
#include "search/dropped.h"
#include "search/embedded_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

enum { COUNT_BYTES = 1 << 16 /* a result without hits */ };

static struct q__embedded *embedded_of(struct q_search_index *store)
{
	return q_container_of(store, struct q__embedded, base);
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
	enum q_code code;

	if (!cursor)
		return q_fail(err, Q_NOMEM, "search_index.get", "a document");
	code = q__snapshot_find(snapshot, id, cursor, &part, &document, err);
	return code ? code
		    : q__stored_read(&snapshot->parts[part].segment->stored, document, arena,
				     source, err);
}

static enum q_code get(struct q_search_index *base, const struct q_call *call, struct q_str name,
		       struct q_str id, struct q_arena *arena, struct q_str *source,
		       struct q_err *err)
{
	struct q__snapshot *snapshot;
	struct q__index *index;
	enum q_code code = q__embedded_snapshot(base, name, &index, &snapshot, err);

	(void)call;
	if (code)
		return code;
	code = read_document(snapshot, id, arena, source, err);
	q__snapshot_unref(snapshot);
	return code;
}

/* Of the view's pin, where there is one. */
static enum q_code find_snapshot(struct q_search_index *base, struct q_str name,
				 const struct q_search_view *view, struct q__index **index,
				 struct q__snapshot **snapshot, struct q_err *err)
{
	if (view && view->pin.length > 0)
		return q__pins_use(embedded_of(base)->pins, view->pin, name, index, snapshot, err);
	return q__embedded_snapshot(base, name, index, snapshot, err);
}

static enum q_code search(struct q_search_index *base, const struct q_call *call, struct q_str name,
			  const struct q_search_request *request, struct q_arena *arena,
			  struct q_search_result *out, struct q_err *err)
{
	struct q__snapshot *snapshot;
	struct q__index *index;
	enum q_code code = find_snapshot(base, name, &request->view, &index, &snapshot, err);

	if (code)
		return code;
	code = q__search(snapshot, q__index_definition(index), call, request, arena, out, err);
	q__snapshot_unref(snapshot);
	return code;
}

static enum q_code explain(struct q_search_index *base, const struct q_call *call,
			   struct q_str name, const struct q_search_query *query,
			   const struct q_search_view *view, struct q_str id, struct q_arena *arena,
			   struct q_explanation *out, struct q_err *err)
{
	struct q__snapshot *snapshot;
	struct q__index *index;
	enum q_code code = find_snapshot(base, name, view, &index, &snapshot, err);

	if (code)
		return code;
	code = q__explain(snapshot, q__index_definition(index), call, query,
			  view ? view->scope : NULL, id, arena, out, err);
	q__snapshot_unref(snapshot);
	return code;
}

static enum q_code suggest(struct q_search_index *base, const struct q_call *call,
			   struct q_str name, const struct q_suggest_request *request,
			   struct q_arena *arena, struct q_suggest_result *out, struct q_err *err)
{
	struct q__snapshot *snapshot;
	struct q__index *index;
	enum q_code code = find_snapshot(base, name, &request->view, &index, &snapshot, err);

	if (code)
		return code;
	code = q__suggest(snapshot, q__index_definition(index), call, request, arena, out, err);
	q__snapshot_unref(snapshot);
	return code;
}

static enum q_code count(struct q_search_index *base, const struct q_call *call, struct q_str name,
			 const struct q_search_query *query, const struct q_search_view *view,
			 uint64_t *total, struct q_err *err)
{
	struct q_search_request request = {.query = query};
	struct q_arena *arena = q_arena_new(COUNT_BYTES);
	struct q_search_result result;
	enum q_code code;

	if (!arena)
		return q_fail(err, Q_NOMEM, "search_index.count", "a result");
	if (view)
		request.view = *view;
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
	enum q_code code = q__embedded_snapshot(base, name, &index, &snapshot, err);

	(void)call;
	if (code)
		return code;
	*out = (struct q_index_statistics){0};
	for (size_t i = 0; i < snapshot->part_count; i++)
		count_part(&snapshot->parts[i], out);
	q__snapshot_unref(snapshot);
	return Q_OK;
}

static enum q_code pin(struct q_search_index *base, const struct q_call *call, struct q_str name,
		       int64_t keep_ms, struct q_arena *arena, struct q_str *out, struct q_err *err)
{
	struct q__snapshot *snapshot;
	struct q__index *index;
	enum q_code code = q__embedded_snapshot(base, name, &index, &snapshot, err);

	(void)call;
	if (code)
		return code;
	code = q__pins_add(embedded_of(base)->pins, index, snapshot, name, keep_ms, arena, out,
			   err);
	q__snapshot_unref(snapshot);
	return code;
}

static enum q_code unpin(struct q_search_index *base, const struct q_call *call, struct q_str name,
			 struct q_err *err)
{
	(void)call;
	(void)err;
	q__pins_remove(embedded_of(base)->pins, name);
	return Q_OK;
}

static void close_store(struct q_search_index *base)
{
	struct q__embedded *store = embedded_of(base);
	struct q_str name;
	size_t at = 0;
	void *index;

	q__upkeep_stop(store->upkeep);
	q__pins_free(store->pins);
	while (store->indexes && q_map_next(store->indexes, &at, &name, &index))
		q__index_close(index);
	for (size_t i = 0; i < store->dropped.count; i++)
		q__index_close(*(struct q__index **)q_vec_at(&store->dropped, i));
	q_vec_free(&store->dropped);
	q_map_free(store->indexes);
	q_map_free(store->aliases);
	pthread_mutex_destroy(&store->opening);
	if (store->lock >= 0)
		close(store->lock);
	if (store->root >= 0)
		close(store->root);
	q_mem_free(store);
}

static const struct q_search_index_ops embedded_ops = {
	.name = "embedded",
	.capabilities = Q_CAP_IN_PROCESS | Q_CAP_TENANT_STATISTICS,
	.ensure = q__embedded_ensure,
	.bulk = bulk,
	.refresh = refresh,
	.get = get,
	.search = search,
	.count = count,
	.alias = q__embedded_alias,
	.drop = q__embedded_drop,
	.pin = pin,
	.unpin = unpin,
	.explain = explain,
	.suggest = suggest,
	.merge = merge,
	.statistics = statistics,
	.close = close_store,
};

static enum q_code open_root(struct q__embedded *store, const char *root, struct q_err *err)
{
	pid_t holder;
	enum q_code code = q_file_make_directories(AT_FDCWD, root, err);

	if (code)
		return code;
	store->root = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (store->root < 0)
		return q_fail_os(err, errno, "search_index.open", "%s", root);
	if (q_file_lock(store->root, ".lock", &store->lock, &holder, err)) {
		store->lock = -1;
		return q_err_context(err, "%s", root);
	}
	return q__dropped_clean(store->root, err);
}

enum q_code q_search_index_embedded_open(const char *root, struct q_search_index **out,
					 struct q_err *err)
{
	struct q__embedded *store = q_mem_new(sizeof *store);
	enum q_code code;

	if (!store)
		return q_fail(err, Q_NOMEM, "search_index.open", "%s", root);
	store->base.ops = &embedded_ops;
	store->root = store->lock = -1;
	q_vec_init(&store->dropped, sizeof(struct q__index *), Q__INDEXES_MAX);
	pthread_mutex_init(&store->opening, NULL);
	store->indexes = q_map_new(Q__INDEXES_MAX);
	store->aliases = q_map_new(Q__INDEXES_MAX);
	store->pins = q__pins_new();
	if (store->indexes && store->aliases && store->pins)
		code = open_root(store, root, err);
	else
		code = q_fail(err, Q_NOMEM, "search_index.open", "%s", root);
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
	struct q__embedded *store = embedded_of(base);

	q_assert(!store->upkeep && q_map_count(store->indexes) == 0);
	return q__upkeep_start(options, &store->upkeep, err);
}
