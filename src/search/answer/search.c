#include "search/answer/search.h"

#include "search/answer/facets.h"
#include "search/answer/hit_reader.h"
#include "search/answer/sorted_hits.h"
#include "search/answer/top_hits.h"
#include "search/query/plan.h"

#include <math.h>

enum { SCRATCH_BYTES = 128 << 20 };

/* One request at work. */
struct run {
	const struct q__snapshot *snapshot;
	const struct q_index_definition *definition;
	const struct q_call *call;
	struct q__scope scope;
	struct q_arena *scratch; /* for the request */
	struct q_arena *part;	 /* for the part at hand */
	struct q__window *window;
	bool is_sorted, wants_scores;
	struct q__sorted_hits sorted; /* is_sorted */
	struct q__top_hits top;	      /* otherwise */
	struct q__facets facets;
	uint64_t total, total_max;
	bool is_exceeded; /* there are more than total_max: they need not all be found */
};

static void take_best(struct run *run, uint32_t part)
{
	struct q__window *window = run->window;
	float floor = q__top_hits_floor(&run->top);

	for (uint32_t i = 0; i < Q__WINDOW_WORDS; i++) {
		for (uint64_t word = window->found[i] & window->scored[i]; word != 0;) {
			uint32_t at = 64 * i + q_bits_take(&word);

			if (window->scores[at] <= floor)
				continue;
			q__top_hits_add(&run->top, (struct q__hit){window->scores[at], part,
								   window->start + at});
			floor = q__top_hits_floor(&run->top);
		}
	}
}

/* The next window's first document: it may be found, and it is seen, unless both are far from
 * agreeing. */
static uint32_t next_start(const struct run *run, uint32_t part, struct q__matcher *matcher,
			   uint32_t from)
{
	uint32_t found;

	if (run->is_exceeded && !run->is_sorted && run->facets.count == 0)
		q__matcher_raise_floor(matcher, q__top_hits_floor(&run->top));
	found = q__matcher_next(matcher, from);
	for (uint32_t left = Q__STEPS_MAX; left > 0 && found != Q__NO_DOCUMENT; left--) {
		from = q__scope_next(&run->scope, part, found);
		if (from == found)
			break;
		found = from == Q__NO_DOCUMENT ? from : q__matcher_next(matcher, from);
	}
	return found;
}

static void take_window(struct run *run, uint32_t part)
{
	for (uint32_t i = 0; i < Q__WINDOW_WORDS && !run->is_exceeded; i++) {
		if (run->window->found[i] != 0)
			run->total += q_bits_in(run->window->found[i]);
	}
	run->is_exceeded = run->is_exceeded || run->total > run->total_max;
	if (run->is_sorted)
		q__sorted_hits_take(&run->sorted, run->window);
	else
		take_best(run, part);
	q__facets_take(&run->facets, run->window);
}

/* Scores up to this one do not matter. */
static float floor_of(const struct run *run)
{
	if (run->is_sorted)
		return run->wants_scores ? Q__EXACT_SCORES : Q__NO_SCORES;
	return q__top_hits_floor(&run->top);
}

static enum q_code search_part(struct run *run, const struct q__plan *plan, uint32_t part,
			       struct q_err *err)
{
	uint32_t count = run->snapshot->parts[part].segment->document_count;
	struct q__matcher *matcher;
	uint32_t start;

	if (q__facets_begin_part(&run->facets, part, err))
		return err->code;
	q_arena_reset(run->part);
	matcher = q__plan_bind(plan, run->snapshot, part, run->part);
	if (!matcher)
		return q_fail(err, Q_NOMEM, "search_index.search",
			      "the query takes too much memory");
	if (run->is_sorted)
		q__sorted_hits_begin_part(&run->sorted, part);
	for (start = next_start(run, part, matcher, 0); start < count;
	     start = next_start(run, part, matcher, run->window->end)) {
		uint32_t left = count - start;

		if (q_call_check(run->call, "search_index.search", err))
			return err->code;
		q__matcher_fill(matcher, run->window, start,
				start + (left < Q__WINDOW_DOCUMENTS ? left : Q__WINDOW_DOCUMENTS),
				floor_of(run));
		q__scope_narrow(&run->scope, part, run->window);
		take_window(run, part);
	}
	/* A matcher whose time is up finds nothing more. */
	if (q_call_check(run->call, "search_index.search", err))
		return err->code;
	return run->is_sorted ? q__sorted_hits_end_part(&run->sorted, err) : Q_OK;
}

static enum q_code show_values(const struct run *run, const struct q__sorted_hit *hit,
			       struct q_arena *arena, struct q_search_hit *out, struct q_err *err)
{
	size_t count = run->sorted.sort_count;
	struct q_search_value *values = q_arena_alloc_array(arena, count, sizeof *values);

	for (size_t i = 0; values && i < count; i++) {
		values[i] = q__sort_show(&run->sorted.sorts[i], &hit->values[i]);
		if (values[i].kind == Q_VALUE_TEXT)
			values[i].text = q_arena_copy(arena, values[i].text);
	}
	out->score = run->wants_scores ? hit->score : NAN;
	out->sort_values = values;
	if (q_arena_failed(arena))
		return q_fail(err, Q_NOMEM, "search_index.search", "the hits take too much memory");
	return Q_OK;
}

/* Hit `index` of those that are kept. */
static enum q_code show_hit(const struct run *run, size_t index, struct q__hit_reader *reader,
			    struct q_search_hit *out, struct q_err *err)
{
	uint32_t part, document;
	enum q_code code = q_call_check(run->call, "search_index.search", err);

	if (run->is_sorted) {
		part = run->sorted.hits[index].part;
		document = run->sorted.hits[index].document;
		if (!code)
			code = show_values(run, &run->sorted.hits[index], reader->arena, out, err);
	} else {
		part = run->top.hits[index].part;
		document = run->top.hits[index].document;
		out->score = run->top.hits[index].score;
	}
	if (code)
		return code;
	return q__hit_read(reader, run->snapshot->parts[part].segment, document, out, err);
}

static enum q_code show_page(struct run *run, const struct q_search_request *request,
			     struct q_arena *arena, struct q_search_result *out, struct q_err *err)
{
	size_t count = run->is_sorted ? run->sorted.count : run->top.count;
	size_t from = request->from < count ? request->from : count;
	struct q__hit_reader reader;
	enum q_code code =
		q__hit_reader_open(&reader, run->definition, run->call, request, arena, err);

	q__top_hits_sort(&run->top);
	out->total = run->is_exceeded ? run->total_max : run->total;
	out->total_is_exceeded = run->is_exceeded;
	out->hit_count = count - from;
	out->hits = q_arena_alloc_array(arena, out->hit_count, sizeof *out->hits);
	if (!code && !out->hits)
		code = q_fail(err, Q_NOMEM, "search_index.search", "the hits take too much memory");
	for (size_t i = 0; i < out->hit_count && !code; i++)
		code = show_hit(run, from + i, &reader, &out->hits[i], err);
	q__hit_reader_close(&reader);
	return code;
}

static enum q_code open_hits(struct run *run, const struct q_search_request *request,
			     struct q_err *err)
{
	run->is_sorted = request->sort_count > 0;
	run->wants_scores = request->with_scores;
	for (size_t i = 0; i < request->sort_count; i++)
		run->wants_scores |= request->sorts[i].kind == Q_SORT_SCORE;
	if (run->is_sorted)
		return q__sorted_hits_open(&run->sorted, run->snapshot, run->definition, request,
					   run->scratch, err);
	run->top.max = request->from + request->size;
	run->top.hits = q_arena_alloc_array(run->scratch, run->top.max, sizeof *run->top.hits);
	if (!run->top.hits)
		return q_fail(err, Q_NOMEM, "search_index.search", "%zu hits", run->top.max);
	return Q_OK;
}

static enum q_code search_parts(struct run *run, const struct q_search_request *request,
				struct q_err *err)
{
	const struct q__plan *plan;
	enum q_code code = q__plan_make(&run->scope, run->definition, request->query, run->scratch,
					&plan, err);

	if (!code)
		code = open_hits(run, request, err);
	if (!code)
		code = q__facets_open(&run->facets, run->snapshot, run->definition, run->call,
				      request, run->scratch, err);
	run->window = q_arena_alloc(run->scratch, sizeof *run->window);
	if (!code && !run->window)
		code = q_fail(err, Q_NOMEM, "search_index.search", "a request");
	run->is_exceeded = !code && q__plan_least(plan, &run->scope) > run->total_max;
	for (uint32_t i = 0; i < run->snapshot->part_count && !code; i++)
		code = search_part(run, plan, i, err);
	return code;
}

enum q_code q__search(const struct q__snapshot *snapshot,
		      const struct q_index_definition *definition, const struct q_call *call,
		      const struct q_search_request *request, struct q_arena *arena,
		      struct q_search_result *out, struct q_err *err)
{
	struct run run = {.snapshot = snapshot,
			  .definition = definition,
			  .call = call,
			  .total_max = request->total_is_bounded ? request->total_max : UINT64_MAX};
	enum q_code code;

	run.scratch = q_arena_new(SCRATCH_BYTES);
	run.part = q_arena_new(SCRATCH_BYTES);
	if (run.scratch && run.part)
		code = q__scope_make(snapshot, definition, call, request->view.scope, run.scratch,
				     &run.scope, err);
	else
		code = q_fail(err, Q_NOMEM, "search_index.search", "a request");
	if (!code)
		code = search_parts(&run, request, err);
	if (!code)
		code = show_page(&run, request, arena, out, err);
	if (!code)
		code = q__facets_end(&run.facets, arena, &out->facets, err);
	q__facets_close(&run.facets);
	q__scope_free(&run.scope);
	q_arena_free(run.scratch);
	q_arena_free(run.part);
	return code;
}
