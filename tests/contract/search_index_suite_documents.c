/* Indexes and what is put into them. */
#include "contract/search_index_suite_internal.h"

#include "base/buf.h"

#include <pthread.h>
#include <stdatomic.h>

static void ensuring_an_index_twice_is_fine(void **state)
{
	struct suite *suite = *state;

	assert_int_equal(q_search_index_ensure(suite->subject->store, &no_limits, suite->index,
					       &definition, &suite->err),
			 Q_OK);
}

static void other_fields_conflict(void **state)
{
	static const struct q_index_definition other = {.fields = fields, .field_count = 1};
	struct suite *suite = *state;

	assert_int_equal(q_search_index_ensure(suite->subject->store, &no_limits, suite->index,
					       &other, &suite->err),
			 Q_CONFLICT);
}

/* An index of its own, which keeps sources without notes, dates of birth and cities. */
static enum q_code ensure_without_notes(struct suite *suite)
{
	static const struct q_str excludes[] = {Q_STR_INIT("notes"), Q_STR_INIT("born"),
						Q_STR_INIT("home.c*")};
	struct q_index_definition without = definition;

	without.kept = (struct q_source_filter){.excludes = excludes,
						.exclude_count = Q_COUNT_OF(excludes)};
	suite->index = Q_STR("suite-without-notes");
	return q_search_index_ensure(suite->subject->store, &no_limits, suite->index, &without,
				     &suite->err);
}

static void assert_kept(struct suite *suite, const char *id, const char *expected)
{
	struct q_str source;

	assert_int_equal(q_search_index_get(suite->subject->store, &no_limits, suite->index,
					    q_str_from(id), suite->arena, &source, &suite->err),
			 Q_OK);
	assert_true(q_str_equal(source, q_str_from(expected)));
}

static void put_swimmers(struct suite *suite)
{
	put(suite, "1",
	    "{\"name\": \"Ann\", \"notes\": \"swims well\", \"born\": \"1990\","
	    " \"home\": {\"city\": \"X\", \"zip\": 1}}");
	put(suite, "2", "{\"notes\":\"well, swims\",\"born\":\"1980\"}");
	refresh(suite);
}

static void what_is_not_kept_of_sources_is_searched_and_sorted_by(void **state)
{
	struct suite *suite = *state;

	assert_int_equal(ensure_without_notes(suite), Q_OK);
	put_swimmers(suite);
	assert_hits(suite, "{'query':{'match_phrase':{'notes':'swims well'}}}", "1");
	assert_hits(suite, "{'query':{'match':{'notes':'swims'}},'sort':'born'}", "2 1");
	assert_hits(suite, "{'query':{'range':{'born':{'gte':'1985'}}}}", "1");
}

static void what_is_not_kept_of_sources_is_shown_nowhere(void **state)
{
	struct suite *suite = *state;
	struct q_search_result result;

	assert_int_equal(ensure_without_notes(suite), Q_OK);
	put_swimmers(suite);
	assert_kept(suite, "1", "{\"name\":\"Ann\",\"home\":{\"zip\":1}}");
	assert_kept(suite, "2", "{}");
	assert_int_equal(search(suite,
				"{'query':{'multi_match':{'query':'ann swims',"
				"'fields':['name','notes']}},"
				"'highlight':{'type':'plain','fields':{'notes':{},'name':{}}}}",
				&result),
			 Q_OK);
	assert_int_equal(result.hit_count, 2);
	assert_view_equal(result.hits[0].source, "{\"name\":\"Ann\",\"home\":{\"zip\":1}}");
	assert_int_equal(result.hits[0].highlight_count, 1);
	assert_view_equal(result.hits[0].highlights[0].field, "name");
	assert_int_equal(result.hits[1].highlight_count, 0);
}

static void what_is_not_kept_of_sources_does_not_come_back_by_a_merge(void **state)
{
	struct suite *suite = *state;

	assert_int_equal(ensure_without_notes(suite), Q_OK);
	put_swimmers(suite);
	put(suite, "3", "{\"name\":\"Jo\",\"notes\":\"swims\"}");
	refresh(suite);
	assert_int_equal(
		q_search_index_merge(suite->subject->store, &no_limits, suite->index, &suite->err),
		Q_OK);
	assert_kept(suite, "1", "{\"name\":\"Ann\",\"home\":{\"zip\":1}}");
	assert_kept(suite, "3", "{\"name\":\"Jo\"}");
	assert_hits(suite, "{'query':{'match':{'notes':'swims'}}}", "3 1 2");
}

static void what_is_kept_is_part_of_the_definition(void **state)
{
	struct suite *suite = *state;

	assert_int_equal(ensure_without_notes(suite), Q_OK);
	assert_int_equal(ensure_without_notes(suite), Q_OK);
	assert_int_equal(q_search_index_ensure(suite->subject->store, &no_limits, suite->index,
					       &definition, &suite->err),
			 Q_CONFLICT);
}

static void names_of_indexes_are_checked(void **state)
{
	static const char *const names[] = {"", "Upper", "-first", "with/slash", "..", "a b"};
	struct suite *suite = *state;

	for (size_t i = 0; i < Q_COUNT_OF(names); i++)
		assert_int_equal(q_search_index_refresh(suite->subject->store, &no_limits,
							q_str_from(names[i]), &suite->err),
				 Q_INVALID);
}

static void an_index_that_is_not_there_is_not_found(void **state)
{
	struct suite *suite = *state;

	suite->index = Q_STR("suite-missing");
	assert_int_equal(q_search_index_refresh(suite->subject->store, &no_limits, suite->index,
						&suite->err),
			 Q_NOTFOUND);
}

static void a_document_is_found_and_read_after_a_refresh(void **state)
{
	struct suite *suite = *state;
	struct q_str source;

	put_people(suite);
	assert_hits(suite, "{'query':{'match':{'name':'ann'}}}", "4");
	assert_int_equal(q_search_index_get(suite->subject->store, &no_limits, suite->index,
					    Q_STR("4"), suite->arena, &source, &suite->err),
			 Q_OK);
	assert_view_equal(source, "{\"tenant\":\"b\",\"name\":\"Ann\",\"tags\":\"not indexed\"}");
}

static void a_document_that_is_not_there_is_not_found(void **state)
{
	struct suite *suite = *state;
	struct q_str source;

	put_people(suite);
	assert_int_equal(q_search_index_get(suite->subject->store, &no_limits, suite->index,
					    Q_STR("5"), suite->arena, &source, &suite->err),
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
		q_search_index_merge(suite->subject->store, &no_limits, suite->index, &suite->err),
		Q_OK);
	assert_hits(suite, "{'query':{'match_all':{}}}", "3 4 1");
	assert_hits(suite, "{'query':{'match':{'name':'smith'}}}", "1");
	assert_int_equal(q_search_index_statistics(suite->subject->store, &no_limits, suite->index,
						   &statistics, &suite->err),
			 Q_OK);
	assert_int_equal(statistics.document_count, 3);
	assert_int_equal(statistics.deleted_count, 0);
	assert_int_equal(statistics.segment_count, 1);
}

/* {"x":[[...]]} of so many levels in all. */
static enum q_code put_nested(struct suite *suite, size_t levels)
{
	struct q_buf source;
	enum q_code code;

	q_buf_init(&source, 1 << 10);
	q_buf_append(&source, Q_STR("{\"name\":\"deep\",\"x\":"));
	for (size_t i = 1; i < levels; i++)
		q_buf_append_char(&source, '[');
	for (size_t i = 1; i < levels; i++)
		q_buf_append_char(&source, ']');
	q_buf_append_char(&source, '}');
	code = apply(suite, Q_BULK_PUT, "deep", source.data);
	q_buf_free(&source);
	return code;
}

static void a_document_is_nested_so_deep_and_no_deeper(void **state)
{
	struct suite *suite = *state;
	struct q_search_result result;

	assert_int_equal(put_nested(suite, Q_DOCUMENT_DEPTH_MAX + 1), Q_TOOBIG);
	assert_int_equal(put_nested(suite, Q_DOCUMENT_DEPTH_MAX), Q_OK);
	refresh(suite);
	/* It is read as deep as it was taken. */
	assert_int_equal(
		search(suite, "{'query':{'match':{'name':'deep'}},'_source':['name']}", &result),
		Q_OK);
	assert_int_equal(result.hit_count, 1);
	assert_view_equal(result.hits[0].source, "{\"name\":\"deep\"}");
}

static void an_index_may_lose_all_its_documents(void **state)
{
	struct suite *suite = *state;

	put(suite, "1", "{\"name\":\"only\"}");
	refresh(suite);
	assert_int_equal(apply(suite, Q_BULK_DELETE, "1", ""), Q_OK);
	refresh(suite);
	assert_int_equal(
		q_search_index_merge(suite->subject->store, &no_limits, suite->index, &suite->err),
		Q_OK);
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
		if (q_search_index_search(reader->suite->subject->store, &no_limits,
					  reader->suite->index, &request, arena, &result, &err) ||
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

struct case_list search_index_documents_cases(void)
{
	static const struct CMUnitTest cases[] = {
		CASE(ensuring_an_index_twice_is_fine),
		CASE(other_fields_conflict),
		CASE(what_is_not_kept_of_sources_is_searched_and_sorted_by),
		CASE(what_is_not_kept_of_sources_is_shown_nowhere),
		CASE(what_is_not_kept_of_sources_does_not_come_back_by_a_merge),
		CASE(what_is_kept_is_part_of_the_definition),
		CASE(names_of_indexes_are_checked),
		CASE(an_index_that_is_not_there_is_not_found),
		CASE(a_document_is_found_and_read_after_a_refresh),
		CASE(a_document_that_is_not_there_is_not_found),
		CASE(a_put_replaces_and_takes_a_place_behind_all_others),
		CASE(a_put_replaces_what_no_refresh_has_seen),
		CASE(a_deleted_document_is_gone_after_a_refresh),
		CASE(an_operation_that_is_refused_leaves_the_others),
		CASE(what_a_refresh_has_seen_is_there_after_reopening),
		CASE(a_merge_keeps_documents_and_drops_deleted_ones),
		CASE(a_document_is_nested_so_deep_and_no_deeper),
		CASE(an_index_may_lose_all_its_documents),
		CASE(readers_see_whole_refreshes_while_a_writer_works),
	};

	return (struct case_list){cases, Q_COUNT_OF(cases)};
}
