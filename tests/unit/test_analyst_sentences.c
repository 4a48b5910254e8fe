/* Where the extractive analyst lets sentences end: each case is a page and its sentences, parted by
 * '|'. */
#include "embedded/extractive/fold.h"
#include "embedded/extractive/sentences.h"

#include "base/arena.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

struct page {
	const char *text;
	const char *sentences;
};

static struct q_str sentences_of(struct q_arena *arena, const struct q__lexicon *lexicon,
				 struct q_str page)
{
	struct q__sentence_reader *reader = q_arena_alloc(arena, sizeof *reader);
	struct q__sentence sentence;
	struct q_str found = Q_STR("");
	char folded[4096];

	q__sentence_reader_init(reader, page, lexicon);
	while (q__sentence_next(reader, &sentence))
		found = q_arena_format(arena, "%.*s%s%.*s", Q_STR_ARG(found),
				       sentence.ordinal > 0 ? "|" : "",
				       Q_STR_ARG(q__fold(sentence.text, folded, sizeof folded)));
	return found;
}

static void check_pages(const struct page *pages, size_t count)
{
	struct q__lexicon *lexicon = q__lexicon_new();

	for (size_t i = 0; i < count; i++) {
		struct q_arena *arena = q_arena_new(1 << 20);
		struct q_str found = sentences_of(arena, lexicon, q_str_from(pages[i].text));

		if (!q_str_equal(found, q_str_from(pages[i].sentences)))
			fail_msg("in \"%s\"\n  found    %.*s\n  expected %s", pages[i].text,
				 Q_STR_ARG(found), pages[i].sentences);
		q_arena_free(arena);
	}
	q__lexicon_free(lexicon);
}

static void full_stops_end_sentences(void **state)
{
	static const struct page pages[] = {
		{"One. Two! Three? Four", "One.|Two!|Three?|Four"},
		{"He said \"Go.\" Then he went.", "He said \"Go.\"|Then he went."},
		{"(It ended.) It began…  Again.", "(It ended.)|It began…|Again."},
		{"It ran in a browser.[9] Nobody knew.[10][11] So be it.",
		 "It ran in a browser.[9]|Nobody knew.[10][11]|So be it."},
		{"She asked \"why?\" and left.", "She asked \"why?\" and left."},
	};

	check_pages(pages, Q_COUNT_OF(pages));
}

static void full_stops_of_abbreviations_end_none(void **state)
{
	static const struct page pages[] = {
		{"Dr. Strand met Mr. J. R. Okafor. They spoke.",
		 "Dr. Strand met Mr. J. R. Okafor.|They spoke."},
		{"See e.g. section 4 and No. 5 vs. No. 6.",
		 "See e.g. section 4 and No. 5 vs. No. 6."},
		{"Acme Inc. Partners met. Acme Inc. The end.",
		 "Acme Inc. Partners met.|Acme Inc.|The end."},
		{"They live in the U.S. Army camp. It rains.",
		 "They live in the U.S. Army camp.|It rains."},
		{"Er meldet z. B. Schäden. Und am 31. Dezember zahlt er.",
		 "Er meldet z. B. Schäden.|Und am 31. Dezember zahlt er."},
		{"As set out in Schedule A. The Plan pays.",
		 "As set out in Schedule A.|The Plan pays."},
		{"You and I. He and she.", "You and I.|He and she."},
		{"approx. five", "approx. five"},
	};

	check_pages(pages, Q_COUNT_OF(pages));
}

static void full_stops_inside_words_end_none(void **state)
{
	static const struct page pages[] = {
		{"Pay 3.50 to a.b@c.org by 1.2.2026 at example.com. Thanks.",
		 "Pay 3.50 to a.b@c.org by 1.2.2026 at example.com.|Thanks."},
		{"It was 2026. It rained.", "It was 2026.|It rained."},
	};

	check_pages(pages, Q_COUNT_OF(pages));
}

static void other_scripts_have_their_own_full_stops(void **state)
{
	static const struct page pages[] = {
		{"今日は雨です。明日は？晴れ！「はい。」と言った。",
		 "今日は雨です。|明日は？|晴れ！|「はい。」|と言った。"},
		{"هل هو هنا؟ نعم. انتهى", "هل هو هنا؟|نعم.|انتهى"},
		{"यह एक है। यह दो है।", "यह एक है।|यह दो है।"},
	};

	check_pages(pages, Q_COUNT_OF(pages));
}

static void wrapped_lines_are_one_sentence(void **state)
{
	static const struct page pages[] = {
		{"This agreement is effective from March\n1, 2026 and continues through the\n"
		 "Last day of 2029 unless one of the\nparties ends it.",
		 "This agreement is effective from March 1, 2026 and continues through the Last "
		 "day "
		 "of 2029 unless one of the parties ends it."},
		{"As it is laid down in the rules of Section\n32. The parties agree to that and "
		 "to\n"
		 "all the others that there are by now.",
		 "As it is laid down in the rules of Section 32.|The parties agree to that and to "
		 "all "
		 "the others that there are by now."},
	};

	check_pages(pages, Q_COUNT_OF(pages));
}

static void empty_lines_end_sentences(void **state)
{
	static const struct page pages[] = {
		{"a heading\n\nthe text goes on", "a heading|the text goes on"},
		{"a heading\r\n\r\nthe text", "a heading|the text"},
		{"one page\fanother page", "one page|another page"},
		{"a heading\n \t \nthe text", "a heading|the text"},
	};

	check_pages(pages, Q_COUNT_OF(pages));
}

static void short_lines_and_titles_are_sentences(void **state)
{
	static const struct page pages[] = {
		{"4. Governing Law\nThis agreement is governed by the laws of the land, whatever\n"
		 "they may be at that time.",
		 "4. Governing Law|This agreement is governed by the laws of the land, whatever "
		 "they "
		 "may be at that time."},
		{"Location Participation Agreement\nContract of the first party with others",
		 "Location Participation Agreement|Contract of the first party with others"},
	};

	check_pages(pages, Q_COUNT_OF(pages));
}

static void list_items_are_sentences_without_their_bullets(void **state)
{
	static const struct page pages[] = {
		{"The list of things:\n• milk and bread\n– butter\n* eggs\n- salt",
		 "The list of things:|milk and bread|butter|eggs|salt"},
		{"What is needed:\n1. milk\n2) bread\n(a) butter\n(iv) salt",
		 "What is needed:|1. milk|2) bread|(a) butter|(iv) salt"},
		{"a value of\n-5 is fine", "a value of -5 is fine"},
	};

	check_pages(pages, Q_COUNT_OF(pages));
}

static void table_rows_are_sentences(void **state)
{
	static const struct page pages[] = {
		{"Tier 1 1 $32.50 standard\nTier 2 6 $32.35 standard\nTier 3 11 $32.20 standard",
		 "Tier 1 1 $32.50 standard|Tier 2 6 $32.35 standard|Tier 3 11 $32.20 standard"},
		{"Jan 2026  $5\nFeb 2026  $6\nMar 2026  7%\nApr 2026  8%",
		 "Jan 2026 $5|Feb 2026 $6|Mar 2026 7%|Apr 2026 8%"},
	};

	check_pages(pages, Q_COUNT_OF(pages));
}

static void a_page_without_ends_is_cut_into_pieces(void **state)
{
	struct q_arena *arena = q_arena_new(1 << 20);
	struct q__sentence_reader *reader = q_arena_alloc(arena, sizeof *reader);
	struct q__lexicon *lexicon = q__lexicon_new();
	char page[4 * (2 * Q__SENTENCE_TOKENS_MAX + 10) + 1] = "";
	struct q__sentence sentence;
	size_t tokens = 0;

	for (int i = 0; i < 2 * Q__SENTENCE_TOKENS_MAX + 10; i++)
		memcpy(page + 4L * i, "abc ", 5);
	q__sentence_reader_init(reader, q_str_from(page), lexicon);
	while (q__sentence_next(reader, &sentence)) {
		assert_in_range(sentence.count, 1, Q__SENTENCE_TOKENS_MAX);
		tokens += sentence.count;
	}
	assert_int_equal(reader->ordinal, 3);
	assert_int_equal(tokens, 2 * Q__SENTENCE_TOKENS_MAX + 10);
	q__lexicon_free(lexicon);
	q_arena_free(arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(full_stops_end_sentences),
		cmocka_unit_test(full_stops_of_abbreviations_end_none),
		cmocka_unit_test(full_stops_inside_words_end_none),
		cmocka_unit_test(other_scripts_have_their_own_full_stops),
		cmocka_unit_test(wrapped_lines_are_one_sentence),
		cmocka_unit_test(empty_lines_end_sentences),
		cmocka_unit_test(short_lines_and_titles_are_sentences),
		cmocka_unit_test(list_items_are_sentences_without_their_bullets),
		cmocka_unit_test(table_rows_are_sentences),
		cmocka_unit_test(a_page_without_ends_is_cut_into_pieces),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
