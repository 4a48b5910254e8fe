/* Argument checks that hold for every adapter. */
#include "ports/search_index.h"

#include "base/utf8.h"
#include "ports/search_index_internal.h"

#include <math.h>

static bool is_name_character(char c, bool is_first)
{
	if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'))
		return true;
	return !is_first && (c == '-' || c == '_');
}

static enum q_code check_name(struct q_str name, const char *where, struct q_err *err)
{
	bool is_good = name.length > 0 && name.length <= Q_INDEX_NAME_MAX;

	for (size_t i = 0; is_good && i < name.length; i++)
		is_good = is_name_character(name.data[i], i == 0);
	if (is_good)
		return Q_OK;
	return q_fail(err, Q_INVALID, where,
		      "an index has a name of 1..%d of a-z, 0-9, - and _, of which - and _ do not "
		      "come first",
		      Q_INDEX_NAME_MAX);
}

static enum q_code check_target(const struct q_call *call, struct q_str index, const char *where,
				struct q_err *err)
{
	enum q_code code = check_name(index, where, err);

	return code ? code : q_call_check(call, where, err);
}

static enum q_code check_definition(const struct q_index_definition *definition, const char *where,
				    struct q_err *err)
{
	if (definition->field_count == 0 || definition->field_count > Q_INDEX_FIELDS_MAX)
		return q_fail(err, Q_INVALID, where, "%zu fields, not 1..%d",
			      definition->field_count, Q_INDEX_FIELDS_MAX);
	for (size_t i = 0; i < definition->field_count; i++) {
		struct q_str name = definition->fields[i].name;

		if (name.length == 0 || name.length > Q_FIELD_NAME_MAX || !q_utf8_is_valid(name))
			return q_fail(err, Q_INVALID, where, "field %zu has a bad name", i);
		for (size_t j = 0; j < i; j++) {
			if (q_str_equal(name, definition->fields[j].name))
				return q_fail(err, Q_INVALID, where, "field %.*s stands twice",
					      Q_STR_ARG(name));
		}
	}
	return Q_OK;
}

static enum q_code check_names(const struct q_str *names, size_t count, const char *where,
			       struct q_err *err)
{
	if (count > Q_SOURCE_NAMES_MAX)
		return q_fail(err, Q_TOOBIG, where, "a source filter of %zu names, at most %d",
			      count, Q_SOURCE_NAMES_MAX);
	for (size_t i = 0; i < count; i++) {
		if (names[i].length > Q_FIELD_NAME_MAX || !q_utf8_is_valid(names[i]))
			return q_fail(err, Q_INVALID, where, "name %zu of a source filter is bad",
				      i);
	}
	return Q_OK;
}

static enum q_code check_source_filter(const struct q_source_filter *filter, const char *where,
				       struct q_err *err)
{
	enum q_code code = check_names(filter->includes, filter->include_count, where, err);

	return code ? code : check_names(filter->excludes, filter->exclude_count, where, err);
}

enum q_code q_search_index_ensure(struct q_search_index *store, const struct q_call *call,
				  struct q_str index, const struct q_index_definition *definition,
				  struct q_err *err)
{
	static const char where[] = "search_index.ensure";
	enum q_code code;

	q_assert(store && call && definition && err);
	code = check_target(call, index, where, err);
	if (!code)
		code = check_definition(definition, where, err);
	if (!code)
		code = check_source_filter(&definition->kept, where, err);
	return code ? code : store->ops->ensure(store, call, index, definition, err);
}

static bool id_ok(struct q_str id)
{
	return id.length > 0 && id.length <= Q_DOCUMENT_ID_MAX && q_utf8_is_valid(id);
}

static enum q_code check_operation(const struct q_bulk_operation *operation, const char *where,
				   struct q_err *err)
{
	if (operation->kind != Q_BULK_PUT && operation->kind != Q_BULK_DELETE)
		return q_fail(err, Q_INVALID, where, "unknown kind of operation");
	if (!id_ok(operation->id))
		return q_fail(err, Q_INVALID, where, "an id is 1..%d bytes of UTF-8",
			      Q_DOCUMENT_ID_MAX);
	if (operation->kind == Q_BULK_PUT && operation->source.length > Q_DOCUMENT_SOURCE_MAX)
		return q_fail(err, Q_TOOBIG, where, "a document of %zu bytes, at most %d",
			      operation->source.length, Q_DOCUMENT_SOURCE_MAX);
	return Q_OK;
}

enum q_code q_search_index_bulk(struct q_search_index *store, const struct q_call *call,
				struct q_str index, const struct q_bulk_operation *operations,
				size_t count, struct q_arena *arena, struct q_bulk_result *results,
				struct q_err *err)
{
	static const char where[] = "search_index.bulk";
	enum q_code code;

	q_assert(store && call && operations && arena && results && err);
	code = check_target(call, index, where, err);
	if (!code && (count == 0 || count > Q_BULK_MAX))
		code = q_fail(err, Q_INVALID, where, "%zu operations, not 1..%d", count,
			      Q_BULK_MAX);
	for (size_t i = 0; i < count && !code; i++) {
		if (check_operation(&operations[i], where, err))
			return q_err_context(err, "operation %zu", i);
	}
	return code ? code
		    : store->ops->bulk(store, call, index, operations, count, arena, results, err);
}

enum q_code q_search_index_refresh(struct q_search_index *store, const struct q_call *call,
				   struct q_str index, struct q_err *err)
{
	enum q_code code;

	q_assert(store && call && err);
	code = check_target(call, index, "search_index.refresh", err);
	return code ? code : store->ops->refresh(store, call, index, err);
}

enum q_code q_search_index_get(struct q_search_index *store, const struct q_call *call,
			       struct q_str index, struct q_str id, struct q_arena *arena,
			       struct q_str *source, struct q_err *err)
{
	static const char where[] = "search_index.get";
	enum q_code code;

	q_assert(store && call && arena && source && err);
	code = check_target(call, index, where, err);
	if (!code && !id_ok(id))
		code = q_fail(err, Q_INVALID, where, "an id is 1..%d bytes of UTF-8",
			      Q_DOCUMENT_ID_MAX);
	return code ? code : store->ops->get(store, call, index, id, arena, source, err);
}

static enum q_code check_highlight(const struct q_highlight_request *highlight,
				   const struct q_search_view *view, const char *where,
				   struct q_err *err)
{
	if (highlight->field_count > Q_INDEX_FIELDS_MAX)
		return q_fail(err, Q_TOOBIG, where, "%zu fields to highlight, at most %d",
			      highlight->field_count, Q_INDEX_FIELDS_MAX);
	if (highlight->before.length > Q_HIGHLIGHT_MARK_MAX ||
	    highlight->after.length > Q_HIGHLIGHT_MARK_MAX)
		return q_fail(err, Q_TOOBIG, where, "a mark has at most %d bytes",
			      Q_HIGHLIGHT_MARK_MAX);
	for (size_t i = 0; i < highlight->field_count; i++) {
		if (highlight->fields[i].fragment_units == 0 ||
		    highlight->fields[i].fragment_count_max > Q_HIGHLIGHT_FRAGMENTS_MAX)
			return q_fail(err, Q_INVALID, where,
				      "a fragment has a size, and there are at most %d",
				      Q_HIGHLIGHT_FRAGMENTS_MAX);
		if (q__search_field_check(view, highlight->fields[i].name, where, err))
			return err->code;
	}
	return Q_OK;
}

/* Where a document stands tells how many others there are. */
static enum q_code check_sort(const struct q_search_sort *sort, const struct q_search_view *view,
			      const char *where, struct q_err *err)
{
	if (sort->kind == Q_SORT_DOCUMENT && view->scope)
		return q_fail(err, Q_INVALID, where, "a scope hides places: sort by _id instead");
	if (sort->kind == Q_SORT_FIELD)
		return q__search_field_check(view, sort->field, where, err);
	return Q_OK;
}

static enum q_code check_sorts(const struct q_search_request *request, const char *where,
			       struct q_err *err)
{
	if (request->sort_count > Q_SEARCH_SORTS_MAX)
		return q_fail(err, Q_TOOBIG, where, "%zu sorts, at most %d", request->sort_count,
			      Q_SEARCH_SORTS_MAX);
	if (request->after && request->sort_count == 0)
		return q_fail(err, Q_INVALID, where, "going on behind a hit needs a sort");
	if (request->after && request->from > 0)
		return q_fail(err, Q_INVALID, where, "from is 0 when going on behind a hit");
	for (size_t i = 0; i < request->sort_count; i++) {
		if (check_sort(&request->sorts[i], &request->view, where, err))
			return err->code;
	}
	return Q_OK;
}

static bool facet_ok(const struct q_facet *facet)
{
	switch (facet->kind) {
	case Q_FACET_TERMS:
		return facet->size >= 1 && facet->size <= Q_FACET_SIZE_MAX && facet->count_min >= 1;
	case Q_FACET_HISTOGRAM:
		return isfinite(facet->interval) && facet->interval > 0 && isfinite(facet->offset);
	case Q_FACET_DATE_HISTOGRAM:
		return facet->interval_ms >= (facet->unit == Q_CALENDAR_NONE) &&
		       facet->interval_ms <= Q_FACET_SPAN_MS_MAX &&
		       facet->offset_ms >= -Q_FACET_SPAN_MS_MAX &&
		       facet->offset_ms <= Q_FACET_SPAN_MS_MAX;
	}
	return false;
}

static enum q_code check_facets(const struct q_search_request *request, const char *where,
				struct q_err *err)
{
	if (request->facet_count > Q_SEARCH_FACETS_MAX)
		return q_fail(err, Q_TOOBIG, where, "%zu facets, at most %d", request->facet_count,
			      Q_SEARCH_FACETS_MAX);
	for (size_t i = 0; i < request->facet_count; i++) {
		if (!facet_ok(&request->facets[i]))
			return q_fail(err, Q_INVALID, where,
				      "facet %.*s: a size of 1..%d, a count of at least 1, an "
				      "interval above 0",
				      Q_STR_ARG(request->facets[i].name), Q_FACET_SIZE_MAX);
		if (q__search_field_check(&request->view, request->facets[i].field, where, err))
			return err->code;
	}
	return Q_OK;
}

enum q_code q_search_index_search(struct q_search_index *store, const struct q_call *call,
				  struct q_str index, const struct q_search_request *request,
				  struct q_arena *arena, struct q_search_result *out,
				  struct q_err *err)
{
	static const char where[] = "search_index.search";
	enum q_code code;

	q_assert(store && call && request && request->query && arena && out && err);
	code = check_target(call, index, where, err);
	if (!code && (request->from > Q_SEARCH_WINDOW_MAX ||
		      request->size > Q_SEARCH_WINDOW_MAX - request->from))
		code = q_fail(err, Q_TOOBIG, where, "from and size are at most %d together",
			      Q_SEARCH_WINDOW_MAX);
	if (!code)
		code = check_sorts(request, where, err);
	if (!code)
		code = check_facets(request, where, err);
	if (!code)
		code = check_source_filter(&request->source_filter, where, err);
	if (!code)
		code = check_highlight(&request->highlight, &request->view, where, err);
	if (!code)
		code = q__search_query_check(request->query, &request->view, where, err);
	if (!code)
		code = q__search_view_check(store, &request->view, where, err);
	return code ? code : store->ops->search(store, call, index, request, arena, out, err);
}

enum q_code q_search_index_count(struct q_search_index *store, const struct q_call *call,
				 struct q_str index, const struct q_search_query *query,
				 const struct q_search_view *view, uint64_t *total,
				 struct q_err *err)
{
	static const char where[] = "search_index.count";
	enum q_code code;

	q_assert(store && call && query && total && err);
	code = check_target(call, index, where, err);
	if (!code)
		code = q__search_query_check(query, view, where, err);
	if (!code)
		code = q__search_view_check(store, view, where, err);
	return code ? code : store->ops->count(store, call, index, query, view, total, err);
}

enum q_code q_search_index_alias(struct q_search_index *store, const struct q_call *call,
				 struct q_str alias, struct q_str index, struct q_err *err)
{
	static const char where[] = "search_index.alias";
	enum q_code code;

	q_assert(store && call && err);
	code = check_target(call, index, where, err);
	if (!code)
		code = check_name(alias, where, err);
	return code ? code : store->ops->alias(store, call, alias, index, err);
}

enum q_code q_search_index_drop(struct q_search_index *store, const struct q_call *call,
				struct q_str index, struct q_err *err)
{
	enum q_code code;

	q_assert(store && call && err);
	code = check_target(call, index, "search_index.drop", err);
	return code ? code : store->ops->drop(store, call, index, err);
}

enum q_code q_search_index_pin(struct q_search_index *store, const struct q_call *call,
			       struct q_str index, int64_t keep_ms, struct q_arena *arena,
			       struct q_str *pin, struct q_err *err)
{
	static const char where[] = "search_index.pin";
	enum q_code code;

	q_assert(store && call && arena && pin && err);
	code = check_target(call, index, where, err);
	if (!code && (keep_ms < 1 || keep_ms > Q_SEARCH_PIN_KEEP_MAX_MS))
		code = q_fail(err, Q_INVALID, where, "a pin is kept for 1..%d ms",
			      Q_SEARCH_PIN_KEEP_MAX_MS);
	return code ? code : store->ops->pin(store, call, index, keep_ms, arena, pin, err);
}

enum q_code q_search_index_unpin(struct q_search_index *store, const struct q_call *call,
				 struct q_str pin, struct q_err *err)
{
	static const char where[] = "search_index.unpin";
	enum q_code code;

	q_assert(store && call && err);
	code = q_call_check(call, where, err);
	if (!code)
		code = q__search_pin_check(pin, where, err);
	return code ? code : store->ops->unpin(store, call, pin, err);
}

enum q_code q_search_index_explain(struct q_search_index *store, const struct q_call *call,
				   struct q_str index, const struct q_search_query *query,
				   const struct q_search_view *view, struct q_str id,
				   struct q_arena *arena, struct q_explanation *out,
				   struct q_err *err)
{
	static const char where[] = "search_index.explain";
	enum q_code code;

	q_assert(store && call && query && arena && out && err);
	code = check_target(call, index, where, err);
	if (!code && !id_ok(id))
		code = q_fail(err, Q_INVALID, where, "an id is 1..%d bytes of UTF-8",
			      Q_DOCUMENT_ID_MAX);
	if (!code)
		code = q__search_query_check(query, view, where, err);
	if (!code)
		code = q__search_view_check(store, view, where, err);
	return code ? code
		    : store->ops->explain(store, call, index, query, view, id, arena, out, err);
}

static enum q_code check_suggest(const struct q_suggest_request *request, const char *where,
				 struct q_err *err)
{
	enum q_code code = q__search_text_check(request->text, where, err);

	if (!code)
		code = q__search_field_check(&request->view, request->field, where, err);
	if (!code && request->kind != Q_SUGGEST_COMPLETION && request->kind != Q_SUGGEST_CORRECTION)
		code = q_fail(err, Q_INVALID, where, "unknown kind of suggestion");
	if (!code && (request->size < 1 || request->size > Q_SUGGEST_MAX))
		code = q_fail(err, Q_INVALID, where, "%zu suggestions for a word, not 1..%d",
			      request->size, Q_SUGGEST_MAX);
	if (!code && request->filter && request->view.scope)
		code = q__search_exact_check(request->filter, &request->view, where, err);
	else if (!code && request->filter)
		code = q__search_query_check(request->filter, &request->view, where, err);
	return code;
}

enum q_code q_search_index_suggest(struct q_search_index *store, const struct q_call *call,
				   struct q_str index, const struct q_suggest_request *request,
				   struct q_arena *arena, struct q_suggest_result *out,
				   struct q_err *err)
{
	static const char where[] = "search_index.suggest";
	enum q_code code;

	q_assert(store && call && request && arena && out && err);
	code = check_target(call, index, where, err);
	if (!code)
		code = check_suggest(request, where, err);
	if (!code)
		code = q__search_view_check(store, &request->view, where, err);
	return code ? code : store->ops->suggest(store, call, index, request, arena, out, err);
}

enum q_code q_search_index_merge(struct q_search_index *store, const struct q_call *call,
				 struct q_str index, struct q_err *err)
{
	enum q_code code;

	q_assert(store && call && err);
	code = check_target(call, index, "search_index.merge", err);
	return code ? code : store->ops->merge(store, call, index, err);
}

enum q_code q_search_index_statistics(struct q_search_index *store, const struct q_call *call,
				      struct q_str index, struct q_index_statistics *out,
				      struct q_err *err)
{
	enum q_code code;

	q_assert(store && call && out && err);
	code = check_target(call, index, "search_index.statistics", err);
	return code ? code : store->ops->statistics(store, call, index, out, err);
}

void q_search_index_close(struct q_search_index *store)
{
	if (store)
		store->ops->close(store);
}
