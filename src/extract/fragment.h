/* extract/fragment.h: pieces of a line: characters that follow each other on one baseline without a
 * gap as wide as a table's. Reading order and lines are made of them.
 *
 * Units:     points, in the text's own direction: `start` and `end` along it, `top`, `baseline` and
 * `bottom` across it, the latter growing from line to line. For upright text these are x and y.
 * Ownership: fragments live in the arena; they name glyphs by index.
 * Errors:    Q_NOMEM. */
#ifndef Q_EXTRACT_FRAGMENT_H
#define Q_EXTRACT_FRAGMENT_H

#include "base/arena.h"
#include "base/error.h"
#include "extract/glyph.h"

struct q__fragment {
	size_t first, last; /* glyphs [first, last): both ends are ink */
	float start, end;
	float top, bottom;
	float baseline;
	float em; /* of its largest glyph */
	int16_t degrees;
	bool is_right_to_left;
	bool is_vertical; /* written downwards by upright characters */
};

struct q__fragments {
	struct q__fragment *items;
	size_t count;
};

/* Where a glyph's ink stands, in its own direction. */
struct q__extent {
	float start, end, top, bottom, baseline;
};
struct q__extent q__glyph_extent_turned(const struct q__glyph *glyph);

/* Asked for every character, and nearly all are upright. */
static inline struct q__extent q__glyph_extent(const struct q__glyph *g)
{
	if (g->degrees == 0)
		return (struct q__extent){g->left, g->right, g->top, g->bottom, g->y};
	return q__glyph_extent_turned(g);
}

/* A gap this wide, in ems, parts the cells of a table. */
#define Q__CELL_GAP_EM 1.5F

/* In the order of the glyphs. */
Q_MUST_USE enum q_code q__fragments_find(struct q_arena *arena, const struct q__glyphs *glyphs,
					 struct q__fragments *out, struct q_err *err);

/* The baseline is further down the page than the fragment's, by a line or more. */
static inline bool q__baseline_is_below(float baseline, const struct q__fragment *f)
{
	return baseline - f->baseline > 0.7F * f->em;
}

/* b is further down than a, by a line or more of both. */
static inline bool q__fragment_is_below(const struct q__fragment *b, const struct q__fragment *a)
{
	return q__baseline_is_below(b->baseline, a) && b->baseline - a->baseline > 0.7F * b->em;
}

/* One stands over the other: their extents share a fair part of the narrower one's. */
bool q__fragments_overlap(const struct q__fragment *a, const struct q__fragment *b);

#endif
