/* Reads the input as the characters of a page, 12 bytes each, and lays them out. */
#include "extract/page_text.h"

#include "base/mem.h"
#include "base/utf8.h"

#include <math.h>
#include <string.h>

enum { RECORD_BYTES = 12, GLYPHS_MAX = 2000, ARENA_BYTES = 64 << 20 };

static uint32_t number(const uint8_t *bytes, size_t count)
{
	uint32_t value = 0;

	for (size_t i = 0; i < count; i++)
		value = value << 8 | bytes[i];
	return value;
}

/* Three bytes of code, then x, y, width and height, the font's height, and the direction in
 * quarters or degrees. */
static struct q__glyph glyph_from(const uint8_t r[RECORD_BYTES])
{
	struct q__glyph g = {.code = number(r, 3)};
	unsigned direction = number(r + 10, 2);

	g.x = g.left = (float)number(r + 3, 2) / 8;
	g.y = g.bottom = (float)number(r + 5, 2) / 8;
	g.right = g.left + (float)r[7] / 4;
	g.top = g.bottom - (float)r[8] / 4;
	g.em = (float)r[9] / 4;
	g.degrees = (int16_t)(direction < 1024 ? direction % 4 * 90 : direction % 360);
	if (direction == 0xffff) { /* pages may divide by nothing */
		g.left = NAN;
		g.y = INFINITY;
	}
	return g;
}

static void check(const struct q__page_text *page)
{
	struct q_str text = {page->text, page->text_length};
	size_t characters = 0;

	q_assert(page->text_length <= Q_EXTRACT_PAGE_TEXT_MAX && q_utf8_is_valid(text));
	for (size_t at = 0; at < text.length; characters++) {
		uint32_t code = q_utf8_next(text, &at);

		q_assert(code >= 0x20 || code == '\n' || code == '\t');
	}
	q_assert(characters == page->box_count);
	for (size_t i = 0; i < page->box_count; i++)
		q_assert(isfinite(page->boxes[i].left) && isfinite(page->boxes[i].bottom));
	q_assert(text.length == 0 || q_str_ends_with(text, Q_STR("\n")));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct q__glyphs glyphs = {.count = size / RECORD_BYTES};
	struct q_arena *arena = q_arena_new(ARENA_BYTES);
	struct q__page_text page = {0};
	struct q_err err;

	if (glyphs.count > GLYPHS_MAX)
		glyphs.count = GLYPHS_MAX;
	q_assert(arena);
	glyphs.items = q_arena_alloc_array(arena, glyphs.count, sizeof *glyphs.items);
	q_assert(glyphs.items);
	for (size_t i = 0; i < glyphs.count; i++)
		glyphs.items[i] = glyph_from(data + i * RECORD_BYTES);
	q_assert(q__page_text_build(arena, &glyphs, &page, &err) == Q_OK);
	check(&page);
	q_arena_free(arena);
	return 0;
}
