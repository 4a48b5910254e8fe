/* Explanations that OpenSearch 3.9 gave, node by node: descriptions, and numbers to the last bit.
 * Where the best of several fields counts, OpenSearch has them in an order of its own making. */
#include "search/json/query_json.h"

#include "support/search_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

enum { TREES = 59 };

static const struct q_call no_limits;

static bool equals(const struct q_explanation *explanation, const struct q_json *expected);

static bool is_among(const struct q_json *expected, const struct q_explanation *explanation)
{
	for (size_t i = 0; i < explanation->detail_count; i++) {
		if (equals(&explanation->details[i], expected))
			return true;
	}
	return false;
}

static bool details_equal(const struct q_explanation *explanation, const struct q_json *expected)
{
	bool is_any_order = q_str_equal(explanation->description, Q_STR("max of:"));
	struct q_json_walk walk = q_json_walk(expected);

	if (q_json_count(expected) != explanation->detail_count)
		return false;
	for (size_t i = 0; q_json_next(&walk); i++) {
		if (is_any_order ? !is_among(walk.value, explanation)
				 : !equals(&explanation->details[i], walk.value))
			return false;
	}
	return true;
}

static bool equals(const struct q_explanation *explanation, const struct q_json *expected)
{
	struct q_str description = {0};
	double value = -1;

	q_json_double(q_json_member(expected, Q_STR("value")), &value);
	q_json_string(q_json_member(expected, Q_STR("description")), &description);
	return (float)value == (float)explanation->value &&
	       q_str_equal(description, explanation->description) &&
	       details_equal(explanation, q_json_member(expected, Q_STR("details")));
}

/* The request of this id, of those that the node was sent. */
static void find_request(struct q_arena *arena, struct q_str id, struct q_search_request *out)
{
	struct q_str queries = search_fixture(arena, "queries.ndjson.zst"), line, found = {0};
	struct q_err err;

	while (search_fixture_line(&queries, &line)) {
		const struct q_json *query = search_fixture_json(arena, line);

		q_json_string(q_json_member(query, Q_STR("id")), &found);
		if (!q_str_equal(found, id))
			continue;
		assert_int_equal(
			q_query_json_parse(arena, q_json_member(query, Q_STR("body")), out, &err),
			Q_OK);
		return;
	}
	fail_msg("there is no query %.*s", Q_STR_ARG(id));
}

/* How many trees of the line are explained otherwise; adds to *compared. */
static size_t check_line(struct search_site *site, struct q_str line, struct q_arena *arena,
			 size_t *compared)
{
	const struct q_json *expected = search_fixture_json(arena, line);
	struct q_json_walk walk = q_json_walk(q_json_member(expected, Q_STR("explanations")));
	struct q_search_request request;
	struct q_explanation explanation;
	struct q_str id = {0};
	size_t wrong = 0;

	q_json_string(q_json_member(expected, Q_STR("id")), &id);
	find_request(arena, id, &request);
	while (q_json_next(&walk)) {
		++*compared;
		if (q_search_index_explain(site->store, &no_limits, Q_STR("members"), request.query,
					   NULL, walk.name, arena, &explanation, &site->err))
			fail_msg("%.*s: %s", Q_STR_ARG(id), site->err.message);
		if (!equals(&explanation, walk.value)) {
			print_error("%.*s of %.*s differs\n", Q_STR_ARG(walk.name), Q_STR_ARG(id));
			wrong++;
		}
	}
	return wrong;
}

static void scores_are_explained_as_in_opensearch(void **state)
{
	struct search_site site;
	struct q_arena *arena = q_arena_new(256 << 20);
	struct q_str lines, line;
	size_t compared = 0, wrong = 0;

	(void)state;
	search_site_open(&site);
	search_site_load(&site, "members", "members.mapping.json", "members.ndjson.zst",
			 "member_id", 0);
	lines = search_fixture(site.arena, "explain.ndjson.zst");
	while (search_fixture_line(&lines, &line)) {
		q_arena_reset(arena);
		wrong += check_line(&site, line, arena, &compared);
	}
	q_arena_free(arena);
	search_site_close(&site);
	assert_int_equal(compared, TREES);
	assert_int_equal(wrong, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(scores_are_explained_as_in_opensearch),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
