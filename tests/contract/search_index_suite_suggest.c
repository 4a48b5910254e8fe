/* Suggestions: how a beginning goes on, and what a misspelt word may have been meant to be. */
#include "contract/search_index_suite_internal.h"

#include "base/buf.h"

/* "word: term count, term count; word: ..." */
static void write_words(struct q_buf *out, const struct q_suggest_result *result)
{
	for (size_t i = 0; i < result->word_count; i++) {
		const struct q_suggested_word *word = &result->words[i];

		q_buf_format(out, "%s%.*s:", i ? "; " : "", Q_STR_ARG(word->word));
		for (size_t j = 0; j < word->suggestion_count; j++)
			q_buf_format(out, "%s %.*s %llu", j ? "," : "",
				     Q_STR_ARG(word->suggestions[j].term),
				     (unsigned long long)word->suggestions[j].document_count);
	}
}

static enum q_code suggest(struct suite *suite, const struct q_suggest_request *request,
			   struct q_suggest_result *out)
{
	return q_search_index_suggest(suite->subject->store, &no_limits, suite->index, request,
				      suite->arena, out, &suite->err);
}

static void assert_suggested(struct suite *suite, const struct q_suggest_request *request,
			     const char *expected)
{
	struct q_suggest_result result;
	struct q_buf text;

	if (suggest(suite, request, &result))
		fail_msg("%s", suite->err.message);
	q_buf_init(&text, 4096);
	write_words(&text, &result);
	assert_string_equal(text.data, expected);
	q_buf_free(&text);
}

static struct q_suggest_request completion(const char *field, const char *text)
{
	return (struct q_suggest_request){.kind = Q_SUGGEST_COMPLETION,
					  .field = q_str_from(field),
					  .text = q_str_from(text),
					  .size = 10};
}

static struct q_suggest_request correction(const char *field, const char *text)
{
	return (struct q_suggest_request){.kind = Q_SUGGEST_CORRECTION,
					  .field = q_str_from(field),
					  .text = q_str_from(text),
					  .size = 10,
					  .fuzziness = Q_FUZZINESS_AUTO,
					  .prefix_length = 1};
}

/* A filter that lets the documents of one tenant pass. */
static struct q_search_query of_tenant(const char *tenant)
{
	return (struct q_search_query){
		.kind = Q_SEARCH_TERM, .boost = 1, .term = {Q_STR("tenant"), q_str_from(tenant)}};
}

static void a_beginning_goes_on_as_most_documents_do(void **state)
{
	struct suite *suite = *state;
	struct q_suggest_request request = completion("notes", "s");

	put(suite, "1", "{\"tenant\":\"a\",\"notes\":\"swim swim sun\"}");
	refresh(suite);
	put(suite, "2", "{\"tenant\":\"b\",\"notes\":\"Swim sea\"}");
	put(suite, "3", "{\"tenant\":\"a1\",\"notes\":\"the sun: swim\"}");
	refresh(suite);
	assert_suggested(suite, &request, "s: swim 3, sun 2, sea 1");
	request.size = 2;
	assert_suggested(suite, &request, "s: swim 3, sun 2");
	request = completion("tenant", "a");
	assert_suggested(suite, &request, "a: a 1, a1 1");
	request = completion("notes", "x");
	assert_suggested(suite, &request, "x:");
	request = completion("notes", "swimming");
	assert_suggested(suite, &request, "swimming:");
}

static void a_misspelt_word_is_corrected_by_the_most_alike(void **state)
{
	struct suite *suite = *state;
	struct q_suggest_request request = correction("name", "Smiht, jhon");

	put(suite, "1", "{\"name\":\"John Smith\"}");
	put(suite, "2", "{\"name\":\"Jon Smith\"}");
	refresh(suite);
	put(suite, "3", "{\"name\":\"Jon Smitz\"}");
	refresh(suite);
	assert_suggested(suite, &request, "smiht: smith 2; jhon: john 1, jon 2");
	request.size = 1;
	assert_suggested(suite, &request, "smiht: smith 2; jhon: john 1");
	request.fuzziness = Q_FUZZINESS_1;
	request.prefix_length = 2;
	assert_suggested(suite, &request, "smiht: smith 2; jhon:");
}

static void a_word_says_where_it_stands_and_how_many_have_it(void **state)
{
	struct suite *suite = *state;
	struct q_suggest_request request = correction("name", "a JON b");
	struct q_suggest_result result;

	put(suite, "1", "{\"name\":\"Jon\"}");
	put(suite, "2", "{\"name\":\"Jon Jan\"}");
	refresh(suite);
	assert_int_equal(suggest(suite, &request, &result), Q_OK);
	assert_int_equal(result.word_count, 3);
	assert_view_equal(result.words[1].word, "jon");
	assert_int_equal(result.words[1].start, 2);
	assert_int_equal(result.words[1].end, 5);
	assert_int_equal(result.words[1].document_count, 2);
	assert_int_equal(result.words[1].suggestion_count, 1);
	assert_view_equal(result.words[1].suggestions[0].term, "jan");
	assert_int_equal(result.words[2].document_count, 0);
}

static void only_what_passes_the_filter_is_suggested_and_counted(void **state)
{
	struct suite *suite = *state;
	struct q_search_query filter = of_tenant("a");
	struct q_suggest_request beginning = completion("name", "j"),
				 word = correction("name", "jhon");

	put_people(suite);
	assert_suggested(suite, &beginning, "j: john 2, jane 1, jones 1");
	beginning.filter = word.filter = &filter;
	assert_suggested(suite, &beginning, "j: jane 1, john 1");
	assert_suggested(suite, &word, "jhon: john 1");
	filter = of_tenant("c");
	assert_suggested(suite, &beginning, "j:");
	assert_suggested(suite, &word, "jhon:");
}

static void what_is_deleted_is_not_suggested(void **state)
{
	struct suite *suite = *state;
	struct q_suggest_request beginning = completion("name", "j"),
				 word = correction("name", "jhon");

	put_people(suite);
	assert_int_equal(apply(suite, Q_BULK_DELETE, "1", ""), Q_OK);
	assert_int_equal(apply(suite, Q_BULK_DELETE, "3", ""), Q_OK);
	refresh(suite);
	assert_suggested(suite, &beginning, "j: jane 1");
	assert_suggested(suite, &word, "jhon:");
}

static void requests_for_suggestions_are_checked(void **state)
{
	static const struct q_search_query filter = {
		.kind = Q_SEARCH_TERM, .boost = 1, .term = {Q_STR_INIT("none"), Q_STR_INIT("a")}};
	struct suite *suite = *state;
	struct q_suggest_request request = completion("born", "a");
	struct q_suggest_result result;

	assert_int_equal(suggest(suite, &request, &result), Q_INVALID);
	request = completion("none", "a");
	assert_int_equal(suggest(suite, &request, &result), Q_INVALID);
	request = completion("name", "a");
	request.size = 0;
	assert_int_equal(suggest(suite, &request, &result), Q_INVALID);
	request.size = Q_SUGGEST_MAX + 1;
	assert_int_equal(suggest(suite, &request, &result), Q_INVALID);
	request.size = Q_SUGGEST_MAX;
	assert_int_equal(suggest(suite, &request, &result), Q_OK);
	request.filter = &filter;
	assert_int_equal(suggest(suite, &request, &result), Q_INVALID);
}

static void a_text_of_too_many_words_is_not_corrected(void **state)
{
	struct suite *suite = *state;
	char text[2 * (Q_SUGGEST_WORDS_MAX + 1)];
	struct q_suggest_request request;
	struct q_suggest_result result;

	for (size_t i = 0; i < sizeof text; i++)
		text[i] = i % 2 ? ' ' : 'x';
	text[sizeof text - 1] = '\0';
	request = correction("name", text);
	assert_int_equal(suggest(suite, &request, &result), Q_TOOBIG);
	text[sizeof text - 3] = '\0';
	request = correction("name", text);
	assert_int_equal(suggest(suite, &request, &result), Q_OK);
	assert_int_equal(result.word_count, Q_SUGGEST_WORDS_MAX);
}

struct case_list search_index_suggest_cases(void)
{
	static const struct CMUnitTest cases[] = {
		CASE(a_beginning_goes_on_as_most_documents_do),
		CASE(a_misspelt_word_is_corrected_by_the_most_alike),
		CASE(a_word_says_where_it_stands_and_how_many_have_it),
		CASE(only_what_passes_the_filter_is_suggested_and_counted),
		CASE(what_is_deleted_is_not_suggested),
		CASE(requests_for_suggestions_are_checked),
		CASE(a_text_of_too_many_words_is_not_corrected),
	};

	return (struct case_list){cases, Q_COUNT_OF(cases)};
}
