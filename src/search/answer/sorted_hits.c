/* Candidates gather unordered until there are twice as many as can be kept; then they are put in
 * order and the worse half goes. From then on the worst that is kept holds off most others by one
 * comparison. */
#include "search/answer/sorted_hits.h"

#include <stdlib.h>

static bool open_candidates(struct q__sorted_hits *sorted)
{
	size_t room = 2 * sorted->max;
	int64_t *keys = q_arena_alloc_array(sorted->arena, room, sorted->sort_count * sizeof *keys);

	sorted->cursor = q_arena_alloc(sorted->arena, sizeof *sorted->cursor);
	sorted->candidates = q_arena_alloc_array(sorted->arena, room, sizeof *sorted->candidates);
	if (!keys || !sorted->candidates || !sorted->cursor)
		return false;
	for (size_t i = 0; i < room; i++)
		sorted->candidates[i].keys = keys + i * sorted->sort_count;
	return true;
}

enum q_code q__sorted_hits_open(struct q__sorted_hits *sorted, const struct q__snapshot *snapshot,
				const struct q_index_definition *definition,
				const struct q_search_request *request, struct q_arena *arena,
				struct q_err *err)
{
	*sorted = (struct q__sorted_hits){.arena = arena,
					  .snapshot = snapshot,
					  .max = request->from + request->size,
					  .sort_count = request->sort_count,
					  .goes_on = request->after != NULL};
	if (!open_candidates(sorted))
		return q_fail(err, Q_NOMEM, "search_index.search", "%zu hits", sorted->max);
	return q__sorts_make(request, definition, arena, &sorted->sorts, err);
}

void q__sorted_hits_begin_part(struct q__sorted_hits *sorted, size_t part)
{
	sorted->part = part;
	sorted->candidate_count = 0;
	sorted->is_cut = false;
	for (size_t i = 0; i < sorted->sort_count; i++)
		q__sort_begin_part(&sorted->sorts[i], sorted->snapshot, part, sorted->cursor);
}

static int compare_candidates(const void *a, const void *b, void *context)
{
	const struct q__sorted_candidate *x = a, *y = b;
	const struct q__sorted_hits *sorted = context;

	for (size_t i = 0; i < sorted->sort_count; i++) {
		if (x->keys[i] != y->keys[i])
			return x->keys[i] < y->keys[i] ? -1 : 1;
	}
	return x->document < y->document ? -1 : x->document > y->document;
}

static void cut(struct q__sorted_hits *sorted)
{
	qsort_r(sorted->candidates, sorted->candidate_count, sizeof *sorted->candidates,
		compare_candidates, sorted);
	if (sorted->candidate_count >= sorted->max) {
		sorted->candidate_count = sorted->max;
		sorted->is_cut = true;
	}
}

static bool is_behind_after(const struct q__sorted_hits *sorted,
			    const struct q__sorted_candidate *candidate)
{
	for (size_t i = 0; i < sorted->sort_count; i++) {
		if (candidate->keys[i] != sorted->sorts[i].after_key)
			return candidate->keys[i] > sorted->sorts[i].after_key;
	}
	return false;
}

static void take_document(struct q__sorted_hits *sorted, uint32_t document, float score)
{
	struct q__sorted_candidate *candidate = &sorted->candidates[sorted->candidate_count];
	const struct q__sorted_candidate *worst = &sorted->candidates[sorted->max - 1];

	candidate->document = document;
	candidate->score = score;
	candidate->keys[0] = q__sort_key(&sorted->sorts[0], document, score);
	if (sorted->is_cut && candidate->keys[0] > worst->keys[0])
		return;
	for (size_t i = 1; i < sorted->sort_count; i++)
		candidate->keys[i] = q__sort_key(&sorted->sorts[i], document, score);
	if ((sorted->is_cut && compare_candidates(candidate, worst, sorted) > 0) ||
	    (sorted->goes_on && !is_behind_after(sorted, candidate)))
		return;
	if (++sorted->candidate_count == 2 * sorted->max)
		cut(sorted);
}

void q__sorted_hits_take(struct q__sorted_hits *sorted, const struct q__window *window)
{
	for (uint32_t i = 0; i < Q__WINDOW_WORDS && sorted->max > 0; i++) {
		for (uint64_t word = window->found[i]; word != 0;) {
			uint32_t at = 64 * i + q_bits_take(&word);

			take_document(sorted, window->start + at, window->scores[at]);
		}
	}
}

static int compare_hits(const struct q__sorted_hits *sorted, const struct q__sorted_hit *a,
			const struct q__sorted_hit *b)
{
	for (size_t i = 0; i < sorted->sort_count; i++) {
		int order = q__sort_compare(&sorted->sorts[i], &a->values[i], &b->values[i]);

		if (order != 0)
			return order;
	}
	return 0;
}

/* A candidate with values that outlast its part. False when the arena is full. */
static bool make_hit(struct q__sorted_hits *sorted, const struct q__sorted_candidate *candidate,
		     struct q__sorted_hit *out)
{
	struct q__sort_value *values =
		q_arena_alloc_array(sorted->arena, sorted->sort_count, sizeof *values);

	*out = (struct q__sorted_hit){(uint32_t)sorted->part, candidate->document, candidate->score,
				      values};
	for (size_t i = 0; values && i < sorted->sort_count; i++) {
		if (!q__sort_value_of(&sorted->sorts[i], candidate->keys[i], candidate->document,
				      sorted->cursor, sorted->arena, &values[i]))
			return false;
	}
	return values != NULL;
}

/* The best of those that were there and of the candidates; where they are equal, those that were
 * there come first, as their places do. */
static bool join(struct q__sorted_hits *sorted, struct q__sorted_hit *joined)
{
	size_t before = 0, next = 0, count = 0;
	struct q__sorted_hit hit;
	bool has_hit = false;

	while (count < sorted->max && (before < sorted->count || next < sorted->candidate_count)) {
		if (!has_hit && next < sorted->candidate_count) {
			if (!make_hit(sorted, &sorted->candidates[next], &hit))
				return false;
			has_hit = true;
		}
		if (before < sorted->count &&
		    (!has_hit || compare_hits(sorted, &sorted->hits[before], &hit) <= 0)) {
			joined[count++] = sorted->hits[before++];
		} else {
			joined[count++] = hit;
			has_hit = false;
			next++;
		}
	}
	sorted->hits = joined;
	sorted->count = count;
	return true;
}

enum q_code q__sorted_hits_end_part(struct q__sorted_hits *sorted, struct q_err *err)
{
	size_t room = sorted->count + sorted->candidate_count;
	struct q__sorted_hit *joined;

	cut(sorted);
	room = room < sorted->max ? room : sorted->max;
	joined = q_arena_alloc_array(sorted->arena, room, sizeof *joined);
	if (joined && join(sorted, joined))
		return Q_OK;
	return q_fail(err, Q_NOMEM, "search_index.search",
		      "the hits take too much memory: ask for fewer at once");
}
