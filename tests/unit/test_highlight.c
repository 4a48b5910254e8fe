/* Fragments are Lucene's: tests/fixtures/search/highlights.ndjson holds what its plain highlighter
 * gives. */
#include "search/analysis/highlight.h"

#include "support/checks.h"
#include "support/failing_memory.h"
#include "support/json_lines.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { TERMS_MAX = 16, ARENA_BYTES = 1 << 20 };

static size_t read_terms(const struct q_json *json, struct q_highlight_term terms[TERMS_MAX])
{
	struct q_json_walk walk = q_json_walk(json);
	size_t count = 0;

	while (q_json_next(&walk)) {
		double weight = 0;

		assert_true(count < TERMS_MAX);
		assert_true(q_json_double(q_json_element(walk.value, 1), &weight));
		terms[count++] = (struct q_highlight_term){string_in(q_json_element(walk.value, 0)),
							   (float)weight};
	}
	return count;
}

static bool are_fragments(const struct q_highlights *found, const struct q_json *expected)
{
	bool is_same = found->count == q_json_count(expected);

	for (size_t i = 0; is_same && i < found->count; i++)
		is_same = q_str_equal(found->fragments[i], string_in(q_json_element(expected, i)));
	return is_same;
}

static void check_line(const struct q_json *json, struct q_str line)
{
	struct q_arena *arena = q_arena_new(ARENA_BYTES);
	struct q_highlight_term terms[TERMS_MAX];
	struct q_highlighter highlighter;
	struct q_highlights found;
	struct q_err err;

	q_highlighter_init(&highlighter, terms,
			   read_terms(q_json_member(json, Q_STR("terms")), terms));
	highlighter.fragment_units = (size_t)number_in(q_json_member(json, Q_STR("units")));
	highlighter.fragment_count_max =
		(size_t)number_in(q_json_member(json, Q_STR("fragments_max")));
	assert_true(q_json_bool(q_json_member(json, Q_STR("html")), &highlighter.escapes_html));
	assert_int_equal(q_highlight(&highlighter, string_in(q_json_member(json, Q_STR("text"))),
				     arena, &found, &err),
			 Q_OK);
	if (!are_fragments(&found, q_json_member(json, Q_STR("fragments"))))
		fail_msg("other fragments than in %.*s", Q_STR_ARG(line));
	q_arena_free(arena);
}

static void every_text_of_the_fixture_gives_lucenes_fragments(void **state)
{
	assert_true(for_each_json_line("tests/fixtures/search/highlights.ndjson", check_line) > 50);
}

/* The fragments of a text, one term asked for, each followed by '|'. */
static struct q_str highlight(struct q_arena *arena, struct q_highlighter *highlighter,
			      struct q_str text)
{
	struct q_highlights found;
	struct q_str joined = Q_STR("");
	struct q_err err;

	assert_int_equal(q_highlight(highlighter, text, arena, &found, &err), Q_OK);
	for (size_t i = 0; i < found.count; i++)
		joined = q_arena_format(arena, "%.*s%.*s|", Q_STR_ARG(joined),
					Q_STR_ARG(found.fragments[i]));
	return joined;
}

static void words_are_found_by_their_terms_and_shown_as_written(void **state)
{
	struct q_highlight_term terms[] = {{Q_STR("straße"), 1}, {Q_STR("münchen"), 1}};
	struct q_arena *arena = q_arena_new(ARENA_BYTES);
	struct q_highlighter highlighter;

	q_highlighter_init(&highlighter, terms, 2);
	assert_view_equal(highlight(arena, &highlighter, Q_STR("MÜNCHEN, Lange Straße 3")),
			  "<em>MÜNCHEN</em>, Lange <em>Straße</em> 3|");
	assert_view_equal(highlight(arena, &highlighter, Q_STR("Straßen")), "");
	q_arena_free(arena);
}

static void marks_are_the_callers_and_the_text_is_escaped_for_html_on_request(void **state)
{
	struct q_highlight_term terms[] = {{Q_STR("b"), 1}};
	struct q_arena *arena = q_arena_new(ARENA_BYTES);
	struct q_highlighter highlighter;

	q_highlighter_init(&highlighter, terms, 1);
	highlighter.before = Q_STR("[");
	highlighter.after = Q_STR("]");
	assert_view_equal(highlight(arena, &highlighter, Q_STR("<b>'a' & \"c\"</b>")),
			  "<[b]>'a' & \"c\"</[b]>|");
	highlighter.escapes_html = true;
	assert_view_equal(highlight(arena, &highlighter, Q_STR("<b>'a' & \"c\"</b>")),
			  "&lt;[b]&gt;&#x27;a&#x27; &amp; &quot;c&quot;&lt;&#x2F;[b]&gt;|");
	q_arena_free(arena);
}

static void of_a_term_given_twice_the_greater_weight_counts(void **state)
{
	struct q_highlight_term terms[] = {
		{Q_STR("z"), 1}, {Q_STR("a"), 0.5F}, {Q_STR("a"), 2}, {Q_STR("a"), 1}};
	struct q_highlighter highlighter;

	q_highlighter_init(&highlighter, terms, 4);
	assert_int_equal(highlighter.term_count, 2);
	assert_view_equal(highlighter.terms[0].term, "a");
	assert_true(highlighter.terms[0].weight == 2);
	assert_view_equal(highlighter.terms[1].term, "z");
}

static void a_keyword_is_marked_whole(void **state)
{
	struct q_highlight_term terms[] = {{Q_STR("MBR-1 x"), 1}};
	struct q_arena *arena = q_arena_new(ARENA_BYTES);
	struct q_highlighter highlighter;

	q_highlighter_init(&highlighter, terms, 1);
	highlighter.analyser = Q_ANALYSER_KEYWORD;
	assert_view_equal(highlight(arena, &highlighter, Q_STR("MBR-1 x")), "<em>MBR-1 x</em>|");
	assert_view_equal(highlight(arena, &highlighter, Q_STR("MBR-1")), "");
	q_arena_free(arena);
}

static void the_most_fragments_that_may_be_asked_for_come(void **state)
{
	struct q_highlight_term terms[] = {{Q_STR("fox"), 1}};
	struct q_arena *arena = q_arena_new(ARENA_BYTES);
	struct q_highlighter highlighter;
	struct q_highlights found;
	struct q_err err;
	char text[4 * 300];

	for (size_t i = 0; i < sizeof text; i += 4)
		memcpy(text + i, "fox ", 4);
	q_highlighter_init(&highlighter, terms, 1);
	highlighter.fragment_units = 8;
	highlighter.fragment_count_max = Q_HIGHLIGHT_FRAGMENTS_MAX;
	assert_int_equal(
		q_highlight(&highlighter, (struct q_str){text, sizeof text}, arena, &found, &err),
		Q_OK);
	assert_int_equal(found.count, Q_HIGHLIGHT_FRAGMENTS_MAX);
	q_arena_free(arena);
}

static enum q_code highlight_once(void *context)
{
	struct q_highlight_term terms[] = {{Q_STR("fox"), 1}};
	struct q_arena *arena = q_arena_new(ARENA_BYTES);
	struct q_highlighter highlighter;
	struct q_highlights found;
	struct q_err err;
	enum q_code code = Q_NOMEM;

	(void)context;
	q_highlighter_init(&highlighter, terms, 1);
	if (arena)
		code = q_highlight(&highlighter, Q_STR("a fox"), arena, &found, &err);
	q_arena_free(arena);
	return code;
}

static void failing_allocations_are_told(void **state)
{
	assert_true(run_with_failing_memory(highlight_once, NULL) >= 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_text_of_the_fixture_gives_lucenes_fragments),
		cmocka_unit_test(words_are_found_by_their_terms_and_shown_as_written),
		cmocka_unit_test(marks_are_the_callers_and_the_text_is_escaped_for_html_on_request),
		cmocka_unit_test(of_a_term_given_twice_the_greater_weight_counts),
		cmocka_unit_test(a_keyword_is_marked_whole),
		cmocka_unit_test(the_most_fragments_that_may_be_asked_for_come),
		cmocka_unit_test(failing_allocations_are_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
