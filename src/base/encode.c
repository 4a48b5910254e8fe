#include "base/encode.h"

#include <string.h>

static const char lower_hex_digits[] = "0123456789abcdef";
static const char upper_hex_digits[] = "0123456789ABCDEF";
static const char base64_digits[] =
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char base64url_digits[] =
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

void q_hex_write(struct q_bytes bytes, char *out)
{
	for (size_t i = 0; i < bytes.length; i++) {
		*out++ = lower_hex_digits[bytes.data[i] >> 4];
		*out++ = lower_hex_digits[bytes.data[i] & 0x0F];
	}
}

/* Room for `length` bytes of text; SIZE_MAX, which no buffer can hold, stands for an overflow. */
static char *reserve_text(struct q_buf *out, size_t length)
{
	char *text = q_buf_reserve(out, length);

	if (text) {
		text[length] = '\0';
		out->length += length;
	}
	return text;
}

bool q_encode_hex(struct q_buf *out, struct q_bytes bytes)
{
	char *text = reserve_text(out, bytes.length <= SIZE_MAX / 2 ? 2 * bytes.length : SIZE_MAX);

	if (text)
		q_hex_write(bytes, text);
	return text != NULL;
}

/* The value of a hex digit, or -1. Upper case counts where `or_upper`. */
static int hex_value(char c, bool or_upper)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (or_upper && c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

bool q_decode_hex(struct q_str text, unsigned char *out, size_t out_bytes)
{
	if (text.length % 2 != 0 || text.length / 2 != out_bytes)
		return false;
	for (size_t i = 0; i < out_bytes; i++) {
		int high = hex_value(text.data[2 * i], false);
		int low = hex_value(text.data[2 * i + 1], false);

		if (high < 0 || low < 0)
			return false;
		out[i] = (unsigned char)(high << 4 | low);
	}
	return true;
}

/* Three bytes make four digits; one or two at the end make two or three. */
static bool encode_digits(struct q_buf *out, struct q_bytes bytes, const char digits[65])
{
	size_t tail = bytes.length % 3;
	size_t whole = bytes.length - tail;
	size_t length = whole / 3 * 4 + (tail > 0 ? tail + 1 : 0);
	char *text = reserve_text(out, bytes.length <= SIZE_MAX / 2 ? length : SIZE_MAX);

	if (!text)
		return false;
	for (size_t i = 0; i < bytes.length; i += 3) {
		size_t count = i < whole ? 3 : tail;
		uint32_t bits = 0;

		for (size_t k = 0; k < 3; k++)
			bits = bits << 8 | (k < count ? bytes.data[i + k] : 0);
		for (size_t k = 0; k <= count; k++)
			*text++ = digits[bits >> (18 - 6 * k) & 0x3F];
	}
	return true;
}

bool q_encode_base64url(struct q_buf *out, struct q_bytes bytes)
{
	return encode_digits(out, bytes, base64url_digits);
}

bool q_encode_base64(struct q_buf *out, struct q_bytes bytes)
{
	return encode_digits(out, bytes, base64_digits) &&
	       q_buf_append(out, q_str_slice(Q_STR("=="), 0, (3 - bytes.length % 3) % 3));
}

static int base64url_value(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '-' ? 62 : c == '_' ? 63 : -1;
}

/* Digits are six bits each; a byte leaves as soon as there are eight. The bits left at the end are
 * of no byte: they must be zero, or two texts would have one value, and a lone digit must not be.
 */
bool q_decode_base64url(struct q_arena *arena, struct q_str text, struct q_bytes *out)
{
	size_t length = text.length / 4 * 3 + text.length % 4 * 3 / 4;
	unsigned char *bytes;
	uint32_t bits = 0;
	size_t at = 0;

	if (text.length % 4 == 1)
		return false;
	bytes = q_arena_alloc(arena, length);
	if (!bytes)
		return false;
	for (size_t i = 0; i < text.length; i++) {
		int value = base64url_value(text.data[i]);

		if (value < 0)
			return false;
		bits = bits << 6 | (uint32_t)value;
		if (i % 4 != 0)
			bytes[at++] = (unsigned char)(bits >> (6 - 2 * (i % 4)));
	}
	if ((text.length % 4 == 2 && (bits & 0x0F)) || (text.length % 4 == 3 && (bits & 0x03)))
		return false;
	*out = (struct q_bytes){bytes, length};
	return true;
}

/* RFC 3986 2.3. */
static bool is_unreserved(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
	       c == '-' || c == '.' || c == '_' || c == '~';
}

static bool encode_percent(struct q_buf *out, struct q_str s, bool keep_slash)
{
	size_t escapes = 0;
	char *text;

	for (size_t i = 0; i < s.length; i++)
		escapes += !(is_unreserved(s.data[i]) || (keep_slash && s.data[i] == '/'));
	text = reserve_text(out, s.length <= SIZE_MAX / 3 ? s.length + 2 * escapes : SIZE_MAX);
	if (!text)
		return false;
	for (size_t i = 0; i < s.length; i++) {
		unsigned char byte = (unsigned char)s.data[i];

		if (is_unreserved(s.data[i]) || (keep_slash && byte == '/')) {
			*text++ = s.data[i];
			continue;
		}
		*text++ = '%';
		*text++ = upper_hex_digits[byte >> 4];
		*text++ = upper_hex_digits[byte & 0x0F];
	}
	return true;
}

bool q_encode_percent(struct q_buf *out, struct q_str s)
{
	return encode_percent(out, s, false);
}

bool q_encode_percent_path(struct q_buf *out, struct q_str s)
{
	return encode_percent(out, s, true);
}

/* The byte that %XX at s[at] stands for, or -1. */
static int read_escape(struct q_str s, size_t at)
{
	int high, low;

	if (s.length - at < 3)
		return -1;
	high = hex_value(s.data[at + 1], true);
	low = hex_value(s.data[at + 2], true);
	return high < 0 || low < 0 ? -1 : high << 4 | low;
}

bool q_decode_percent_into(char *out, struct q_str s, bool plus_is_space, size_t *out_length)
{
	size_t length = 0;

	for (size_t i = 0; i < s.length; i++) {
		int byte = (unsigned char)s.data[i];

		if (byte == '%') {
			byte = read_escape(s, i);
			if (byte < 0)
				return false;
			i += 2;
		} else if (byte == '+' && plus_is_space) {
			byte = ' ';
		}
		out[length++] = (char)byte;
	}
	*out_length = length;
	return true;
}

bool q_decode_percent(struct q_arena *arena, struct q_str s, bool plus_is_space, struct q_str *out)
{
	char *text = q_arena_alloc(arena, s.length + 1);
	size_t length;

	if (!text || !q_decode_percent_into(text, s, plus_is_space, &length))
		return false;
	*out = (struct q_str){text, length};
	return true;
}
