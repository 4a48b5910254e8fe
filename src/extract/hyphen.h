/* extract/hyphen.h: whether the hyphen at a line's end belongs to its word, or was put there to
 * break it.
 *
 * A page is its own dictionary: it may write the word elsewhere, whole or with the hyphen. Where
 * it does not, a small letter on the next line means that the word was broken.
 *
 * Threads:   one at a time. */
#ifndef Q_EXTRACT_HYPHEN_H
#define Q_EXTRACT_HYPHEN_H

#include "extract/glyph.h"

enum { Q__HYPHEN_SEARCHES_MAX = 500 }; /* of a page: a hostile one is all hyphens */

struct q__hyphens {
	const struct q__glyphs *glyphs;
	unsigned searches_left;
};

enum q__hyphen {
	Q__HYPHEN_NONE,	  /* no word goes on in the next line */
	Q__HYPHEN_KEPT,	  /* first-aid */
	Q__HYPHEN_DROPPED /* com-piler */
};

/* The line's glyphs are [first, last); the next line begins with the glyph `next`, right below or
 * in the next column. */
enum q__hyphen q__hyphen_at_line_end(struct q__hyphens *hyphens, size_t first, size_t last,
				     size_t next);

#endif
