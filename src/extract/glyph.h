/* extract/glyph.h: the characters of one page as the engine found them: what page_text works on,
 * without the engine.
 *
 * Units:     points, origin at the top left of the page as it is shown, y downwards. Degrees turn
 *            clockwise: text that runs to the right has 0, text that runs down the page 90.
 * Ownership: whoever fills the array owns it. */
#ifndef Q_EXTRACT_GLYPH_H
#define Q_EXTRACT_GLYPH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Code points that stand for something else than a character. */
enum {
	Q__GLYPH_LINE_BREAK = '\n', /* the engine starts a new line here */
	Q__GLYPH_LINE_HYPHEN =
		0x2, /* a hyphen at a line's end; the next glyph is on another line */
};

struct q__glyph {
	uint32_t code;
	float left, top, right, bottom; /* of its ink */
	float x, y;			/* a point of its baseline */
	float em;			/* height of the font as shown */
	int16_t degrees;		/* 0 to 359 */
	uint8_t hidden;			/* enum q_extract_hidden_reason */
};

struct q__glyphs {
	struct q__glyph *items;
	size_t count;
};

/* fminf and fmaxf are calls, for the sake of NaN; these are instructions. */
static inline float q__smaller(float a, float b)
{
	return a < b ? a : b;
}

static inline float q__larger(float a, float b)
{
	return a > b ? a : b;
}

#endif
