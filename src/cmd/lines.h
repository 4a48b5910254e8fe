/* cmd/lines.h: a file or a pipe, line by line.
 *
 * Ownership: the reader borrows the descriptor; a line lasts until the next call.
 * Threads:   one.
 * Errors:    Q_TOOBIG for a line beyond Q_LINE_MAX; Q_IO, Q_NOMEM. */
#ifndef Q_CMD_LINES_H
#define Q_CMD_LINES_H

#include "base/buf.h"
#include "base/error.h"

enum { Q_LINE_MAX = 16 << 20 };

struct q_lines {
	int fd;
	struct q_buf buf;
	size_t start; /* of what has not been given yet */
	bool is_at_end;
};

void q_lines_init(struct q_lines *lines, int fd);
void q_lines_free(struct q_lines *lines);

/* The next line without its end; Q_NOTFOUND behind the last one. */
Q_MUST_USE enum q_code q_lines_next(struct q_lines *lines, struct q_str *out, struct q_err *err);

#endif
