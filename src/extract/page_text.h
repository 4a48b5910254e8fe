/* extract/page_text.h: from a page's characters to its text, as a person would read it.
 *
 * Contract:  lines end in '\n', paragraphs are parted by an empty line, cells of a table by a tab,
 *            words by one space. The engine's order is kept, save where it jumps back
 *            (reading_order.h). Ligatures are letters; a word hyphenated at a line's end is whole
 *            and stands on the first of its lines. Text is UTF-8 without control characters. The
 *            same glyphs give the same text.
 * Units:     points (see glyph.h); text of at most Q_EXTRACT_PAGE_TEXT_MAX bytes: what is beyond
 *            is cut, and flagged.
 * Ownership: the result lives in the arena.
 * Errors:    Q_NOMEM. */
#ifndef Q_EXTRACT_PAGE_TEXT_H
#define Q_EXTRACT_PAGE_TEXT_H

#include "base/arena.h"
#include "base/error.h"
#include "extract/glyph.h"
#include "extract/protocol.h"

/* The same numbers as enum q_page_flag: ports/ is out of reach here. */
enum q__page_flag {
	Q__PAGE_NEEDS_OCR = 1 << 0,
	Q__PAGE_TRUNCATED = 1 << 1,
	Q__PAGE_HIDDEN_TEXT = 1 << 2,
	Q__PAGE_OCR_LAYER = 1 << 3
};

struct q__hidden_text {
	enum q_extract_hidden_reason reason;
	char *text;
	size_t text_length;
};

struct q__page_text {
	uint32_t page_number;
	uint32_t flags;
	float width, height;
	char *text;
	size_t text_length;
	struct q_extract_box *boxes; /* one for each code point; all 0 for white space */
	size_t box_count;
	struct q__hidden_text hidden[Q_EXTRACT_HIDDEN_REASON_COUNT - 1]; /* hidden_text.h */
	size_t hidden_count;
};

/* Fills text and boxes, and adds to flags; the rest is the caller's. The glyphs are changed. */
Q_MUST_USE enum q_code q__page_text_build(struct q_arena *arena, struct q__glyphs *glyphs,
					  struct q__page_text *out, struct q_err *err);

#endif
