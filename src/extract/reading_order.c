#include "extract/reading_order.h"

#include "extract/column.h"

#include <string.h>

/* When more than this share of the fragments is out of place, the order of drawing says nothing. */
static const float misplaced_share = 0.25F;

/* So many fragments, each further down or to the right than the one before, were drawn as they are
 * read. */
enum { CALM_RUN_MIN = 10 };

/* Fragments between calm runs are read by their boxes when some jump back, and not just up to a
 * new column. */
static const float jump_share = 0.15F;
enum { JUMPS_MIN = 3 };

struct work {
	struct q__fragment *items; /* in the order of drawing */
	size_t count;
	size_t *conflicts; /* of each: with how many others it is in the wrong order */
	bool *is_misplaced;
	struct q__fragment *ordered;
	size_t ordered_count;
};

/* `later` stands below `f` in its column: it is read after it. */
static bool must_follow(const struct q__fragment *later, const struct q__fragment *f)
{
	return later->degrees == f->degrees && q__fragment_is_below(later, f) &&
	       q__fragments_overlap(later, f);
}

/* Both stand on one row, and a is read before b. */
static bool comes_first_in_row(const struct q__fragment *a, const struct q__fragment *b)
{
	return a->degrees == b->degrees && !q__fragment_is_below(a, b) &&
	       !q__fragment_is_below(b, a) &&
	       (a->is_right_to_left ? a->start >= b->end : a->end <= b->start);
}

static bool count_conflicts(struct work *w)
{
	float lowest = w->items[0].baseline;
	bool found = false;

	memset(w->conflicts, 0, w->count * sizeof *w->conflicts);
	for (size_t j = 1; j < w->count; j++) {
		if (!q__baseline_is_below(lowest,
					  &w->items[j])) { /* all the way down: most pages */
			lowest = q__larger(lowest, w->items[j].baseline);
			continue;
		}
		for (size_t i = 0; i < j; i++) {
			if (!must_follow(&w->items[i], &w->items[j]))
				continue;
			w->conflicts[i]++;
			w->conflicts[j]++;
			found = true;
		}
	}
	return found;
}

static int16_t main_direction(const struct q__fragment *items, size_t count)
{
	size_t glyphs_by_degree[360] = {0};
	int16_t best = 0;

	for (size_t i = 0; i < count; i++) {
		int16_t degrees = items[i].degrees;

		glyphs_by_degree[degrees] += items[i].last - items[i].first;
		if (glyphs_by_degree[degrees] > glyphs_by_degree[best])
			best = degrees;
	}
	return best;
}

/* Items [first, last): those of the main direction first, by their boxes; the others after them as
 * they came. */
static enum q_code read_by_boxes(struct q_arena *arena, struct work *w, size_t first, size_t last,
				 struct q_err *err)
{
	int16_t degrees = main_direction(&w->items[first], last - first);
	size_t main_end = first, other_count = 0;

	for (size_t i = first; i < last; i++) {
		if (w->items[i].degrees == degrees)
			w->items[main_end++] = w->items[i];
		else
			w->ordered[other_count++] = w->items[i];
	}
	memcpy(&w->items[main_end], w->ordered, other_count * sizeof *w->ordered);
	return q__columns_order(arena, &w->items[first], main_end - first, err);
}

static bool goes_on(const struct q__fragment *a, const struct q__fragment *b)
{
	return a->degrees == b->degrees && !q__fragment_is_below(a, b) && !comes_first_in_row(b, a);
}

static size_t run_end(const struct work *w, size_t start)
{
	size_t end = start + 1;

	while (end < w->count && goes_on(&w->items[end - 1], &w->items[end]))
		end++;
	return end;
}

static bool jumps_about(const struct q__fragment *items, size_t count)
{
	size_t jumps = 0;

	for (size_t i = 1; i < count; i++) {
		const struct q__fragment *a = &items[i - 1], *b = &items[i];

		if (a->degrees == b->degrees && q__fragment_is_below(a, b) &&
		    (b->is_right_to_left ? b->end > a->start : b->start < a->end))
			jumps++;
	}
	return jumps >= JUMPS_MIN && (float)jumps > jump_share * (float)count;
}

/* Puts what was drawn without order between calm runs - the labels of a chart, a table, or all of
 * the page - in the order of its boxes. */
static enum q_code order_wild_parts(struct q_arena *arena, struct work *w, struct q_err *err)
{
	size_t wild = 0; /* where the part began that no calm run has ended yet */
	enum q_code code = Q_OK;

	for (size_t start = 0; start < w->count && code == Q_OK;) {
		size_t end = run_end(w, start);
		bool is_calm = end - start >= CALM_RUN_MIN;
		size_t wild_end = is_calm ? start : end;

		if ((is_calm || end == w->count) && jumps_about(&w->items[wild], wild_end - wild))
			code = read_by_boxes(arena, w, wild, wild_end, err);
		if (is_calm)
			wild = end;
		start = end;
	}
	return code;
}

static size_t worst(const struct work *w)
{
	size_t found = 0;

	for (size_t i = 1; i < w->count; i++)
		if (w->conflicts[i] > w->conflicts[found])
			found = i;
	return found;
}

/* Takes one out: those that it was in the wrong order with have one conflict less. */
static void take_out(struct work *w, size_t index)
{
	w->is_misplaced[index] = true;
	w->conflicts[index] = 0;
	for (size_t i = 0; i < w->count; i++) {
		bool first_is_index = index < i;
		const struct q__fragment *a = &w->items[first_is_index ? index : i];
		const struct q__fragment *b = &w->items[first_is_index ? i : index];

		if (i != index && !w->is_misplaced[i] && must_follow(a, b))
			w->conflicts[i]--;
	}
}

/* Whoever has the most conflicts is taken out, until nobody has any. False: that would be too many.
 */
static bool take_out_misplaced(struct work *w)
{
	size_t allowed = (size_t)(misplaced_share * (float)w->count) + 1;
	size_t index = worst(w);

	for (size_t taken = 0; w->conflicts[index] > 0; taken++) {
		if (taken == allowed)
			return false;
		take_out(w, index);
		index = worst(w);
	}
	return true;
}

/* Before the first that it must come before; else at the end where it stands below all, else after
 * the last that it must come after. */
static size_t place_for(const struct work *w, const struct q__fragment *f)
{
	size_t after = 0, below = 0;

	for (size_t i = 0; i < w->ordered_count; i++) {
		if (must_follow(&w->ordered[i], f))
			return i;
		if (must_follow(f, &w->ordered[i]))
			after = i + 1;
		below += q__fragment_is_below(f, &w->ordered[i]);
	}
	return after == 0 || below == w->ordered_count ? w->ordered_count : after;
}

/* Neighbours in the order that stand on the same row are read from its start. */
static size_t place_in_row(const struct work *w, const struct q__fragment *f, size_t place)
{
	while (place > 0 && comes_first_in_row(f, &w->ordered[place - 1]))
		place--;
	while (place < w->ordered_count && comes_first_in_row(&w->ordered[place], f))
		place++;
	return place;
}

static void put_in(struct work *w, const struct q__fragment *f)
{
	size_t place = place_in_row(w, f, place_for(w, f));

	memmove(&w->ordered[place + 1], &w->ordered[place],
		(w->ordered_count - place) * sizeof *w->ordered);
	w->ordered[place] = *f;
	w->ordered_count++;
}

static void put_in_order(struct work *w)
{
	for (size_t i = 0; i < w->count; i++)
		if (!w->is_misplaced[i])
			w->ordered[w->ordered_count++] = w->items[i];
	for (size_t i = 0; i < w->count; i++)
		if (w->is_misplaced[i])
			put_in(w, &w->items[i]);
	memcpy(w->items, w->ordered, w->count * sizeof *w->items);
}

enum q_code q__reading_order_restore(struct q_arena *arena, struct q__fragments *fragments,
				     struct q_err *err)
{
	size_t count = fragments->count;
	struct work w = {.items = fragments->items, .count = count};

	if (count < 2 || count > Q__ORDER_FRAGMENTS_MAX)
		return Q_OK;
	w.conflicts = q_arena_alloc_array(arena, count, sizeof *w.conflicts);
	w.is_misplaced = q_arena_alloc_array(arena, count, sizeof *w.is_misplaced);
	w.ordered = q_arena_alloc_array(arena, count, sizeof *w.ordered);
	if (!w.conflicts || !w.is_misplaced || !w.ordered)
		return q_fail(err, Q_NOMEM, "reading_order", "%zu fragments", count);
	if (!count_conflicts(&w))
		return Q_OK;
	if (order_wild_parts(arena, &w, err) != Q_OK)
		return err->code;
	if (!count_conflicts(&w))
		return Q_OK;
	if (!take_out_misplaced(&w))
		return read_by_boxes(arena, &w, 0, count, err);
	put_in_order(&w);
	return Q_OK;
}
