#include "extract/ink.h"

/* Levels of 255 by which a reader cannot tell two colours apart. */
static const float alike_levels = 12;

bool q__ink_read(FPDF_PAGEOBJECT object, enum q__ink_use use, float opacity, struct q__ink *out)
{
	unsigned alpha = 0;
	int is_plain = use == Q__INK_STROKES
			       ? FPDFPageObj_GetStrokeColor(object, &out->red, &out->green,
							    &out->blue, &alpha)
			       : FPDFPageObj_GetFillColor(object, &out->red, &out->green,
							  &out->blue, &alpha);

	out->opacity = (float)alpha / 255 * opacity;
	return is_plain;
}

static unsigned difference(unsigned a, unsigned b)
{
	return a > b ? a - b : b - a;
}

bool q__ink_is_alike(const struct q__ink *over, const struct q__ink *under)
{
	unsigned red = difference(over->red, under->red);
	unsigned green = difference(over->green, under->green);
	unsigned blue = difference(over->blue, under->blue);
	unsigned most = red > green ? red : green;

	most = most > blue ? most : blue;
	return (float)most * over->opacity * under->opacity < alike_levels;
}

bool q__ink_is_transparent(const struct q__ink *ink)
{
	return 255 * ink->opacity < alike_levels;
}
