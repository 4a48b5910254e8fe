/* What queries find, and in which order. */
#include "contract/search_index_suite_internal.h"

static void terms_of_keyword_fields_are_exact(void **state)
{
	struct suite *suite = *state;

	put_people(suite);
	assert_hits(suite, "{'query':{'term':{'tenant':'a'}}}", "1 2");
	assert_hits(suite, "{'query':{'term':{'tenant':'A'}}}", "");
	assert_hits(suite, "{'query':{'terms':{'tenant':['b','a','c']}}}", "1 2 3 4");
}

static void what_begins_with_a_prefix_is_found(void **state)
{
	struct suite *suite = *state;
	struct q_search_result result;

	put_people(suite);
	assert_hits(suite, "{'query':{'prefix':{'notes':'sw'}}}", "1 2");
	assert_hits(suite, "{'query':{'prefix':{'name':'J'}}}", "");
	assert_hits(suite, "{'query':{'prefix':{'tenant':''}}}", "1 2 3 4");
	assert_int_equal(
		search(suite, "{'query':{'prefix':{'tenant':{'value':'b','boost':3}}}}", &result),
		Q_OK);
	assert_int_equal(result.total, 2);
	assert_true(result.hits[0].score == 3.0f);
}

static void ranges_are_of_terms_and_of_dates(void **state)
{
	struct suite *suite = *state;

	put_people(suite);
	put(suite, "5", "{\"born\":\"1990-05-17\"}");
	put(suite, "6", "{\"born\":[\"2001-01-01T10:00:00Z\",\"1970\"]}");
	refresh(suite);
	assert_hits(suite, "{'query':{'range':{'tenant':{'gt':'a'}}}}", "3 4");
	assert_hits(suite, "{'query':{'range':{'name':{'gte':'smith','lt':'smyth'}}}}", "1");
	assert_hits(suite, "{'query':{'range':{'born':{'gte':'1990-05-17','lte':'1990-05-17'}}}}",
		    "5");
	assert_hits(suite, "{'query':{'range':{'born':{'gt':'1990-05-17||/y'}}}}", "6");
	assert_hits(suite, "{'query':{'range':{'born':{'lt':'now'}}}}", "5 6");
	assert_hits(suite, "{'query':{'term':{'born':'2001-01-01'}}}", "6");
}

/* How many hits, and the score of the first. */
static void assert_scored(struct suite *suite, const char *body, size_t count, float score)
{
	struct q_search_result result;

	if (search(suite, body, &result))
		fail_msg("%s", suite->err.message);
	assert_int_equal(result.hit_count, count);
	assert_true(result.hits[0].score == score);
}

/* Scores are those of a live OpenSearch. */
static void a_boolean_is_scored_by_how_rare_it_is(void **state)
{
	struct suite *suite = *state;

	put(suite, "1", "{\"active\":true}");
	put(suite, "2", "{\"active\":false,\"name\":\"x\"}");
	put(suite, "3", "{\"active\":[true,false]}");
	put(suite, "4", "{\"active\":true}");
	put(suite, "5", "{\"active\":[\"true\",\"true\"]}");
	put(suite, "6", "{\"active\":\"\"}");
	put(suite, "7", "{\"name\":\"y\"}");
	refresh(suite);
	assert_scored(suite, "{'query':{'term':{'active':true}}}", 4, 0.21329856f);
	assert_scored(suite, "{'query':{'term':{'active':false}}}", 3, 0.33462277f);
	assert_scored(suite, "{'query':{'terms':{'active':[true,'true'],'boost':2}}}", 4,
		      0.42659712f);
	assert_scored(suite, "{'query':{'terms':{'active':[true,false],'boost':2}}}", 6, 2.0f);
	assert_scored(suite,
		      "{'query':{'multi_match':{'query':'true','fields':['active^3','name']}}}", 4,
		      0.6398957f);
	assert_scored(suite, "{'query':{'match_phrase':{'active':'true'}}}", 4, 0.21329856f);
	assert_scored(suite, "{'query':{'range':{'active':{'gt':false}}}}", 4, 0.21329856f);
	assert_scored(suite, "{'query':{'range':{'active':{'gte':false,'boost':2}}}}", 6, 2.0f);
}

static void a_range_of_dates_takes_dates(void **state)
{
	struct suite *suite = *state;
	struct q_search_result result;

	put_people(suite);
	assert_int_equal(search(suite, "{'query':{'range':{'born':{'lt':'yesterday'}}}}", &result),
			 Q_INVALID);
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

static void so_many_words_are_asked_for_by_a_minimum(void **state)
{
	struct suite *suite = *state;

	put_people(suite);
	assert_hits(suite,
		    "{'query':{'match':{'name':{'query':'john smith ann','minimum_should_match':2}"
		    "}}}",
		    "1");
	assert_hits(suite,
		    "{'query':{'match':{'name':{'query':'john smith','minimum_should_match':'-1'}"
		    "}}}",
		    "1 3");
	assert_hits(suite,
		    "{'query':{'match':{'name':{'query':'john smith','minimum_should_match':'99%'}"
		    "}}}",
		    "1 3");
	assert_hits(suite,
		    "{'query':{'match':{'name':{'query':'john smith','minimum_should_match':3}}}}",
		    "");
	assert_hits(suite, "{'query':{'match':{'name':{'query':'ann','minimum_should_match':3}}}}",
		    "4");
	assert_hits(suite,
		    "{'query':{'multi_match':{'query':'john pool','fields':['name','notes'],"
		    "'minimum_should_match':'100%'}}}",
		    "");
}

static void a_minimum_may_depend_on_how_many_words_there_are(void **state)
{
	struct suite *suite = *state;

	put(suite, "1", "{\"name\":\"a b c d\"}");
	put(suite, "2", "{\"name\":\"a b c\"}");
	put(suite, "3", "{\"name\":\"a b\"}");
	put(suite, "4", "{\"name\":\"a\"}");
	refresh(suite);
	assert_hits(suite,
		    "{'query':{'match':{'name':{'query':'a b','minimum_should_match':'2<50%'}}}}",
		    "3 2 1");
	assert_hits(suite,
		    "{'query':{'match':{'name':{'query':'a b c d',"
		    "'minimum_should_match':'2<50%'}}}}",
		    "1 2 3");
	assert_hits(suite,
		    "{'query':{'match':{'name':{'query':'a b c d',"
		    "'minimum_should_match':' 2 < 50%  3<-1 '}}}}",
		    "1 2");
	assert_hits(suite,
		    "{'query':{'match':{'name':{'query':'a b c','minimum_should_match':'1<-2 3<-1'"
		    "}}}}",
		    "2 1 3 4");
	assert_hits(suite,
		    "{'query':{'bool':{'should':[{'term':{'name':'a'}},{'term':{'name':'d'}}],"
		    "'minimum_should_match':'2<1'}}}",
		    "1");
}

static void a_word_that_is_given_twice_counts_twice_for_a_minimum(void **state)
{
	struct suite *suite = *state;

	put_people(suite);
	assert_hits(suite,
		    "{'query':{'match':{'name':{'query':'john john smith',"
		    "'minimum_should_match':2}}}}",
		    "1 3");
}

static void words_of_a_phrase_stand_side_by_side(void **state)
{
	struct suite *suite = *state;

	put_people(suite);
	put(suite, "5", "{\"tenant\":\"c\",\"notes\":[\"a pool\",\"swimming daily in a pool\"]}");
	refresh(suite);
	assert_hits(suite, "{'query':{'match_phrase':{'notes':'Swimming Pool'}}}", "2");
	assert_hits(suite, "{'query':{'match_phrase':{'notes':'pool swimming'}}}", "");
	assert_hits(suite,
		    "{'query':{'match_phrase':{'notes':{'query':'swimming pool','slop':3}}}}",
		    "2 5");
	assert_hits(suite, "{'query':{'match_phrase':{'notes':'pool'}}}", "3 2 5");
	assert_hits(suite, "{'query':{'match_phrase':{'tenant':'c'}}}", "5");
	assert_hits(suite, "{'query':{'match_phrase':{'notes':'!'}}}", "");
	assert_hits(suite,
		    "{'query':{'multi_match':{'query':'john jones','type':'phrase',"
		    "'fields':['name','notes']}}}",
		    "3");
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

static void one_of_should_is_asked_for_where_nothing_else_is(void **state)
{
	struct suite *suite = *state;

	put_people(suite);
	assert_hits(suite,
		    "{'query':{'bool':{'should':[{'term':{'tenant':'a'}},{'ids':{'values':['3']}}],"
		    "'minimum_should_match':0}}}",
		    "1 2 3");
	assert_hits(suite,
		    "{'query':{'bool':{'should':[{'term':{'tenant':'a'}},{'ids':{'values':['1']}}],"
		    "'minimum_should_match':'-50%'}}}",
		    "1 2");
	assert_hits(suite,
		    "{'query':{'bool':{'must':{'term':{'tenant':'a'}},'minimum_should_match':1}}}",
		    "");
}

static void hits_are_counted_up_to_a_bound(void **state)
{
	static const struct {
		const char *track;
		uint64_t total;
		bool is_exceeded;
	} cases[] = {{"true", 4, false}, {"10000", 4, false}, {"4", 4, false},
		     {"3", 3, true},	 {"false", 0, true},  {"-1", 0, true}};
	struct suite *suite = *state;

	put_people(suite);
	for (size_t i = 0; i < Q_COUNT_OF(cases); i++) {
		struct q_search_result result;
		char body[64];

		snprintf(body, sizeof body, "{'size':2,'track_total_hits':%s}", cases[i].track);
		assert_int_equal(search(suite, body, &result), Q_OK);
		assert_int_equal(result.total, cases[i].total);
		assert_int_equal(result.total_is_exceeded, cases[i].is_exceeded);
		assert_int_equal(result.hit_count, 2);
	}
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

static void put_ages(struct suite *suite)
{
	put(suite, "1", "{\"tenant\":\"a\",\"born\":\"1990-01-01\"}");
	put(suite, "2", "{\"tenant\":\"b\",\"born\":[\"1980-01-01\",\"2000-01-01\"]}");
	put(suite, "3", "{\"tenant\":\"a\"}");
	refresh(suite);
	put(suite, "4", "{\"born\":\"1990-01-01\"}");
	put(suite, "5", "{\"tenant\":\"aa\",\"born\":\"1970-01-01\"}");
	refresh(suite);
}

static void hits_are_sorted_by_fields(void **state)
{
	struct suite *suite = *state;

	put_ages(suite);
	assert_hits(suite, "{'sort':'born'}", "5 2 1 4 3");
	assert_hits(suite, "{'sort':{'born':'desc'}}", "2 1 4 5 3");
	assert_hits(suite, "{'sort':{'born':{'mode':'max','missing':'_first'}}}", "3 5 1 4 2");
	assert_hits(suite, "{'sort':['tenant',{'_id':'desc'}]}", "3 1 5 2 4");
	assert_hits(suite, "{'sort':{'_doc':'desc'},'size':2,'from':1}", "4 3");
}

static void as_many_sorts_as_there_may_be_are_taken(void **state)
{
	struct suite *suite = *state;
	struct q_search_request request;
	const char *sorts = "{'name':'asc'}";

	for (size_t i = 1; i < Q_SEARCH_SORTS_MAX; i++)
		sorts = q_arena_format(suite->arena, "%s,{'f%zu':{'order':'desc'}}", sorts, i).data;
	read_request(suite, q_arena_format(suite->arena, "{'sort':[%s]}", sorts).data, &request);
	assert_int_equal(request.sort_count, Q_SEARCH_SORTS_MAX);
}

static void sorts_go_on_behind_a_hit(void **state)
{
	struct suite *suite = *state;
	struct q_search_result result;

	put_ages(suite);
	assert_hits(suite, "{'sort':['tenant','_id'],'search_after':['a','1']}", "3 5 2 4");
	assert_hits(suite, "{'sort':['tenant','_id'],'search_after':['ab','1']}", "2 4");
	assert_hits(suite, "{'sort':['tenant','_id'],'search_after':[null,'3']}", "4");
	assert_hits(suite, "{'sort':['born'],'search_after':['1990-01-01']}", "3");
	assert_int_equal(search(suite, "{'sort':['born'],'search_after':['soon']}", &result),
			 Q_INVALID);
	assert_int_equal(search(suite, "{'sort':['born'],'search_after':[0],'from':1}", &result),
			 Q_INVALID);
}

static void assert_buckets(struct suite *suite, const char *body, const char *expected)
{
	struct q_search_result result;
	char text[512] = "";

	if (search(suite, body, &result))
		fail_msg("%s", suite->err.message);
	for (size_t i = 0; i < result.facets[0].bucket_count; i++) {
		const struct q_facet_bucket *bucket = &result.facets[0].buckets[i];
		size_t length = strlen(text);

		if (bucket->key.kind == Q_VALUE_TEXT)
			snprintf(text + length, sizeof text - length, "%.*s:%d ",
				 Q_STR_ARG(bucket->key.text), (int)bucket->count);
		else
			snprintf(text + length, sizeof text - length, "%lld:%d ",
				 (long long)bucket->key.integer, (int)bucket->count);
	}
	assert_string_equal(text, expected);
}

static void facets_count_what_the_query_finds(void **state)
{
	struct suite *suite = *state;
	struct q_search_result result;

	put_ages(suite);
	assert_buckets(suite, "{'aggs':{'f':{'terms':{'field':'tenant'}}}}", "a:2 aa:1 b:1 ");
	assert_buckets(suite,
		       "{'query':{'range':{'born':{'lt':'1990'}}},"
		       "'aggs':{'f':{'terms':{'field':'tenant'}}}}",
		       "aa:1 b:1 ");
	assert_buckets(suite,
		       "{'size':0,'aggs':{'f':{'date_histogram':{'field':'born',"
		       "'calendar_interval':'year','min_doc_count':1}}}}",
		       "0:1 315532800000:1 631152000000:2 946684800000:1 ");
	assert_int_equal(
		search(suite, "{'aggs':{'f':{'terms':{'field':'tenant','size':1}}}}", &result),
		Q_OK);
	assert_int_equal(result.facets[0].other_count, 2);
	assert_int_equal(search(suite, "{'aggs':{'f':{'terms':{'field':'name'}}}}", &result),
			 Q_INVALID);
	assert_int_equal(search(suite,
				"{'aggs':{'f':{'date_histogram':{'field':'born',"
				"'fixed_interval':'1s'}}}}",
				&result),
			 Q_TOOBIG);
}

static void a_text_field_cannot_be_sorted_by(void **state)
{
	struct suite *suite = *state;
	struct q_search_result result;

	assert_int_equal(search(suite, "{'sort':'name'}", &result), Q_INVALID);
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
	assert_int_equal(q_search_index_search(suite->subject->store, &no_limits, suite->index,
					       &request, suite->arena, &result, &suite->err),
			 Q_TOOBIG);
	request.query = queries + 1;
	assert_int_equal(q_search_index_search(suite->subject->store, &no_limits, suite->index,
					       &request, suite->arena, &result, &suite->err),
			 Q_OK);
}

static void a_deadline_that_has_passed_ends_a_search(void **state)
{
	struct suite *suite = *state;
	struct q_search_query all = {.kind = Q_SEARCH_ALL, .boost = 1};
	struct q_search_request request = {.query = &all, .size = 1};
	struct q_call late = {.deadline_ms = 1};
	struct q_search_result result;

	assert_int_equal(q_search_index_search(suite->subject->store, &late, suite->index, &request,
					       suite->arena, &result, &suite->err),
			 Q_TIMEOUT);
}

struct case_list search_index_queries_cases(void)
{
	static const struct CMUnitTest cases[] = {
		CASE(terms_of_keyword_fields_are_exact),
		CASE(what_begins_with_a_prefix_is_found),
		CASE(ranges_are_of_terms_and_of_dates),
		CASE(a_boolean_is_scored_by_how_rare_it_is),
		CASE(a_range_of_dates_takes_dates),
		CASE(ids_are_found),
		CASE(a_misspelt_word_is_found_when_fuzziness_allows),
		CASE(all_words_are_asked_for_by_and),
		CASE(so_many_words_are_asked_for_by_a_minimum),
		CASE(a_minimum_may_depend_on_how_many_words_there_are),
		CASE(a_word_that_is_given_twice_counts_twice_for_a_minimum),
		CASE(words_of_a_phrase_stand_side_by_side),
		CASE(the_best_field_counts),
		CASE(a_combination_requires_excludes_and_scores),
		CASE(one_of_should_is_asked_for_where_nothing_else_is),
		CASE(a_constant_score_is_its_boost),
		CASE(hits_are_counted_up_to_a_bound),
		CASE(a_filter_alone_scores_nothing),
		CASE(hits_are_sorted_by_fields),
		CASE(as_many_sorts_as_there_may_be_are_taken),
		CASE(sorts_go_on_behind_a_hit),
		CASE(facets_count_what_the_query_finds),
		CASE(a_text_field_cannot_be_sorted_by),
		CASE(from_and_size_cut_after_ordering),
		CASE(a_field_that_is_not_defined_cannot_be_searched),
		CASE(a_query_that_is_too_deep_is_refused),
		CASE(a_deadline_that_has_passed_ends_a_search),
	};

	return (struct case_list){cases, Q_COUNT_OF(cases)};
}
