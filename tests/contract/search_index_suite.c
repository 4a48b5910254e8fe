#include "contract/search_index_suite.h"

#include "base/json.h"
#include "search/query_json.h"
#include "support/checks.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { HITS_TEXT_MAX = 512 };

struct suite {
	struct search_index_subject *subject;
	struct q_arena *arena;
	struct q_str index; /* a new one for each case */
	char index_name[Q_INDEX_NAME_MAX];
	unsigned case_number;
	struct q_err err;
};

static const struct q_call no_limits;

static const struct q_field_definition fields[] = {
	{Q_STR_INIT("tenant"), Q_FIELD_KEYWORD},
	{Q_STR_INIT("name"), Q_FIELD_TEXT},
	{Q_STR_INIT("notes"), Q_FIELD_TEXT},
	{Q_STR_INIT("born"), Q_FIELD_DATE},
};
static const struct q_index_definition definition = {fields, Q_COUNT_OF(fields)};

static struct q_search_index *store_of(struct suite *suite)
{
	return suite->subject->store;
}

static int start_case(void **state)
{
	struct suite *suite = *state;

	suite->arena = q_arena_new(16 << 20);
	snprintf(suite->index_name, sizeof suite->index_name, "suite-%u", suite->case_number++);
	suite->index = q_str_from(suite->index_name);
	return q_search_index_ensure(store_of(suite), &no_limits, suite->index, &definition,
				     &suite->err)
		       ? -1
		       : 0;
}

static int end_case(void **state)
{
	q_arena_free(((struct suite *)*state)->arena);
	return 0;
}

static enum q_code apply(struct suite *suite, enum q_bulk_kind kind, const char *id,
			 const char *source)
{
	struct q_bulk_operation operation = {kind, q_str_from(id), q_str_from(source)};
	struct q_bulk_result result;

	assert_int_equal(q_search_index_bulk(store_of(suite), &no_limits, suite->index, &operation,
					     1, suite->arena, &result, &suite->err),
			 Q_OK);
	return result.code;
}

static void put(struct suite *suite, const char *id, const char *source)
{
	assert_int_equal(apply(suite, Q_BULK_PUT, id, source), Q_OK);
}

static void refresh(struct suite *suite)
{
	assert_int_equal(
		q_search_index_refresh(store_of(suite), &no_limits, suite->index, &suite->err),
		Q_OK);
}

/* A request in OpenSearch's JSON, with ' for ". */
static enum q_code search(struct suite *suite, const char *body, struct q_search_result *out)
{
	char *quoted = q_arena_alloc(suite->arena, strlen(body) + 1);
	struct q_search_request request;
	const struct q_json *json;

	for (size_t i = 0; body[i]; i++)
		quoted[i] = body[i] == '\'' ? '"' : body[i];
	assert_int_equal(q_json_parse(suite->arena, q_str_bytes(q_str_from(quoted)),
				      &q_json_request_limits, &json, &suite->err),
			 Q_OK);
	if (q_query_json_parse(suite->arena, json, &request, &suite->err))
		fail_msg("%s", suite->err.message);
	return q_search_index_search(store_of(suite), &no_limits, suite->index, &request,
				     suite->arena, out, &suite->err);
}

/* The ids of the hits, best first, are these: "a b c". */
static void assert_hits(struct suite *suite, const char *body, const char *expected)
{
	struct q_search_result result;
	char ids[HITS_TEXT_MAX] = "";

	if (search(suite, body, &result))
		fail_msg("%s", suite->err.message);
	for (size_t i = 0; i < result.hit_count; i++) {
		size_t length = strlen(ids);

		snprintf(ids + length, sizeof ids - length, "%s%.*s", i ? " " : "",
			 Q_STR_ARG(result.hits[i].id));
	}
	assert_string_equal(ids, expected);
}

static void put_people(struct suite *suite)
{
	put(suite, "1", "{\"tenant\":\"a\",\"name\":\"John Smith\",\"notes\":\"likes swimming\"}");
	put(suite, "2", "{\"tenant\":\"a\",\"name\":\"Jane Smyth\",\"notes\":\"swimming pool\"}");
	put(suite, "3", "{\"tenant\":\"b\",\"name\":\"John Jones\",\"notes\":\"pool\"}");
	put(suite, "4", "{\"tenant\":\"b\",\"name\":\"Ann\",\"tags\":\"not indexed\"}");
	refresh(suite);
}

static void ensuring_an_index_twice_is_fine(void **state)
{
	struct suite *suite = *state;

	assert_int_equal(q_search_index_ensure(store_of(suite), &no_limits, suite->index,
					       &definition, &suite->err),
			 Q_OK);
}

static void other_fields_conflict(void **state)
{
	static const struct q_index_definition other = {fields, 1};
	struct suite *suite = *state;

	assert_int_equal(q_search_index_ensure(store_of(suite), &no_limits, suite->index, &other,
					       &suite->err),
			 Q_CONFLICT);
}

static void names_of_indexes_are_checked(void **state)
{
	static const char *const names[] = {"", "Upper", "-first", "with/slash", "..", "a b"};
	struct suite *suite = *state;

	for (size_t i = 0; i < Q_COUNT_OF(names); i++)
		assert_int_equal(q_search_index_refresh(store_of(suite), &no_limits,
							q_str_from(names[i]), &suite->err),
				 Q_INVALID);
}

static void an_index_that_is_not_there_is_not_found(void **state)
{
	struct suite *suite = *state;

	suite->index = Q_STR("suite-missing");
	assert_int_equal(
		q_search_index_refresh(store_of(suite), &no_limits, suite->index, &suite->err),
		Q_NOTFOUND);
}

static void a_document_is_found_and_read_after_a_refresh(void **state)
{
	struct suite *suite = *state;
	struct q_str source;

	put_people(suite);
	assert_hits(suite, "{'query':{'match':{'name':'ann'}}}", "4");
	assert_int_equal(q_search_index_get(store_of(suite), &no_limits, suite->index, Q_STR("4"),
					    suite->arena, &source, &suite->err),
			 Q_OK);
	assert_view_equal(source, "{\"tenant\":\"b\",\"name\":\"Ann\",\"tags\":\"not indexed\"}");
}

static void a_document_that_is_not_there_is_not_found(void **state)
{
	struct suite *suite = *state;
	struct q_str source;

	put_people(suite);
	assert_int_equal(q_search_index_get(store_of(suite), &no_limits, suite->index, Q_STR("5"),
					    suite->arena, &source, &suite->err),
			 Q_NOTFOUND);
}

static void a_put_replaces_and_takes_a_place_behind_all_others(void **state)
{
	struct suite *suite = *state;

	put_people(suite);
	put(suite, "1", "{\"name\":\"Johanna\"}");
	refresh(suite);
	assert_hits(suite, "{'query':{'match_all':{}}}", "2 3 4 1");
	assert_hits(suite, "{'query':{'match':{'name':'john'}}}", "3");
	assert_hits(suite, "{'query':{'match':{'name':'johanna'}}}", "1");
}

static void a_put_replaces_what_no_refresh_has_seen(void **state)
{
	struct suite *suite = *state;

	put(suite, "1", "{\"name\":\"first\"}");
	put(suite, "2", "{\"name\":\"second\"}");
	put(suite, "1", "{\"name\":\"third\"}");
	refresh(suite);
	assert_hits(suite, "{'query':{'match_all':{}}}", "2 1");
	assert_hits(suite, "{'query':{'match':{'name':'first'}}}", "");
}

static void a_deleted_document_is_gone_after_a_refresh(void **state)
{
	struct suite *suite = *state;

	put_people(suite);
	assert_int_equal(apply(suite, Q_BULK_DELETE, "3", ""), Q_OK);
	assert_int_equal(apply(suite, Q_BULK_DELETE, "none", ""), Q_OK);
	refresh(suite);
	assert_hits(suite, "{'query':{'match_all':{}}}", "1 2 4");
}

static void an_operation_that_is_refused_leaves_the_others(void **state)
{
	struct suite *suite = *state;

	assert_int_equal(apply(suite, Q_BULK_PUT, "1", "no json"), Q_INVALID);
	assert_int_equal(apply(suite, Q_BULK_PUT, "2", "[1]"), Q_INVALID);
	assert_int_equal(apply(suite, Q_BULK_PUT, "3", "{\"name\":{\"first\":\"x\"}}"), Q_INVALID);
	put(suite, "4", "{\"name\":[\"one\",\"two\",null,3]}");
	refresh(suite);
	assert_hits(suite, "{'query':{'match_all':{}}}", "4");
	assert_hits(suite, "{'query':{'match':{'name':'two'}}}", "4");
	assert_hits(suite, "{'query':{'match':{'name':'3'}}}", "4");
}

static void terms_of_keyword_fields_are_exact(void **state)
{
	struct suite *suite = *state;

	put_people(suite);
	assert_hits(suite, "{'query':{'term':{'tenant':'a'}}}", "1 2");
	assert_hits(suite, "{'query':{'term':{'tenant':'A'}}}", "");
	assert_hits(suite, "{'query':{'terms':{'tenant':['b','a','c']}}}", "1 2 3 4");
}

static void ids_are_found(void **state)
{
	struct suite *suite = *state;

	put_people(suite);
	assert_hits(suite, "{'query':{'ids':{'values':['4','1','9']}}}", "1 4");
}

static void a_misspelt_word_is_found_when_fuzziness_allows(void **state)
{
	struct suite *suite = *state;

	put_people(suite);
	assert_hits(suite, "{'query':{'match':{'name':'smiht'}}}", "");
	assert_hits(suite, "{'query':{'match':{'name':{'query':'smiht','fuzziness':'AUTO'}}}}",
		    "1");
	assert_hits(suite, "{'query':{'match':{'name':{'query':'smith','fuzziness':1}}}}", "1 2");
	assert_hits(
		suite,
		"{'query':{'match':{'name':{'query':'xmith','fuzziness':1,'prefix_length':1}}}}",
		"");
}

static void all_words_are_asked_for_by_and(void **state)
{
	struct suite *suite = *state;

	put_people(suite);
	assert_hits(suite, "{'query':{'match':{'name':{'query':'john smith','operator':'and'}}}}",
		    "1");
	assert_hits(suite, "{'query':{'match':{'name':'john smith'}}}", "1 3");
}

static void the_best_field_counts(void **state)
{
	struct suite *suite = *state;
	struct q_search_result both, one;

	put_people(suite);
	assert_int_equal(search(suite,
				"{'query':{'multi_match':{'query':'smith swimming',"
				"'fields':['name^3','notes']}}}",
				&both),
			 Q_OK);
	assert_int_equal(
		search(suite, "{'query':{'match':{'name':{'query':'smith','boost':3}}}}", &one),
		Q_OK);
	assert_int_equal(both.total, 2);
	assert_true(both.hits[0].score == one.hits[0].score);
}

static void a_combination_requires_excludes_and_scores(void **state)
{
	struct suite *suite = *state;

	put_people(suite);
	assert_hits(suite,
		    "{'query':{'bool':{'must':{'match':{'notes':'pool'}},"
		    "'filter':{'term':{'tenant':'a'}}}}}",
		    "2");
	assert_hits(suite,
		    "{'query':{'bool':{'must':{'match_all':{}},"
		    "'must_not':[{'term':{'tenant':'a'}},{'ids':{'values':['3']}}]}}}",
		    "4");
	assert_hits(
		suite,
		"{'query':{'bool':{'must':{'match_all':{}},'should':{'match':{'name':'ann'}}}}}",
		"4 1 2 3");
	assert_hits(
		suite,
		"{'query':{'bool':{'should':[{'term':{'tenant':'a'}},{'match':{'notes':'pool'}}],"
		"'minimum_should_match':2}}}",
		"2");
}

static void a_constant_score_is_its_boost(void **state)
{
	struct suite *suite = *state;
	struct q_search_result result;

	put_people(suite);
	assert_int_equal(
		search(suite,
		       "{'query':{'constant_score':{'filter':{'match':{'name':'ann'}},'boost':7}}}",
		       &result),
		Q_OK);
	assert_int_equal(result.total, 1);
	assert_true(result.hits[0].score == 7.0f);
}

static void a_filter_alone_scores_nothing(void **state)
{
	struct suite *suite = *state;
	struct q_search_result result;

	put_people(suite);
	assert_int_equal(
		search(suite, "{'query':{'bool':{'filter':{'term':{'tenant':'b'}}}}}", &result),
		Q_OK);
	assert_int_equal(result.total, 2);
	assert_true(result.hits[0].score == 0.0f);
}

static void from_and_size_cut_after_ordering(void **state)
{
	struct suite *suite = *state;
	struct q_search_result result;

	put_people(suite);
	assert_hits(suite, "{'query':{'match_all':{}},'from':1,'size':2}", "2 3");
	assert_hits(suite, "{'query':{'match_all':{}},'from':9,'size':2}", "");
	assert_int_equal(search(suite, "{'size':0}", &result), Q_OK);
	assert_int_equal(result.total, 4);
	assert_int_equal(result.hit_count, 0);
}

static void sources_come_where_they_are_asked_for(void **state)
{
	struct suite *suite = *state;
	struct q_search_result result;

	put_people(suite);
	assert_int_equal(search(suite, "{'query':{'ids':{'values':['3']}}}", &result), Q_OK);
	assert_view_equal(result.hits[0].source,
			  "{\"tenant\":\"b\",\"name\":\"John Jones\",\"notes\":\"pool\"}");
	assert_int_equal(
		search(suite, "{'query':{'ids':{'values':['3']}},'_source':false}", &result), Q_OK);
	assert_int_equal(result.hits[0].source.length, 0);
}

static void a_field_that_is_not_defined_cannot_be_searched(void **state)
{
	struct suite *suite = *state;
	struct q_search_result result;

	put_people(suite);
	assert_int_equal(search(suite, "{'query':{'match':{'tags':'indexed'}}}", &result),
			 Q_INVALID);
}

static void a_query_that_is_too_deep_is_refused(void **state)
{
	struct suite *suite = *state;
	struct q_search_query queries[Q_SEARCH_DEPTH_MAX + 1] = {0};
	struct q_search_request request = {.query = queries, .size = 1};
	struct q_search_result result;

	for (size_t i = 0; i < Q_SEARCH_DEPTH_MAX; i++)
		queries[i] = (struct q_search_query){
			.kind = Q_SEARCH_CONSTANT, .boost = 1, .inner = &queries[i + 1]};
	queries[Q_SEARCH_DEPTH_MAX] = (struct q_search_query){.kind = Q_SEARCH_ALL, .boost = 1};
	assert_int_equal(q_search_index_search(store_of(suite), &no_limits, suite->index, &request,
					       suite->arena, &result, &suite->err),
			 Q_TOOBIG);
	request.query = queries + 1;
	assert_int_equal(q_search_index_search(store_of(suite), &no_limits, suite->index, &request,
					       suite->arena, &result, &suite->err),
			 Q_OK);
}

static void a_deadline_that_has_passed_ends_a_search(void **state)
{
	struct suite *suite = *state;
	struct q_search_query all = {.kind = Q_SEARCH_ALL, .boost = 1};
	struct q_search_request request = {.query = &all, .size = 1};
	struct q_call late = {.deadline_ms = 1};
	struct q_search_result result;

	assert_int_equal(q_search_index_search(store_of(suite), &late, suite->index, &request,
					       suite->arena, &result, &suite->err),
			 Q_TIMEOUT);
}

static void what_a_refresh_has_seen_is_there_after_reopening(void **state)
{
	struct suite *suite = *state;

	put_people(suite);
	assert_int_equal(apply(suite, Q_BULK_DELETE, "2", ""), Q_OK);
	refresh(suite);
	suite->subject->reopen(suite->subject);
	assert_hits(suite, "{'query':{'match_all':{}}}", "1 3 4");
}

static void a_merge_keeps_documents_and_drops_deleted_ones(void **state)
{
	struct suite *suite = *state;
	struct q_index_statistics statistics;

	put_people(suite);
	put(suite, "1", "{\"name\":\"Johanna Smith\"}");
	assert_int_equal(apply(suite, Q_BULK_DELETE, "2", ""), Q_OK);
	refresh(suite);
	assert_int_equal(
		q_search_index_merge(store_of(suite), &no_limits, suite->index, &suite->err), Q_OK);
	assert_hits(suite, "{'query':{'match_all':{}}}", "3 4 1");
	assert_hits(suite, "{'query':{'match':{'name':'smith'}}}", "1");
	assert_int_equal(q_search_index_statistics(store_of(suite), &no_limits, suite->index,
						   &statistics, &suite->err),
			 Q_OK);
	assert_int_equal(statistics.document_count, 3);
	assert_int_equal(statistics.deleted_count, 0);
	assert_int_equal(statistics.segment_count, 1);
}

static void an_index_may_lose_all_its_documents(void **state)
{
	struct suite *suite = *state;

	put(suite, "1", "{\"name\":\"only\"}");
	refresh(suite);
	assert_int_equal(apply(suite, Q_BULK_DELETE, "1", ""), Q_OK);
	refresh(suite);
	assert_int_equal(
		q_search_index_merge(store_of(suite), &no_limits, suite->index, &suite->err), Q_OK);
	assert_hits(suite, "{'query':{'match_all':{}}}", "");
	put(suite, "1", "{\"name\":\"again\"}");
	refresh(suite);
	assert_hits(suite, "{'query':{'match':{'name':'again'}}}", "1");
}

/* A reader beside the writer: what it sees is always a whole refresh: ids 0..n in order. */
struct reader {
	struct suite *suite;
	atomic_bool is_over;
	bool has_failed;
};

static void *read_on(void *context)
{
	struct reader *reader = context;
	struct q_search_query all = {.kind = Q_SEARCH_ALL, .boost = 1};
	struct q_search_request request = {.query = &all, .size = 100};
	struct q_arena *arena = q_arena_new(16 << 20);

	while (!atomic_load(&reader->is_over)) {
		struct q_search_result result;
		struct q_err err;

		q_arena_reset(arena);
		if (q_search_index_search(store_of(reader->suite), &no_limits, reader->suite->index,
					  &request, arena, &result, &err) ||
		    result.total % 2 != 0)
			reader->has_failed = true;
	}
	q_arena_free(arena);
	return NULL;
}

static void readers_see_whole_refreshes_while_a_writer_works(void **state)
{
	struct suite *suite = *state;
	struct reader reader = {.suite = suite};
	pthread_t thread;
	char id[16];

	assert_int_equal(pthread_create(&thread, NULL, read_on, &reader), 0);
	for (int i = 0; i < 40; i++) {
		snprintf(id, sizeof id, "%d", i);
		put(suite, id, "{\"name\":\"reader\"}");
		if (i % 2 == 1)
			refresh(suite);
	}
	atomic_store(&reader.is_over, true);
	pthread_join(thread, NULL);
	assert_false(reader.has_failed);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, start_case, end_case)

int run_search_index_suite(struct search_index_subject *subject)
{
	struct suite suite = {.subject = subject};
	struct CMUnitTest cases[] = {
		CASE(ensuring_an_index_twice_is_fine),
		CASE(other_fields_conflict),
		CASE(names_of_indexes_are_checked),
		CASE(an_index_that_is_not_there_is_not_found),
		CASE(a_document_is_found_and_read_after_a_refresh),
		CASE(a_document_that_is_not_there_is_not_found),
		CASE(a_put_replaces_and_takes_a_place_behind_all_others),
		CASE(a_put_replaces_what_no_refresh_has_seen),
		CASE(a_deleted_document_is_gone_after_a_refresh),
		CASE(an_operation_that_is_refused_leaves_the_others),
		CASE(terms_of_keyword_fields_are_exact),
		CASE(ids_are_found),
		CASE(a_misspelt_word_is_found_when_fuzziness_allows),
		CASE(all_words_are_asked_for_by_and),
		CASE(the_best_field_counts),
		CASE(a_combination_requires_excludes_and_scores),
		CASE(a_constant_score_is_its_boost),
		CASE(a_filter_alone_scores_nothing),
		CASE(from_and_size_cut_after_ordering),
		CASE(sources_come_where_they_are_asked_for),
		CASE(a_field_that_is_not_defined_cannot_be_searched),
		CASE(a_query_that_is_too_deep_is_refused),
		CASE(a_deadline_that_has_passed_ends_a_search),
		CASE(what_a_refresh_has_seen_is_there_after_reopening),
		CASE(a_merge_keeps_documents_and_drops_deleted_ones),
		CASE(an_index_may_lose_all_its_documents),
		CASE(readers_see_whole_refreshes_while_a_writer_works),
	};

	for (size_t i = 0; i < Q_COUNT_OF(cases); i++)
		cases[i].initial_state = &suite;
	return _cmocka_run_group_tests(subject->name, cases, Q_COUNT_OF(cases), NULL, NULL);
}
