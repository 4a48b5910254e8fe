/* extract/reading_order.h: puts the fragments of a page in the order of reading.
 *
 * Contract:  the engine's order - the order of drawing - is kept as long as no fragment comes
 *            after one that stands below it in the same column. Where some do, the fewest that are
 *            out of order are put in their places (a heading drawn last, a page number drawn
 *            first). Parts that were drawn without any order are read by their boxes, columns
 *            first, then rows: the labels of a chart, or all of the page. Text in other directions
 *            than most of the page stays where it is, and so does a page of very many fragments.
 * Errors:    Q_NOMEM. */
#ifndef Q_EXTRACT_READING_ORDER_H
#define Q_EXTRACT_READING_ORDER_H

#include "extract/fragment.h"

enum { Q__ORDER_FRAGMENTS_MAX = 3000 }; /* the work grows with the square */

Q_MUST_USE enum q_code q__reading_order_restore(struct q_arena *arena,
						struct q__fragments *fragments, struct q_err *err);

#endif
