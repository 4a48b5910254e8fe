#include "extract/line.h"

#include "extract/character.h"

#include <math.h>
#include <stdlib.h>

static const float same_baseline_em = 0.45F; /* an index or a mark stands this far off its line */
static const float backlash_em = 0.3F;	     /* letters may lean over the one before */
static const float usual_leading = 1.2F;
static const float paragraph_leading = 1.25F; /* times the usual distance */
static const float paragraph_size = 1.2F;     /* times the size of the letters */
static const float indent_min_em = 0.8F, indent_max_em = 6;
static const float short_line_em =
	1.5F; /* a line that ends this far from the margin may end a paragraph */

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
	float em = fmaxf(line->em, next->em);

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
	line->start = fminf(line->start, f->start);
	line->end = fmaxf(line->end, f->end);
	line->top = fminf(line->top, f->top);
	line->bottom = fmaxf(line->bottom, f->bottom);
	line->is_right_to_left |= f->is_right_to_left;
	if (f->em > line->em) {
		line->em = f->em;
		line->baseline = f->baseline;
	}
}

static bool line_is_below(const struct q__line *b, const struct q__line *a)
{
	return a->degrees == b->degrees && b->baseline - a->baseline > 0.5F * a->em &&
	       b->start < a->end && b->end > a->start;
}

static float distance_em(const struct q__line *a, const struct q__line *b)
{
	return (b->baseline - a->baseline) / fmaxf(fmaxf(a->em, b->em), 1);
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
		if (line_is_below(&lines->items[i], &lines->items[i - 1]))
			distances[count++] = distance_em(&lines->items[i - 1], &lines->items[i]);
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

static const struct q__glyph *line_first_glyph(const struct q__page_parts *parts,
					       const struct q__line *line)
{
	return &parts->glyphs->items[parts->fragments->items[line->first].first];
}

static const struct q__fragment *line_last_fragment(const struct q__page_parts *parts,
						    const struct q__line *line)
{
	return &parts->fragments->items[line->last - 1];
}

/* A letter or digit, or the hyphen between two: what a word with hyphens is made of. */
static bool is_word(uint32_t code)
{
	return q__is_letter(code) || q__is_digit(code);
}

struct word {
	const struct q__glyph *first;
	size_t length;
};

static struct word word_before(const struct q__page_parts *parts, const struct q__fragment *f)
{
	const struct q__glyph *first = &parts->glyphs->items[f->first];
	const struct q__glyph *hyphen = &parts->glyphs->items[f->last - 1];
	const struct q__glyph *start = hyphen;

	while (start > first && is_word(start[-1].code))
		start--;
	return (struct word){start, (size_t)(hyphen - start)};
}

static struct word word_after(const struct q__page_parts *parts, const struct q__line *line)
{
	const struct q__glyph *first = line_first_glyph(parts, line);
	const struct q__glyph *end = parts->glyphs->items + parts->glyphs->count;
	const struct q__glyph *stop = first;

	while (stop < end && is_word(stop->code))
		stop++;
	return (struct word){first, (size_t)(stop - first)};
}

static bool word_is_at(const struct q__glyphs *glyphs, size_t at, struct word word)
{
	if (word.length > glyphs->count - at)
		return false;
	for (size_t i = 0; i < word.length; i++)
		if (glyphs->items[at + i].code != word.first[i].code)
			return false;
	return true;
}

/* Does the page write the two with a hyphen elsewhere, inside a line? Then the hyphen is a part of
 * the word. */
static bool page_has_compound(struct q__page_parts *parts, struct word left, struct word right)
{
	const struct q__glyphs *g = parts->glyphs;

	if (parts->searches_left == 0)
		return false;
	parts->searches_left--;
	for (size_t i = 0; i + left.length + 1 + right.length <= g->count; i++)
		if (g->items[i + left.length].code == '-' && word_is_at(g, i, left) &&
		    word_is_at(g, i + left.length + 1, right))
			return true;
	return false;
}

static bool is_part_of_word(uint32_t hyphen)
{
	return hyphen != 0xad;
}

/* Not broken: Q__BREAK_LINE. */
static enum q__line_break word_break(struct q__page_parts *parts, const struct q__line *a,
				     const struct q__line *b)
{
	const struct q__fragment *last = line_last_fragment(parts, a);
	uint32_t hyphen = parts->glyphs->items[last->last - 1].code;
	uint32_t next = line_first_glyph(parts, b)->code;
	struct word left, right;

	if (!q__is_hyphen(hyphen) || !is_word(next))
		return Q__BREAK_LINE;
	left = word_before(parts, last);
	right = word_after(parts, b);
	if (left.length == 0)
		return Q__BREAK_LINE;
	if (!is_part_of_word(hyphen))
		return Q__BREAK_WORD;
	if (!q__is_lower(next) || !q__is_letter(left.first[left.length - 1].code))
		return line_is_below(b, a) ? Q__BREAK_WORD_KEEPS_HYPHEN : Q__BREAK_LINE;
	/* "state-of-" goes on "the-art": who hyphenates once in a word does so again. */
	if (left.first > &parts->glyphs->items[last->first] && q__is_hyphen(left.first[-1].code))
		return Q__BREAK_WORD_KEEPS_HYPHEN;
	return page_has_compound(parts, left, right) ? Q__BREAK_WORD_KEEPS_HYPHEN : Q__BREAK_WORD;
}

/* b begins further right than the line after it, and a ended early. */
static bool is_indented(const struct q__line *a, const struct q__line *b,
			const struct q__line *next)
{
	float indent, margin;

	if (!next || !line_is_below(next, b) || a->is_right_to_left || b->is_right_to_left)
		return false;
	indent = (b->start - next->start) / b->em;
	margin = fmaxf(fmaxf(a->end, b->end), next->end);
	return indent > indent_min_em && indent < indent_max_em &&
	       b->start > a->start - backlash_em * b->em && margin - a->end > short_line_em * a->em;
}

static bool is_paragraph(const struct q__page_parts *parts, const struct q__line *a,
			 const struct q__line *b)
{
	const struct q__line *end = parts->lines->items + parts->lines->count;
	float larger = fmaxf(a->em, b->em), smaller = fminf(a->em, b->em);

	if (a->degrees != b->degrees || larger > paragraph_size * smaller)
		return true;
	if (!line_is_below(b, a)) /* a new column: a sentence may go on there */
		return !q__is_lower(line_first_glyph(parts, b)->code);
	return distance_em(a, b) > paragraph_leading * parts->lines->leading ||
	       is_indented(a, b, b + 1 < end ? b + 1 : NULL);
}

enum q__line_break q__line_break_after(struct q__page_parts *parts, size_t index)
{
	const struct q__line *a = &parts->lines->items[index];
	const struct q__line *b = a + 1;
	enum q__line_break found = Q__BREAK_LINE;

	if (a->degrees == b->degrees && !a->is_vertical)
		found = word_break(parts, a, b);
	if (found == Q__BREAK_LINE && is_paragraph(parts, a, b))
		found = Q__BREAK_PARAGRAPH;
	return found;
}
