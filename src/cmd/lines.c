#include "cmd/lines.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

enum { CHUNK_BYTES = 256 << 10 };

void q_lines_init(struct q_lines *lines, int fd)
{
	*lines = (struct q_lines){.fd = fd};
	q_buf_init(&lines->buf, Q_LINE_MAX + CHUNK_BYTES);
}

void q_lines_free(struct q_lines *lines)
{
	q_buf_free(&lines->buf);
}

static enum q_code read_more(struct q_lines *lines, struct q_err *err)
{
	char *room;
	ssize_t got;

	q_buf_consume(&lines->buf, lines->start);
	lines->start = 0;
	if (lines->buf.length > Q_LINE_MAX)
		return q_fail(err, Q_TOOBIG, "lines.next", "a line of more than %d bytes",
			      Q_LINE_MAX);
	room = q_buf_reserve(&lines->buf, CHUNK_BYTES);
	if (!room)
		return q_fail(err, Q_NOMEM, "lines.next", "a line");
	do {
		got = read(lines->fd, room, CHUNK_BYTES);
	} while (got < 0 && errno == EINTR);
	if (got < 0)
		return q_fail_os(err, errno, "lines.next", "cannot read");
	lines->buf.length += (size_t)got;
	lines->is_at_end = got == 0;
	return Q_OK;
}

enum q_code q_lines_next(struct q_lines *lines, struct q_str *out, struct q_err *err)
{
	size_t seen = 0; /* of this line: has no end */

	for (;;) {
		struct q_str rest =
			q_str_slice(q_buf_str(&lines->buf), lines->start, lines->buf.length);
		const char *end = rest.length > seen
					  ? memchr(rest.data + seen, '\n', rest.length - seen)
					  : NULL;

		if (end || (lines->is_at_end && rest.length > 0)) {
			*out = q_str_slice(rest, 0, end ? (size_t)(end - rest.data) : rest.length);
			lines->start += out->length + (end ? 1 : 0);
			return Q_OK;
		}
		if (lines->is_at_end)
			return q_fail(err, Q_NOTFOUND, "lines.next", "there are no more lines");
		seen = rest.length;
		if (read_more(lines, err))
			return err->code;
	}
}
