/* search/segment/codec.h: numbers in the index files: little-endian of fixed size, and varints (7
 * bits a byte, low ones first, the top bit set on all but the last byte). For the engine's files
 * alone.
 *
 * Contract: a reader never leaves its bytes: beyond their end it gives 0 and `is_broken` stays. */
#ifndef Q_SEARCH_SEGMENT_CODEC_H
#define Q_SEARCH_SEGMENT_CODEC_H

#include "base/buf.h"

#include <string.h>

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "index files are read in place");

enum { Q__VARINT_MAX = 10 };

static inline uint32_t q__read_u32(const unsigned char *at)
{
	uint32_t value;

	memcpy(&value, at, sizeof value);
	return value;
}

static inline uint64_t q__read_u64(const unsigned char *at)
{
	uint64_t value;

	memcpy(&value, at, sizeof value);
	return value;
}

static inline bool q__append_u32(struct q_buf *out, uint32_t value)
{
	return q_buf_append_bytes(out, &value, sizeof value);
}

static inline bool q__append_u64(struct q_buf *out, uint64_t value)
{
	return q_buf_append_bytes(out, &value, sizeof value);
}

static inline bool q__append_varint(struct q_buf *out, uint64_t value)
{
	char *at = q_buf_reserve(out, Q__VARINT_MAX);

	if (!at)
		return false;
	for (; value >= 0x80; value >>= 7)
		*at++ = (char)(value | 0x80);
	*at++ = (char)value;
	out->length = (size_t)(at - out->data);
	return true;
}

struct q__reader {
	const unsigned char *at, *end;
	bool is_broken;
};

static inline struct q__reader q__reader_of(struct q_bytes bytes)
{
	/* No bytes may have no address, to which C lets nobody add even 0. */
	const unsigned char *end = bytes.length > 0 ? bytes.data + bytes.length : bytes.data;

	return (struct q__reader){bytes.data, end, false};
}

static inline uint64_t q__read_varint(struct q__reader *reader)
{
	uint64_t value = 0;

	if (reader->at < reader->end && *reader->at < 0x80)
		return *reader->at++;
	for (unsigned shift = 0; shift < 64 && reader->at < reader->end; shift += 7) {
		unsigned char byte = *reader->at++;

		value |= (uint64_t)(byte & 0x7f) << shift;
		if (byte < 0x80)
			return value;
	}
	reader->is_broken = true;
	return 0;
}

/* The next `count` bytes; NULL where there are not so many. */
static inline const unsigned char *q__read_bytes(struct q__reader *reader, size_t count)
{
	const unsigned char *at = reader->at;

	if (count > (size_t)(reader->end - reader->at)) {
		reader->is_broken = true;
		return NULL;
	}
	reader->at += count;
	return at;
}

#endif
