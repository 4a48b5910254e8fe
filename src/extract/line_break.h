/* extract/line_break.h: what parts one printed line from the next: an end of line, of a paragraph,
 * or nothing, inside a word. */
#ifndef Q_EXTRACT_LINE_BREAK_H
#define Q_EXTRACT_LINE_BREAK_H

#include "extract/hyphen.h"
#include "extract/line.h"

enum q__line_break {
	Q__BREAK_LINE,
	Q__BREAK_PARAGRAPH,
	Q__BREAK_WORD_KEEPS_HYPHEN, /* the word goes on in the next line: no break inside it */
	Q__BREAK_WORD		    /* likewise, and the hyphen only broke it */
};

struct q__page_parts {
	const struct q__glyphs *glyphs;
	const struct q__fragments *fragments;
	const struct q__lines *lines;
	struct q__hyphens hyphens;
};

/* What stands between line `index` and the next one, which there must be. */
enum q__line_break q__line_break_after(struct q__page_parts *parts, size_t index);

#endif
