/* base/buf.h: a growing buffer of bytes that is told its limit when it is made.
 *
 * Contract:  an append is whole or not at all. After the first failure (limit or heap) the buffer
 *            keeps what it had, refuses further appends and q_buf_failed is true: check once at
 *            the end. `data` is followed by a NUL that `length` does not count; data is never NULL
 *            after init.
 * Units:     bytes.
 * Ownership: the buffer owns its bytes; q_buf_free releases them. A zeroed struct is not a buffer.
 * Threads:   one at a time. */
#ifndef Q_BASE_BUF_H
#define Q_BASE_BUF_H

#include "base/compiler.h"
#include "base/str.h"

#include <stdarg.h>

struct q_buf {
	char *data;
	size_t length;
	size_t capacity;
	size_t limit;
	bool failed;
};

/* Allocates nothing. */
void q_buf_init(struct q_buf *buf, size_t limit_bytes);
void q_buf_free(struct q_buf *buf);

/* Length 0 and no failure, capacity kept. */
void q_buf_clear(struct q_buf *buf);

bool q_buf_failed(const struct q_buf *buf);
struct q_str q_buf_str(const struct q_buf *buf);

/* False when the buffer has failed, now or before. */
bool q_buf_append(struct q_buf *buf, struct q_str s);
bool q_buf_append_bytes(struct q_buf *buf, const void *data, size_t length);
bool q_buf_append_char(struct q_buf *buf, char c);
bool q_buf_append_int64(struct q_buf *buf, int64_t number); /* in decimal */
bool q_buf_format(struct q_buf *buf, const char *format, ...) Q_PRINTF(2, 3);
bool q_buf_format_list(struct q_buf *buf, const char *format, va_list values) Q_PRINTF(2, 0);

/* Room for `length` more bytes, to be written at data + length by the caller, who then adds to
 * length; NULL when it fails. */
Q_MUST_USE char *q_buf_reserve(struct q_buf *buf, size_t length);

/* Drops the first `count` bytes. */
void q_buf_consume(struct q_buf *buf, size_t count);

#endif
