#include "base/utf8.h"

#include <string.h>

enum { REPLACEMENT = 0xFFFD, LAST_CODE_POINT = 0x10FFFF };

static bool is_continuation(unsigned char byte)
{
	return (byte & 0xC0) == 0x80;
}

/* The length of the character that starts with `lead`, and the range of its second byte: the table
 * of RFC 3629 4, which is where overlong forms, surrogates and what is above U+10FFFF fall out. 0:
 * no lead. */
static size_t read_lead(unsigned char lead, unsigned char *low, unsigned char *high)
{
	*low = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
	*high = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
	if (lead < 0x80)
		return 1;
	if (lead < 0xC2 || lead > 0xF4)
		return 0;
	return lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
}

/* The length of the valid character at `bytes`, or 0. */
static size_t measure(const unsigned char *bytes, size_t available)
{
	unsigned char low, high;
	size_t length = read_lead(bytes[0], &low, &high);

	if (length <= 1)
		return length;
	if (length > available || bytes[1] < low || bytes[1] > high)
		return 0;
	for (size_t i = 2; i < length; i++) {
		if (!is_continuation(bytes[i]))
			return 0;
	}
	return length;
}

/* How many of the first bytes are ASCII, in steps of eight. */
static size_t skip_ascii(const unsigned char *bytes, size_t length)
{
	size_t at = 0;

	for (uint64_t word; at + sizeof word <= length; at += sizeof word) {
		memcpy(&word, bytes + at, sizeof word);
		if (word & UINT64_C(0x8080808080808080))
			break;
	}
	return at;
}

bool q_utf8_is_valid(struct q_str s)
{
	const unsigned char *bytes = q_str_bytes(s).data;
	size_t at = 0;

	while (at < s.length) {
		size_t length;

		at += skip_ascii(bytes + at, s.length - at);
		if (at == s.length)
			break;
		length = measure(bytes + at, s.length - at);
		if (length == 0)
			return false;
		at += length;
	}
	return true;
}

uint32_t q_utf8_next_wide(struct q_str s, size_t *offset)
{
	const unsigned char *bytes = q_str_bytes(s).data + *offset;
	size_t length = measure(bytes, s.length - *offset);
	uint32_t code_point;

	*offset += length > 0 ? length : 1;
	if (length == 0)
		return REPLACEMENT;
	if (length == 1)
		return bytes[0];
	code_point = bytes[0] & (0xFFu >> (length + 1));
	for (size_t i = 1; i < length; i++)
		code_point = code_point << 6 | (bytes[i] & 0x3F);
	return code_point;
}

size_t q_utf8_encode(uint32_t code_point, char out[4])
{
	static const unsigned char lead_bits[] = {0, 0, 0xC0, 0xE0, 0xF0};
	size_t length;

	if (code_point > LAST_CODE_POINT || (code_point >= 0xD800 && code_point <= 0xDFFF))
		code_point = REPLACEMENT;
	length = code_point < 0x80 ? 1 : code_point < 0x800 ? 2 : code_point < 0x10000 ? 3 : 4;
	for (size_t i = length - 1; i > 0; i--) {
		out[i] = (char)(0x80 | (code_point & 0x3F));
		code_point >>= 6;
	}
	out[0] = (char)(lead_bits[length] | code_point);
	return length;
}

struct q_str q_utf8_cut(struct q_str s, size_t limit_bytes)
{
	size_t start = limit_bytes;
	size_t end;

	if (s.length <= limit_bytes)
		return s;
	/* The character that the limit falls into, if any, starts at most three bytes before. */
	while (start > 0 && limit_bytes - start < 3 &&
	       is_continuation((unsigned char)s.data[start]))
		start--;
	end = start;
	q_utf8_next(s, &end);
	return q_str_slice(s, 0, end > limit_bytes ? start : limit_bytes);
}

size_t q_utf8_count(struct q_str s)
{
	size_t count = 0;

	for (size_t at = 0; at < s.length; count++)
		q_utf8_next(s, &at);
	return count;
}

size_t q_utf8_bytes_of(struct q_str s, size_t characters)
{
	size_t at = 0;

	for (size_t i = 0; i < characters && at < s.length; i++)
		q_utf8_next(s, &at);
	return at;
}
