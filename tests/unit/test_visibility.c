/* Each case is a page that hides a text in one way, or that only seems to: what the page says is
 * read with the engine, as a reader of it sees it. */
#include "extract/visibility.h"

#include "base/arena.h"
#include "base/mem.h"
#include "extract/document.h"
#include "extract/hidden_text.h"
#include "extract/pdf_page.h"
#include "support/pdf_writer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { ARENA_BYTES = 64 << 20 };

/* A page as it was read. */
struct reading {
	struct q_arena *arena;
	struct q__document document;
	struct q__pdf_page page;
	struct q__page_text text;
};

static struct reading *reading;

static int start_engine(void **state)
{
	(void)state;
	q__engine_start();
	return 0;
}

static int new_reading(void **state)
{
	(void)state;
	reading = q_mem_new(sizeof *reading);
	if (!reading)
		return -1;
	reading->arena = q_arena_new(ARENA_BYTES);
	return reading->arena ? 0 : -1;
}

static int free_reading(void **state)
{
	(void)state;
	q_arena_free(reading->arena);
	q_mem_free(reading);
	return 0;
}

static const char *as_string(const char *text, size_t length)
{
	return q_arena_copy(reading->arena, (struct q_str){text, length}).data;
}

/* The text that a reader sees on the page. */
static const char *seen_with(const char *entries, const char *content)
{
	struct pdf_writer *writer = pdf_writer_new();
	struct q_document_source source;
	struct q__page_text *text = &reading->text;
	struct q_err err;

	pdf_writer_add_with(writer, entries, content);
	source = pdf_writer_finish(writer);
	assert_int_equal(q__document_open(&reading->document, source.fd, source.size_bytes, 10), 0);
	assert_int_equal(q__pdf_page_read(&reading->document, 1, reading->arena, &reading->page),
			 0);
	q__document_close(&reading->document);
	close(source.fd);
	assert_int_equal(q__hidden_text_take(reading->arena, &reading->page.glyphs, text, &err),
			 Q_OK);
	assert_int_equal(q__page_text_build(reading->arena, &reading->page.glyphs, text, &err),
			 Q_OK);
	return as_string(text->text, text->text_length);
}

static const char *seen(const char *content)
{
	return seen_with("", content);
}

/* The one hidden text of the page that was read. */
static void expect_hidden(enum q_extract_hidden_reason reason, const char *text)
{
	const struct q__hidden_text *hidden = &reading->text.hidden[0];

	assert_int_equal(reading->text.hidden_count, 1);
	assert_int_equal(hidden->reason, reason);
	assert_string_equal(as_string(hidden->text, hidden->text_length), text);
	assert_true(reading->text.flags & Q__PAGE_HIDDEN_TEXT);
}

static void expect_nothing_hidden(void)
{
	assert_int_equal(reading->text.hidden_count, 0);
	assert_false(reading->text.flags & Q__PAGE_HIDDEN_TEXT);
}

#define BEGIN	  "BT /F1 12 Tf 72 720 Td "
#define SEEN_LINE "(seen) Tj "
#define NEXT_LINE "0 -20 Td "

/* ---- invisible */

static void render_mode_3_is_invisible(void **state)
{
	(void)state;
	assert_string_equal(seen(BEGIN SEEN_LINE NEXT_LINE "3 Tr (not seen) Tj ET"), "seen\n");
	expect_hidden(Q_EXTRACT_INVISIBLE, "not seen\n");
}

static void wholly_transparent_text_is_invisible(void **state)
{
	(void)state;
	assert_string_equal(seen(BEGIN SEEN_LINE NEXT_LINE "/C gs (not seen) Tj ET"), "seen\n");
	expect_hidden(Q_EXTRACT_INVISIBLE, "not seen\n");
}

static void a_stencil_is_invisible_where_nothing_shows_through(void **state)
{
	(void)state;
	assert_string_equal(seen(BEGIN SEEN_LINE NEXT_LINE "7 Tr (not seen) Tj ET"), "seen\n");
	expect_hidden(Q_EXTRACT_INVISIBLE, "not seen\n");
}

static void a_stencil_that_is_painted_through_is_seen(void **state)
{
	(void)state;
	assert_string_equal(seen("q " BEGIN "7 Tr (title) Tj ET 1 0 0 rg 0 700 595 100 re f Q"),
			    "title\n");
	expect_nothing_hidden();
}

static void outlined_text_is_seen(void **state)
{
	(void)state;
	assert_string_equal(seen("1 g 0 G " BEGIN "1 Tr (outline) Tj 2 Tr 0 -20 Td (both) Tj ET"),
			    "outline\nboth\n");
	expect_nothing_hidden();
}

/* ---- off the page */

static void text_beyond_the_crop_box_is_off_the_page(void **state)
{
	(void)state;
	assert_string_equal(
		seen_with("/CropBox[0 0 595 600]", BEGIN "(not seen) Tj 0 -200 Td (seen) Tj ET"),
		"seen\n");
	expect_hidden(Q_EXTRACT_OFF_PAGE, "not seen\n");
}

static void text_beyond_the_edge_of_a_turned_page_is_off_it(void **state)
{
	(void)state;
	assert_string_equal(seen_with("/Rotate 90", BEGIN SEEN_LINE "600 0 Td (not seen) Tj ET"),
			    "seen\n");
	expect_hidden(Q_EXTRACT_OFF_PAGE, "not seen\n");
}

static void text_that_runs_off_the_page_is_seen_up_to_its_edge(void **state)
{
	(void)state;
	assert_string_equal(seen("BT /F1 100 Tf 500 720 Td (iiiiiiii) Tj ET"), "iiii\n");
	expect_hidden(Q_EXTRACT_OFF_PAGE, "iiii\n");
}

/* ---- clipped */

static void text_outside_its_clipping_path_is_clipped(void **state)
{
	(void)state;
	assert_string_equal(
		seen("q 0 700 595 100 re W n " BEGIN SEEN_LINE "0 -200 Td (not seen) Tj ET Q"),
		"seen\n");
	expect_hidden(Q_EXTRACT_CLIPPED, "not seen\n");
}

static void text_is_clipped_by_all_paths_together(void **state)
{
	(void)state;
	assert_string_equal(seen("q 0 0 200 842 re W n 100 0 400 842 re W n " BEGIN
				 "(a) Tj 50 0 Td (b) Tj 150 0 Td (c) Tj ET Q"),
			    "b\n");
	expect_hidden(Q_EXTRACT_CLIPPED, "a\tc\n");
}

static void text_beyond_the_box_of_its_form_is_clipped(void **state)
{
	(void)state;
	assert_string_equal(seen("0 g 0 0 595 842 re f q 1 0 0 1 50 500 cm /W Do Q"),
			    "in a form\n");
	expect_hidden(Q_EXTRACT_CLIPPED, "beyond it\n");
}

/* ---- tiny */

static void text_under_a_point_is_tiny(void **state)
{
	(void)state;
	assert_string_equal(seen(BEGIN SEEN_LINE NEXT_LINE "/F1 0.9 Tf (not seen) Tj ET"),
			    "seen\n");
	expect_hidden(Q_EXTRACT_TINY, "not seen\n");
}

static void text_of_a_point_is_not_tiny(void **state)
{
	(void)state;
	assert_string_equal(seen("BT /F1 1 Tf 72 720 Td (small print) Tj ET"), "small print\n");
	expect_nothing_hidden();
}

static void text_that_is_scaled_down_is_tiny(void **state)
{
	(void)state;
	assert_string_equal(seen(BEGIN SEEN_LINE "ET q 0.05 0 0 0.05 72 600 cm BT /F1 12 Tf "
						 "(not seen) Tj ET Q"),
			    "seen\n");
	expect_hidden(Q_EXTRACT_TINY, "not seen\n");
}

static void text_that_is_squeezed_is_tiny(void **state)
{
	(void)state;
	assert_string_equal(seen(BEGIN SEEN_LINE NEXT_LINE "1 Tz (notseen) Tj ET"), "seen\n");
	expect_hidden(Q_EXTRACT_TINY, "notseen\n");
}

static void text_that_is_scaled_up_is_seen(void **state)
{
	(void)state;
	assert_string_equal(seen("BT /F1 0.5 Tf 24 0 0 24 72 720 Tm (large) Tj ET"), "large\n");
	expect_nothing_hidden();
}

/* ---- in the colour of the ground */

static void white_on_paper_has_the_colour_of_its_ground(void **state)
{
	(void)state;
	assert_string_equal(seen(BEGIN SEEN_LINE NEXT_LINE "1 g (not seen) Tj ET"), "seen\n");
	expect_hidden(Q_EXTRACT_BACKGROUND_COLOUR, "not seen\n");
}

static void nearly_white_on_paper_has_the_colour_of_its_ground(void **state)
{
	(void)state;
	assert_string_equal(seen(BEGIN SEEN_LINE NEXT_LINE "0.98 g (not seen) Tj ET"), "seen\n");
	expect_hidden(Q_EXTRACT_BACKGROUND_COLOUR, "not seen\n");
}

static void light_grey_on_paper_is_seen(void **state)
{
	(void)state;
	assert_string_equal(seen(BEGIN "0.9 g (draft) Tj ET"), "draft\n");
	expect_nothing_hidden();
}

static void white_on_a_dark_heading_is_seen(void **state)
{
	(void)state;
	assert_string_equal(seen("0 0 0.5 rg 60 710 400 30 re f 1 g " BEGIN "(heading) Tj ET"),
			    "heading\n");
	expect_nothing_hidden();
}

static void white_beside_a_dark_heading_is_not_seen(void **state)
{
	(void)state;
	assert_string_equal(seen("0 0 0.5 rg 60 710 100 30 re f 1 g " BEGIN
				 "(heading) Tj 200 0 Td (not seen) Tj ET"),
			    "heading\n");
	expect_hidden(Q_EXTRACT_BACKGROUND_COLOUR, "not seen\n");
}

static void blue_on_the_same_blue_has_the_colour_of_its_ground(void **state)
{
	(void)state;
	assert_string_equal(
		seen("0 0 1 rg 60 690 400 22 re f " BEGIN SEEN_LINE NEXT_LINE "(not seen) Tj ET"),
		"seen\n");
	expect_hidden(Q_EXTRACT_BACKGROUND_COLOUR, "not seen\n");
}

static void the_topmost_shape_is_the_ground(void **state)
{
	(void)state;
	assert_string_equal(seen("0 g 60 600 400 200 re f 1 g 60 690 400 22 re f " BEGIN
				 "(seen) Tj 0 -20 Td (not seen) Tj ET"),
			    "seen\n");
	expect_hidden(Q_EXTRACT_BACKGROUND_COLOUR, "not seen\n");
}

static void a_shape_that_is_painted_later_is_no_ground(void **state)
{
	(void)state;
	assert_string_equal(seen("1 g " BEGIN "(not seen) Tj ET 0 g 60 400 400 100 re f "
				 "1 g BT /F1 12 Tf 72 420 Td (seen) Tj ET"),
			    "seen\n");
	expect_hidden(Q_EXTRACT_BACKGROUND_COLOUR, "not seen\n");
}

static void the_inside_of_a_frame_is_no_ground(void **state)
{
	(void)state;
	assert_string_equal(
		seen("0 g 0 0 595 842 re 10 10 575 822 re f* 0 G 5 w 20 20 555 802 re S "
		     "1 g " BEGIN "(not seen) Tj ET"),
		"");
	expect_hidden(Q_EXTRACT_BACKGROUND_COLOUR, "not seen\n");
}

static void a_thick_line_is_a_ground(void **state)
{
	(void)state;
	assert_string_equal(seen("0 G 30 w 60 724 m 400 724 l S 1 g " BEGIN "(heading) Tj ET"),
			    "heading\n");
	expect_nothing_hidden();
}

static void a_round_shape_is_a_ground(void **state)
{
	(void)state;
	assert_string_equal(
		seen("0.2 g 60 724 m 60 760 130 760 130 724 c 130 690 60 690 60 724 c f "
		     "1 g " BEGIN "(round) Tj ET"),
		"round\n");
	expect_nothing_hidden();
}

static void a_transparent_shape_is_no_ground(void **state)
{
	(void)state;
	assert_string_equal(seen("q /C gs 0 g 60 600 400 200 re f Q 1 g " BEGIN "(not seen) Tj ET"),
			    "");
	expect_hidden(Q_EXTRACT_BACKGROUND_COLOUR, "not seen\n");
}

static void a_clipped_shape_is_a_ground_where_it_shows(void **state)
{
	(void)state;
	assert_string_equal(seen("q 60 600 100 200 re W n 0 g 0 0 595 842 re f Q 1 g " BEGIN
				 "(seen) Tj 200 0 Td (not seen) Tj ET"),
			    "seen\n");
	expect_hidden(Q_EXTRACT_BACKGROUND_COLOUR, "not seen\n");
}

static void text_on_a_picture_is_seen(void **state)
{
	(void)state;
	assert_string_equal(seen("q 400 0 0 100 60 700 cm /P Do Q 1 g " BEGIN "(white) Tj "
				 "0 g 0 20 Td (black) Tj ET"),
			    "black\nwhite\n");
	expect_nothing_hidden();
}

static void white_in_a_form_on_paper_has_the_colour_of_its_ground(void **state)
{
	(void)state;
	assert_string_equal(seen(BEGIN SEEN_LINE "ET q 1 0 0 1 50 500 cm /W Do Q"), "seen\n");
	assert_int_equal(reading->text.hidden_count, 2);
	assert_int_equal(reading->text.hidden[1].reason, Q_EXTRACT_BACKGROUND_COLOUR);
}

static void white_in_a_form_stands_where_the_form_is_drawn(void **state)
{
	(void)state;
	assert_string_equal(seen("0 g 50 500 100 50 re f q 1 0 0 1 50 500 cm /W Do Q "),
			    "in a form\n");
}

static void a_thin_line_through_a_letter_does_not_hide_it(void **state)
{
	(void)state;
	assert_string_equal(seen("0 G 0.5 w 60 724.4 m 400 780 l 60 724.3 m 400 724.3 l S " BEGIN
				 "(struck) Tj ET"),
			    "struck\n");
	expect_nothing_hidden();
}

/* ---- pictures of pages */

static void a_page_is_a_picture_where_one_covers_most_of_it(void **state)
{
	(void)state;
	seen("q 595 0 0 842 0 0 cm /P Do Q");
	assert_true(reading->page.is_picture);
}

static void a_page_is_a_picture_where_strips_cover_most_of_it(void **state)
{
	(void)state;
	seen("q 595 0 0 300 0 0 cm /P Do Q q 595 0 0 300 0 300 cm /P Do Q");
	assert_true(reading->page.is_picture);
}

static void a_page_with_a_small_picture_is_none(void **state)
{
	(void)state;
	seen("q 300 0 0 300 0 0 cm /P Do Q q 5000 0 0 5000 600 0 cm /P Do Q");
	assert_false(reading->page.is_picture);
}

#define CASE(NAME) cmocka_unit_test_setup_teardown(NAME, new_reading, free_reading)

int main(void)
{
	const struct CMUnitTest cases[] = {
		CASE(render_mode_3_is_invisible),
		CASE(wholly_transparent_text_is_invisible),
		CASE(a_stencil_is_invisible_where_nothing_shows_through),
		CASE(a_stencil_that_is_painted_through_is_seen),
		CASE(outlined_text_is_seen),
		CASE(text_beyond_the_crop_box_is_off_the_page),
		CASE(text_beyond_the_edge_of_a_turned_page_is_off_it),
		CASE(text_that_runs_off_the_page_is_seen_up_to_its_edge),
		CASE(text_outside_its_clipping_path_is_clipped),
		CASE(text_is_clipped_by_all_paths_together),
		CASE(text_beyond_the_box_of_its_form_is_clipped),
		CASE(text_under_a_point_is_tiny),
		CASE(text_of_a_point_is_not_tiny),
		CASE(text_that_is_scaled_down_is_tiny),
		CASE(text_that_is_squeezed_is_tiny),
		CASE(text_that_is_scaled_up_is_seen),
		CASE(white_on_paper_has_the_colour_of_its_ground),
		CASE(nearly_white_on_paper_has_the_colour_of_its_ground),
		CASE(light_grey_on_paper_is_seen),
		CASE(white_on_a_dark_heading_is_seen),
		CASE(white_beside_a_dark_heading_is_not_seen),
		CASE(blue_on_the_same_blue_has_the_colour_of_its_ground),
		CASE(the_topmost_shape_is_the_ground),
		CASE(a_shape_that_is_painted_later_is_no_ground),
		CASE(the_inside_of_a_frame_is_no_ground),
		CASE(a_thick_line_is_a_ground),
		CASE(a_round_shape_is_a_ground),
		CASE(a_transparent_shape_is_no_ground),
		CASE(a_clipped_shape_is_a_ground_where_it_shows),
		CASE(text_on_a_picture_is_seen),
		CASE(white_in_a_form_on_paper_has_the_colour_of_its_ground),
		CASE(white_in_a_form_stands_where_the_form_is_drawn),
		CASE(a_thin_line_through_a_letter_does_not_hide_it),
		CASE(a_page_is_a_picture_where_one_covers_most_of_it),
		CASE(a_page_is_a_picture_where_strips_cover_most_of_it),
		CASE(a_page_with_a_small_picture_is_none),
	};

	return cmocka_run_group_tests(cases, start_engine, NULL);
}
