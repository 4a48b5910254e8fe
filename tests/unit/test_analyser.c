/* The words of a text are Lucene's: tests/fixtures/search/words.ndjson holds what it gives. */
#include "search/analysis/analyser.h"

#include "base/compiler.h"
#include "base/utf8.h"
#include "support/checks.h"
#include "support/json_lines.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

/* `expected` is [[term, start, end], ...]. */
static bool has_words(struct q_str text, const struct q_json *expected)
{
	struct q_json_walk walk = q_json_walk(expected);
	struct q_words words;
	struct q_word word;

	q_words_start(&words, Q_ANALYSER_STANDARD, text);
	for (uint32_t position = 0; q_json_next(&walk); position++) {
		if (!q_words_next(&words, &word) || word.position != position ||
		    !q_str_equal(word.term, string_in(q_json_element(walk.value, 0))) ||
		    word.start != (size_t)number_in(q_json_element(walk.value, 1)) ||
		    word.end != (size_t)number_in(q_json_element(walk.value, 2)))
			return false;
	}
	return !q_words_next(&words, &word);
}

static void check_line(const struct q_json *json, struct q_str line)
{
	if (!has_words(string_in(q_json_member(json, Q_STR("text"))),
		       q_json_member(json, Q_STR("words"))))
		fail_msg("other words than in %.*s", Q_STR_ARG(line));
}

static void every_text_of_the_fixture_gives_lucenes_words(void **state)
{
	assert_true(for_each_json_line("tests/fixtures/search/words.ndjson", check_line) > 500);
}

static void check_words(struct q_str text, const char *const *terms, size_t count)
{
	struct q_words words;
	struct q_word word;

	q_words_start(&words, Q_ANALYSER_STANDARD, text);
	for (size_t i = 0; i < count; i++) {
		assert_true(q_words_next(&words, &word));
		assert_int_equal(word.position, i);
		assert_true(q_str_equal(word.term, q_str_from(terms[i])));
	}
	assert_false(q_words_next(&words, &word));
}

static void offsets_are_bytes_of_the_text_and_terms_lower_case(void **state)
{
	struct q_str text = Q_STR("  Ärger, O'Brien");
	struct q_words words;
	struct q_word word;

	q_words_start(&words, Q_ANALYSER_STANDARD, text);
	assert_true(q_words_next(&words, &word));
	assert_view_equal(word.term, "ärger");
	assert_int_equal(word.start, 2);
	assert_int_equal(word.end, 8);
	assert_true(q_words_next(&words, &word));
	assert_view_equal(word.term, "o'brien");
	assert_view_equal(q_str_slice(text, word.start, word.end), "O'Brien");
	assert_int_equal(word.position, 1);
}

static void bytes_that_are_no_utf8_separate_words(void **state)
{
	static const char *const terms[] = {"one", "two", "three", "four"};

	check_words(Q_STR("one\xFFtwo\xC3 three\xED\xA0\x80"
			  "four\xF0\x9F\x91"),
		    terms, Q_COUNT_OF(terms));
}

static void the_replacement_character_separates_words_like_the_bytes_it_stands_for(void **state)
{
	static const char *const terms[] = {"one", "two"};

	check_words(Q_STR("one\uFFFDtwo"), terms, Q_COUNT_OF(terms));
}

static void no_context_changes_the_lower_case_of_a_character(void **state)
{
	static const char *const terms[] = {"σίσυφοσ", "istanbul", "ß"};

	check_words(Q_STR("ΣΊΣΥΦΟΣ İstanbul ẞ"), terms, Q_COUNT_OF(terms));
}

/* Three bytes of lower case for two of the text: the most that a term may grow. */
static void the_longest_term_of_all_fits(void **state)
{
	char text[2 * Q_WORD_UNITS_MAX];
	struct q_words words;
	struct q_word word;

	for (size_t i = 0; i < sizeof text; i += 2)
		q_utf8_encode(0x23A, text + i);
	q_words_start(&words, Q_ANALYSER_STANDARD, (struct q_str){text, sizeof text});
	assert_true(q_words_next(&words, &word));
	assert_int_equal(word.term.length, Q_WORD_TERM_BYTES_MAX);
	assert_int_equal(word.end, sizeof text);
	assert_false(q_words_next(&words, &word));
}

static void a_text_without_words_has_none(void **state)
{
	check_words(Q_STR(""), NULL, 0);
	check_words((struct q_str){NULL, 0}, NULL, 0);
	check_words(Q_STR(" .,;'\"-\r\n\t\xE2\x80\xA8"), NULL, 0);
}

static void keyword_gives_the_whole_text_unchanged(void **state)
{
	static const struct q_str texts[] = {Q_STR_INIT("MBR-1 x"), Q_STR_INIT(""),
					     Q_STR_INIT("\xFF")};

	for (size_t i = 0; i < Q_COUNT_OF(texts); i++) {
		struct q_words words;
		struct q_word word;

		q_words_start(&words, Q_ANALYSER_KEYWORD, texts[i]);
		assert_true(q_words_next(&words, &word));
		assert_true(q_str_equal(word.term, texts[i]));
		assert_int_equal(word.start, 0);
		assert_int_equal(word.end, texts[i].length);
		assert_int_equal(word.position, 0);
		assert_false(q_words_next(&words, &word));
	}
}

static void analysers_are_found_by_their_names_in_a_mapping(void **state)
{
	enum q_analyser analyser = Q_ANALYSER_STANDARD;

	assert_true(q_analyser_find(Q_STR("keyword"), &analyser));
	assert_int_equal(analyser, Q_ANALYSER_KEYWORD);
	assert_true(q_analyser_find(Q_STR("standard"), &analyser));
	assert_int_equal(analyser, Q_ANALYSER_STANDARD);
	assert_false(q_analyser_find(Q_STR("english"), &analyser));
	assert_false(q_analyser_find(Q_STR(""), &analyser));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_text_of_the_fixture_gives_lucenes_words),
		cmocka_unit_test(offsets_are_bytes_of_the_text_and_terms_lower_case),
		cmocka_unit_test(bytes_that_are_no_utf8_separate_words),
		cmocka_unit_test(
			the_replacement_character_separates_words_like_the_bytes_it_stands_for),
		cmocka_unit_test(no_context_changes_the_lower_case_of_a_character),
		cmocka_unit_test(the_longest_term_of_all_fits),
		cmocka_unit_test(a_text_without_words_has_none),
		cmocka_unit_test(keyword_gives_the_whole_text_unchanged),
		cmocka_unit_test(analysers_are_found_by_their_names_in_a_mapping),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
