#include "extract/fragment.h"

#include "extract/character.h"

#include <math.h>
#include <string.h>

static const float overlap_share = 0.25F;

struct q__extent q__glyph_extent_turned(const struct q__glyph *g)
{
	const float turn = (float)g->degrees * 0.01745329F, dx = cosf(turn), dy = sinf(turn);
	const float xs[2] = {g->left, g->right}, ys[2] = {g->top, g->bottom};
	struct q__extent e = {INFINITY, -INFINITY, INFINITY, -INFINITY, 0};

	for (int i = 0; i < 4; i++) {
		float x = xs[i & 1], y = ys[i >> 1];

		e.start = q__smaller(e.start, x * dx + y * dy);
		e.end = q__larger(e.end, x * dx + y * dy);
		e.top = q__smaller(e.top, y * dx - x * dy);
		e.bottom = q__larger(e.bottom, y * dx - x * dy);
	}
	e.baseline = g->y * dx - g->x * dy;
	return e;
}

/* A piece of a line that is being put together. */
struct draft {
	struct q_arena *arena;
	struct q__fragments *out;
	size_t limit;		      /* of its items */
	struct q__fragment *fragment; /* NULL: the next ink begins one */
	struct q__extent last;	      /* of its last ink */
	bool is_closed;		      /* by a hyphen that the engine says ends the line */
};

static struct q__fragment fragment_start(const struct q__glyph *glyph, size_t index,
					 const struct q__extent *e)
{
	return (struct q__fragment){
		.first = index,
		.last = index + 1,
		.start = e->start,
		.end = e->end,
		.top = e->top,
		.bottom = e->bottom,
		.baseline = e->baseline,
		.em = glyph->em,
		.degrees = glyph->degrees,
		.is_right_to_left = q__is_right_to_left(glyph->code),
	};
}

static void fragment_add(struct q__fragment *f, const struct q__glyph *glyph, size_t index,
			 const struct q__extent *e)
{
	f->last = index + 1;
	f->start = q__smaller(f->start, e->start);
	f->end = q__larger(f->end, e->end);
	f->top = q__smaller(f->top, e->top);
	f->bottom = q__larger(f->bottom, e->bottom);
	f->is_right_to_left |= q__is_right_to_left(glyph->code);
	if (glyph->em > f->em) { /* what came before was small print on it: an index, a mark */
		f->em = glyph->em;
		f->baseline = e->baseline;
	}
}

/* Does this ink carry on where the last one ended? Right-to-left text comes in the order of
 * reading. */
static bool continues(const struct draft *draft, const struct q__glyph *next,
		      const struct q__extent *extent)
{
	const struct q__fragment *f = draft->fragment;
	float gap;

	if (!f || draft->is_closed || next->degrees != f->degrees)
		return false;
	if (f->is_right_to_left || q__is_right_to_left(next->code))
		return true;
	gap = q__larger(extent->start - draft->last.end, draft->last.start - extent->end);
	return gap <= Q__CELL_GAP_EM * f->em;
}

/* The engine keeps a column of upright characters in one line. */
static bool is_written_down(const struct q__fragment *f)
{
	return f->last - f->first > 1 && f->bottom - f->top > 2 * (f->end - f->start) &&
	       f->bottom - f->top > 1.5F * f->em;
}

/* For one more. The arena keeps what was too small. */
static bool make_room(struct draft *draft)
{
	struct q__fragments *out = draft->out;
	struct q__fragment *items;

	if (out->count < draft->limit)
		return true;
	items = q_arena_alloc_array(draft->arena, 2 * draft->limit, sizeof *items);
	if (!items)
		return false;
	memcpy(items, out->items, out->count * sizeof *items);
	out->items = items;
	draft->limit *= 2;
	return true;
}

/* False: no memory. */
static bool add_ink(struct draft *draft, const struct q__glyph *glyph, size_t index)
{
	const struct q__extent extent = q__glyph_extent(glyph);

	if (continues(draft, glyph, &extent)) {
		fragment_add(draft->fragment, glyph, index, &extent);
	} else {
		if (!make_room(draft))
			return false;
		draft->fragment = &draft->out->items[draft->out->count++];
		*draft->fragment = fragment_start(glyph, index, &extent);
	}
	draft->last = extent;
	draft->is_closed = glyph->code == Q__GLYPH_LINE_HYPHEN;
	return true;
}

static bool add_glyphs(struct draft *draft, const struct q__glyphs *glyphs)
{
	for (size_t i = 0; i < glyphs->count; i++) {
		const struct q__glyph *glyph = &glyphs->items[i];

		if (glyph->code == Q__GLYPH_LINE_BREAK)
			draft->fragment = NULL;
		else if (!q__is_space(glyph->code) && !add_ink(draft, glyph, i))
			return false;
	}
	return true;
}

enum q_code q__fragments_find(struct q_arena *arena, const struct q__glyphs *glyphs,
			      struct q__fragments *out, struct q_err *err)
{
	struct draft draft = {
		.arena = arena,
		.out = out,
		.limit = glyphs->count / 8 + 64, /* more than nearly all pages have */
	};

	out->count = 0;
	out->items = q_arena_alloc_array(arena, draft.limit, sizeof *out->items);
	if (!out->items || !add_glyphs(&draft, glyphs))
		return q_fail(err, Q_NOMEM, "fragment.find", "%zu glyphs", glyphs->count);
	for (size_t i = 0; i < out->count; i++)
		out->items[i].is_vertical = is_written_down(&out->items[i]);
	return Q_OK;
}

bool q__fragments_overlap(const struct q__fragment *a, const struct q__fragment *b)
{
	float shared = q__smaller(a->end, b->end) - q__larger(a->start, b->start);

	return shared > overlap_share * q__smaller(a->end - a->start, b->end - b->start);
}
