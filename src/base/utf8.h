/* base/utf8.h: UTF-8 (RFC 3629): no overlong forms, no surrogates, nothing above U+10FFFF. Pure
 * functions. */
#ifndef Q_BASE_UTF8_H
#define Q_BASE_UTF8_H

#include "base/str.h"

bool q_utf8_is_valid(struct q_str s);

/* For q_utf8_next: a character that may be any. */
uint32_t q_utf8_next_wide(struct q_str s, size_t *offset);

/* Reads the character at *offset and moves it on; a bad byte reads as U+FFFD and moves by one.
 * *offset < s.length. */
static inline uint32_t q_utf8_next(struct q_str s, size_t *offset)
{
	unsigned char first = (unsigned char)s.data[*offset];

	if (first >= 0x80)
		return q_utf8_next_wide(s, offset);
	++*offset;
	return first;
}

/* How many characters there are, bad bytes one each; and the bytes of the first `characters`. */
size_t q_utf8_count(struct q_str s);
size_t q_utf8_bytes_of(struct q_str s, size_t characters);

/* Writes 1 to 4 bytes and returns how many; an invalid code point is written as U+FFFD. */
size_t q_utf8_encode(uint32_t code_point, char out[4]);

/* The longest prefix of at most `limit_bytes` that cuts no character. */
struct q_str q_utf8_cut(struct q_str s, size_t limit_bytes);

#endif
