#include "cmd/page_grid.h"

#include "base/mem.h"

#include <string.h>

bool q_page_grid_resize(struct q_page_grid *grid, size_t pages)
{
	unsigned char *cells;

	if (pages <= grid->count)
		return true;
	cells = q_mem_resize(grid->cells, pages);
	if (!cells)
		return false;
	memset(cells + grid->count, Q_CELL_OPEN, pages - grid->count);
	grid->cells = cells;
	grid->count = pages;
	return true;
}

void q_page_grid_free(struct q_page_grid *grid)
{
	q_mem_free(grid->cells);
	*grid = (struct q_page_grid){0};
}

void q_page_grid_set(struct q_page_grid *grid, int64_t page, enum q_cell cell)
{
	if (page >= 1 && (uint64_t)page <= grid->count)
		grid->cells[page - 1] = (unsigned char)cell;
}

void q_page_grid_reopen(struct q_page_grid *grid)
{
	for (size_t i = 0; i < grid->count; i++)
		if (grid->cells[i] == Q_CELL_FAILED)
			grid->cells[i] = Q_CELL_OPEN;
}

/* The sign for pages [from, to). */
static char sign_of(const struct q_page_grid *grid, size_t from, size_t to)
{
	size_t done = 0;

	for (size_t i = from; i < to; i++) {
		if (grid->cells[i] == Q_CELL_FAILED)
			return 'x';
		done += grid->cells[i] == Q_CELL_DONE;
	}
	if (done == to - from)
		return '#';
	return done > 0 ? '+' : '.';
}

static const char *colour_of(char sign)
{
	switch (sign) {
	case '#':
		return "\033[32m";
	case 'x':
		return "\033[31m";
	case '+':
		return "\033[33m";
	default:
		return "\033[0m";
	}
}

size_t q_page_grid_write(const struct q_page_grid *grid, size_t width, size_t lines_max,
			 bool has_colour, struct q_buf *out)
{
	size_t room = width * lines_max, lines = 0, column = 0;
	size_t pages_a_cell = grid->count / (room + 1) + 1;
	char before = '\0';

	for (size_t from = 0; from < grid->count; from += pages_a_cell) {
		size_t to = from + pages_a_cell < grid->count ? from + pages_a_cell : grid->count;
		char sign = sign_of(grid, from, to);

		if (has_colour && sign != before)
			q_buf_append(out, q_str_from(colour_of(sign)));
		before = sign;
		q_buf_append_char(out, sign);
		if (++column == width || to == grid->count) {
			q_buf_append(out, has_colour ? Q_STR("\033[0m\n") : Q_STR("\n"));
			before = '\0';
			column = 0;
			lines++;
		}
	}
	return lines;
}
