#include "embedded/page_frames.h"

#include "support/checks.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* A conversation about pages 2 to 4 of at most 100. */
static const struct q_extract_request request = {
	.first_page = 2, .last_page = 4, .pages_max = 100, .text_bytes_max = 1000};

static int frames_setup(void **state)
{
	struct q__page_frames *frames = calloc(1, sizeof *frames);

	*state = frames;
	if (frames)
		q__page_frames_init(frames, &request);
	return frames ? 0 : -1;
}

static int frames_teardown(void **state)
{
	q__page_frames_free(*state);
	free(*state);
	return 0;
}

static void feed(struct q__page_frames *frames, const void *bytes, size_t length)
{
	size_t room;
	char *space = q__page_frames_room(frames, &room);

	assert_non_null(space);
	assert_true(room >= length);
	memcpy(space, bytes, length);
	q__page_frames_filled(frames, length);
}

static void feed_frame(struct q__page_frames *frames, uint32_t type, const void *body,
		       size_t length)
{
	const struct q_extract_frame head = {type, (uint32_t)length};

	feed(frames, &head, sizeof head);
	if (length > 0)
		feed(frames, body, length);
}

static void feed_document(struct q__page_frames *frames, uint32_t page_count)
{
	const struct q_extract_document body = {Q_EXTRACT_VERSION, page_count};

	feed_frame(frames, Q_EXTRACT_FRAME_DOCUMENT, &body, sizeof body);
}

/* A page of `text`; each of its box_count boxes is 1, 2, 3, 4. What is said of the lengths may be
 * altered before. */
static size_t page_bytes(unsigned char out[512], struct q_extract_page page, const char *text)
{
	const struct q_extract_box box = {1, 2, 3, 4};
	size_t length = sizeof page;

	memcpy(out, &page, sizeof page);
	for (uint32_t i = 0; i < page.box_count; i++, length += sizeof box)
		memcpy(out + length, &box, sizeof box);
	memcpy(out + length, text, strlen(text));
	return length + strlen(text);
}

static void feed_page(struct q__page_frames *frames, uint32_t number, const char *text,
		      uint32_t box_count)
{
	unsigned char bytes[512];
	const struct q_extract_page page = {.page_number = number,
					    .text_length = (uint32_t)strlen(text),
					    .box_count = box_count};
	size_t length = page_bytes(bytes, page, text);

	feed_frame(frames, Q_EXTRACT_FRAME_PAGE, bytes, length);
}

struct hidden {
	uint32_t reason;
	const char *text;
	uint32_t length; /* as it is said */
};

/* A page 2 without text that says to have hidden_count hidden texts, of the bytes of `count`. */
static void feed_hidden(struct q__page_frames *frames, uint32_t hidden_count,
			const struct hidden *hidden, size_t count)
{
	unsigned char bytes[512];
	struct q_extract_page page = {.page_number = 2, .hidden_count = hidden_count};
	size_t length = sizeof page;

	for (size_t i = 0; i < count; i++) {
		const struct q_extract_hidden head = {hidden[i].reason, hidden[i].length};

		memcpy(bytes + length, &head, sizeof head);
		memcpy(bytes + length + sizeof head, hidden[i].text, strlen(hidden[i].text));
		length += sizeof head + strlen(hidden[i].text);
	}
	page.hidden_length = (uint32_t)(length - sizeof page);
	memcpy(bytes, &page, sizeof page);
	feed_frame(frames, Q_EXTRACT_FRAME_PAGE, bytes, length);
}

static struct q__page_frame expect_next(struct q__page_frames *frames, enum q__page_frame_kind kind)
{
	struct q__page_frame frame;
	struct q_err err;

	assert_int_equal(q__page_frames_next(frames, &frame, &err), Q_OK);
	assert_int_equal(frame.kind, kind);
	return frame;
}

static void expect_corrupt(struct q__page_frames *frames)
{
	struct q__page_frame frame;
	struct q_err err;

	assert_int_equal(q__page_frames_next(frames, &frame, &err), Q_CORRUPT);
}

/* The document is open, and has five pages. */
static void open_document(struct q__page_frames *frames)
{
	feed_document(frames, 5);
	expect_next(frames, Q__FRAME_DOCUMENT);
}

static void understands_a_conversation(void **state)
{
	struct q__page_frames *frames = *state;
	const struct q_extract_page_failed failed = {3, Q_EXTRACT_MALFORMED};
	struct q__page_frame frame;

	open_document(frames);
	assert_int_equal(frames->page_count, 5);
	feed_page(frames, 2, "a\xc3\xa9\n", 3);
	frame = expect_next(frames, Q__FRAME_PAGE);
	assert_view_equal(frame.page.text, "a\xc3\xa9\n");
	assert_int_equal(frame.page.box_count, 3);
	assert_float_equal(frame.page.boxes[2].bottom, 4, 0);
	feed_frame(frames, Q_EXTRACT_FRAME_PAGE_FAILED, &failed, sizeof failed);
	frame = expect_next(frames, Q__FRAME_PAGE_FAILED);
	assert_int_equal(frame.failure, Q_EXTRACT_MALFORMED);
	assert_int_equal(frame.page.page_number, 3);
	feed_page(frames, 4, "", 0);
	expect_next(frames, Q__FRAME_PAGE);
	feed_frame(frames, Q_EXTRACT_FRAME_END, NULL, 0);
	expect_next(frames, Q__FRAME_END);
	expect_next(frames, Q__FRAME_NONE);
}

static void waits_for_the_rest_of_a_frame(void **state)
{
	struct q__page_frames *frames = *state;
	const struct q_extract_frame head = {Q_EXTRACT_FRAME_DOCUMENT,
					     sizeof(struct q_extract_document)};
	const struct q_extract_document body = {Q_EXTRACT_VERSION, 5};
	unsigned char bytes[sizeof head + sizeof body];

	memcpy(bytes, &head, sizeof head);
	memcpy(bytes + sizeof head, &body, sizeof body);
	for (size_t i = 0; i + 1 < sizeof bytes; i++) {
		feed(frames, bytes + i, 1);
		expect_next(frames, Q__FRAME_NONE);
	}
	feed(frames, bytes + sizeof bytes - 1, 1);
	expect_next(frames, Q__FRAME_DOCUMENT);
}

static void reads_frames_that_come_together(void **state)
{
	struct q__page_frames *frames = *state;
	struct q__page_frame frame;

	feed_document(frames, 5);
	feed_page(frames, 2, "x", 1);
	feed_page(frames, 3, "yy", 2);
	expect_next(frames, Q__FRAME_DOCUMENT);
	expect_next(frames, Q__FRAME_PAGE);
	frame = expect_next(frames, Q__FRAME_PAGE);
	assert_view_equal(frame.page.text, "yy");
	assert_float_equal(frame.page.boxes[1].left, 1, 0);
}

static void gives_hidden_texts_apart(void **state)
{
	static const struct hidden hidden[] = {{Q_EXTRACT_INVISIBLE, "a\xc3\xa9\n", 4},
					       {Q_EXTRACT_BACKGROUND_COLOUR, "b", 1}};
	struct q__page_frames *frames = *state;
	struct q__page_frame frame;

	open_document(frames);
	feed_hidden(frames, 2, hidden, 2);
	frame = expect_next(frames, Q__FRAME_PAGE);
	assert_view_equal(frame.page.text, "");
	assert_int_equal(frame.page.hidden_count, 2);
	assert_int_equal(frame.page.hidden[0].reason, Q_HIDDEN_INVISIBLE);
	assert_view_equal(frame.page.hidden[0].text, "a\xc3\xa9\n");
	assert_int_equal(frame.page.hidden[1].reason, Q_HIDDEN_BACKGROUND_COLOUR);
	assert_view_equal(frame.page.hidden[1].text, "b");
}

/* ---- what is refused */

static void refuses_unknown_frames(void **state)
{
	feed_frame(*state, 77, NULL, 0);
	expect_corrupt(*state);
}

static void refuses_a_length_beyond_a_page(void **state)
{
	const struct q_extract_frame head = {Q_EXTRACT_FRAME_PAGE, 0x7fffffff};

	feed(*state, &head, sizeof head);
	expect_corrupt(*state);
}

static void refuses_another_version(void **state)
{
	const struct q_extract_document body = {Q_EXTRACT_VERSION + 1, 5};

	feed_frame(*state, Q_EXTRACT_FRAME_DOCUMENT, &body, sizeof body);
	expect_corrupt(*state);
}

static void refuses_page_counts_out_of_range(void **state)
{
	static const uint32_t counts[] = {0, 101, UINT32_MAX};

	for (size_t i = 0; i < Q_COUNT_OF(counts); i++) {
		struct q__page_frames frames;

		q__page_frames_init(&frames, &request);
		feed_document(&frames, counts[i]);
		expect_corrupt(&frames);
		q__page_frames_free(&frames);
	}
	(void)state;
}

static void refuses_a_page_before_the_document(void **state)
{
	feed_page(*state, 2, "x", 1);
	expect_corrupt(*state);
}

static void refuses_pages_out_of_order(void **state)
{
	open_document(*state);
	feed_page(*state, 3, "x", 1);
	expect_corrupt(*state);
}

static void refuses_a_page_that_was_not_asked_for(void **state)
{
	struct q__page_frames *frames = *state;

	open_document(frames);
	for (uint32_t n = 2; n <= 4; n++) {
		feed_page(frames, n, "x", 1);
		expect_next(frames, Q__FRAME_PAGE);
	}
	feed_page(frames, 5, "x", 1);
	expect_corrupt(frames);
}

static void refuses_an_end_before_the_last_page(void **state)
{
	open_document(*state);
	feed_frame(*state, Q_EXTRACT_FRAME_END, NULL, 0);
	expect_corrupt(*state);
}

static void refuses_text_that_is_none(void **state)
{
	static const struct {
		const char *text;
		uint32_t characters;
	} cases[] = {
		{"\xff", 1}, {"\xed\xa0\x80", 1}, {"a\x01", 2},
		{"\x7f", 1}, {"ab", 1},		  {"\xc3\xa9", 2},
	};

	for (size_t i = 0; i < Q_COUNT_OF(cases); i++) {
		struct q__page_frames frames;

		q__page_frames_init(&frames, &request);
		open_document(&frames);
		feed_page(&frames, 2, cases[i].text, cases[i].characters);
		expect_corrupt(&frames);
		q__page_frames_free(&frames);
	}
	(void)state;
}

static void refuses_hidden_texts_that_are_none(void **state)
{
	static const struct {
		uint32_t said;
		size_t count;
		struct hidden hidden[2];
	} cases[] = {
		{1, 1, {{Q_EXTRACT_VISIBLE, "seen", 4}}},
		{1, 1, {{Q_EXTRACT_HIDDEN_REASON_COUNT, "x", 1}}},
		{2, 2, {{Q_EXTRACT_TINY, "twice", 5}, {Q_EXTRACT_TINY, "twice", 5}}},
		{2, 2, {{Q_EXTRACT_TINY, "later", 5}, {Q_EXTRACT_CLIPPED, "earlier", 7}}},
		{1, 1, {{Q_EXTRACT_TINY, "", 0}}},
		{1, 1, {{Q_EXTRACT_TINY, "\xff", 1}}},
		{1, 1, {{Q_EXTRACT_TINY, "short", 6}}},
		{1, 1, {{Q_EXTRACT_TINY, "short", UINT32_MAX}}},
		{1, 1, {{Q_EXTRACT_TINY, "more", 3}}},
		{0, 1, {{Q_EXTRACT_TINY, "more", 4}}},
		{2, 1, {{Q_EXTRACT_TINY, "fewer", 5}}},
		{UINT32_MAX, 1, {{Q_EXTRACT_TINY, "fewer", 5}}},
	};

	for (size_t i = 0; i < Q_COUNT_OF(cases); i++) {
		struct q__page_frames frames;

		q__page_frames_init(&frames, &request);
		open_document(&frames);
		feed_hidden(&frames, cases[i].said, cases[i].hidden, cases[i].count);
		expect_corrupt(&frames);
		q__page_frames_free(&frames);
	}
	(void)state;
}

static void refuses_a_page_after_the_one_that_was_too_much(void **state)
{
	struct q__page_frames *frames = *state;

	open_document(frames);
	frames->text_bytes = request.text_bytes_max - 2;
	feed_page(frames, 2, "ab", 2);
	expect_next(frames, Q__FRAME_PAGE);
	feed_page(frames, 3, "c", 1);
	expect_next(frames, Q__FRAME_PAGE);
	feed_page(frames, 4, "", 0);
	expect_corrupt(frames);
}

static void refuses_lengths_that_do_not_add_up(void **state)
{
	struct q__page_frames *frames = *state;
	unsigned char bytes[512];
	struct q_extract_page page = {.page_number = 2, .text_length = 2, .box_count = 2};
	size_t length = page_bytes(bytes, page, "xy");

	open_document(frames);
	page.text_length = UINT32_MAX - 7; /* with the rest it would wrap round to 2 */
	memcpy(bytes, &page, sizeof page);
	feed_frame(frames, Q_EXTRACT_FRAME_PAGE, bytes, length);
	expect_corrupt(frames);
}

static void refuses_boxes_that_are_no_numbers(void **state)
{
	static const float values[] = {NAN, INFINITY, -INFINITY};

	for (size_t i = 0; i < Q_COUNT_OF(values); i++) {
		const struct q_extract_page page = {
			.page_number = 2, .text_length = 1, .box_count = 1};
		struct q__page_frames frames;
		unsigned char bytes[512];
		size_t length = page_bytes(bytes, page, "x");

		memcpy(bytes + sizeof page + 8, &values[i], sizeof values[i]);
		q__page_frames_init(&frames, &request);
		open_document(&frames);
		feed_frame(&frames, Q_EXTRACT_FRAME_PAGE, bytes, length);
		expect_corrupt(&frames);
		q__page_frames_free(&frames);
	}
	(void)state;
}

static void refuses_failures_that_do_not_exist(void **state)
{
	const struct q_extract_failed failed = {4711};

	feed_frame(*state, Q_EXTRACT_FRAME_FAILED, &failed, sizeof failed);
	expect_corrupt(*state);
}

static void keeps_only_flags_that_it_knows(void **state)
{
	unsigned char bytes[512];
	const struct q_extract_page page = {.page_number = 2, .flags = 0xfffffffd};
	size_t length = page_bytes(bytes, page, "");

	open_document(*state);
	feed_frame(*state, Q_EXTRACT_FRAME_PAGE, bytes, length);
	assert_int_equal(expect_next(*state, Q__FRAME_PAGE).page.flags,
			 Q_PAGE_NEEDS_OCR | Q_PAGE_HIDDEN_TEXT | Q_PAGE_OCR_LAYER);
}

int main(void)
{
#define CASE(NAME) cmocka_unit_test_setup_teardown(NAME, frames_setup, frames_teardown)
	const struct CMUnitTest cases[] = {
		CASE(understands_a_conversation),
		CASE(waits_for_the_rest_of_a_frame),
		CASE(reads_frames_that_come_together),
		CASE(gives_hidden_texts_apart),
		CASE(refuses_hidden_texts_that_are_none),
		CASE(refuses_a_page_after_the_one_that_was_too_much),
		CASE(refuses_unknown_frames),
		CASE(refuses_a_length_beyond_a_page),
		CASE(refuses_another_version),
		CASE(refuses_page_counts_out_of_range),
		CASE(refuses_a_page_before_the_document),
		CASE(refuses_pages_out_of_order),
		CASE(refuses_a_page_that_was_not_asked_for),
		CASE(refuses_an_end_before_the_last_page),
		CASE(refuses_text_that_is_none),
		CASE(refuses_lengths_that_do_not_add_up),
		CASE(refuses_boxes_that_are_no_numbers),
		CASE(refuses_failures_that_do_not_exist),
		CASE(keeps_only_flags_that_it_knows),
	};

	return cmocka_run_group_tests(cases, NULL, NULL);
}
