/* extract/pdf_page.h: the characters of a PDF's page, through the engine, in the shape that
 * page_text works on.
 *
 * Ownership: the glyphs live in the arena.
 * Threads:   one. */
#ifndef Q_EXTRACT_PDF_PAGE_H
#define Q_EXTRACT_PDF_PAGE_H

#include "base/arena.h"
#include "extract/document.h"
#include "extract/glyph.h"

struct q__pdf_page {
	float width, height;
	bool is_picture;   /* pictures cover most of it */
	bool is_truncated; /* the page has more characters than are taken */
	struct q__glyphs glyphs;
};

/* 0, or an enum q_extract_failure. page_number from 1. */
int q__pdf_page_read(const struct q__document *document, uint32_t page_number,
		     struct q_arena *arena, struct q__pdf_page *out);

#endif
