/* A text is valid exactly when its characters, one by one, encode to it again; a cut of a valid
 * text is valid, and loses less than one character. */
#include "base/compiler.h"
#include "base/utf8.h"

#include <string.h>

static bool encodes_to_itself(struct q_str text)
{
	bool is_same = true;

	for (size_t offset = 0; offset < text.length;) {
		size_t start = offset;
		uint32_t code_point = q_utf8_next(text, &offset);
		char bytes[4];
		size_t length = q_utf8_encode(code_point, bytes);

		q_assert(offset > start && offset <= text.length);
		is_same = is_same && length == offset - start &&
			  memcmp(bytes, text.data + start, length) == 0;
	}
	return is_same;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct q_str text = q_bytes_str((struct q_bytes){data, size});
	bool is_valid = q_utf8_is_valid(text);

	q_assert(is_valid == encodes_to_itself(text));
	for (size_t limit = 0; limit <= size && limit < 64; limit++) {
		struct q_str cut = q_utf8_cut(text, limit);

		q_assert(cut.length <= limit && limit - cut.length < 4);
		q_assert(!is_valid || q_utf8_is_valid(cut));
	}
	return 0;
}
