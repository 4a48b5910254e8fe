/* Decoders accept one text for each value: what they accept, the encoder writes again. Encoders
 * take anything. */
#include "base/encode.h"

enum { LIMIT = 1 << 24 };

static bool is_text_of_hex(struct q_str text, struct q_buf *buf, struct q_arena *arena)
{
	size_t length = text.length / 2;
	unsigned char *bytes = q_arena_alloc(arena, length);

	q_assert(bytes);
	if (!q_decode_hex(text, bytes, length))
		return true;
	return q_encode_hex(buf, (struct q_bytes){bytes, length}) &&
	       q_str_equal(q_buf_str(buf), text);
}

static bool is_text_of_base64url(struct q_str text, struct q_buf *buf, struct q_arena *arena)
{
	struct q_bytes bytes;

	if (!q_decode_base64url(arena, text, &bytes))
		return true;
	return q_encode_base64url(buf, bytes) && q_str_equal(q_buf_str(buf), text);
}

static bool percent_round_trips(struct q_str text, struct q_buf *buf, struct q_arena *arena)
{
	struct q_str decoded;

	if (q_decode_percent(arena, text, true, &decoded) && decoded.length > text.length)
		return false;
	return q_encode_percent(buf, text) &&
	       q_decode_percent(arena, q_buf_str(buf), true, &decoded) &&
	       q_str_equal(decoded, text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct q_str text = q_bytes_str((struct q_bytes){data, size});
	struct q_arena *arena = q_arena_new(LIMIT);
	struct q_buf buf;

	q_assert(arena);
	q_buf_init(&buf, LIMIT);
	q_assert(is_text_of_hex(text, &buf, arena));
	q_buf_clear(&buf);
	q_assert(is_text_of_base64url(text, &buf, arena));
	q_buf_clear(&buf);
	q_assert(percent_round_trips(text, &buf, arena));
	q_buf_free(&buf);
	q_arena_free(arena);
	return 0;
}
