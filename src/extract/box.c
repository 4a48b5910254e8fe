#include "extract/box.h"

#include <math.h>

struct q__box q__box_moved_askew(const struct q__box *box, const struct pdfium_matrix *m)
{
	struct q__box out = {INFINITY, INFINITY, -INFINITY, -INFINITY};

	for (int i = 0; i < 4; i++) {
		struct q__point corner = {i & 1 ? box->right : box->left,
					  i & 2 ? box->top : box->bottom};

		corner = q__point_moved(corner, m);
		out.left = q__smaller(out.left, corner.x);
		out.right = q__larger(out.right, corner.x);
		out.bottom = q__smaller(out.bottom, corner.y);
		out.top = q__larger(out.top, corner.y);
	}
	return out;
}

struct pdfium_matrix q__matrix_joined(const struct pdfium_matrix *inner,
				      const struct pdfium_matrix *outer)
{
	return (struct pdfium_matrix){
		.a = inner->a * outer->a + inner->b * outer->c,
		.b = inner->a * outer->b + inner->b * outer->d,
		.c = inner->c * outer->a + inner->d * outer->c,
		.d = inner->c * outer->b + inner->d * outer->d,
		.e = inner->e * outer->a + inner->f * outer->c + outer->e,
		.f = inner->e * outer->b + inner->f * outer->d + outer->f,
	};
}

bool q__point_moved_back(struct q__point p, const struct pdfium_matrix *m, struct q__point *out)
{
	float determinant = m->a * m->d - m->b * m->c;
	float x = p.x - m->e, y = p.y - m->f;

	if (determinant == 0 || !isfinite(determinant))
		return false;
	out->x = (m->d * x - m->c * y) / determinant;
	out->y = (m->a * y - m->b * x) / determinant;
	return true;
}
