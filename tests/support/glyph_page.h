/* support/glyph_page.h: a page that a test sets glyph by glyph, and what is made of it. */
#ifndef Q_TESTS_GLYPH_PAGE_H
#define Q_TESTS_GLYPH_PAGE_H

#include "extract/page_text.h"

enum { GLYPH_PAGE_MAX = 1 << 16 };

struct glyph_page {
	struct q__glyph items[GLYPH_PAGE_MAX];
	struct q__glyphs glyphs; /* of the items */
	struct q_arena *arena;
	struct q__page_text out;
};

/* How a case starts and ends that has an empty page as state. */
int glyph_page_start_case(void **state);
int glyph_page_end_case(void **state);

/* Room for one more; fails the case where there is none. */
struct q__glyph *glyph_page_add(struct glyph_page *page);

#endif
