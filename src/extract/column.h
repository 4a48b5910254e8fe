/* extract/column.h: the order of fragments by their boxes alone: columns of running text from the
 * left, each from the top; everything else row by row. For pages whose drawing has no order.
 *
 * Contract:  a gutter parts two columns when few lines cross it, both sides have several rows, and
 *            their lines are long and fill most of their width: the cells of a table do not. Lines
 *            that cross a gutter part what stands above from what stands below.
 * Errors:    Q_NOMEM. */
#ifndef Q_EXTRACT_COLUMN_H
#define Q_EXTRACT_COLUMN_H

#include "extract/fragment.h"

/* All of one direction. */
Q_MUST_USE enum q_code q__columns_order(struct q_arena *arena, struct q__fragment *items,
					size_t count, struct q_err *err);

#endif
