/* The extractive analyst on whole pages. What entities it finds is in test_analyst_entities.c,
 * where sentences end in test_analyst_sentences.c. */
#include "embedded/analyst_extractive.h"
#include "support/checks.h"
#include "support/failing_memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

struct fixture {
	struct q_analyst *analyst;
	struct q_arena *arena;
	struct q_page_analysis analysis;
	struct q_err err;
};

static const struct q_call no_limits;

static int open_fixture(void **state)
{
	struct fixture *fixture = calloc(1, sizeof *fixture);

	*state = fixture;
	fixture->arena = q_arena_new(Q_ANALYST_EXTRACTIVE_ARENA_MAX);
	return q_analyst_extractive_open(&fixture->analyst, &fixture->err) == Q_OK ? 0 : -1;
}

static int close_fixture(void **state)
{
	struct fixture *fixture = *state;

	q_analyst_close(fixture->analyst);
	q_arena_free(fixture->arena);
	free(fixture);
	return 0;
}

static void analyse(struct fixture *fixture, struct q_str text)
{
	struct q_page_request request = {
		.text = text, .page_number = 1, .page_count = 1, .kind = Q_STR("document")};

	q_arena_reset(fixture->arena);
	if (q_analyst_analyse_page(fixture->analyst, &no_limits, &request, fixture->arena,
				   &fixture->analysis, &fixture->err) != Q_OK)
		fail_msg("%s", fixture->err.message);
}

static void check_key_points(const struct fixture *fixture, const char *const *expected,
			     size_t count)
{
	for (size_t i = 0; i < count && i < fixture->analysis.key_point_count; i++)
		if (!q_str_equal(fixture->analysis.key_points[i], q_str_from(expected[i])))
			fail_msg("key point %zu is \"%.*s\"", i,
				 Q_STR_ARG(fixture->analysis.key_points[i]));
	assert_int_equal(fixture->analysis.key_point_count, count);
}

static const char contract[] =
	"CTR-20417 Facility Use Agreement\n\nFACILITY USE AGREEMENT\n\n"
	"This Agreement is made between Ironwood Fitness Center LLC (the Operator) and "
	"Harborlight\n"
	"Health Plan (the Plan) for location LOC-1042 in Columbus, OH 43215.\n\n1. Term\n"
	"This Agreement is effective from March 1, 2026 and continues through February 28, 2029\n"
	"unless terminated earlier under Section 7. Either party may terminate this Agreement on "
	"90\n"
	"days prior written notice.\n\n2. Compensation\n"
	"The Plan shall pay the Operator a base rate of $32.50 for each qualified visit. A\n"
	"conversion bonus of $45.00 is payable for each new enrollee. Late payments bear interest "
	"of\n"
	"1.5% per month.\n\n3. Staffing\n"
	"The Facility coordinator is Dana Whitfield, telephone (614) 555-0134, electronic mail\n"
	"coordinator7@example.org. The Operator shall keep qualified first-aid staff on the "
	"premises\n"
	"during opening hours.\n\n4. Governing Law\n"
	"This Agreement is governed by the laws of the State of Ohio.\n\nPage 1 of 6\n";

static void contract_is_summed_up_by_its_parties_term_and_price(void **state)
{
	struct fixture *fixture = *state;

	analyse(fixture, q_str_from(contract));
	assert_view_equal(
		fixture->analysis.summary,
		"This Agreement is made between Ironwood Fitness Center LLC (the Operator) and "
		"Harborlight Health Plan (the Plan) for location LOC-1042 in Columbus, OH 43215. "
		"This Agreement is effective from March 1, 2026 and continues through February 28, "
		"2029 unless terminated earlier under Section 7. The Plan shall pay the Operator a "
		"base rate of $32.50 for each qualified visit.");
	assert_int_equal(fixture->analysis.sentiment, Q_SENTIMENT_NEUTRAL);
	assert_int_equal(fixture->analysis.input_tokens + fixture->analysis.output_tokens, 0);
}

static void key_points_of_a_contract_are_its_other_duties_and_sums(void **state)
{
	static const char *const expected[] = {
		"Either party may terminate this Agreement on 90 days prior written notice.",
		"A conversion bonus of $45.00 is payable for each new enrollee.",
		"Late payments bear interest of 1.5% per month.",
		"The Operator shall keep qualified first-aid staff on the premises during opening "
		"hours.",
	};

	analyse(*state, q_str_from(contract));
	check_key_points(*state, expected, Q_COUNT_OF(expected));
}

static void entities_of_a_contract_stand_in_its_order(void **state)
{
	static const struct {
		enum q_entity_type type;
		const char *text;
	} expected[] = {
		{Q_ENTITY_IDENTIFIER, "CTR-20417"},
		{Q_ENTITY_ORGANISATION, "Ironwood Fitness Center LLC"},
		{Q_ENTITY_ORGANISATION, "Harborlight Health Plan"},
		{Q_ENTITY_IDENTIFIER, "LOC-1042"},
		{Q_ENTITY_PLACE, "Columbus, OH 43215"},
		{Q_ENTITY_DATE, "March 1, 2026"},
		{Q_ENTITY_DATE, "February 28, 2029"},
		{Q_ENTITY_MONEY, "$32.50"},
		{Q_ENTITY_MONEY, "$45.00"},
		{Q_ENTITY_PERCENT, "1.5%"},
		{Q_ENTITY_PERSON, "Dana Whitfield"},
		{Q_ENTITY_PHONE, "(614) 555-0134"},
		{Q_ENTITY_EMAIL, "coordinator7@example.org"},
		{Q_ENTITY_PLACE, "Ohio"},
	};
	struct fixture *fixture = *state;

	analyse(fixture, q_str_from(contract));
	assert_int_equal(fixture->analysis.entity_count, Q_COUNT_OF(expected));
	for (size_t i = 0; i < Q_COUNT_OF(expected); i++) {
		assert_int_equal(fixture->analysis.entities[i].type, expected[i].type);
		assert_true(q_str_equal(fixture->analysis.entities[i].text,
					q_str_from(expected[i].text)));
	}
}

static void letter_of_thanks_is_positive(void **state)
{
	struct fixture *fixture = *state;

	analyse(fixture,
		Q_STR("Dear Ms. Okonkwo,\n\nThank you for your letter of 12 January 2027. We are "
		      "delighted that you enjoy the new yoga studio\nand that our trainers were so "
		      "helpful. Your words were read aloud at the staff meeting and everybody\nwas "
		      "pleased.\n\nYou asked about parking. The garage opens at six, and members "
		      "park "
		      "free of charge for two hours.\n\nSincerely,\nTomasz Nowak\n"));
	assert_int_equal(fixture->analysis.sentiment, Q_SENTIMENT_POSITIVE);
}

static void complaint_is_negative(void **state)
{
	struct fixture *fixture = *state;

	analyse(fixture,
		Q_STR("I am writing to complain about the Lakeside branch. The showers were "
		      "dirty on three visits in a row, the staff were rude, and nobody "
		      "apologised. My claim CLM-7741 was rejected without a reason."));
	assert_int_equal(fixture->analysis.sentiment, Q_SENTIMENT_NEGATIVE);
}

static void negation_turns_praise_round(void **state)
{
	struct fixture *fixture = *state;

	analyse(fixture,
		Q_STR("We were not happy with it. It was not very good, and we never enjoyed "
		      "it."));
	assert_int_equal(fixture->analysis.sentiment, Q_SENTIMENT_NEGATIVE);
	analyse(fixture,
		Q_STR("We had no problem, and were not disappointed at all. No complaints."));
	assert_int_equal(fixture->analysis.sentiment, Q_SENTIMENT_POSITIVE);
}

static void praise_and_blame_together_are_neutral(void **state)
{
	struct fixture *fixture = *state;

	analyse(fixture,
		Q_STR("The pool is excellent and the staff are helpful. The showers are dirty "
		      "and the lifts are broken."));
	assert_int_equal(fixture->analysis.sentiment, Q_SENTIMENT_NEUTRAL);
	analyse(fixture, Q_STR("One good word among many others says little about the whole."));
	assert_int_equal(fixture->analysis.sentiment, Q_SENTIMENT_NEUTRAL);
}

static void page_without_sentences_is_summed_up_by_its_first_lines(void **state)
{
	struct fixture *fixture = *state;

	analyse(fixture, Q_STR("Schedule A - Rate Schedule\nTier 1 1 $32.50 standard\n"
			       "Tier 2 6 $32.35 standard\nTier 3 11 $32.20 standard\n"));
	assert_view_equal(fixture->analysis.summary,
			  "Schedule A - Rate Schedule; Tier 1 1 $32.50 standard");
	assert_int_equal(fixture->analysis.entity_count, 3);
	assert_int_equal(fixture->analysis.key_point_count, 0);
}

static void list_items_make_key_points(void **state)
{
	static const char *const expected[] = {"pay $3 for each lost key",
					       "send the bill by March 5, 2026"};
	struct fixture *fixture = *state;

	analyse(fixture,
		Q_STR("The summer party was a quiet affair with forty guests. All guests went home "
		      "before midnight, as is the custom there.\n\nWHAT YOU MUST DO\n"
		      "• pay $3 for each lost key\n• send the bill by March 5, 2026\n"));
	check_key_points(fixture, expected, Q_COUNT_OF(expected));
}

static void german_page_is_understood(void **state)
{
	static const char *const expected[] = {
		"Der Mieter muss Schäden z. B. am Boden sofort melden.",
		"Die Kaution wird mit 2,5 % verzinst."};
	struct fixture *fixture = *state;

	analyse(fixture,
		Q_STR("Sehr geehrte Frau Dr. Schmidt,\n\nder Mietvertrag Nr. 2026-118 zwischen der "
		      "Müller Immobilien GmbH und Ihnen endet am 31. Dezember\n2026. Die "
		      "monatliche "
		      "Miete beträgt 1.250,00 € und ist bis zum dritten Werktag fällig. Der "
		      "Mieter\n"
		      "muss Schäden z. B. am Boden sofort melden. Die Kaution wird mit 2,5 % "
		      "verzinst.\n\nMit freundlichen Grüßen\nJürgen Weber\n"));
	assert_view_equal(
		fixture->analysis.summary,
		"der Mietvertrag Nr. 2026-118 zwischen der Müller Immobilien GmbH und Ihnen "
		"endet am 31. Dezember 2026. Die monatliche Miete beträgt 1.250,00 € und ist "
		"bis zum dritten Werktag fällig.");
	check_key_points(fixture, expected, Q_COUNT_OF(expected));
	assert_int_equal(fixture->analysis.entity_count, 7);
}

static void japanese_page_is_understood(void **state)
{
	static const char *const expected[] = {
		"支払いが遅れた場合は、年利3％の遅延損害金が発生します。"};
	struct fixture *fixture = *state;

	analyse(fixture, Q_STR("本契約は2025年1月1日に始まり、2026年12月31日に終了します。利用者は"
			       "毎月5,000円"
			       "を支払うものとします。\n支払いが遅れた場合は、年利3％の遅延損害金が"
			       "発生します。"
			       "契約の更新には書面による合意が必要です。\n"));
	assert_view_equal(
		fixture->analysis.summary,
		"本契約は2025年1月1日に始まり、2026年12月31日に終了します。利用者は毎月5,000円を"
		"支払うものとします。");
	check_key_points(fixture, expected, Q_COUNT_OF(expected));
}

static void summary_does_not_say_the_same_twice(void **state)
{
	struct fixture *fixture = *state;

	analyse(fixture,
		Q_STR("The operator keeps the gym open on every day of the week. The operator "
		      "keeps the "
		      "gym open on every day of the month. Members bring their own towels to the "
		      "gym."));
	assert_view_equal(fixture->analysis.summary,
			  "The operator keeps the gym open on every day of the week. Members bring "
			  "their own towels to the gym.");
}

static void key_points_do_not_repeat_the_summary_or_each_other(void **state)
{
	struct fixture *fixture = *state;
	struct q_str text = Q_STR("");
	struct q_arena *arena = q_arena_new(1 << 20);

	for (int i = 0; i < 40; i++)
		text = q_arena_format(arena,
				      "%.*sThe tenant shall pay the rent of flat %c%d in time. ",
				      Q_STR_ARG(text), 'a' + i % 26, i);
	analyse(fixture, text);
	assert_true(fixture->analysis.key_point_count <= Q_ANALYST_KEY_POINTS_MAX);
	for (size_t i = 0; i < fixture->analysis.key_point_count; i++) {
		size_t at;

		assert_false(q_str_find(fixture->analysis.summary, fixture->analysis.key_points[i],
					&at));
	}
	q_arena_free(arena);
}

/* A page of 40,000 bytes has dozens of duties: ten are kept. */
static void key_points_stop_at_their_limit(void **state)
{
	static const char *const verbs[] = {"paint",  "wash",	"sell", "count", "weigh",
					    "mend",   "ship",	"pack", "label", "store",
					    "record", "insure", "scan", "sort",	 "print"};
	struct fixture *fixture = *state;
	struct q_arena *arena = q_arena_new(1 << 22);
	struct q_str text = Q_STR("");

	for (unsigned i = 0; i < 15 * 15; i++)
		text = q_arena_format(arena, "%.*sEveryone shall %s and %s item%u twice. ",
				      Q_STR_ARG(text), verbs[i % 15], verbs[i / 15], i);
	analyse(fixture, text);
	assert_int_equal(fixture->analysis.key_point_count, Q_ANALYST_KEY_POINTS_MAX);
	q_arena_free(arena);
}

static void summary_is_cut_at_a_character(void **state)
{
	struct fixture *fixture = *state;
	char *text = malloc(30000);

	for (size_t i = 0; i < 30000; i += 3)
		memcpy(text + i, "ᄀ", 3);
	analyse(fixture, (struct q_str){text, 30000});
	assert_int_equal(fixture->analysis.summary.length, Q_ANALYST_SUMMARY_MAX / 3 * 3);
	free(text);
}

static void white_space_of_any_kind_has_an_empty_analysis(void **state)
{
	struct fixture *fixture = *state;

	analyse(fixture, Q_STR("\u3000\u2003\u00a0\u2028\x01\x1f\u200b"));
	assert_int_equal(fixture->analysis.summary.length, 0);
	assert_int_equal(fixture->analysis.entity_count, 0);
	assert_int_equal(fixture->analysis.key_point_count, 0);
	assert_int_equal(fixture->analysis.sentiment, Q_SENTIMENT_NEUTRAL);
}

static void control_characters_do_not_reach_the_summary(void **state)
{
	struct fixture *fixture = *state;

	analyse(fixture, Q_STR("Some\x01words are\tparted\x1f by\r\ncontrol characters.\x7f"));
	assert_view_equal(fixture->analysis.summary,
			  "Some words are parted by control characters.");
}

/* A page of `size` bytes that repeats `pattern`. */
static struct q_str repeated(const char *pattern, size_t size)
{
	size_t length = strlen(pattern);
	char *text = malloc(size);

	for (size_t i = 0; i < size; i++)
		text[i] = pattern[i % length];
	for (; size > 0 && (text[size - 1] & 0x80); size--)
		; /* do not end inside a character */
	return (struct q_str){text, size};
}

/* What may be dear: long tokens, no ends, starts of every entity that then is none. */
static const char *const patterns[] = {
	"a",
	"a ",
	"1,",
	".",
	"a@",
	"a.",
	"Ab ",
	"555-",
	"+1 ",
	"(",
	"AB-1",
	"New ",
	"Dr. ",
	"Contract no. ",
	"[1]",
	"a)",
	"$1",
	"May 1 ",
	"\n- ",
	"a\n",
	"\"'",
	"A-",
	"\u0e01 ",
	"www.",
	"University of ",
	"a, Inc",
	"12 Main ",
	"今",
	"Springfield, ",
	"\u00e9",
	"1/1/",
	"Mr. A. ",
};

/* The bound holds for the longest page of each kind: the arena has no more. */
static void arena_needed_is_bounded_whatever_the_page(void **state)
{
	for (size_t i = 0; i < Q_COUNT_OF(patterns); i++) {
		struct q_str text = repeated(patterns[i], 50000);

		analyse(*state, text);
		free((void *)(uintptr_t)text.data);
	}
}

static double seconds_for(struct fixture *fixture, struct q_str text)
{
	double best = 1e9;

	for (int i = 0; i < 3; i++) {
		struct timespec before, after;
		double seconds;

		clock_gettime(CLOCK_THREAD_CPUTIME_ID, &before);
		analyse(fixture, text);
		clock_gettime(CLOCK_THREAD_CPUTIME_ID, &after);
		seconds = (double)(after.tv_sec - before.tv_sec) +
			  (double)(after.tv_nsec - before.tv_nsec) / 1e9;
		best = seconds < best ? seconds : best;
	}
	return best;
}

/* Sixteen times the page takes about sixteen times as long; quadratic work would take 256 times. */
static void work_grows_with_the_page_and_not_faster(void **state)
{
	for (size_t i = 0; i < Q_COUNT_OF(patterns); i++) {
		struct q_str large = repeated(patterns[i], 64000);
		struct q_str small = repeated(patterns[i], 4000);
		double ratio = seconds_for(*state, large) / seconds_for(*state, small);

		if (ratio > 64)
			fail_msg("\"%s\": 16 times the page takes %.0f times as long", patterns[i],
				 ratio);
		free((void *)(uintptr_t)small.data);
		free((void *)(uintptr_t)large.data);
	}
}

/* Past the port's front, which would refuse the call at once. */
static void a_page_is_given_up_when_its_call_is_cancelled(void **state)
{
	struct q_page_request request = {
		.text = q_str_from(contract), .page_number = 1, .page_count = 1};
	const atomic_bool is_cancelled = true;
	struct q_call call = {.is_cancelled = &is_cancelled};
	struct fixture *fixture = *state;

	assert_int_equal(fixture->analyst->ops->analyse_page(fixture->analyst, &call, &request,
							     fixture->arena, &fixture->analysis,
							     &fixture->err),
			 Q_CANCELLED);
}

static enum q_code work_once(void *context)
{
	struct q_page_request request = {
		.text = q_str_from(contract), .page_number = 1, .page_count = 1};
	struct q_arena *arena = q_arena_new(Q_ANALYST_EXTRACTIVE_ARENA_MAX);
	struct q_page_analysis analysis;
	struct q_analyst *analyst = NULL;
	struct q_err err;
	enum q_code code = arena ? q_analyst_extractive_open(&analyst, &err) : Q_NOMEM;

	if (code == Q_OK)
		code = q_analyst_analyse_page(analyst, &no_limits, &request, arena, &analysis,
					      &err);
	q_analyst_close(analyst);
	q_arena_free(arena);
	return code;
}

static void each_failing_allocation_is_no_memory(void **state)
{
	assert_true(run_with_failing_memory(work_once, NULL) >= 3);
}

/* Whatever the arena's size, the answer is whole or Q_NOMEM. */
static void each_arena_that_is_too_small_is_no_memory(void **state)
{
	struct fixture *fixture = *state;
	struct q_page_request request = {
		.text = q_str_from(contract), .page_number = 1, .page_count = 1};
	enum q_code code = Q_NOMEM;
	size_t size;

	for (size = 64; code == Q_NOMEM && size < Q_ANALYST_EXTRACTIVE_ARENA_MAX; size += 64) {
		struct q_arena *arena = q_arena_new(size);

		code = q_analyst_analyse_page(fixture->analyst, &no_limits, &request, arena,
					      &fixture->analysis, &fixture->err);
		q_arena_free(arena);
	}
	assert_int_equal(code, Q_OK);
	assert_true(size > 64 * 1024);
}

#define CASE(NAME) cmocka_unit_test_setup_teardown(NAME, open_fixture, close_fixture)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(contract_is_summed_up_by_its_parties_term_and_price),
		CASE(key_points_of_a_contract_are_its_other_duties_and_sums),
		CASE(entities_of_a_contract_stand_in_its_order),
		CASE(letter_of_thanks_is_positive),
		CASE(complaint_is_negative),
		CASE(negation_turns_praise_round),
		CASE(praise_and_blame_together_are_neutral),
		CASE(page_without_sentences_is_summed_up_by_its_first_lines),
		CASE(list_items_make_key_points),
		CASE(german_page_is_understood),
		CASE(japanese_page_is_understood),
		CASE(summary_does_not_say_the_same_twice),
		CASE(key_points_do_not_repeat_the_summary_or_each_other),
		CASE(key_points_stop_at_their_limit),
		CASE(summary_is_cut_at_a_character),
		CASE(white_space_of_any_kind_has_an_empty_analysis),
		CASE(control_characters_do_not_reach_the_summary),
		CASE(arena_needed_is_bounded_whatever_the_page),
		CASE(work_grows_with_the_page_and_not_faster),
		CASE(a_page_is_given_up_when_its_call_is_cancelled),
		CASE(each_failing_allocation_is_no_memory),
		CASE(each_arena_that_is_too_small_is_no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
