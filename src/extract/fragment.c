#include "extract/fragment.h"

#include "extract/character.h"

#include <math.h>

static const float below_em = 0.7F;
static const float overlap_share = 0.25F;

struct q__extent q__glyph_extent(const struct q__glyph *g)
{
	float turn, dx, dy, xs[2] = {g->left, g->right}, ys[2] = {g->top, g->bottom};
	struct q__extent e = {INFINITY, -INFINITY, INFINITY, -INFINITY, 0};

	if (g->degrees == 0)
		return (struct q__extent){g->left, g->right, g->top, g->bottom, g->y};
	turn = (float)g->degrees * 0.01745329F;
	dx = cosf(turn);
	dy = sinf(turn);
	for (int i = 0; i < 4; i++) {
		float x = xs[i & 1], y = ys[i >> 1];

		e.start = fminf(e.start, x * dx + y * dy);
		e.end = fmaxf(e.end, x * dx + y * dy);
		e.top = fminf(e.top, y * dx - x * dy);
		e.bottom = fmaxf(e.bottom, y * dx - x * dy);
	}
	e.baseline = g->y * dx - g->x * dy;
	return e;
}

static bool is_break(uint32_t code)
{
	return code == Q__GLYPH_LINE_BREAK;
}

/* Distance between the new ink and the last: 0 where they touch. Right-to-left text comes in the
 * order of reading. */
static float gap_between(const struct q__extent *last, const struct q__extent *next)
{
	return fmaxf(0, fmaxf(next->start - last->end, last->start - next->end));
}

static struct q__fragment fragment_start(const struct q__glyph *glyph, size_t index)
{
	struct q__extent e = q__glyph_extent(glyph);

	return (struct q__fragment){
		.first = index,
		.last = index + 1,
		.start = e.start,
		.end = e.end,
		.top = e.top,
		.bottom = e.bottom,
		.baseline = e.baseline,
		.em = glyph->em,
		.degrees = glyph->degrees,
		.is_right_to_left = q__is_right_to_left(glyph->code),
	};
}

static void fragment_add(struct q__fragment *f, const struct q__glyph *glyph, size_t index,
			 const struct q__extent *e)
{
	f->last = index + 1;
	f->start = fminf(f->start, e->start);
	f->end = fmaxf(f->end, e->end);
	f->top = fminf(f->top, e->top);
	f->bottom = fmaxf(f->bottom, e->bottom);
	f->is_right_to_left |= q__is_right_to_left(glyph->code);
	if (glyph->em > f->em) { /* what came before was small print on it: an index, a mark */
		f->em = glyph->em;
		f->baseline = e->baseline;
	}
}

/* Does this ink carry on where the last ink of the fragment ended? */
static bool continues(const struct q__fragment *f, const struct q__glyph *items,
		      const struct q__glyph *next, const struct q__extent *next_extent)
{
	const struct q__glyph *last = &items[f->last - 1];
	struct q__extent last_extent;

	if (next->degrees != f->degrees || last->code == Q__GLYPH_LINE_HYPHEN)
		return false;
	if (f->is_right_to_left || q__is_right_to_left(next->code))
		return true;
	last_extent = q__glyph_extent(last);
	return gap_between(&last_extent, next_extent) <= Q__CELL_GAP_EM * f->em;
}

/* The engine keeps a column of upright characters in one line. */
static bool is_written_down(const struct q__fragment *f)
{
	return f->last - f->first > 1 && f->bottom - f->top > 2 * (f->end - f->start) &&
	       f->bottom - f->top > 1.5F * f->em;
}

enum q_code q__fragments_find(struct q_arena *arena, const struct q__glyphs *glyphs,
			      struct q__fragments *out, struct q_err *err)
{
	struct q__fragment *current = NULL;

	out->count = 0;
	out->items = q_arena_alloc_array(arena, glyphs->count, sizeof *out->items);
	if (!out->items)
		return q_fail(err, Q_NOMEM, "fragment.find", "%zu glyphs", glyphs->count);
	for (size_t i = 0; i < glyphs->count; i++) {
		const struct q__glyph *glyph = &glyphs->items[i];
		struct q__extent extent;

		if (is_break(glyph->code))
			current = NULL;
		if (is_break(glyph->code) || q__is_space(glyph->code))
			continue;
		extent = q__glyph_extent(glyph);
		if (current && continues(current, glyphs->items, glyph, &extent)) {
			fragment_add(current, glyph, i, &extent);
			continue;
		}
		current = &out->items[out->count++];
		*current = fragment_start(glyph, i);
	}
	for (size_t i = 0; i < out->count; i++)
		out->items[i].is_vertical = is_written_down(&out->items[i]);
	return Q_OK;
}

bool q__fragment_is_below(const struct q__fragment *b, const struct q__fragment *a)
{
	return b->baseline - a->baseline > below_em * fmaxf(a->em, b->em);
}

bool q__fragments_overlap(const struct q__fragment *a, const struct q__fragment *b)
{
	float shared = fminf(a->end, b->end) - fmaxf(a->start, b->start);

	return shared > overlap_share * fminf(a->end - a->start, b->end - b->start);
}
