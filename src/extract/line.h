/* extract/line.h: printed lines, made of fragments that follow each other on one baseline, and what
 * parts two of them.
 *
 * Ownership: lines live in the arena; they name fragments by index.
 * Errors:    Q_NOMEM. */
#ifndef Q_EXTRACT_LINE_H
#define Q_EXTRACT_LINE_H

#include "extract/fragment.h"

struct q__line {
	size_t first, last; /* fragments [first, last) */
	float start, end;
	float top, bottom;
	float baseline;
	float em;
	int16_t degrees;
	bool is_right_to_left;
	bool is_vertical;
};

struct q__lines {
	struct q__line *items;
	size_t count;
	float leading; /* usual distance of two baselines, in ems */
};

enum q__line_break {
	Q__BREAK_LINE,
	Q__BREAK_PARAGRAPH,
	Q__BREAK_WORD_KEEPS_HYPHEN, /* the word goes on in the next line: no break inside it */
	Q__BREAK_WORD
};

Q_MUST_USE enum q_code q__lines_find(struct q_arena *arena, const struct q__fragments *fragments,
				     struct q__lines *out, struct q_err *err);

struct q__page_parts {
	const struct q__glyphs *glyphs;
	const struct q__fragments *fragments;
	const struct q__lines *lines;
	unsigned searches_left; /* for words with hyphens: a bound on the work of a hostile page */
};

/* What stands between line `index` and the next one, which there must be. */
enum q__line_break q__line_break_after(struct q__page_parts *parts, size_t index);

#endif
