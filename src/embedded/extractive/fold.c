#include "embedded/extractive/fold.h"

#include "base/utf8.h"

#include <string.h>
#include <unicode/uchar.h>

static bool is_blank(uint32_t c)
{
	if (c < 0x80)
		return c <= ' ' || c == 0x7F;
	return u_isUWhiteSpace((UChar32)c) || u_charType((UChar32)c) == U_CONTROL_CHAR;
}

struct q_str q__fold(struct q_str text, char *out, size_t size)
{
	size_t offset = 0, length = 0;
	bool has_gap = false;

	while (offset < text.length) {
		uint32_t c = q_utf8_next(text, &offset);
		char encoded[4];
		size_t bytes;

		if (is_blank(c)) {
			has_gap = length > 0;
			continue;
		}
		bytes = q_utf8_encode(c, encoded);
		if (length + has_gap + bytes > size)
			break;
		if (has_gap)
			out[length++] = ' ';
		memcpy(out + length, encoded, bytes);
		length += bytes;
		has_gap = false;
	}
	return (struct q_str){out, length};
}
