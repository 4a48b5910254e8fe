#include "support/glyph_page.h"

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { ARENA_BYTES = 256 << 20 };

int glyph_page_start_case(void **state)
{
	struct glyph_page *page = q_mem_new(sizeof *page);

	*state = page;
	if (!page)
		return -1;
	page->glyphs.items = page->items;
	page->arena = q_arena_new(ARENA_BYTES);
	return page->arena ? 0 : -1;
}

int glyph_page_end_case(void **state)
{
	struct glyph_page *page = *state;

	q_arena_free(page->arena);
	q_mem_free(page);
	return 0;
}

struct q__glyph *glyph_page_add(struct glyph_page *page)
{
	assert_in_range(page->glyphs.count, 0, GLYPH_PAGE_MAX - 1);
	return &page->items[page->glyphs.count++];
}
