/* What is read as a time and lies in the range that can be written, is written as a text that is
 * read as the same time. */
#include "base/compiler.h"
#include "base/time.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const int64_t last_ms = INT64_C(253402300799999);
	char text[Q_TIME_RFC3339_SIZE];
	int64_t wall_ms, again_ms;

	if (!q_time_parse_rfc3339(q_bytes_str((struct q_bytes){data, size}), &wall_ms))
		return 0;
	if (wall_ms < 0 || wall_ms > last_ms)
		return 0;
	q_time_format_rfc3339(wall_ms, text);
	q_assert(q_time_parse_rfc3339(q_str_from(text), &again_ms));
	q_assert(again_ms == wall_ms);
	return 0;
}
