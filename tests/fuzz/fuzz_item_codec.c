/* Decodes the input as an item and as a change with its images. What is accepted must give the
 * same bytes when it is written again. */
#include "embedded/item_codec.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_item(struct q_arena *arena, struct q_bytes input)
{
	struct q_bytes again;
	struct q_item item;
	struct q_err err;

	(void)q_item_encoded_expiry(input);
	if (q_item_decode(input, arena, &item, &err) != Q_OK)
		return;
	q_assert(q_item_encode(&item, arena, &again, &err) == Q_OK);
	q_assert(q_str_equal(q_bytes_str(again), q_bytes_str(input)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct q_arena *arena = q_arena_new(64 << 20);
	struct q_bytes input = {data, size}, before, after;
	struct q_err err;

	if (!arena || size > Q_RECORD_ITEM_MAX)
		goto done;
	check_item(arena, input);
	if (q_change_decode(input, &before, &after, &err) == Q_OK) {
		check_item(arena, before);
		check_item(arena, after);
	}
done:
	q_arena_free(arena);
	return 0;
}
