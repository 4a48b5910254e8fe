/* extract/box.h: places on a page in its own space, as the engine gives them: points, y upwards,
 * before /Rotate. */
#ifndef Q_EXTRACT_BOX_H
#define Q_EXTRACT_BOX_H

#include "extract/glyph.h"

#include <pdfium.h>

struct q__point {
	float x, y;
};

struct q__box {
	float left, bottom, right, top; /* empty where left >= right or bottom >= top */
};

static inline struct q__point q__point_moved(struct q__point p, const struct pdfium_matrix *m)
{
	return (struct q__point){m->a * p.x + m->c * p.y + m->e, m->b * p.x + m->d * p.y + m->f};
}

static inline bool q__box_holds(const struct q__box *box, struct q__point p)
{
	return p.x >= box->left && p.x <= box->right && p.y >= box->bottom && p.y <= box->top;
}

static inline struct q__box q__box_shared(const struct q__box *a, const struct q__box *b)
{
	return (struct q__box){q__larger(a->left, b->left), q__larger(a->bottom, b->bottom),
			       q__smaller(a->right, b->right), q__smaller(a->top, b->top)};
}

struct q__box q__box_moved_askew(const struct q__box *box, const struct pdfium_matrix *m);

/* The smallest box around another that is moved. Asked for every character, and nearly nothing is
 * turned but by quarters: two corners do. */
static inline struct q__box q__box_moved(const struct q__box *box, const struct pdfium_matrix *m)
{
	struct q__point p, q;

	if ((m->b != 0 || m->c != 0) && (m->a != 0 || m->d != 0))
		return q__box_moved_askew(box, m);
	p = q__point_moved((struct q__point){box->left, box->bottom}, m);
	q = q__point_moved((struct q__point){box->right, box->top}, m);
	return (struct q__box){q__smaller(p.x, q.x), q__smaller(p.y, q.y), q__larger(p.x, q.x),
			       q__larger(p.y, q.y)};
}

/* First `inner`, then `outer`. */
struct pdfium_matrix q__matrix_joined(const struct pdfium_matrix *inner,
				      const struct pdfium_matrix *outer);

/* False: the matrix makes everything flat, and there is no way back. */
bool q__point_moved_back(struct q__point p, const struct pdfium_matrix *m, struct q__point *out);

#endif
