#include "extract/reading_order.h"

#include "extract/column.h"

#include <string.h>

/* From this share of jumps back on, the order of drawing says nothing. */
static const float disorder_share = 0.15F;
enum { DISORDER_JUMPS_MIN = 3 };

/* `later` has been read although it stands below `f` in its column. */
static bool must_follow(const struct q__fragment *later, const struct q__fragment *f)
{
	return later->degrees == f->degrees && q__fragment_is_below(later, f) &&
	       q__fragments_overlap(later, f);
}

static size_t first_that_must_follow(const struct q__fragment *items, size_t count,
				     const struct q__fragment *f)
{
	for (size_t i = 0; i < count; i++)
		if (must_follow(&items[i], f))
			return i;
	return count;
}

struct disorder {
	size_t misplaced; /* fragments that stand above one that came before */
	size_t jumps;	  /* those among them that begin a new way down */
};

static struct disorder measure(const struct q__fragments *f)
{
	struct disorder d = {0};

	for (size_t i = 1; i < f->count; i++) {
		if (first_that_must_follow(f->items, i, &f->items[i]) == i)
			continue;
		d.misplaced++;
		if (q__fragment_is_below(&f->items[i - 1], &f->items[i]))
			d.jumps++;
	}
	return d;
}

static void move_back(struct q__fragment *items, size_t from, size_t to)
{
	struct q__fragment moved = items[from];

	memmove(&items[to + 1], &items[to], (from - to) * sizeof *items);
	items[to] = moved;
}

static void move_misplaced(struct q__fragments *f)
{
	for (size_t i = 1; i < f->count; i++) {
		size_t to = first_that_must_follow(f->items, i, &f->items[i]);

		if (to < i)
			move_back(f->items, i, to);
	}
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
static enum q_code read_by_boxes(struct q_arena *arena, struct q__fragments *f, struct q_err *err)
{
	int16_t degrees = main_direction(f);
	struct q__fragment *others = q_arena_alloc_array(arena, f->count, sizeof *others);
	size_t other_count = 0, main_count = 0;

	if (!others)
		return q_fail(err, Q_NOMEM, "reading_order", "%zu fragments", f->count);
	for (size_t i = 0; i < f->count; i++) {
		if (f->items[i].degrees == degrees)
			f->items[main_count++] = f->items[i];
		else
			others[other_count++] = f->items[i];
	}
	memcpy(&f->items[main_count], others, other_count * sizeof *others);
	return q__columns_order(arena, f->items, main_count, err);
}

enum q_code q__reading_order_restore(struct q_arena *arena, struct q__fragments *fragments,
				     struct q_err *err)
{
	struct disorder d;

	if (fragments->count < 2 || fragments->count > Q__ORDER_FRAGMENTS_MAX)
		return Q_OK;
	d = measure(fragments);
	if (d.misplaced == 0)
		return Q_OK;
	if (d.jumps >= DISORDER_JUMPS_MIN &&
	    (float)d.jumps > disorder_share * (float)fragments->count)
		return read_by_boxes(arena, fragments, err);
	move_misplaced(fragments);
	return Q_OK;
}
