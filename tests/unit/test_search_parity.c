/* The golden queries: what OpenSearch 3.9 answered to them, this engine answers, to the last bit of
 * each score. */
#include "search/json/query_json.h"

#include "support/search_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

static const struct q_call no_limits;

/* What came of the queries of an index. */
struct outcome {
	size_t compared, wrong;
};

static struct q_str member_string(const struct q_json *object, const char *name)
{
	struct q_str text = {0};

	q_json_string(q_json_member(object, q_str_from(name)), &text);
	return text;
}

static bool is_listed(const struct q_json *list, struct q_str id)
{
	struct q_json_walk walk = q_json_walk(list);
	struct q_str text;

	while (q_json_next(&walk)) {
		if (q_json_string(walk.value, &text) && q_str_equal(text, id))
			return true;
	}
	return false;
}

static bool hit_equals(const struct q_search_hit *hit, const struct q_json *expected)
{
	struct q_str id = {0};
	double score = -1;

	q_json_string(q_json_element(expected, 0), &id);
	q_json_double(q_json_element(expected, 1), &score);
	return q_str_equal(id, hit->id) && (float)score == hit->score;
}

static bool total_equals(const struct q_search_request *request,
			 const struct q_search_result *result, const struct q_json *expected)
{
	int64_t total = -1;

	q_json_int64(q_json_member(expected, Q_STR("total")), &total);
	if (request->total_is_bounded && (uint64_t)total > request->total_max)
		return result->total_is_exceeded && result->total == request->total_max;
	return !result->total_is_exceeded && result->total == (uint64_t)total;
}

static bool hits_equal(const struct q_search_result *result, const struct q_json *expected)
{
	const struct q_json *hits = q_json_member(expected, Q_STR("hits"));
	struct q_json_walk walk = q_json_walk(hits);

	if (q_json_count(hits) != result->hit_count)
		return false;
	for (size_t i = 0; q_json_next(&walk); i++) {
		if (!hit_equals(&result->hits[i], walk.value))
			return false;
	}
	return true;
}

static bool answers_as(struct search_site *site, struct q_str index,
		       const struct q_search_request *request, const struct q_json *expected,
		       struct q_arena *arena)
{
	struct q_search_result result;

	if (q_search_index_search(site->store, &no_limits, index, request, arena, &result,
				  &site->err)) {
		print_error("%s\n", site->err.message);
		return false;
	}
	return total_equals(request, &result, expected) && hits_equal(&result, expected);
}

/* The hits are the same however far they are counted, which decides what need not be looked at. */
static bool always_answers_as(struct search_site *site, struct q_str index,
			      const struct q_json *query, const struct q_json *expected,
			      struct q_arena *arena)
{
	struct q_search_request request;

	if (q_query_json_parse(arena, q_json_member(query, Q_STR("body")), &request, &site->err)) {
		print_error("%s\n", site->err.message);
		return false;
	}
	if (!answers_as(site, index, &request, expected, arena))
		return false;
	request.total_is_bounded = true;
	for (request.total_max = 0; request.total_max <= 100; request.total_max += 50) {
		if (!answers_as(site, index, &request, expected, arena))
			return false;
	}
	return true;
}

static struct outcome compare(struct search_site *site, const char *index)
{
	struct q_str queries = search_fixture(site->arena, "queries.ndjson.zst");
	struct q_str answers = search_fixture(site->arena, "expected.ndjson.zst");
	const struct q_json *unstable =
		search_fixture_json(site->arena, search_fixture(site->arena, "unstable.json"));
	struct q_arena *arena = q_arena_new(64 << 20);
	struct outcome outcome = {0};
	struct q_str query_line, answer_line;

	while (search_fixture_line(&queries, &query_line) &&
	       search_fixture_line(&answers, &answer_line)) {
		const struct q_json *query, *answer;
		struct q_str id;

		q_arena_reset(arena);
		query = search_fixture_json(arena, query_line);
		answer = search_fixture_json(arena, answer_line);
		id = member_string(query, "id");
		assert_true(q_str_equal(id, member_string(answer, "id")));
		if (!q_str_equal(member_string(query, "index"), q_str_from(index)) ||
		    is_listed(unstable, id))
			continue;
		outcome.compared++;
		if (!always_answers_as(site, q_str_from(index), query, answer, arena)) {
			print_error("%.*s differs\n", Q_STR_ARG(id));
			outcome.wrong++;
		}
	}
	q_arena_free(arena);
	return outcome;
}

static void check(const char *index, const char *mapping, const char *documents,
		  const char *id_field, size_t refresh_every, size_t expected_count)
{
	struct search_site site;
	struct outcome outcome;

	search_site_open(&site);
	search_site_load(&site, index, mapping, documents, id_field, refresh_every);
	outcome = compare(&site, index);
	search_site_close(&site);
	assert_int_equal(outcome.compared, expected_count);
	assert_int_equal(outcome.wrong, 0);
}

static void members_rank_as_in_opensearch(void **state)
{
	(void)state;
	check("members", "members.mapping.json", "members.ndjson.zst", "member_id", 0, 1015);
}

static void locations_rank_as_in_opensearch(void **state)
{
	(void)state;
	check("locations", "locations.mapping.json", "locations.ndjson.zst", "location_id", 0, 296);
}

static void strange_texts_rank_as_in_opensearch(void **state)
{
	(void)state;
	check("edge", "members.mapping.json", "edge.ndjson.zst", "member_id", 0, 194);
}

static void near_alike_words_rank_as_in_opensearch(void **state)
{
	(void)state;
	check("dense", "members.mapping.json", "dense.ndjson.zst", "member_id", 0, 278);
}

static void many_segments_rank_as_one(void **state)
{
	(void)state;
	check("dense", "members.mapping.json", "dense.ndjson.zst", "member_id", 260, 278);
}

static void merged_segments_rank_as_one(void **state)
{
	(void)state;
	check("dense", "members.mapping.json", "dense.ndjson.zst", "member_id", 17, 278);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(members_rank_as_in_opensearch),
		cmocka_unit_test(locations_rank_as_in_opensearch),
		cmocka_unit_test(strange_texts_rank_as_in_opensearch),
		cmocka_unit_test(near_alike_words_rank_as_in_opensearch),
		cmocka_unit_test(many_segments_rank_as_one),
		cmocka_unit_test(merged_segments_rank_as_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
