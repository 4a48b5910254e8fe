#include "extract/line.h"

#include <math.h>
#include <stdlib.h>

static const float same_baseline_em = 0.45F; /* an index or a mark stands this far off its line */
static const float backlash_em = 0.3F;	     /* letters may lean over the one before */
static const float usual_leading = 1.2F;

static struct q__line line_start(const struct q__fragment *f, size_t index)
{
	return (struct q__line){
		.first = index,
		.last = index + 1,
		.start = f->start,
		.end = f->end,
		.top = f->top,
		.bottom = f->bottom,
		.baseline = f->baseline,
		.em = f->em,
		.degrees = f->degrees,
		.is_right_to_left = f->is_right_to_left,
		.is_vertical = f->is_vertical,
	};
}

static bool line_continues(const struct q__line *line, const struct q__fragment *last,
			   const struct q__fragment *next)
{
	float em = q__larger(line->em, next->em);

	if (line->degrees != next->degrees || line->is_vertical || next->is_vertical ||
	    fabsf(line->baseline - next->baseline) > same_baseline_em * em)
		return false;
	if (line->is_right_to_left || next->is_right_to_left)
		return next->end < last->start + backlash_em * em;
	return next->start > last->end - backlash_em * em;
}

static void line_add(struct q__line *line, const struct q__fragment *f, size_t index)
{
	line->last = index + 1;
	line->start = q__smaller(line->start, f->start);
	line->end = q__larger(line->end, f->end);
	line->top = q__smaller(line->top, f->top);
	line->bottom = q__larger(line->bottom, f->bottom);
	line->is_right_to_left |= f->is_right_to_left;
	if (f->em > line->em) {
		line->em = f->em;
		line->baseline = f->baseline;
	}
}

bool q__line_is_below(const struct q__line *b, const struct q__line *a)
{
	return a->degrees == b->degrees && b->baseline - a->baseline > 0.5F * a->em &&
	       b->start < a->end && b->end > a->start;
}

float q__line_distance_em(const struct q__line *a, const struct q__line *b)
{
	return (b->baseline - a->baseline) / q__larger(q__larger(a->em, b->em), 1);
}

static int compare_floats(const void *a, const void *b)
{
	float x = *(const float *)a, y = *(const float *)b;

	return (x > y) - (x < y);
}

/* The distance that a quarter of the page's lines keep: single-line paragraphs and headings have
 * more. */
static float find_leading(const struct q__lines *lines, float *distances)
{
	size_t count = 0;

	for (size_t i = 1; i < lines->count; i++)
		if (q__line_is_below(&lines->items[i], &lines->items[i - 1]))
			distances[count++] =
				q__line_distance_em(&lines->items[i - 1], &lines->items[i]);
	if (count == 0)
		return usual_leading;
	qsort(distances, count, sizeof *distances, compare_floats);
	return distances[count / 4];
}

enum q_code q__lines_find(struct q_arena *arena, const struct q__fragments *fragments,
			  struct q__lines *out, struct q_err *err)
{
	float *distances = q_arena_alloc_array(arena, fragments->count, sizeof *distances);
	struct q__line *line = NULL;

	out->count = 0;
	out->items = q_arena_alloc_array(arena, fragments->count, sizeof *out->items);
	if (!out->items || !distances)
		return q_fail(err, Q_NOMEM, "line.find", "%zu fragments", fragments->count);
	for (size_t i = 0; i < fragments->count; i++) {
		const struct q__fragment *f = &fragments->items[i];

		if (line && line_continues(line, f - 1, f)) {
			line_add(line, f, i);
			continue;
		}
		line = &out->items[out->count++];
		*line = line_start(f, i);
	}
	out->leading = find_leading(out, distances);
	return Q_OK;
}
