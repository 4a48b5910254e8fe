/* cmd/output.h: how commands show things: tables and progress bars for people, JSON lines for
 * programs. Colour and bars only on a terminal; NO_COLOR is obeyed.
 *
 * Threads:   one. */
#ifndef Q_CMD_OUTPUT_H
#define Q_CMD_OUTPUT_H

#include "base/json.h"

#include <stdio.h>

/* JSON lines: asked for, or stdout is no terminal. */
bool q_output_is_json(bool is_asked_for);

/* A JSON value as a line of stdout. */
void q_output_json(const struct q_json *value);

/* A table, columns as wide as their widest cell; the first row is its head. */
enum { Q_TABLE_COLUMNS_MAX = 8 };
struct q_table;
Q_MUST_USE struct q_table *q_table_new(size_t columns); /* NULL: out of memory */
/* `cells`: as many as columns; copied. */
void q_table_add(struct q_table *table, const struct q_str *cells);
/* Prints (not where `out` is NULL) and frees. A table of NULL is allowed. */
void q_table_print(struct q_table *table, FILE *out);

/* A bar on stderr, drawn over itself, at most ten times a second; nothing where stderr is no
 * terminal. */
struct q_progress {
	bool is_shown;
	int64_t started_ms, drawn_ms;
};
void q_progress_begin(struct q_progress *progress);
/* "label [#####-----] 12/50 pages  31.2 pages/s  ETA 2 s" */
void q_progress_draw(struct q_progress *progress, struct q_str label, const char *unit,
		     int64_t done, int64_t total);
/* Takes the bar away. */
void q_progress_end(struct q_progress *progress);

#endif
