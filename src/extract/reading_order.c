#include "extract/reading_order.h"

#include "extract/column.h"

#include <string.h>

/* When more than this share of the fragments is out of order, the order of drawing says nothing. */
static const float disorder_share = 0.3F;

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

static bool count_conflicts(struct work *w)
{
	bool found = false;

	for (size_t j = 1; j < w->count; j++) {
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

/* Whoever has the most conflicts is taken out, until nobody has any. False: that would be too many. */
static bool take_out_misplaced(struct work *w)
{
	size_t allowed = (size_t)(disorder_share * (float)w->count) + 1;
	size_t index = worst(w);

	for (size_t taken = 0; w->conflicts[index] > 0; taken++) {
		if (taken == allowed)
			return false;
		take_out(w, index);
		index = worst(w);
	}
	return true;
}

/* Before the first that it must come before; else at the end where it stands below all, else after the last that it
 * must come after. */
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

/* Both stand on one row, and a is read before b. */
static bool comes_first_in_row(const struct q__fragment *a, const struct q__fragment *b)
{
	return a->degrees == b->degrees && !q__fragment_is_below(a, b) &&
	       !q__fragment_is_below(b, a) &&
	       (a->is_right_to_left ? a->start >= b->end : a->end <= b->start);
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

static int16_t main_direction(const struct q__fragments *f)
{
	size_t glyphs_by_degree[360] = {0};
	int16_t best = 0;

	for (size_t i = 0; i < f->count; i++) {
		const struct q__fragment *one = &f->items[i];

		glyphs_by_degree[one->degrees] += one->last - one->first;
		if (glyphs_by_degree[one->degrees] > glyphs_by_degree[best])
			best = one->degrees;
	}
	return best;
}

/* Fragments of the main direction first, by their boxes; the others after them as they came. */
static enum q_code read_by_boxes(struct q_arena *arena, struct work *w, int16_t degrees,
				 struct q_err *err)
{
	size_t main_count = 0;

	w->ordered_count = 0;
	for (size_t i = 0; i < w->count; i++) {
		if (w->items[i].degrees == degrees)
			w->items[main_count++] = w->items[i];
		else
			w->ordered[w->ordered_count++] = w->items[i];
	}
	memcpy(&w->items[main_count], w->ordered, w->ordered_count * sizeof *w->ordered);
	return q__columns_order(arena, w->items, main_count, err);
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
	if (!take_out_misplaced(&w))
		return read_by_boxes(arena, &w, main_direction(fragments), err);
	put_in_order(&w);
	return Q_OK;
}
