/* Reads the input as what the helper's child says about pages 1 to 3; its first byte is how much
 * comes at a time. */
#include "embedded/page_frames.h"

#include "base/utf8.h"

#include <math.h>
#include <string.h>

static void check_hidden(const struct q_page_text *page)
{
	unsigned last = 0;

	for (size_t i = 0; i < page->hidden_count; i++) {
		const struct q_hidden_text *hidden = &page->hidden[i];

		q_assert(hidden->reason > last && hidden->reason < Q_HIDDEN_REASON_COUNT);
		q_assert(hidden->text.length > 0 && q_utf8_is_valid(hidden->text));
		q_assert(hidden->text.length <= Q_EXTRACT_HIDDEN_TEXT_MAX);
		last = hidden->reason;
	}
}

static void check_page(const struct q_page_text *page, uint32_t expected_number)
{
	size_t characters = 0;

	q_assert(page->page_number == expected_number);
	q_assert(page->text.length <= Q_EXTRACT_PAGE_TEXT_MAX && q_utf8_is_valid(page->text));
	for (size_t at = 0; at < page->text.length; characters++)
		q_assert(q_utf8_next(page->text, &at) != 0);
	q_assert(characters == page->box_count);
	for (size_t i = 0; i < page->box_count; i++)
		q_assert(isfinite(page->boxes[i].left) && isfinite(page->boxes[i].top) &&
			 isfinite(page->boxes[i].right) && isfinite(page->boxes[i].bottom));
}

/* False: the conversation is over. */
static bool take_frames(struct q__page_frames *frames, uint32_t *next_page)
{
	struct q__page_frame frame;
	struct q_err err;

	while (q__page_frames_next(frames, &frame, &err) == Q_OK) {
		switch (frame.kind) {
		case Q__FRAME_NONE:
			return true;
		case Q__FRAME_DOCUMENT:
			q_assert(frames->page_count >= 1 && frames->page_count <= 5);
			break;
		case Q__FRAME_PAGE:
			check_page(&frame.page, (*next_page)++);
			check_hidden(&frame.page);
			break;
		case Q__FRAME_PAGE_FAILED:
			q_assert(frame.page.page_number == (*next_page)++);
			break;
		case Q__FRAME_FAILED:
			return false;
		case Q__FRAME_END:
			q_assert(*next_page == 4);
			return false;
		}
	}
	return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct q_extract_request request = {
		.first_page = 1, .last_page = 3, .pages_max = 5, .text_bytes_max = 1 << 20};
	size_t step = size > 0 ? 1 + (size_t)data[0] : 1, room;
	struct q__page_frames frames;
	uint32_t next_page = 1;

	q__page_frames_init(&frames, &request);
	for (size_t at = 1; at < size; at += step) {
		size_t length = at + step > size ? size - at : step;
		char *space = q__page_frames_room(&frames, &room);

		q_assert(space && room >= length);
		memcpy(space, data + at, length);
		q__page_frames_filled(&frames, length);
		if (!take_frames(&frames, &next_page))
			break;
	}
	q__page_frames_free(&frames);
	return 0;
}
