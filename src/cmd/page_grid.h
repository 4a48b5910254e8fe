/* cmd/page_grid.h: the pages of a document as cells on the terminal.
 *
 * Contract:  '.' is a page that is open, '#' one that is done, 'x' one that failed. A document of
 *            more pages than there is room for has several in a cell: 'x' where one failed, '#'
 *            where all are done, '+' where some are.
 * Threads:   one. */
#ifndef Q_CMD_PAGE_GRID_H
#define Q_CMD_PAGE_GRID_H

#include "base/buf.h"

enum q_cell { Q_CELL_OPEN, Q_CELL_DONE, Q_CELL_FAILED };

struct q_page_grid {
	unsigned char *cells; /* enum q_cell, one a page; heap */
	size_t count;
};

/* False where the heap is full. Pages that are there already stay as they are. */
Q_MUST_USE bool q_page_grid_resize(struct q_page_grid *grid, size_t pages);
void q_page_grid_free(struct q_page_grid *grid);

/* Page numbers are from 1; others are passed over. */
void q_page_grid_set(struct q_page_grid *grid, int64_t page, enum q_cell cell);
/* A new run: what had failed is open again. */
void q_page_grid_reopen(struct q_page_grid *grid);

/* Lines of `width` cells, at most `lines_max` of them, each with a line feed; how many these
 * are. */
size_t q_page_grid_write(const struct q_page_grid *grid, size_t width, size_t lines_max,
			 bool has_colour, struct q_buf *out);

#endif
