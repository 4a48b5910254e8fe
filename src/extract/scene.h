/* extract/scene.h: what a page paints, in the order of painting: the shapes and pictures that text
 * may stand on, and what the text is cut off by.
 *
 * Contract:  the contents of forms stand where the form is drawn. A shape too thin for text to
 *            stand on is left out.
 * Units:     points of the page's own space (box.h).
 * Ownership: free it before the page is closed. Layers live in the arena.
 * Threads:   one.
 * Errors:    0, or an enum q_extract_failure. */
#ifndef Q_EXTRACT_SCENE_H
#define Q_EXTRACT_SCENE_H

#include "base/arena.h"
#include "base/vec.h"
#include "extract/box.h"
#include "extract/ink.h"

#include <stdint.h>

/* A page, or a form that is drawn on it. */
struct q__layer {
	struct pdfium_matrix to_page;
	struct q__box clip;
	float opacity; /* 0 to 1 */
};

struct q__shape {
	FPDF_PAGEOBJECT object;
	const struct q__layer *layer;
	struct q__box box; /* nothing of it shows beyond */
	bool is_path;	   /* else it is a picture or a shading, and has any colour */
};

/* What a text object is painted on. */
struct q__ground {
	FPDF_PAGEOBJECT object;
	const struct q__layer *layer;
	struct q__box clip;
	size_t shape_count; /* so many of the scene's shapes are painted before it */
};

enum { Q__PALETTE_MAX = 32 };

struct q__scene {
	struct q__box page;
	struct q_vec shapes;  /* struct q__shape */
	struct q_vec grounds; /* struct q__ground */
	size_t cursor;	      /* the ground that was found last */
	float picture_share;  /* of the page, that pictures cover; more than 1 where they overlap */
	struct q__ink
		palette[Q__PALETTE_MAX]; /* of the shapes; there may be more when it is full */
	size_t palette_count;
};

int q__scene_read(struct q__scene *scene, FPDF_PAGE page, struct q_arena *arena);
void q__scene_free(struct q__scene *scene);

/* NULL: the page does not paint it. The quicker, the nearer it is to the one that was found
 * last. */
const struct q__ground *q__scene_find(struct q__scene *scene, FPDF_PAGEOBJECT text);

/* May a shape have a colour that nobody can tell from this one? */
bool q__scene_has_colour(const struct q__scene *scene, const struct q__ink *ink);

/* Do shapes or pictures that are painted after the text cover its place? */
bool q__scene_covers_later(const struct q__scene *scene, const struct q__ground *ground,
			   struct q__point at);

#endif
