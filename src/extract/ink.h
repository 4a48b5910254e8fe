/* extract/ink.h: what something is painted with, and whether a reader can tell two colours
 * apart. */
#ifndef Q_EXTRACT_INK_H
#define Q_EXTRACT_INK_H

#include <pdfium.h>
#include <stdbool.h>

struct q__ink {
	unsigned red, green, blue; /* 0 to 255 */
	float opacity;		   /* 0 to 1 */
};

enum q__ink_use { Q__INK_FILLS, Q__INK_STROKES };

/* `opacity` is that of the layer around the object. False: a pattern, which has many colours. */
bool q__ink_read(FPDF_PAGEOBJECT object, enum q__ink_use use, float opacity, struct q__ink *out);

/* Nobody sees `over` where it is painted on `under`. */
bool q__ink_is_alike(const struct q__ink *over, const struct q__ink *under);

/* Nobody sees it on anything. */
bool q__ink_is_transparent(const struct q__ink *ink);

#endif
