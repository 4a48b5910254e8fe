#include "extract/hidden_text.h"

#include "base/utf8.h"
#include "support/glyph_page.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define EM 10.0F

static void put(struct glyph_page *page, uint32_t code, float x, float y,
		enum q_extract_hidden_reason reason)
{
	*glyph_page_add(page) = (struct q__glyph){.code = code,
						  .left = x,
						  .right = x + 4,
						  .top = y - 7,
						  .bottom = y,
						  .x = x,
						  .y = y,
						  .em = EM,
						  .hidden = (uint8_t)reason};
}

static void put_line(struct glyph_page *page, const char *text, float y,
		     enum q_extract_hidden_reason reason)
{
	for (size_t i = 0; text[i]; i++)
		put(page, (unsigned char)text[i], 50 + 5 * (float)i, y, reason);
	put(page, Q__GLYPH_LINE_BREAK, 0, 0, reason);
}

static void take(struct glyph_page *page)
{
	struct q_err err;

	assert_int_equal(q__hidden_text_take(page->arena, &page->glyphs, &page->out, &err), Q_OK);
}

static void expect_hidden(const struct glyph_page *page, size_t index,
			  enum q_extract_hidden_reason reason, const char *text)
{
	const struct q__hidden_text *hidden = &page->out.hidden[index];

	assert_true(index < page->out.hidden_count);
	assert_int_equal(hidden->reason, reason);
	assert_int_equal(hidden->text_length, strlen(text));
	assert_memory_equal(hidden->text, text, hidden->text_length);
}

static void takes_nothing_from_a_page_that_is_seen(void **state)
{
	struct glyph_page *page = *state;
	size_t count;

	put_line(page, "all is seen", 100, Q_EXTRACT_VISIBLE);
	count = page->glyphs.count;
	take(page);
	assert_int_equal(page->glyphs.count, count);
	assert_int_equal(page->out.hidden_count, 0);
	assert_int_equal(page->out.flags, 0);
}

static void gives_one_text_for_each_reason_in_their_order(void **state)
{
	struct glyph_page *page = *state;

	put_line(page, "too small", 100, Q_EXTRACT_TINY);
	put_line(page, "seen", 112, Q_EXTRACT_VISIBLE);
	put_line(page, "without ink", 124, Q_EXTRACT_INVISIBLE);
	put_line(page, "smaller still", 136, Q_EXTRACT_TINY);
	take(page);
	assert_int_equal(page->out.hidden_count, 2);
	assert_int_equal(page->out.flags, Q__PAGE_HIDDEN_TEXT);
	expect_hidden(page, 0, Q_EXTRACT_INVISIBLE, "without ink\n");
	expect_hidden(page, 1, Q_EXTRACT_TINY, "too small\nsmaller still\n");
}

static void leaves_what_is_seen(void **state)
{
	struct glyph_page *page = *state;
	struct q_err err;

	put_line(page, "one", 100, Q_EXTRACT_VISIBLE);
	put_line(page, "two", 112, Q_EXTRACT_CLIPPED);
	put_line(page, "three", 124, Q_EXTRACT_VISIBLE);
	take(page);
	assert_int_equal(q__page_text_build(page->arena, &page->glyphs, &page->out, &err), Q_OK);
	assert_int_equal(page->out.text_length, strlen("one\nthree\n"));
	assert_memory_equal(page->out.text, "one\nthree\n", page->out.text_length);
	assert_int_equal(page->out.flags, Q__PAGE_HIDDEN_TEXT);
}

static void counts_blanks_alone_as_nothing(void **state)
{
	struct glyph_page *page = *state;

	put_line(page, "   ", 100, Q_EXTRACT_INVISIBLE);
	take(page);
	assert_int_equal(page->out.hidden_count, 0);
	assert_int_equal(page->out.flags, 0);
}

/* Lines of three-byte characters, each on its own line of four bytes. */
static void put_wide(struct glyph_page *page, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		put(page, 0x4e00, 50, 100 + 12 * (float)i, Q_EXTRACT_TINY);
		put(page, Q__GLYPH_LINE_BREAK, 0, 0, Q_EXTRACT_TINY);
	}
}

static void keeps_as_much_as_may_be(void **state)
{
	struct glyph_page *page = *state;

	put_wide(page, Q_EXTRACT_HIDDEN_TEXT_MAX / 4);
	take(page);
	assert_int_equal(page->out.hidden[0].text_length, Q_EXTRACT_HIDDEN_TEXT_MAX);
	assert_int_equal(page->out.flags, Q__PAGE_HIDDEN_TEXT);
}

static void cuts_what_is_more_before_a_character(void **state)
{
	struct glyph_page *page = *state;
	const struct q__hidden_text *hidden = &page->out.hidden[0];

	put(page, 'a', 44, 100, Q_EXTRACT_TINY);
	put_wide(page, Q_EXTRACT_HIDDEN_TEXT_MAX / 4);
	take(page);
	assert_in_range(hidden->text_length, Q_EXTRACT_HIDDEN_TEXT_MAX - 3,
			Q_EXTRACT_HIDDEN_TEXT_MAX);
	assert_true(q_utf8_is_valid((struct q_str){hidden->text, hidden->text_length}));
	assert_int_equal(page->out.flags, Q__PAGE_HIDDEN_TEXT | Q__PAGE_TRUNCATED);
}

static void a_layer_is_kept_where_nothing_else_is_seen(void **state)
{
	struct glyph_page *page = *state;

	put_line(page, "Page 7", 100, Q_EXTRACT_VISIBLE);
	put_line(page, "what the scanner read", 112, Q_EXTRACT_INVISIBLE);
	put_line(page, "off", 124, Q_EXTRACT_OFF_PAGE);
	assert_true(q__hidden_text_keep_layer(&page->glyphs));
	take(page);
	assert_int_equal(page->out.hidden_count, 1);
	expect_hidden(page, 0, Q_EXTRACT_OFF_PAGE, "off\n");
}

static void a_layer_is_hidden_beside_text_that_is_seen(void **state)
{
	struct glyph_page *page = *state;

	for (int i = 0; i < Q__PICTURE_TEXT_MAX; i++)
		put(page, 'x', 50 + 5 * (float)i, 100, Q_EXTRACT_VISIBLE);
	put_line(page, "behind it", 112, Q_EXTRACT_INVISIBLE);
	assert_false(q__hidden_text_keep_layer(&page->glyphs));
	page->items[0].hidden = Q_EXTRACT_TINY; /* one less */
	assert_true(q__hidden_text_keep_layer(&page->glyphs));
}

static void a_page_without_a_layer_has_none_to_keep(void **state)
{
	struct glyph_page *page = *state;

	put_line(page, "seen", 100, Q_EXTRACT_VISIBLE);
	put_line(page, "   ", 112, Q_EXTRACT_INVISIBLE);
	put_line(page, "small", 124, Q_EXTRACT_TINY);
	assert_false(q__hidden_text_keep_layer(&page->glyphs));
}

static void tells_when_memory_runs_out(void **state)
{
	struct glyph_page *page = *state;
	struct q_arena *small = q_arena_new(64);
	struct q_err err;

	put_line(page, "hidden", 100, Q_EXTRACT_TINY);
	assert_int_equal(q__hidden_text_take(small, &page->glyphs, &page->out, &err), Q_NOMEM);
	q_arena_free(small);
}

#define CASE(NAME) cmocka_unit_test_setup_teardown(NAME, glyph_page_start_case, glyph_page_end_case)

int main(void)
{
	const struct CMUnitTest cases[] = {
		CASE(takes_nothing_from_a_page_that_is_seen),
		CASE(gives_one_text_for_each_reason_in_their_order),
		CASE(leaves_what_is_seen),
		CASE(counts_blanks_alone_as_nothing),
		CASE(keeps_as_much_as_may_be),
		CASE(cuts_what_is_more_before_a_character),
		CASE(a_layer_is_kept_where_nothing_else_is_seen),
		CASE(a_layer_is_hidden_beside_text_that_is_seen),
		CASE(a_page_without_a_layer_has_none_to_keep),
		CASE(tells_when_memory_runs_out),
	};

	return cmocka_run_group_tests(cases, NULL, NULL);
}
