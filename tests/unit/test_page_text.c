/* Pages are set here as a simple engine would: every letter half an em wide, a mark after each
 * line. */
#include "extract/page_text.h"

#include "base/mem.h"
#include "base/utf8.h"
#include "support/failing_memory.h"
#include "support/glyph_page.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define EM 10.0F

static struct q__glyph *put(struct glyph_page *page, uint32_t code, float x, float y, float em)
{
	struct q__glyph *glyph = glyph_page_add(page);

	*glyph = (struct q__glyph){.code = code,
				   .left = x + 0.05F * em,
				   .right = x + 0.45F * em,
				   .top = y - 0.7F * em,
				   .bottom = y,
				   .x = x,
				   .y = y,
				   .em = em};
	return glyph;
}

/* UTF-8 on one baseline, without an end of line. Returns where the pen is. */
static float put_text(struct glyph_page *page, const char *text, float x, float y, float em)
{
	struct q_str s = q_str_from(text);

	for (size_t at = 0; at < s.length; x += em / 2)
		put(page, q_utf8_next(s, &at), x, y, em);
	return x;
}

static void end_line(struct glyph_page *page)
{
	put(page, Q__GLYPH_LINE_BREAK, 0, 0, EM);
}

static void put_line(struct glyph_page *page, const char *text, float x, float y)
{
	put_text(page, text, x, y, EM);
	end_line(page);
}

static const char *build(struct glyph_page *page)
{
	struct q_err err;
	char *text;

	assert_int_equal(q__page_text_build(page->arena, &page->glyphs, &page->out, &err), Q_OK);
	text = q_arena_alloc(page->arena, page->out.text_length + 1);
	assert_non_null(text);
	memcpy(text, page->out.text, page->out.text_length);
	return text;
}

/* ---- order */

static void keeps_columns_as_they_are_drawn(void **state)
{
	struct glyph_page *page = *state;

	put_line(page, "Left one is here,", 50, 100);
	put_line(page, "left two ends.", 50, 112);
	put_line(page, "right one follows", 300, 100);
	put_line(page, "right two.", 300, 112);
	assert_string_equal(build(page),
			    "Left one is here,\nleft two ends.\nright one follows\nright two.\n");
}

static void reads_lines_drawn_in_any_order_from_the_top(void **state)
{
	static const int order[] = {7, 2, 5, 0, 3, 6, 1, 4};
	struct glyph_page *page = *state;
	char line[] = "this is line 0";

	for (size_t i = 0; i < 8; i++) {
		line[sizeof line - 2] = (char)('0' + order[i]);
		put_line(page, line, 50, 100 + 12 * (float)order[i]);
	}
	assert_string_equal(build(page), "this is line 0\nthis is line 1\nthis is line 2\n"
					 "this is line 3\nthis is line 4\nthis is line 5\n"
					 "this is line 6\nthis is line 7\n");
}

static void reads_columns_drawn_in_any_order_one_after_the_other(void **state)
{
	static const int order[] = {4, 11, 1, 8, 2, 9, 5, 7, 0, 10, 3, 6};
	struct glyph_page *page = *state;
	char line[] = "a line of the column, a";

	put_line(page, "A heading that stands over both of the columns", 50, 80);
	for (size_t i = 0; i < 12; i++) {
		bool is_right = order[i] >= 6;

		line[sizeof line - 2] = (char)('a' + order[i]);
		put_line(page, line, is_right ? 250 : 50,
			 110 + 12 * (float)(order[i] - 6 * is_right));
	}
	assert_string_equal(build(page), "A heading that stands over both of the columns\n\n"
					 "a line of the column, a\na line of the column, b\na line "
					 "of the column, c\na line of the column, d\n"
					 "a line of the column, e\na line of the column, f\na line "
					 "of the column, g\na line of the column, h\n"
					 "a line of the column, i\na line of the column, j\na line "
					 "of the column, k\na line of the column, l\n");
}

static void keeps_rows_of_a_table_drawn_in_any_order(void **state)
{
	static const int order[] = {5, 10, 0, 3, 8, 7, 1, 11, 4, 9, 2, 6};
	struct glyph_page *page = *state;
	char cell[] = "a1";

	for (size_t i = 0; i < 12; i++) {
		int row = order[i] / 3, column = order[i] % 3;

		cell[0] = (char)('a' + column);
		cell[1] = (char)('1' + row);
		put_line(page, cell, 50 + 100 * (float)column, 100 + 14 * (float)row);
	}
	assert_string_equal(build(page), "a1\tb1\tc1\na2\tb2\tc2\na3\tb3\tc3\na4\tb4\tc4\n");
}

static void puts_heading_drawn_last_first(void **state)
{
	struct glyph_page *page = *state;

	put_line(page, "First line of text", 50, 120);
	put_line(page, "second line of it", 50, 132);
	put_line(page, "third line of it", 50, 144);
	put_line(page, "Heading", 50, 80);
	assert_string_equal(build(page),
			    "Heading\n\nFirst line of text\nsecond line of it\nthird line of it\n");
}

/* The number stands under some lines and not under others: it moves, and not they. */
static void puts_page_number_drawn_first_last(void **state)
{
	struct glyph_page *page = *state;

	put_line(page, "7", 150, 700);
	put_line(page, "A line that reaches over the number", 50, 100);
	put_line(page, "a short one", 50, 112);
	put_line(page, "again a line that reaches over it", 50, 124);
	put_line(page, "the short end", 50, 136);
	assert_string_equal(build(page), "A line that reaches over the number\na short one\n"
					 "again a line that reaches over it\nthe short end\n\n7\n");
}

static void reads_a_page_turned_sideways_in_its_own_direction(void **state)
{
	struct glyph_page *page = *state;

	for (int line = 2; line >= 0;
	     line--) { /* runs down the page; the next line is to the left */
		float x = 300 - 12 * (float)line;

		for (int i = 0; i < 6; i++) {
			struct q__glyph *g = put(page, (uint32_t)("abcxyz"[i]), 0, 0, EM);

			g->degrees = 90;
			g->left = x;
			g->right = x + 7;
			g->top = 100 + 5 * (float)i;
			g->bottom = g->top + 4;
			g->x = x;
			g->y = g->top;
			g->code -= (uint32_t)(line == 0 ? 32 : 0);
		}
		end_line(page);
	}
	assert_string_equal(build(page), "ABCXYZ\nabcxyz\nabcxyz\n");
}

/* ---- spaces */

static void parts_cells_by_a_tab_and_words_by_one_space(void **state)
{
	struct glyph_page *page = *state;

	put_text(page, "Tier 1", 50, 100, EM);
	put_text(page, " ", 80, 100, EM);
	put_text(page, "$53.25  each", 200, 100, EM);
	end_line(page);
	assert_string_equal(build(page), "Tier 1\t$53.25 each\n");
}

static void makes_a_space_where_letters_stand_apart(void **state)
{
	struct glyph_page *page = *state;
	float x = put_text(page, "no", 50, 100, EM);

	x = put_text(page, "space", x + 0.3F * EM, 100, EM);
	put_text(page, "drawn", x + 0.1F * EM, 100, EM);
	end_line(page);
	assert_string_equal(build(page), "no spacedrawn\n");
}

static void makes_no_space_in_scripts_without_spaces(void **state)
{
	struct glyph_page *page = *state;

	put(page, 0x65e5, 50, 100, EM);
	put(page, 0x672c, 60, 100, EM);
	end_line(page);
	assert_string_equal(build(page), "\xe6\x97\xa5\xe6\x9c\xac\n");
}

static void joins_a_line_that_the_engine_broke_after_a_mark(void **state)
{
	struct glyph_page *page = *state;
	float x = put_text(page, "Gal", 50, 100, EM);

	x = put_text(page, "1", x, 96, 6);
	end_line(page);
	put_text(page, ", Eich", x, 100, EM);
	end_line(page);
	assert_string_equal(build(page), "Gal1, Eich\n");
}

/* ---- letters */

static void writes_ligatures_as_letters_that_share_the_box(void **state)
{
	struct glyph_page *page = *state;

	put_line(page, "\xef\xac\x83", 50, 100); /* U+FB03 */
	assert_string_equal(build(page), "ffi\n");
	assert_int_equal(page->out.box_count, 4);
	assert_float_equal(page->out.boxes[0].left, 50.5, 0.01);
	assert_float_equal(page->out.boxes[1].left, page->out.boxes[0].right, 0.01);
	assert_float_equal(page->out.boxes[2].right, 54.5, 0.01);
}

static void shares_the_box_that_the_engine_gives_to_each_letter(void **state)
{
	struct glyph_page *page = *state;

	put(page, 'f', 50, 100, EM);
	put(page, 'i', 50, 100, EM);
	assert_string_equal(build(page), "fi\n");
	assert_float_equal(page->out.boxes[0].left, 50.5, 0.01);
	assert_float_equal(page->out.boxes[0].right, 52.5, 0.01);
	assert_float_equal(page->out.boxes[1].right, 54.5, 0.01);
}

static void writes_no_control_characters(void **state)
{
	struct glyph_page *page = *state;
	static const uint32_t codes[] = {'a',  0x01, 0x7f,   0x81,   0xfeff,
					 0xad, 'b',  0xffff, 0xd800, 0x96};

	for (size_t i = 0; i < Q_COUNT_OF(codes); i++)
		put(page, codes[i], 50 + 5 * (float)i, 100, EM);
	assert_string_equal(build(page), "ab\xef\xbf\xbd\xef\xbf\xbd\xe2\x80\x93\n");
}

static void gives_each_character_a_box_and_white_space_none(void **state)
{
	struct glyph_page *page = *state;

	put_line(page, "\xc3\xa9 x", 50, 100);
	assert_string_equal(build(page), "\xc3\xa9 x\n");
	assert_int_equal(page->out.box_count, 4);
	assert_float_equal(page->out.boxes[0].bottom, 100, 0.01);
	assert_float_equal(page->out.boxes[1].right, 0, 0.001);
	assert_float_equal(page->out.boxes[2].left, 60.5, 0.01);
	assert_float_equal(page->out.boxes[3].bottom, 0, 0.001);
}

/* ---- hyphens */

static void joins_a_word_that_was_broken(void **state)
{
	struct glyph_page *page = *state;

	put_line(page, "the reconcil-", 50, 100);
	put_line(page, "iation of check-ins", 50, 112);
	assert_string_equal(build(page), "the reconciliation\nof check-ins\n");
	assert_int_equal(page->out.box_count, strlen("the reconciliation\nof check-ins\n"));
}

static void joins_a_word_over_a_hyphen_that_the_engine_marks(void **state)
{
	struct glyph_page *page = *state;
	float x = put_text(page, "a com", 50, 100, EM);

	put(page, Q__GLYPH_LINE_HYPHEN, x, 100, EM);
	put_line(page, "piler", 50, 112);
	assert_string_equal(build(page), "a compiler\n");
}

static void joins_a_word_that_goes_on_in_the_next_column(void **state)
{
	struct glyph_page *page = *state;

	put_line(page, "left column com-", 50, 700);
	put_line(page, "piler and more", 300, 100);
	assert_string_equal(build(page), "left column compiler\nand more\n");
}

static void joins_a_word_broken_twice(void **state)
{
	struct glyph_page *page = *state;

	put_line(page, "inter-", 50, 100);
	put_line(page, "nationali-", 50, 112);
	put_line(page, "sation is long", 50, 124);
	assert_string_equal(build(page), "internationalisation\nis long\n");
}

static void joins_at_a_soft_hyphen_and_shows_none(void **state)
{
	struct glyph_page *page = *state;

	put_line(page, "op\xc2\xadtional IDENTI\xc2\xad", 50, 100);
	put_line(page, "FICATION", 50, 112);
	assert_string_equal(build(page), "optional IDENTIFICATION\n");
}

static void keeps_the_hyphen_of_a_word_that_the_page_writes_with_it(void **state)
{
	struct glyph_page *page = *state;

	put_line(page, "all first-aid kits and first-", 50, 100);
	put_line(page, "aid staff", 50, 112);
	assert_string_equal(build(page), "all first-aid kits and first-aid\nstaff\n");
}

static void keeps_the_hyphen_between_two_words_of_the_page(void **state)
{
	struct glyph_page *page = *state;

	put_line(page, "a point is floating: floating-", 50, 100);
	put_line(page, "point numbers", 50, 112);
	assert_string_equal(build(page), "a point is floating: floating-point\nnumbers\n");
}

static void keeps_the_hyphen_before_capitals_and_digits(void **state)
{
	struct glyph_page *page = *state;

	put_line(page, "from Anglo-", 50, 100);
	put_line(page, "Saxon times, 2019-", 50, 112);
	put_line(page, "2020, state-of-", 50, 124);
	put_line(page, "the-art", 50, 136);
	assert_string_equal(build(page), "from Anglo-Saxon\ntimes, 2019-2020,\nstate-of-the-art\n");
}

static void leaves_a_dash_alone(void **state)
{
	struct glyph_page *page = *state;

	put_line(page, "either -", 50, 100);
	put_line(page, "or", 50, 112);
	put_line(page, "Signed by A-", 50, 124);
	put_line(page, "Page 1", 50, 200);
	assert_string_equal(build(page), "either -\nor\nSigned by A-\n\nPage 1\n");
}

/* ---- paragraphs */

static void parts_paragraphs_by_their_distance(void **state)
{
	struct glyph_page *page = *state;

	put_line(page, "First paragraph goes", 50, 100);
	put_line(page, "on and ends.", 50, 112);
	put_line(page, "Second one", 50, 130);
	put_line(page, "ends too.", 50, 142);
	assert_string_equal(build(page),
			    "First paragraph goes\non and ends.\n\nSecond one\nends too.\n");
}

static void parts_paragraphs_by_their_indent(void **state)
{
	struct glyph_page *page = *state;

	put_line(page, "A line as wide as the column", 50, 100);
	put_line(page, "and its end.", 50, 112);
	put_line(page, "Indented, a new one begins", 65, 124);
	put_line(page, "at the margin again.", 50, 136);
	assert_string_equal(build(page), "A line as wide as the column\nand its end.\n\n"
					 "Indented, a new one begins\nat the margin again.\n");
}

static void parts_a_heading_of_larger_letters(void **state)
{
	struct glyph_page *page = *state;

	put_text(page, "Title", 50, 100, 16);
	end_line(page);
	put_line(page, "Text right below it", 50, 114);
	assert_string_equal(build(page), "Title\n\nText right below it\n");
}

/* ---- limits */

static void finds_no_text_without_ink(void **state)
{
	struct glyph_page *page = *state;

	put_line(page, "   ", 50, 100);
	assert_string_equal(build(page), "");
	assert_int_equal(page->out.flags, 0);
	assert_int_equal(page->out.box_count, 0);
}

static void cuts_text_at_its_limit_and_says_so(void **state)
{
	struct glyph_page *page = *state;
	size_t count = Q_EXTRACT_PAGE_TEXT_MAX / 3 + 2;
	struct q__glyphs many = {q_mem_new_array(count, sizeof *many.items), count};
	struct q_err err;

	assert_non_null(many.items);
	for (size_t i = 0; i < count; i++) /* three bytes each */
		many.items[i] = (struct q__glyph){.code = 0x4e00, .em = EM};
	assert_int_equal(q__page_text_build(page->arena, &many, &page->out, &err), Q_OK);
	assert_int_equal(page->out.flags, Q__PAGE_TRUNCATED);
	assert_in_range(page->out.text_length, Q_EXTRACT_PAGE_TEXT_MAX - 2,
			Q_EXTRACT_PAGE_TEXT_MAX);
	assert_true(q_utf8_is_valid((struct q_str){page->out.text, page->out.text_length}));
	q_mem_free(many.items);
}

static void survives_letters_at_infinity(void **state)
{
	struct glyph_page *page = *state;

	put_line(page, "here", 50, 100);
	put(page, 'x', INFINITY, -INFINITY, NAN);
	put(page, 'y', NAN, 1e30F, INFINITY);
	build(page);
	for (size_t i = 0; i < page->out.box_count; i++)
		assert_true(isfinite(page->out.boxes[i].left) && isfinite(page->out.boxes[i].top));
}

static enum q_code build_three_lines(void *context)
{
	struct glyph_page *page = context;
	struct q_arena *arena = q_arena_new(1 << 20);
	struct q_err err;
	enum q_code code;

	if (!arena)
		return Q_NOMEM;
	code = q__page_text_build(arena, &page->glyphs, &page->out, &err);
	q_arena_free(arena);
	return code;
}

static void fails_cleanly_without_memory(void **state)
{
	struct glyph_page *page = *state;

	for (int i = 0; i < 400; i++) /* upwards: all of the work is done */
		put_line(page, "a line of text to be put in order", 50, 10000 - 12 * (float)i);
	assert_true(run_with_failing_memory(build_three_lines, page) > 1);
}

int main(void)
{
#define CASE(NAME) cmocka_unit_test_setup_teardown(NAME, glyph_page_start_case, glyph_page_end_case)
	const struct CMUnitTest cases[] = {
		CASE(keeps_columns_as_they_are_drawn),
		CASE(reads_lines_drawn_in_any_order_from_the_top),
		CASE(reads_columns_drawn_in_any_order_one_after_the_other),
		CASE(keeps_rows_of_a_table_drawn_in_any_order),
		CASE(puts_heading_drawn_last_first),
		CASE(puts_page_number_drawn_first_last),
		CASE(reads_a_page_turned_sideways_in_its_own_direction),
		CASE(parts_cells_by_a_tab_and_words_by_one_space),
		CASE(makes_a_space_where_letters_stand_apart),
		CASE(makes_no_space_in_scripts_without_spaces),
		CASE(joins_a_line_that_the_engine_broke_after_a_mark),
		CASE(writes_ligatures_as_letters_that_share_the_box),
		CASE(shares_the_box_that_the_engine_gives_to_each_letter),
		CASE(writes_no_control_characters),
		CASE(gives_each_character_a_box_and_white_space_none),
		CASE(joins_a_word_that_was_broken),
		CASE(joins_a_word_over_a_hyphen_that_the_engine_marks),
		CASE(joins_a_word_that_goes_on_in_the_next_column),
		CASE(joins_a_word_broken_twice),
		CASE(joins_at_a_soft_hyphen_and_shows_none),
		CASE(keeps_the_hyphen_of_a_word_that_the_page_writes_with_it),
		CASE(keeps_the_hyphen_between_two_words_of_the_page),
		CASE(keeps_the_hyphen_before_capitals_and_digits),
		CASE(leaves_a_dash_alone),
		CASE(parts_paragraphs_by_their_distance),
		CASE(parts_paragraphs_by_their_indent),
		CASE(parts_a_heading_of_larger_letters),
		CASE(finds_no_text_without_ink),
		CASE(cuts_text_at_its_limit_and_says_so),
		CASE(survives_letters_at_infinity),
		CASE(fails_cleanly_without_memory),
	};

	return cmocka_run_group_tests(cases, NULL, NULL);
}
