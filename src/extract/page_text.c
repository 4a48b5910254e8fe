/* Characters become fragments (fragment.c), fragments are put in order (reading_order.c) and into
 * lines (line.c); here the lines are written. */
#include "extract/page_text.h"

#include "base/utf8.h"
#include "extract/character.h"
#include "extract/fragment.h"
#include "extract/line_break.h"
#include "extract/reading_order.h"

#include <math.h>
#include <string.h>

/* A gap this wide between two letters is a space, where the page draws none. Inside a line the
 * engine has found most of them; between two fragments it has not looked. */
static const float space_in_line_em = 0.35F;
static const float space_between_em = 0.15F;

static const float reach_points = 1e6F;

struct writer {
	struct q_arena *arena;
	struct q__page_text *out;
	size_t box_limit;	 /* of both arrays: a character takes four bytes at most */
	enum q__line_break owed; /* a break that waits for the end of the word, when is_owing */
	bool is_owing;
};

/* Twice as much room; the arena keeps the old. False: no memory. */
static bool grow(struct writer *w)
{
	struct q__page_text *out = w->out;
	struct q_extract_box *boxes =
		q_arena_alloc_array(w->arena, 2 * w->box_limit, sizeof *boxes);
	char *text = q_arena_alloc(w->arena, 8 * w->box_limit);

	if (!boxes || !text)
		return false;
	memcpy(boxes, out->boxes, out->box_count * sizeof *boxes);
	memcpy(text, out->text, out->text_length);
	out->boxes = boxes;
	out->text = text;
	w->box_limit *= 2;
	return true;
}

/* Writes the character behind the text, where there is room for each box's four bytes. */
static size_t encode(uint32_t code, char *out)
{
	if (code >= 0x80)
		return q_utf8_encode(code, out);
	*out = (char)code;
	return 1;
}

static void put(struct writer *w, uint32_t code, const struct q_extract_box *box)
{
	struct q__page_text *out = w->out;
	size_t length;

	if (out->box_count == w->box_limit && !grow(w)) {
		out->flags |= Q__PAGE_TRUNCATED;
		return;
	}
	length = encode(code, out->text + out->text_length);
	if (out->text_length + length > Q_EXTRACT_PAGE_TEXT_MAX) {
		out->flags |= Q__PAGE_TRUNCATED;
		return;
	}
	out->text_length += length;
	out->boxes[out->box_count++] = box ? *box : (struct q_extract_box){0};
}

static void put_break(struct writer *w, enum q__line_break kind)
{
	put(w, '\n', NULL);
	if (kind == Q__BREAK_PARAGRAPH)
		put(w, '\n', NULL);
}

/* Once the rest of a broken word is written, its line ends. */
static void put_gap(struct writer *w, char gap)
{
	if (w->is_owing)
		put_break(w, w->owed);
	else
		put(w, (unsigned char)gap, NULL);
	w->is_owing = false;
}

/* The letters of a ligature share its box. */
static void put_glyph(struct writer *w, const struct q__glyph *g)
{
	uint32_t letters[Q__LETTERS_MAX];
	uint32_t code = g->code == Q__GLYPH_LINE_HYPHEN ? '-' : g->code;
	bool is_upright = g->degrees % 180 == 0;
	size_t count = 1;

	letters[0] = code;
	if (code <= 0x20 || code >= 0x7f) /* most of what pages say is ASCII */
		count = q__character_text(code, letters);
	if (count == 1) {
		put(w, letters[0], &(struct q_extract_box){g->left, g->top, g->right, g->bottom});
		return;
	}
	for (size_t i = 0; i < count; i++) {
		struct q_extract_box box = {g->left, g->top, g->right, g->bottom};
		float from = (float)i / (float)count, to = (float)(i + 1) / (float)count;

		if (is_upright) {
			box.left = g->left + from * (g->right - g->left);
			box.right = g->left + to * (g->right - g->left);
		} else {
			box.top = g->top + from * (g->bottom - g->top);
			box.bottom = g->top + to * (g->bottom - g->top);
		}
		put(w, letters[i], &box);
	}
}

/* Letters in scripts without spaces, or in the other direction, keep the gaps that the engine gave
 * them. */
static bool may_lack_space(const struct q__glyph *a, const struct q__glyph *b)
{
	return !q__is_wide(a->code) && !q__is_wide(b->code) && !q__is_right_to_left(a->code) &&
	       !q__is_right_to_left(b->code);
}

static bool is_wide_gap(const struct q__glyph *a, const struct q__glyph *b, float em)
{
	float gap = b->left - a->right;

	if (a->degrees != 0 || b->degrees != 0)
		gap = q__glyph_extent(b).start - q__glyph_extent(a).end;
	return gap > space_in_line_em * em && may_lack_space(a, b);
}

static void put_fragment(struct writer *w, const struct q__glyphs *glyphs,
			 const struct q__fragment *f, bool drops_last)
{
	const struct q__glyph *last = NULL; /* ink */
	bool has_space = false;

	for (size_t i = f->first; i < f->last - drops_last; i++) {
		const struct q__glyph *g = &glyphs->items[i];

		if (q__is_space(g->code)) {
			has_space = true;
			continue;
		}
		if (has_space || (last && !f->is_vertical && is_wide_gap(last, g, f->em)))
			put_gap(w, ' ');
		put_glyph(w, g);
		has_space = false;
		last = g;
	}
}

static void put_gap_between(struct writer *w, const struct q__fragment *a,
			    const struct q__fragment *b)
{
	float em = q__larger(a->em, b->em);
	float gap = q__larger(b->start - a->end, a->start - b->end);

	if (gap > Q__CELL_GAP_EM * em)
		put_gap(w, '\t');
	else if (gap > space_between_em * em)
		put_gap(w, ' ');
}

static void put_line(struct writer *w, const struct q__page_parts *parts,
		     const struct q__line *line, bool drops_last)
{
	const struct q__fragment *fragments = parts->fragments->items;

	for (size_t i = line->first; i < line->last; i++) {
		if (i > line->first)
			put_gap_between(w, &fragments[i - 1], &fragments[i]);
		put_fragment(w, parts->glyphs, &fragments[i], drops_last && i + 1 == line->last);
	}
}

static void put_lines(struct writer *w, struct q__page_parts *parts)
{
	const struct q__lines *lines = parts->lines;

	for (size_t i = 0; i < lines->count; i++) {
		enum q__line_break after = Q__BREAK_LINE;

		if (i + 1 < lines->count)
			after = q__line_break_after(parts, i);
		put_line(w, parts, &lines->items[i], after == Q__BREAK_WORD);
		w->is_owing = after == Q__BREAK_WORD || after == Q__BREAK_WORD_KEEPS_HYPHEN;
		if (w->is_owing)
			w->owed = Q__BREAK_LINE;
		else
			put_break(w, after);
	}
}

/* The engine gives every letter of a ligature the box of the whole. */
static void share_box(struct q__glyph *items, size_t count)
{
	const struct q__glyph whole = items[0];
	bool is_upright = whole.degrees % 180 == 0;
	bool is_reversed = whole.degrees >= 180 || q__is_right_to_left(whole.code);

	for (size_t i = 0; i < count; i++) {
		size_t place = is_reversed ? count - 1 - i : i;
		float from = (float)place / (float)count, to = (float)(place + 1) / (float)count;

		if (is_upright) {
			items[i].left = whole.left + from * (whole.right - whole.left);
			items[i].right = whole.left + to * (whole.right - whole.left);
		} else {
			items[i].top = whole.top + from * (whole.bottom - whole.top);
			items[i].bottom = whole.top + to * (whole.bottom - whole.top);
		}
	}
}

static bool is_same_place(const struct q__glyph *a, const struct q__glyph *b)
{
	return a->left == b->left && a->right == b->right && a->top == b->top &&
	       a->bottom == b->bottom && a->left < a->right && a->top < a->bottom;
}

/* Pages may draw at infinity; further than this no page reaches. */
static float within_reach(float value)
{
	return value > -reach_points && value < reach_points ? value : 0;
}

/* False for NaN as well. */
static bool is_within_reach(const struct q__glyph *g)
{
	return fabsf(g->left) + fabsf(g->top) + fabsf(g->right) + fabsf(g->bottom) + fabsf(g->x) +
		       fabsf(g->y) + fabsf(g->em) <
	       reach_points;
}

static void bring_within_reach(struct q__glyphs *glyphs)
{
	for (size_t i = 0; i < glyphs->count; i++) {
		struct q__glyph *g = &glyphs->items[i];

		if (is_within_reach(g))
			continue;
		g->left = within_reach(g->left);
		g->top = within_reach(g->top);
		g->right = within_reach(g->right);
		g->bottom = within_reach(g->bottom);
		g->x = within_reach(g->x);
		g->y = within_reach(g->y);
		g->em = within_reach(g->em);
	}
}

static void share_boxes(struct q__glyphs *glyphs)
{
	size_t first = 0;

	for (size_t i = 1; i <= glyphs->count; i++) {
		if (i < glyphs->count && is_same_place(&glyphs->items[first], &glyphs->items[i]))
			continue;
		if (i - first > 1)
			share_box(&glyphs->items[first], i - first);
		first = i;
	}
}

/* Few characters of a page become more than one, so this is nearly always enough; put makes more.
 */
static enum q_code make_room(struct q_arena *arena, size_t glyph_count, struct writer *w,
			     struct q_err *err)
{
	w->arena = arena;
	w->box_limit = glyph_count + glyph_count / 8 + 64;
	w->out->boxes = q_arena_alloc_array(arena, w->box_limit, sizeof *w->out->boxes);
	w->out->text = q_arena_alloc(arena, 4 * w->box_limit);
	if (!w->out->boxes || !w->out->text)
		return q_fail(err, Q_NOMEM, "page_text.build", "%zu characters", glyph_count);
	return Q_OK;
}

enum q_code q__page_text_build(struct q_arena *arena, struct q__glyphs *glyphs,
			       struct q__page_text *out, struct q_err *err)
{
	struct writer writer = {.out = out};
	struct q__fragments fragments;
	struct q__lines lines;
	struct q__page_parts parts = {glyphs, &fragments, &lines, {glyphs, Q__HYPHEN_SEARCHES_MAX}};
	enum q_code code;

	out->text_length = 0;
	out->box_count = 0;
	bring_within_reach(glyphs);
	share_boxes(glyphs);
	code = q__fragments_find(arena, glyphs, &fragments, err);
	if (code == Q_OK)
		code = q__reading_order_restore(arena, &fragments, err);
	if (code == Q_OK)
		code = q__lines_find(arena, &fragments, &lines, err);
	if (code == Q_OK)
		code = make_room(arena, glyphs->count, &writer, err);
	if (code != Q_OK)
		return code;
	put_lines(&writer, &parts);
	if (q_arena_failed(arena))
		return q_fail(err, Q_NOMEM, "page_text.build", "%zu characters", out->box_count);
	return Q_OK;
}
