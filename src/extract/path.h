/* extract/path.h: does a path paint a point, and with what?
 *
 * Curves count as the lines through their control points: near enough to say what a letter stands
 * on. */
#ifndef Q_EXTRACT_PATH_H
#define Q_EXTRACT_PATH_H

#include "extract/box.h"

enum q__path_paint {
	Q__PATH_NONE,
	Q__PATH_FILL,
	Q__PATH_STROKE /* over the fill */
};

/* `to_page` is that of the path's layer. */
enum q__path_paint q__path_paint_at(FPDF_PAGEOBJECT path, const struct pdfium_matrix *to_page,
				    struct q__point at);

#endif
