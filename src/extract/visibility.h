/* extract/visibility.h: does a reader of the page see its text?
 *
 * Contract:  hidden is what is painted with nothing, what lies beyond the page or its clipping
 *            path, what is under a point high or wide, and what has the colour of the ground under
 *            it: the topmost shape that was painted there before it, else white paper. On a
 *            picture, a shading or a pattern text counts as seen: its colours are not looked at.
 * Ownership: borrows the scene.
 * Threads:   one. */
#ifndef Q_EXTRACT_VISIBILITY_H
#define Q_EXTRACT_VISIBILITY_H

#include "extract/ink.h"
#include "extract/protocol.h"
#include "extract/scene.h"

enum { Q__INKS_MAX = 2 }; /* to fill letters, to draw their outlines */

/* Of the characters of one text object. */
struct q__visibility {
	const struct q__scene *scene;
	const struct q__ground *ground; /* NULL: nothing is known of it */
	struct q__ink inks[Q__INKS_MAX];
	size_t ink_count;
	bool is_transparent;   /* all of its inks */
	bool is_stencil;       /* lets what is painted later show */
	bool is_patterned;     /* of any colours */
	bool may_match_ground; /* in colour */
	bool is_tiny;
};

/* `em` is the text's size as shown: the smaller one of height and width. */
void q__visibility_of(struct q__visibility *v, struct q__scene *scene, FPDF_PAGEOBJECT text,
		      float em);

enum q_extract_hidden_reason q__visibility_at(const struct q__visibility *v,
					      const struct q__box *character);

#endif
