/* From a filter to the documents that it finds: a query like any other, which sees all documents,
 * run once for each part. */
#include "base/bits.h"
#include "search/query/plan.h"
#include "search/query/scope.h"

enum { POSTINGS_BYTES = 1 << 16, SCRATCH_BYTES = 128 << 20 };

static enum q_code fail_full(struct q_err *err)
{
	return q_fail(err, Q_NOMEM, "search_index.search",
		      "the filter takes too much memory: ask for less at once");
}

/* Windows begin at the words of the set, so that a window's words are the set's. */
static enum q_code see_part(const struct q__scope *all, size_t part, struct q__matcher *matcher,
			    struct q__window *window, uint64_t *words, struct q_err *err)
{
	uint32_t count = all->snapshot->parts[part].segment->document_count;
	uint32_t start;

	for (start = q__matcher_next(matcher, 0); start < count;
	     start = q__matcher_next(matcher, window->end)) {
		uint32_t left;

		if (q__scope_check(all, err))
			return err->code;
		start = start / 64 * 64;
		left = count - start;
		q__matcher_fill(matcher, window, start,
				start + (left < Q__WINDOW_DOCUMENTS ? left : Q__WINDOW_DOCUMENTS),
				Q__NO_SCORES);
		q__scope_narrow(all, part, window);
		for (uint32_t i = 0; i < Q__WINDOW_WORDS && start + 64 * i < count; i++)
			words[start / 64 + i] = window->found[i];
	}
	/* A matcher whose time is up finds nothing more. */
	return q__scope_check(all, err);
}

/* `scratch` has what it takes to look at one part. */
static enum q_code see_parts(const struct q__scope *all, const struct q__plan *plan,
			     struct q_arena *arena, struct q_arena *scratch, uint64_t **seen,
			     struct q_err *err)
{
	enum q_code code = Q_OK;

	for (size_t i = 0; i < all->snapshot->part_count && !code; i++) {
		size_t words = q_bits_words(all->snapshot->parts[i].segment->document_count);
		struct q__matcher *matcher;
		struct q__window *window;

		q_arena_reset(scratch);
		matcher = q__plan_bind(plan, all->snapshot, i, scratch);
		window = q_arena_alloc(scratch, sizeof *window);
		seen[i] = q_arena_alloc_array(arena, words, sizeof(uint64_t));
		code = matcher && window && seen[i]
			       ? see_part(all, i, matcher, window, seen[i], err)
			       : fail_full(err);
	}
	return code;
}

static bool open_counts(struct q__scope *scope, size_t field_count, struct q_arena *arena)
{
	scope->counts = q_arena_alloc_array(arena, field_count, sizeof *scope->counts);
	for (size_t i = 0; scope->counts && i < field_count; i++)
		scope->counts[i].documents = Q__NOT_COUNTED;
	scope->postings = q_arena_new(POSTINGS_BYTES);
	return scope->counts && scope->postings;
}

static enum q_code see_all(struct q__scope *all, const struct q_index_definition *definition,
			   const struct q_search_query *filter, struct q_arena *arena,
			   uint64_t **seen, struct q_err *err)
{
	struct q_arena *scratch = q_arena_new(SCRATCH_BYTES);
	const struct q__plan *plan;
	enum q_code code =
		scratch ? q__plan_make(all, definition, filter, arena, &plan, err) : fail_full(err);

	if (!code)
		code = see_parts(all, plan, arena, scratch, seen, err);
	q_arena_free(scratch);
	return code;
}

enum q_code q__scope_make(const struct q__snapshot *snapshot,
			  const struct q_index_definition *definition, const struct q_call *call,
			  const struct q_search_query *filter, struct q_arena *arena,
			  struct q__scope *out, struct q_err *err)
{
	struct q__scope all = q__scope_all(snapshot, call);
	uint64_t **seen;
	enum q_code code;

	*out = all;
	if (!filter)
		return Q_OK;
	seen = q_arena_alloc_array(arena, snapshot->part_count, sizeof *seen);
	code = seen ? see_all(&all, definition, filter, arena, seen, err) : fail_full(err);
	if (code)
		return code;
	out->seen = seen;
	return open_counts(out, definition->field_count + 1, arena) ? Q_OK : fail_full(err);
}
