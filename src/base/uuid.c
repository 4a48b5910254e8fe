#include "base/uuid.h"

#include "base/encode.h"

#include <string.h>

void q_uuid_v7(int64_t wall_ms, const unsigned char entropy[10], char out[Q_UUID_TEXT_SIZE])
{
	unsigned char bytes[16];

	for (int i = 0; i < 6; i++)
		bytes[i] = (unsigned char)((uint64_t)wall_ms >> (40 - 8 * i));
	memcpy(bytes + 6, entropy, 10);
	bytes[6] = 0x70 | (bytes[6] & 0x0F); /* version 7 */
	bytes[8] = 0x80 | (bytes[8] & 0x3F); /* variant of RFC 9562 */
	q_hex_write((struct q_bytes){bytes, 4}, out);
	q_hex_write((struct q_bytes){bytes + 4, 2}, out + 9);
	q_hex_write((struct q_bytes){bytes + 6, 2}, out + 14);
	q_hex_write((struct q_bytes){bytes + 8, 2}, out + 19);
	q_hex_write((struct q_bytes){bytes + 10, 6}, out + 24);
	out[8] = out[13] = out[18] = out[23] = '-';
	out[Q_UUID_TEXT_SIZE - 1] = '\0';
}

static bool is_lower_hex(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

bool q_uuid_is_valid(struct q_str text)
{
	if (text.length != Q_UUID_TEXT_SIZE - 1)
		return false;
	for (size_t i = 0; i < text.length; i++) {
		bool is_hyphen = i == 8 || i == 13 || i == 18 || i == 23;

		if (is_hyphen ? text.data[i] != '-' : !is_lower_hex(text.data[i]))
			return false;
	}
	return true;
}
