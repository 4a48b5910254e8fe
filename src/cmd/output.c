#include "cmd/output.h"

#include "base/mem.h"
#include "base/time.h"
#include "base/utf8.h"
#include "base/vec.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	LINE_MAX_BYTES = 64 << 20,
	ROWS_MAX = 100000,
	BAR_WIDTH = 24,
	DRAW_EVERY_MS = 100,
	LABEL_WIDTH = 32
};

bool q_output_is_json(bool is_asked_for)
{
	return is_asked_for || !isatty(STDOUT_FILENO);
}

void q_output_json(const struct q_json *value)
{
	struct q_buf line;

	q_buf_init(&line, LINE_MAX_BYTES);
	q_json_write_value(&line, value);
	fwrite(line.data, 1, line.length, stdout);
	fputc('\n', stdout);
	q_buf_free(&line);
}

/* --- Tables ----------------------------------------------------------------------------------- */

struct q_table {
	struct q_arena *arena;
	struct q_vec cells; /* struct q_str, row by row */
	size_t columns;
};

struct q_table *q_table_new(size_t columns)
{
	struct q_table *table = q_mem_new(sizeof *table);

	q_assert(columns >= 1 && columns <= Q_TABLE_COLUMNS_MAX);
	if (!table)
		return NULL;
	table->arena = q_arena_new(LINE_MAX_BYTES);
	table->columns = columns;
	q_vec_init(&table->cells, sizeof(struct q_str), ROWS_MAX * Q_TABLE_COLUMNS_MAX);
	if (table->arena)
		return table;
	q_mem_free(table);
	return NULL;
}

void q_table_add(struct q_table *table, const struct q_str *cells)
{
	for (size_t i = 0; table && i < table->columns; i++) {
		struct q_str copy = q_arena_copy(table->arena, cells[i]);

		if (!q_vec_push(&table->cells, &copy))
			return;
	}
}

/* Characters, as far as one takes one column. */
static size_t width_of(struct q_str s)
{
	size_t width = 0, offset = 0;

	for (; offset < s.length; width++)
		(void)q_utf8_next(s, &offset);
	return width;
}

/* Would this character of a foreign name command the terminal, or turn the rest of the line around?
 */
static bool is_unsafe(uint32_t c)
{
	bool is_control = c < 0x20 || (c >= 0x7f && c <= 0x9f);
	bool is_line_end = c == 0x2028 || c == 0x2029;
	bool is_direction = c == 0x061c || c == 0x200e || c == 0x200f ||
			    (c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069);

	return is_control || is_line_end || is_direction;
}

static void print_cell(FILE *out, struct q_str cell, size_t pad_to)
{
	for (size_t start = 0, end = 0; start < cell.length; start = end) {
		if (is_unsafe(q_utf8_next(cell, &end)))
			fputc('?', out);
		else
			fwrite(cell.data + start, 1, end - start, out);
	}
	for (size_t width = width_of(cell); width < pad_to; width++)
		fputc(' ', out);
}

void q_table_print(struct q_table *table, FILE *out)
{
	size_t widths[Q_TABLE_COLUMNS_MAX] = {0}, rows;

	if (!table)
		return;
	rows = table->cells.count / table->columns;
	for (size_t i = 0; i < rows * table->columns; i++) {
		size_t width = width_of(*(struct q_str *)q_vec_at(&table->cells, i));

		if (width > widths[i % table->columns])
			widths[i % table->columns] = width;
	}
	for (size_t i = 0; out && i < rows * table->columns; i++) {
		bool is_last = i % table->columns == table->columns - 1;

		print_cell(out, *(struct q_str *)q_vec_at(&table->cells, i),
			   is_last ? 0 : widths[i % table->columns] + 2);
		if (is_last)
			fputc('\n', out);
	}
	q_vec_free(&table->cells);
	q_arena_free(table->arena);
	q_mem_free(table);
}

/* --- Progress --------------------------------------------------------------------------------- */

void q_progress_begin(struct q_progress *progress)
{
	*progress = (struct q_progress){.is_shown = isatty(STDERR_FILENO),
					.started_ms = q_time_monotonic_ms()};
}

static void print_bar(int64_t done, int64_t total)
{
	int filled = total > 0 ? (int)(done * BAR_WIDTH / total) : 0;
	bool has_colour = !getenv("NO_COLOR");

	fputs(has_colour ? "[\033[32m" : "[", stderr);
	for (int i = 0; i < BAR_WIDTH; i++) {
		if (i == filled && has_colour)
			fputs("\033[0m", stderr);
		fputc(i < filled ? '#' : '-', stderr);
	}
	fputs(has_colour ? "\033[0m]" : "]", stderr);
}

void q_progress_draw(struct q_progress *progress, struct q_str label, const char *unit,
		     int64_t done, int64_t total)
{
	int64_t now = q_time_monotonic_ms();
	int64_t elapsed_ms = now - progress->started_ms;
	double rate = (double)done * 1000.0 / (double)(elapsed_ms > 0 ? elapsed_ms : 1);

	if (!progress->is_shown || (now - progress->drawn_ms < DRAW_EVERY_MS && done < total))
		return;
	progress->drawn_ms = now;
	fputs("\r\033[K", stderr);
	print_cell(stderr, q_utf8_cut(label, LABEL_WIDTH), LABEL_WIDTH);
	fputc(' ', stderr);
	print_bar(done, total);
	fprintf(stderr, " %" PRId64 "/%" PRId64 " %s", done, total, unit);
	if (rate > 0)
		fprintf(stderr, "  %.1f %s/s", rate, unit);
	if (rate > 0 && done < total)
		fprintf(stderr, "  ETA %.0f s", (double)(total - done) / rate);
	fflush(stderr);
}

void q_progress_end(struct q_progress *progress)
{
	if (progress->is_shown)
		fputs("\r\033[K", stderr);
	progress->is_shown = false;
}
