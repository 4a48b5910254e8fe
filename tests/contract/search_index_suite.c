#include "contract/search_index_suite_internal.h"

#include "base/json.h"
#include "search/json/query_json.h"

enum { HITS_TEXT_MAX = 512 };

const struct q_call no_limits;

const struct q_field_definition fields[] = {
	{Q_STR_INIT("tenant"), Q_FIELD_KEYWORD}, {Q_STR_INIT("name"), Q_FIELD_TEXT},
	{Q_STR_INIT("notes"), Q_FIELD_TEXT},	 {Q_STR_INIT("born"), Q_FIELD_DATE},
	{Q_STR_INIT("active"), Q_FIELD_BOOLEAN},
};
const struct q_index_definition definition = {.fields = fields, .field_count = Q_COUNT_OF(fields)};

int start_case(void **state)
{
	struct suite *suite = *state;

	suite->arena = q_arena_new(16 << 20);
	snprintf(suite->index_name, sizeof suite->index_name, "suite-%u", suite->case_number++);
	suite->index = q_str_from(suite->index_name);
	return q_search_index_ensure(suite->subject->store, &no_limits, suite->index, &definition,
				     &suite->err)
		       ? -1
		       : 0;
}

int end_case(void **state)
{
	q_arena_free(((struct suite *)*state)->arena);
	return 0;
}

enum q_code apply(struct suite *suite, enum q_bulk_kind kind, const char *id, const char *source)
{
	struct q_bulk_operation operation = {kind, q_str_from(id), q_str_from(source)};
	struct q_bulk_result result;

	assert_int_equal(q_search_index_bulk(suite->subject->store, &no_limits, suite->index,
					     &operation, 1, suite->arena, &result, &suite->err),
			 Q_OK);
	return result.code;
}

void put(struct suite *suite, const char *id, const char *source)
{
	assert_int_equal(apply(suite, Q_BULK_PUT, id, source), Q_OK);
}

void refresh(struct suite *suite)
{
	assert_int_equal(q_search_index_refresh(suite->subject->store, &no_limits, suite->index,
						&suite->err),
			 Q_OK);
}

void put_people(struct suite *suite)
{
	put(suite, "1", "{\"tenant\":\"a\",\"name\":\"John Smith\",\"notes\":\"likes swimming\"}");
	put(suite, "2", "{\"tenant\":\"a\",\"name\":\"Jane Smyth\",\"notes\":\"swimming pool\"}");
	put(suite, "3", "{\"tenant\":\"b\",\"name\":\"John Jones\",\"notes\":\"pool\"}");
	put(suite, "4", "{\"tenant\":\"b\",\"name\":\"Ann\",\"tags\":\"not indexed\"}");
	refresh(suite);
}

void read_request(struct suite *suite, const char *body, struct q_search_request *out)
{
	char *quoted = q_arena_alloc(suite->arena, strlen(body) + 1);
	const struct q_json *json;

	for (size_t i = 0; body[i]; i++)
		quoted[i] = body[i] == '\'' ? '"' : body[i];
	assert_int_equal(q_json_parse(suite->arena, q_str_bytes(q_str_from(quoted)),
				      &q_query_json_limits, &json, &suite->err),
			 Q_OK);
	if (q_query_json_parse(suite->arena, json, out, &suite->err))
		fail_msg("%s", suite->err.message);
}

enum q_code search(struct suite *suite, const char *body, struct q_search_result *out)
{
	struct q_search_request request;

	read_request(suite, body, &request);
	return q_search_index_search(suite->subject->store, &no_limits, suite->index, &request,
				     suite->arena, out, &suite->err);
}

void assert_hits(struct suite *suite, const char *body, const char *expected)
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

int run_search_index_suite(struct search_index_subject *subject)
{
	const struct case_list lists[] = {
		search_index_documents_cases(), search_index_names_cases(),
		search_index_queries_cases(),	search_index_reading_cases(),
		search_index_suggest_cases(),	search_index_view_cases(),
	};
	struct suite suite = {.subject = subject};

	return run_case_lists(subject->name, lists, Q_COUNT_OF(lists), &suite);
}
