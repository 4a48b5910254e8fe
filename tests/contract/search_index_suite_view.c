/* Views: what a scope hides, and what a list of fields keeps from being named. */
#include "contract/search_index_suite_internal.h"

static const struct q_search_query of_a = {
	.kind = Q_SEARCH_TERM, .boost = 1, .term = {Q_STR_INIT("tenant"), Q_STR_INIT("a")}};

static enum q_code search_within(struct suite *suite, const char *body,
				 const struct q_search_view *view, struct q_search_result *out)
{
	struct q_search_request request;

	read_request(suite, body, &request);
	request.view = *view;
	return q_search_index_search(suite->subject->store, &no_limits, suite->index, &request,
				     suite->arena, out, &suite->err);
}

/* An adapter that cannot score from a scope says so. */
static bool has_scopes(const struct suite *suite)
{
	return suite->subject->store->ops->capabilities & Q_CAP_TENANT_STATISTICS;
}

static void what_others_put_does_not_change_a_score_within_a_scope(void **state)
{
	static const char body[] = "{'query':{'match':{'notes':{'query':'pol','fuzziness':1}}}}";
	const struct q_search_view view = {.scope = &of_a};
	struct suite *suite = *state;
	struct q_search_result before, after;

	put_people(suite);
	if (!has_scopes(suite)) {
		assert_int_equal(search_within(suite, body, &view, &before), Q_UNSUPPORTED);
		return;
	}
	assert_int_equal(search_within(suite, body, &view, &before), Q_OK);
	assert_int_equal(before.total, 1);
	put(suite, "5", "{\"tenant\":\"b\",\"notes\":\"pol pole pool pools\"}");
	put(suite, "6", "{\"tenant\":\"b\",\"notes\":\"pool\"}");
	refresh(suite);
	assert_int_equal(search_within(suite, body, &view, &after), Q_OK);
	assert_int_equal(after.total, 1);
	assert_true(before.hits[0].score == after.hits[0].score);
}

static void a_field_that_the_list_does_not_name_cannot_be_asked_for(void **state)
{
	static const struct q_str names[] = {Q_STR_INIT("notes")};
	const struct q_search_view view = {.fields = names, .field_count = 1};
	struct suite *suite = *state;
	struct q_search_request request;
	struct q_search_result result;
	uint64_t total;

	put_people(suite);
	assert_int_equal(
		search_within(suite, "{'query':{'match':{'notes':'pool'}}}", &view, &result), Q_OK);
	assert_int_equal(result.total, 2);
	assert_int_equal(search_within(suite, "{'sort':'tenant'}", &view, &result), Q_INVALID);
	read_request(suite, "{'query':{'match':{'name':'john'}}}", &request);
	assert_int_equal(q_search_index_count(suite->subject->store, &no_limits, suite->index,
					      request.query, &view, &total, &suite->err),
			 Q_INVALID);
}

struct case_list search_index_view_cases(void)
{
	static const struct CMUnitTest cases[] = {
		CASE(what_others_put_does_not_change_a_score_within_a_scope),
		CASE(a_field_that_the_list_does_not_name_cannot_be_asked_for),
	};

	return (struct case_list){cases, Q_COUNT_OF(cases)};
}
