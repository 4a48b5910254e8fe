#include "base/buf.h"

#include "base/mem.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

enum { FIRST_CAPACITY = 64 };

/* What an empty buffer points to: read-only memory, so that a stray write is a crash here and not a
 * byte in every other empty buffer. */
static char *empty_text(void)
{
	return (char *)(uintptr_t) "";
}

void q_buf_init(struct q_buf *buf, size_t limit_bytes)
{
	q_assert(limit_bytes < SIZE_MAX); /* the NUL counts too */
	*buf = (struct q_buf){.data = empty_text(), .limit = limit_bytes};
}

void q_buf_free(struct q_buf *buf)
{
	if (buf->capacity > 0)
		q_mem_free(buf->data);
	q_buf_init(buf, buf->limit);
}

void q_buf_clear(struct q_buf *buf)
{
	buf->length = 0;
	buf->failed = false;
	if (buf->capacity > 0)
		buf->data[0] = '\0';
}

bool q_buf_failed(const struct q_buf *buf)
{
	return buf->failed;
}

struct q_str q_buf_str(const struct q_buf *buf)
{
	return (struct q_str){buf->data, buf->length};
}

/* Doubles until `needed` bytes and a NUL fit; the last step stops at the limit. */
static bool grow(struct q_buf *buf, size_t needed)
{
	size_t capacity = buf->capacity > 0 ? buf->capacity : FIRST_CAPACITY;
	char *data;

	while (capacity <= needed && capacity <= buf->limit / 2)
		capacity *= 2;
	if (capacity <= needed || capacity > buf->limit)
		capacity = buf->limit + 1;
	data = q_mem_resize(buf->capacity > 0 ? buf->data : NULL, capacity);
	if (!data)
		return false;
	buf->data = data;
	buf->capacity = capacity;
	buf->data[buf->length] = '\0';
	return true;
}

char *q_buf_reserve(struct q_buf *buf, size_t length)
{
	if (buf->failed)
		return NULL;
	if (length > buf->limit - buf->length) {
		buf->failed = true;
		return NULL;
	}
	if (buf->length + length >= buf->capacity && !grow(buf, buf->length + length)) {
		buf->failed = true;
		return NULL;
	}
	return buf->data + buf->length;
}

bool q_buf_append_bytes(struct q_buf *buf, const void *data, size_t length)
{
	char *end = q_buf_reserve(buf, length);

	if (!end)
		return false;
	if (length > 0)
		memcpy(end, data, length);
	end[length] = '\0';
	buf->length += length;
	return true;
}

bool q_buf_append(struct q_buf *buf, struct q_str s)
{
	return q_buf_append_bytes(buf, s.data, s.length);
}

bool q_buf_append_char(struct q_buf *buf, char c)
{
	return q_buf_append_bytes(buf, &c, 1);
}

/* snprintf costs five times as much, and an answer has a dozen numbers. */
bool q_buf_append_int64(struct q_buf *buf, int64_t number)
{
	char digits[20], *first = digits + sizeof digits;
	uint64_t left = number < 0 ? -(uint64_t)number : (uint64_t)number;

	do {
		*--first = (char)('0' + left % 10);
		left /= 10;
	} while (left > 0);
	if (number < 0)
		*--first = '-';
	return q_buf_append_bytes(buf, first, (size_t)(digits + sizeof digits - first));
}

bool q_buf_format(struct q_buf *buf, const char *format, ...)
{
	va_list values;
	bool ok;

	va_start(values, format);
	ok = q_buf_format_list(buf, format, values);
	va_end(values);
	return ok;
}

bool q_buf_format_list(struct q_buf *buf, const char *format, va_list values)
{
	size_t room = buf->capacity - buf->length;
	va_list again;
	char *end;
	int length;

	if (buf->failed)
		return false;
	va_copy(again, values);
	length = vsnprintf(room > 0 ? buf->data + buf->length : NULL, room, format, values);
	q_assert(length >= 0); /* only a bad format or a text of 2 GiB */
	end = q_buf_reserve(buf, (size_t)length);
	q_assert(buf->data);
	if (!end && room > 0)
		buf->data[buf->length] = '\0';
	if (end && (size_t)length >= room)
		vsnprintf(end, (size_t)length + 1, format, again);
	va_end(again);
	if (!end)
		return false;
	buf->length += (size_t)length;
	return true;
}

void q_buf_consume(struct q_buf *buf, size_t count)
{
	q_assert(count <= buf->length);
	if (count == 0)
		return;
	buf->length -= count;
	memmove(buf->data, buf->data + count, buf->length);
	buf->data[buf->length] = '\0';
}
