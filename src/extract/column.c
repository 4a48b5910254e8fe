#include "extract/column.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
	COLUMN_ROWS_MIN = 4, /* fewer lines are no column */
	DEPTH_MAX = 4,	     /* columns within columns */
};

static const float gutter_em = 0.8F;	  /* at least this wide */
static const float crossing_share = 0.2F; /* of the fragments may cross it, at most */
static const float fill_share = 0.6F; /* of the column's width the median line fills, at least */
static const float column_em = 10;    /* narrower ones are those of a table */
static const float row_em = 0.5F;     /* baselines this close are one row */

struct work {
	struct q__fragment *items;
	struct q__fragment *spare; /* as many; a scratch copy */
	float *widths;		   /* as many */
};

static int compare_floats(const void *a, const void *b)
{
	float x = *(const float *)a, y = *(const float *)b;

	return (x > y) - (x < y);
}

static int by_baseline(const void *a, const void *b)
{
	const struct q__fragment *x = a, *y = b;
	int order = compare_floats(&x->baseline, &y->baseline);

	return order ? order : compare_floats(&x->start, &y->start);
}

static int by_start(const void *a, const void *b)
{
	const struct q__fragment *x = a, *y = b;
	int order = compare_floats(&x->start, &y->start);

	return order ? order : (x->first > y->first) - (x->first < y->first);
}

static int by_start_backwards(const void *a, const void *b)
{
	return by_start(b, a);
}

static bool reads_backwards(const struct q__fragment *items, size_t count)
{
	size_t backwards = 0;

	for (size_t i = 0; i < count; i++)
		backwards += items[i].is_right_to_left;
	return backwards * 2 > count;
}

static void order_rows(struct q__fragment *items, size_t count)
{
	bool backwards = reads_backwards(items, count);
	size_t row = 0;

	qsort(items, count, sizeof *items, by_baseline);
	for (size_t i = 1; i <= count; i++) {
		if (i < count && items[i].baseline - items[row].baseline <
					 row_em * q__larger(items[row].em, items[i].em))
			continue;
		qsort(&items[row], i - row, sizeof *items,
		      backwards ? by_start_backwards : by_start);
		row = i;
	}
}

struct gutter {
	float start, end;
	bool is_found;
};

struct side {
	float start, end;
	size_t count;
	float lowest, highest; /* baselines */
};

/* The median width and the extent of the fragments that lie on one side; true when they are lines
 * of a column. */
static bool is_column(struct work *work, size_t count, const struct gutter *gutter, bool is_left)
{
	struct side side = {INFINITY, -INFINITY, 0, -INFINITY, INFINITY};
	float em = 0;

	for (size_t i = 0; i < count; i++) {
		const struct q__fragment *f = &work->items[i];

		if (is_left ? f->end > gutter->start : f->start < gutter->end)
			continue;
		work->widths[side.count++] = f->end - f->start;
		side.start = q__smaller(side.start, f->start);
		side.end = q__larger(side.end, f->end);
		side.lowest = q__larger(side.lowest, f->baseline);
		side.highest = q__smaller(side.highest, f->baseline);
		em = q__larger(em, f->em);
	}
	if (side.count < COLUMN_ROWS_MIN ||
	    side.lowest - side.highest < COLUMN_ROWS_MIN * em * 0.8F)
		return false;
	qsort(work->widths, side.count, sizeof *work->widths, compare_floats);
	return work->widths[side.count / 2] >= fill_share * (side.end - side.start) &&
	       work->widths[side.count / 2] >= column_em * em;
}

static size_t count_crossing(const struct q__fragment *items, size_t count, float start, float end)
{
	size_t crossing = 0;

	for (size_t i = 0; i < count; i++)
		crossing += items[i].start < end && items[i].end > start;
	return crossing;
}

/* Where the next fragments to the right of `edge` begin, lines that cross it left out. */
static float next_start(const struct q__fragment *items, size_t count, float edge)
{
	float next = INFINITY;

	for (size_t i = 0; i < count; i++)
		if (items[i].start >= edge)
			next = q__smaller(next, items[i].start);
	return next;
}

/* Every right edge may begin a gutter. The one that the fewest fragments cross wins, then the
 * widest. */
static struct gutter find_gutter(struct work *work, size_t count)
{
	size_t fewest = (size_t)(crossing_share * (float)count) + 1;
	struct gutter best = {0};

	for (size_t i = 0; i < count; i++) {
		struct gutter g = {work->items[i].end, 0, true};
		size_t crossing;

		g.end = next_start(work->items, count, g.start);
		if (isinf(g.end) || g.end - g.start < gutter_em * work->items[i].em)
			continue;
		crossing = count_crossing(work->items, count, g.start, g.end);
		if (crossing > fewest ||
		    (crossing == fewest && g.end - g.start <= best.end - best.start))
			continue;
		if (!is_column(work, count, &g, true) || !is_column(work, count, &g, false))
			continue;
		fewest = crossing;
		best = g;
	}
	return best;
}

static void order(struct work *work, size_t count, int depth);

/* A band is what stands between two crossing lines: first the left column of it, then the right
 * one. */
static void order_band(struct work *work, size_t count, const struct gutter *gutter, int depth)
{
	bool backwards = reads_backwards(work->items, count);
	size_t first = 0, second = 0;
	struct work part = *work;

	for (size_t i = 0; i < count; i++) {
		bool is_left = work->items[i].end <= gutter->start;

		if (is_left != backwards)
			work->items[first++] = work->items[i];
		else
			work->spare[second++] = work->items[i];
	}
	memcpy(&work->items[first], work->spare, second * sizeof *work->spare);
	order(&part, first, depth);
	part.items += first;
	order(&part, second, depth);
}

static void order_bands(struct work *work, size_t count, const struct gutter *gutter, int depth)
{
	struct work part = *work;
	size_t band = 0;

	order_rows(work->items, count);
	for (size_t i = 0; i <= count; i++) {
		bool crosses = i < count && work->items[i].start < gutter->end &&
			       work->items[i].end > gutter->start;

		if (i < count && !crosses)
			continue;
		part.items = work->items + band;
		order_band(&part, i - band, gutter, depth);
		band = i + 1;
	}
}

static void order(struct work *work, size_t count, int depth)
{
	struct gutter gutter = {0};

	if (depth < DEPTH_MAX && count >= (size_t)2 * COLUMN_ROWS_MIN)
		gutter = find_gutter(work, count);
	if (gutter.is_found)
		order_bands(work, count, &gutter, depth + 1);
	else
		order_rows(work->items, count);
}

enum q_code q__columns_order(struct q_arena *arena, struct q__fragment *items, size_t count,
			     struct q_err *err)
{
	struct work work = {
		.items = items,
		.spare = q_arena_alloc_array(arena, count, sizeof *items),
		.widths = q_arena_alloc_array(arena, count, sizeof *work.widths),
	};

	if (!work.spare || !work.widths)
		return q_fail(err, Q_NOMEM, "column.order", "%zu fragments", count);
	order(&work, count, 0);
	return Q_OK;
}
