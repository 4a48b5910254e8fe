#include "base/utf8.h"

#include "base/compiler.h"
#include "support/checks.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

enum { REPLACEMENT = 0xFFFD, LAST_CODE_POINT = 0x10FFFF };

static bool is_surrogate(uint32_t code_point)
{
	return code_point >= 0xD800 && code_point <= 0xDFFF;
}

static void every_code_point_survives_encoding(void **state)
{
	for (uint32_t code_point = 0; code_point <= LAST_CODE_POINT; code_point++) {
		char bytes[4];
		struct q_str s = {bytes, q_utf8_encode(code_point, bytes)};
		size_t offset = 0;
		uint32_t expected = is_surrogate(code_point) ? REPLACEMENT : code_point;

		assert_true(q_utf8_is_valid(s));
		assert_int_equal(q_utf8_next(s, &offset), expected);
		assert_int_equal(offset, s.length);
	}
}

static void code_points_beyond_the_last_become_the_replacement(void **state)
{
	static const uint32_t beyond[] = {LAST_CODE_POINT + 1, UINT32_MAX};
	char bytes[4];

	for (size_t i = 0; i < Q_COUNT_OF(beyond); i++) {
		assert_int_equal(q_utf8_encode(beyond[i], bytes), 3);
		assert_memory_equal(bytes, "\xEF\xBF\xBD", 3);
	}
}

/* Every pair and triple of a lead and what follows, against the definition: valid are exactly the
 * texts that encoding a code point gives. */
static void three_bytes_are_valid_only_as_some_character_encodes(void **state)
{
	for (uint32_t bits = 0xC00000; bits <= 0xFFFFFF; bits++) {
		char text[3] = {(char)(bits >> 16), (char)(bits >> 8), (char)bits};
		struct q_str s = {text, sizeof text};
		uint32_t code_point =
			(bits >> 16 & 0x0F) << 12 | (bits >> 8 & 0x3F) << 6 | (bits & 0x3F);
		bool is_three = (bits & 0xF0C0C0) == 0xE08080 && code_point >= 0x800 &&
				!is_surrogate(code_point);
		bool is_two_and_one = bits >= 0xC20000 && (bits & 0xE0C080) == 0xC08000;

		assert_int_equal(q_utf8_is_valid(s), is_three || is_two_and_one);
	}
}

static void malformed_texts_are_refused(void **state)
{
	static const char *const texts[] = {
		"\x80",		    /* a continuation alone */
		"\xC0\x80",	    /* overlong NUL */
		"\xC1\xBF",	    /* overlong DEL */
		"\xE0\x9F\xBF",	    /* overlong U+07FF */
		"\xF0\x8F\xBF\xBF", /* overlong U+FFFF */
		"\xED\xA0\x80",	    /* the first surrogate */
		"\xED\xBF\xBF",	    /* the last surrogate */
		"\xF4\x90\x80\x80", /* U+110000 */
		"\xF5\x80\x80\x80",
		"\xFF",
		"\xC3", /* cut */
		"\xE2\x82",
		"\xF0\x9F\x98",
		"\xE2\x82(",
		"\xF0\x9F\x98(",
		"12345678\x80", /* after a step of ASCII */
		"1234567\xC3",
	};

	for (size_t i = 0; i < Q_COUNT_OF(texts); i++)
		assert_false(q_utf8_is_valid(q_str_from(texts[i])));
}

static void ordinary_texts_are_valid(void **state)
{
	assert_true(q_utf8_is_valid((struct q_str){0}));
	assert_true(q_utf8_is_valid(Q_STR("a\0b")));
	assert_true(q_utf8_is_valid(Q_STR("Grüße, 世界: 😀 and then a longer run of plain ASCII.")));
}

static void bad_bytes_read_as_replacements_one_by_one(void **state)
{
	static const uint32_t expected[] = {'a', REPLACEMENT, REPLACEMENT,
					    'b', 0x20AC,      REPLACEMENT};
	struct q_str s = Q_STR("a\xE2\x82"
			       "b\xE2\x82\xAC\xC3");
	size_t offset = 0;

	for (size_t i = 0; i < Q_COUNT_OF(expected); i++)
		assert_int_equal(q_utf8_next(s, &offset), expected[i]);
	assert_int_equal(offset, s.length);
}

static void cut_never_splits_a_character(void **state)
{
	static const size_t expected[] = {0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10, 11, 11};
	struct q_str s = Q_STR("aä€😀z");

	for (size_t limit = 0; limit < Q_COUNT_OF(expected); limit++)
		assert_int_equal(q_utf8_cut(s, limit).length, expected[limit]);
}

static void cut_of_malformed_text_drops_no_more_than_it_must(void **state)
{
	assert_view_equal(q_utf8_cut(Q_STR("ab\x80\x80\x80\x80\x80z"), 6), "ab\x80\x80\x80\x80");
	assert_view_equal(q_utf8_cut(Q_STR("ab\x80"), 2), "ab");
	assert_view_equal(q_utf8_cut(Q_STR("\x80\x80\x80\x80"), 2), "\x80\x80");
	assert_view_equal(q_utf8_cut(Q_STR("\xE2(\x80"), 1), "\xE2");
}

static void characters_are_counted_and_bad_bytes_one_each(void **state)
{
	struct q_str mixed = Q_STR("a\xC3\xA4\xF0\x9F\x98\x80\x80z");

	assert_int_equal(q_utf8_count(mixed), 5);
	assert_int_equal(q_utf8_count((struct q_str){0}), 0);
	assert_int_equal(q_utf8_bytes_of(mixed, 0), 0);
	assert_int_equal(q_utf8_bytes_of(mixed, 2), 3);
	assert_int_equal(q_utf8_bytes_of(mixed, 3), 7);
	assert_int_equal(q_utf8_bytes_of(mixed, 9), mixed.length);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_code_point_survives_encoding),
		cmocka_unit_test(code_points_beyond_the_last_become_the_replacement),
		cmocka_unit_test(three_bytes_are_valid_only_as_some_character_encodes),
		cmocka_unit_test(malformed_texts_are_refused),
		cmocka_unit_test(ordinary_texts_are_valid),
		cmocka_unit_test(bad_bytes_read_as_replacements_one_by_one),
		cmocka_unit_test(cut_never_splits_a_character),
		cmocka_unit_test(cut_of_malformed_text_drops_no_more_than_it_must),
		cmocka_unit_test(characters_are_counted_and_bad_bytes_one_each),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
