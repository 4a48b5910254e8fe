#include "extract/line_break.h"

#include "extract/character.h"

static const float paragraph_leading = 1.25F; /* times the usual distance */
static const float paragraph_size = 1.2F;     /* times the size of the letters */
static const float indent_min_em = 0.8F, indent_max_em = 6;
static const float hanging_em = 0.3F;
static const float short_line_em =
	1.5F; /* so far from the margin ends the last line of a paragraph */

static size_t first_glyph(const struct q__page_parts *parts, const struct q__line *line)
{
	return parts->fragments->items[line->first].first;
}

static bool begins_lower(const struct q__page_parts *parts, const struct q__line *line)
{
	return q__is_lower(parts->glyphs->items[first_glyph(parts, line)].code);
}

static bool stand_side_by_side(const struct q__line *a, const struct q__line *b)
{
	return a->top < b->bottom && b->top < a->bottom;
}

/* b begins further right than the line after it, and a ended early: the first line of a paragraph.
 */
static bool is_indented(const struct q__page_parts *parts, const struct q__line *a,
			const struct q__line *b, const struct q__line *next)
{
	float indent, margin;

	if (!next || !q__line_is_below(next, b) || a->is_right_to_left || b->is_right_to_left)
		return false;
	indent = (b->start - next->start) / b->em;
	margin = q__larger(q__larger(a->end, b->end), next->end);
	return indent > indent_min_em && indent < indent_max_em && !begins_lower(parts, b) &&
	       b->start > a->start - hanging_em * b->em && margin - a->end > short_line_em * a->em;
}

static bool is_paragraph(const struct q__page_parts *parts, const struct q__line *a,
			 const struct q__line *b)
{
	const struct q__line *end = parts->lines->items + parts->lines->count;

	if (a->degrees != b->degrees ||
	    q__larger(a->em, b->em) > paragraph_size * q__smaller(a->em, b->em))
		return true;
	/* In a new column a sentence may go on; beside it stands the rest of a table's row. */
	if (!q__line_is_below(b, a))
		return !begins_lower(parts, b) && !stand_side_by_side(a, b);
	return q__line_distance_em(a, b) > paragraph_leading * parts->lines->leading ||
	       is_indented(parts, a, b, b + 1 < end ? b + 1 : NULL);
}

static enum q__hyphen hyphen_between(struct q__page_parts *parts, const struct q__line *a,
				     const struct q__line *b)
{
	const struct q__fragment *last = &parts->fragments->items[b[-1].last - 1];

	if (a->degrees != b->degrees || a->is_vertical)
		return Q__HYPHEN_NONE;
	return q__hyphen_at_line_end(&parts->hyphens, last->first, last->last,
				     first_glyph(parts, b));
}

enum q__line_break q__line_break_after(struct q__page_parts *parts, size_t index)
{
	const struct q__line *a = &parts->lines->items[index], *b = a + 1;

	if (is_paragraph(parts, a, b))
		return Q__BREAK_PARAGRAPH;
	switch (hyphen_between(parts, a, b)) {
	case Q__HYPHEN_DROPPED:
		return Q__BREAK_WORD;
	case Q__HYPHEN_KEPT:
		return Q__BREAK_WORD_KEEPS_HYPHEN;
	case Q__HYPHEN_NONE:
		break;
	}
	return Q__BREAK_LINE;
}
