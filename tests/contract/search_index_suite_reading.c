/* What comes back of what was found: counts, sources, highlights, explanations. */
#include "contract/search_index_suite_internal.h"

#include "base/buf.h"

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

/* The source of document 5 that comes back for this `_source`. */
static void assert_source(struct suite *suite, const char *wanted, const char *expected)
{
	struct q_search_result result;
	char body[256];

	snprintf(body, sizeof body, "{'query':{'ids':{'values':['5']}},'_source':%s}", wanted);
	assert_int_equal(search(suite, body, &result), Q_OK);
	assert_int_equal(result.hit_count, 1);
	assert_string_equal(q_arena_copy(suite->arena, result.hits[0].source).data, expected);
}

static void put_nested(struct suite *suite)
{
	put(suite, "5",
	    "{\"name\":\"Ann\",\"home\":{\"city\":\"Bonn\",\"at\":{\"x\":1,\"y\":2}},"
	    "\"list\":[{\"a\":1,\"b\":2},{\"b\":3},5],\"x.y\":1}");
	refresh(suite);
}

static void a_source_may_be_narrowed_to_what_is_named(void **state)
{
	struct suite *suite = *state;

	put_nested(suite);
	assert_source(suite, "'name'", "{\"name\":\"Ann\"}");
	assert_source(suite, "['n*','home.at.x']",
		      "{\"name\":\"Ann\",\"home\":{\"at\":{\"x\":1}}}");
	assert_source(suite, "'home.at'", "{\"home\":{\"at\":{\"x\":1,\"y\":2}}}");
	assert_source(suite, "['list.a']", "{\"list\":[{\"a\":1}]}");
	assert_source(suite, "['*y']", "{\"home\":{\"city\":\"Bonn\",\"at\":{\"y\":2}},\"x.y\":1}");
	assert_source(suite, "['x']", "{\"x.y\":1}");
	assert_source(suite, "['none','home.at.x.deeper']", "{}");
}

static void a_source_may_come_without_what_is_named(void **state)
{
	struct suite *suite = *state;

	put_nested(suite);
	assert_source(suite, "{'excludes':['home','list','x']}", "{\"name\":\"Ann\"}");
	assert_source(suite, "{'includes':'home','excludes':['*.y','home.city']}",
		      "{\"home\":{\"at\":{\"x\":1}}}");
	assert_source(suite, "{'includes':'home.at','excludes':'home.at.*'}",
		      "{\"home\":{\"at\":{}}}");
	assert_source(suite, "{'includes':'list','excludes':['list.a','list.b']}",
		      "{\"list\":[5]}");
	assert_source(suite, "{'excludes':'*'}", "{}");
}

static void a_source_filter_of_too_many_names_is_refused(void **state)
{
	struct suite *suite = *state;
	static const struct q_str names[Q_SOURCE_NAMES_MAX + 1];
	struct q_search_query all = {.kind = Q_SEARCH_ALL, .boost = 1};
	struct q_search_request request = {.query = &all, .with_source = true};
	struct q_search_result result;

	request.source_filter.includes = names;
	request.source_filter.include_count = Q_SOURCE_NAMES_MAX + 1;
	assert_int_equal(q_search_index_search(suite->subject->store, &no_limits, suite->index,
					       &request, suite->arena, &result, &suite->err),
			 Q_TOOBIG);
	request.source_filter.include_count--;
	assert_int_equal(q_search_index_search(suite->subject->store, &no_limits, suite->index,
					       &request, suite->arena, &result, &suite->err),
			 Q_OK);
}

static uint64_t count_of(struct suite *suite, const char *body)
{
	struct q_search_request request;
	uint64_t total = UINT64_MAX;

	read_request(suite, body, &request);
	if (q_search_index_count(suite->subject->store, &no_limits, suite->index, request.query,
				 NULL, &total, &suite->err))
		fail_msg("%s", suite->err.message);
	return total;
}

static void what_a_query_finds_is_counted(void **state)
{
	struct suite *suite = *state;

	put_people(suite);
	assert_int_equal(count_of(suite, "{}"), 4);
	assert_int_equal(count_of(suite, "{'query':{'match':{'notes':'pool'}}}"), 2);
	assert_int_equal(count_of(suite, "{'query':{'bool':{'must':{'match':{'notes':'pool'}},"
					 "'filter':{'term':{'tenant':'a'}}}}}"),
			 1);
	assert_int_equal(apply(suite, Q_BULK_DELETE, "2", ""), Q_OK);
	refresh(suite);
	assert_int_equal(count_of(suite, "{'query':{'match':{'notes':'pool'}}}"), 1);
}

/* The highlights of all hits, for a `highlight`: "id field: fragment | fragment; ...". */
static void assert_highlights(struct suite *suite, const char *query, const char *highlight,
			      const char *expected)
{
	struct q_search_result result;
	struct q_buf text;
	char body[1024];

	snprintf(body, sizeof body, "{'query':%s,'highlight':{'type':'plain',%s}}", query,
		 highlight);
	if (search(suite, body, &result))
		fail_msg("%s", suite->err.message);
	q_buf_init(&text, 4096);
	for (size_t i = 0; i < result.hit_count; i++) {
		for (size_t j = 0; j < result.hits[i].highlight_count; j++) {
			const struct q_hit_highlight *found = &result.hits[i].highlights[j];

			q_buf_format(&text, "%.*s %.*s:", Q_STR_ARG(result.hits[i].id),
				     Q_STR_ARG(found->field));
			for (size_t k = 0; k < found->fragment_count; k++)
				q_buf_format(&text, "%s %.*s", k ? " |" : "",
					     Q_STR_ARG(found->fragments[k]));
			q_buf_append(&text, Q_STR("; "));
		}
	}
	assert_string_equal(q_buf_str(&text).data, expected);
	q_buf_free(&text);
}

static void the_words_that_were_found_are_marked(void **state)
{
	struct suite *suite = *state;

	put_people(suite);
	assert_highlights(suite, "{'match':{'notes':'swimming'}}", "'fields':{'notes':{}}",
			  "1 notes: likes <em>swimming</em>; 2 notes: <em>swimming</em> pool; ");
	assert_highlights(suite, "{'match':{'name':{'query':'jon','fuzziness':1}}}",
			  "'fields':{'name':{}},'pre_tags':['['],'post_tags':[']']",
			  "1 name: [John] Smith; 3 name: [John] Jones; ");
	assert_highlights(suite, "{'term':{'tenant':'a'}}", "'fields':[{'tenant':{}},{'name':{}}]",
			  "1 tenant: <em>a</em>; 2 tenant: <em>a</em>; ");
	assert_highlights(suite, "{'range':{'name':{'gt':'john','lte':'smith'}}}",
			  "'fields':{'name':{}}",
			  "1 name: John <em>Smith</em>; 3 name: John <em>Jones</em>; ");
}

static void a_range_without_ends_marks_nothing(void **state)
{
	struct suite *suite = *state;

	put(suite, "1", "{\"tenant\":\"a\"}");
	refresh(suite);
	assert_highlights(suite, "{'range':{'tenant':{}}}", "'fields':{'tenant':{}}", "");
}

static void an_empty_keyword_is_marked(void **state)
{
	struct suite *suite = *state;

	put(suite, "1", "{\"tenant\":\"\"}");
	refresh(suite);
	assert_highlights(suite, "{'term':{'tenant':''}}", "'fields':{'tenant':{}}",
			  "1 tenant: <em></em>; ");
}

static void only_what_is_asked_of_a_field_is_marked_in_it(void **state)
{
	struct suite *suite = *state;

	put(suite, "1", "{\"name\":\"pool\",\"notes\":\"pool\",\"tenant\":\"pool\"}");
	refresh(suite);
	assert_highlights(suite, "{'match':{'notes':'pool'}}",
			  "'fields':{'name':{},'notes':{},'tenant':{}}",
			  "1 notes: <em>pool</em>; ");
	assert_highlights(
		suite,
		"{'bool':{'must':{'match':{'notes':'pool'}},"
		"'must_not':{'match':{'name':'none'}},'filter':{'term':{'tenant':'pool'}}}}",
		"'fields':{'name':{},'tenant':{}}", "1 tenant: <em>pool</em>; ");
}

static void the_best_fragments_of_each_value_come_first(void **state)
{
	struct suite *suite = *state;

	put(suite, "1",
	    "{\"notes\":[\"one pool far away, and then two: pool table\",\"a table & a pool\"]}");
	refresh(suite);
	assert_highlights(
		suite, "{'match':{'notes':'pool table'}}",
		"'fields':{'notes':{}},'fragment_size':20",
		"1 notes: , and then two: <em>pool</em> <em>table</em> | one <em>pool</em> far "
		"away | a <em>table</em> & a <em>pool</em>; ");
	assert_highlights(suite, "{'match':{'notes':'pool table'}}",
			  "'fields':{'notes':{'fragment_size':20,'number_of_fragments':1}}",
			  "1 notes: , and then two: <em>pool</em> <em>table</em>; ");
	assert_highlights(
		suite, "{'match':{'notes':'pool'}}",
		"'fields':{'notes':{'number_of_fragments':0}},'encoder':'html'",
		"1 notes: one <em>pool</em> far away, and then two: <em>pool</em> table | a "
		"table &amp; a <em>pool</em>; ");
}

static void a_phrase_is_marked_where_it_stands(void **state)
{
	struct suite *suite = *state;

	put(suite, "1", "{\"notes\":\"a pool, a swimming pool; in the pool swimming\"}");
	refresh(suite);
	assert_highlights(
		suite, "{'match_phrase':{'notes':'swimming pool'}}", "'fields':{'notes':{}}",
		"1 notes: a pool, a <em>swimming</em> <em>pool</em>; in the pool swimming; ");
	assert_highlights(suite, "{'match_phrase':{'notes':{'query':'pool in','slop':1}}}",
			  "'fields':{'notes':{}}",
			  "1 notes: a pool, a swimming <em>pool</em>; <em>in</em> the "
			  "<em>pool</em> swimming; ");
	assert_highlights(
		suite,
		"{'bool':{'must':[{'match_phrase':{'notes':'the pool'}},"
		"{'match':{'notes':'the'}}]}}",
		"'fields':{'notes':{}}",
		"1 notes: a pool, a swimming pool; in <em>the</em> <em>pool</em> swimming; ");
}

/* As OpenSearch has it: the highlighter waits for the end of a place of the phrase, and goes on
 * waiting in the next value. */
static void a_phrase_is_kept_together(void **state)
{
	struct suite *suite = *state;

	put(suite, "1",
	    "{\"notes\":[\"a table beside the swimming pool\",\"one pool, two pools; a pool\"]}");
	refresh(suite);
	assert_highlights(
		suite,
		"{'bool':{'must':{'term':{'notes':'pool'}},"
		"'should':{'match_phrase':{'notes':'swimming pool'}}}}",
		"'fields':{'notes':{}},'fragment_size':5",
		"1 notes:  <em>swimming</em> <em>pool</em> | one <em>pool</em>, two pools; a "
		"<em>pool</em>; ");
}

static void a_phrase_is_not_kept_together_for_a_word_that_is_wanted_later(void **state)
{
	struct suite *suite = *state;

	put(suite, "1", "{\"notes\":\"a swimming pool, two pools; a pool\"}");
	refresh(suite);
	assert_highlights(suite,
			  "{'bool':{'must':{'match_phrase':{'notes':'swimming pool'}},"
			  "'should':{'prefix':{'notes':'poo'}}}}",
			  "'fields':{'notes':{}},'fragment_size':5",
			  "1 notes:  <em>swimming</em> |  <em>pool</em> |  <em>pools</em> | ; a "
			  "<em>pool</em>; ");
	assert_highlights(suite,
			  "{'bool':{'must':{'prefix':{'notes':'poo'}},"
			  "'should':{'match_phrase':{'notes':'swimming pool'}}}}",
			  "'fields':{'notes':{}},'fragment_size':5",
			  "1 notes:  <em>swimming</em> |  <em>pool</em>, two |  <em>pools</em> | ; "
			  "a <em>pool</em>; ");
}

static void what_can_find_nothing_marks_nothing(void **state)
{
	struct suite *suite = *state;

	put(suite, "1", "{\"name\":\"pool\",\"notes\":\"pool\"}");
	refresh(suite);
	assert_highlights(suite,
			  "{'bool':{'should':[{'match':{'notes':'pool'}},{'bool':{"
			  "'must':[{'match':{'name':'pool'}},{'terms':{'tenant':[]}}]}}]}}",
			  "'fields':{'name':{},'notes':{}}", "1 notes: <em>pool</em>; ");
	assert_highlights(suite,
			  "{'bool':{'should':[{'match':{'name':'pool'}},{'bool':{"
			  "'must':{'match':{'notes':'pool'}},"
			  "'filter':{'bool':{'should':{'ids':{'values':[]}}}}}}]}}",
			  "'fields':{'name':{},'notes':{}}", "1 name: <em>pool</em>; ");
}

/* On OpenSearch it waits in the next hit too. */
static void a_hit_is_highlighted_as_if_it_were_alone(void **state)
{
	static const char *const query = "{'bool':{'must':{'term':{'notes':'pool'}},"
					 "'should':{'match_phrase':{'notes':'swimming pool'}}}}";
	struct suite *suite = *state;

	put(suite, "1", "{\"notes\":\"a table beside the swimming pool\"}");
	put(suite, "2", "{\"notes\":\"one pool, two pools; a pool\"}");
	refresh(suite);
	assert_highlights(suite, query, "'fields':{'notes':{}},'fragment_size':5",
			  "1 notes:  <em>swimming</em> <em>pool</em>; "
			  "2 notes:  <em>pool</em> | ; a <em>pool</em>; ");
}

static void a_field_without_words_is_not_highlighted(void **state)
{
	struct suite *suite = *state;
	struct q_search_result result;

	put_people(suite);
	assert_int_equal(
		search(suite, "{'highlight':{'type':'plain','fields':{'born':{}}}}", &result),
		Q_INVALID);
	assert_int_equal(
		search(suite, "{'highlight':{'type':'plain','fields':{'tags':{}}}}", &result),
		Q_INVALID);
}

static enum q_code explain(struct suite *suite, const char *query, const char *id,
			   struct q_explanation *out)
{
	struct q_search_request request;
	char body[512];

	snprintf(body, sizeof body, "{'query':%s}", query);
	read_request(suite, body, &request);
	return q_search_index_explain(suite->subject->store, &no_limits, suite->index,
				      request.query, NULL, q_str_from(id), suite->arena, out,
				      &suite->err);
}

static void an_explanation_adds_up_to_the_score(void **state)
{
	static const char *const queries[] = {
		"{'match_all':{'boost':2}}",
		"{'term':{'tenant':'a'}}",
		"{'prefix':{'name':'jo'}}",
		"{'match':{'name':'john smith'}}",
		"{'match':{'name':{'query':'jon smit','fuzziness':1,'operator':'and'}}}",
		"{'multi_match':{'query':'john swimming','fields':['name^2','notes']}}",
		"{'bool':{'must':{'match':{'name':'john'}},'should':{'term':{'tenant':'a'}},"
		"'filter':{'match':{'notes':'likes'}},'must_not':{'term':{'tenant':'c'}}}}",
		"{'bool':{'filter':{'term':{'tenant':'a'}}}}",
		"{'constant_score':{'filter':{'match':{'name':'john'}},'boost':7}}",
		"{'match_phrase':{'name':'john smith'}}",
		"{'match_phrase':{'name':{'query':'smith john','slop':2,'boost':3}}}",
		"{'range':{'tenant':{'gte':'a','lt':'b'}}}",
	};
	struct suite *suite = *state;

	put_people(suite);
	for (size_t i = 0; i < Q_COUNT_OF(queries); i++) {
		struct q_search_result result;
		struct q_explanation explanation;
		char body[512];

		snprintf(body, sizeof body, "{'query':%s}", queries[i]);
		assert_int_equal(search(suite, body, &result), Q_OK);
		assert_true(result.hit_count > 0);
		assert_view_equal(result.hits[0].id, "1");
		if (explain(suite, queries[i], "1", &explanation))
			fail_msg("%s: %s", queries[i], suite->err.message);
		assert_true((float)explanation.value == result.hits[0].score);
		assert_true(explanation.description.length > 0);
	}
}

static void an_explanation_has_the_parts_that_find_the_document(void **state)
{
	struct suite *suite = *state;
	struct q_explanation explanation;

	put_people(suite);
	assert_int_equal(explain(suite, "{'match':{'name':'john smith jane'}}", "1", &explanation),
			 Q_OK);
	assert_view_equal(explanation.description, "sum of:");
	assert_int_equal(explanation.detail_count, 2);
	assert_int_equal(explain(suite,
				 "{'bool':{'must':{'match':{'name':'ann'}},"
				 "'filter':{'term':{'tenant':'b'}}}}",
				 "4", &explanation),
			 Q_OK);
	assert_int_equal(explanation.detail_count, 2);
	assert_view_equal(explanation.details[1].details[1].description, "tenant:b");
}

static void a_document_that_the_query_does_not_find_is_not_explained(void **state)
{
	struct suite *suite = *state;
	struct q_explanation explanation;

	put_people(suite);
	assert_int_equal(explain(suite, "{'match':{'name':'john'}}", "4", &explanation),
			 Q_NOTFOUND);
	assert_int_equal(explain(suite, "{'match':{'name':'john'}}", "none", &explanation),
			 Q_NOTFOUND);
	assert_int_equal(explain(suite,
				 "{'bool':{'must':{'match':{'name':'john'}},"
				 "'filter':{'term':{'tenant':'b'}}}}",
				 "1", &explanation),
			 Q_NOTFOUND);
	assert_int_equal(apply(suite, Q_BULK_DELETE, "1", ""), Q_OK);
	refresh(suite);
	assert_int_equal(explain(suite, "{'match_all':{}}", "1", &explanation), Q_NOTFOUND);
	assert_int_equal(explain(suite, "{'match_all':{}}", "", &explanation), Q_INVALID);
}

struct case_list search_index_reading_cases(void)
{
	static const struct CMUnitTest cases[] = {
		CASE(sources_come_where_they_are_asked_for),
		CASE(a_source_may_be_narrowed_to_what_is_named),
		CASE(a_source_may_come_without_what_is_named),
		CASE(a_source_filter_of_too_many_names_is_refused),
		CASE(what_a_query_finds_is_counted),
		CASE(the_words_that_were_found_are_marked),
		CASE(a_range_without_ends_marks_nothing),
		CASE(an_empty_keyword_is_marked),
		CASE(only_what_is_asked_of_a_field_is_marked_in_it),
		CASE(the_best_fragments_of_each_value_come_first),
		CASE(a_phrase_is_marked_where_it_stands),
		CASE(a_phrase_is_kept_together),
		CASE(a_phrase_is_not_kept_together_for_a_word_that_is_wanted_later),
		CASE(what_can_find_nothing_marks_nothing),
		CASE(a_hit_is_highlighted_as_if_it_were_alone),
		CASE(a_field_without_words_is_not_highlighted),
		CASE(an_explanation_adds_up_to_the_score),
		CASE(an_explanation_has_the_parts_that_find_the_document),
		CASE(a_document_that_the_query_does_not_find_is_not_explained),
	};

	return (struct case_list){cases, Q_COUNT_OF(cases)};
}
