/* Hostile requests: each is refused, or answered in bounded time and memory. Time is that of the
 * thread's CPU, so that other work on the machine does not matter. */
#include "base/time.h"
#include "search/json/query_json.h"
#include "search/search_index_embedded.h"

#include "support/draw.h"
#include "support/scratch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

enum {
	SEGMENTS = 7,		/* so few that they are not merged */
	DOCUMENTS = 100,	/* in a segment */
	WORDS = 40,		/* in a document */
	REPEATED = 3000,	/* times that one document has one word */
	REPEATED_LONG = 100000, /* and another one another word */
	BODY_BYTES = 1 << 21,
	DEADLINE_MS = 10
};

static const struct q_call no_limits;
static const struct q_str index_name = Q_STR_INIT("limits");

struct site {
	char path[SCRATCH_PATH_MAX];
	struct q_search_index *store;
	struct q_arena *arena; /* empty when a case starts */
	uint64_t seed;
	struct q_err err;
};

static unsigned draw(struct site *site, unsigned below)
{
	return draw_below(&site->seed, below);
}

static void add_word(struct site *site, struct q_buf *out)
{
	for (unsigned length = 3 + draw(site, 6); length > 0; length--)
		q_buf_append_char(out, (char)('a' + draw(site, 26)));
	q_buf_append_char(out, ' ');
}

static void put(struct site *site, unsigned id, struct q_str source)
{
	struct q_bulk_operation operation = {Q_BULK_PUT, q_arena_format(site->arena, "%u", id),
					     source};
	struct q_bulk_result result;

	assert_int_equal(q_search_index_bulk(site->store, &no_limits, index_name, &operation, 1,
					     site->arena, &result, &site->err),
			 Q_OK);
	assert_int_equal(result.code, Q_OK);
}

static void put_random(struct site *site, unsigned id, struct q_buf *source)
{
	q_buf_clear(source);
	q_buf_append(source, Q_STR("{\"text\":\""));
	for (unsigned i = 0; i < WORDS; i++)
		add_word(site, source);
	q_buf_append(source, Q_STR("\"}"));
	put(site, id, q_buf_str(source));
}

/* A document that is "echo echo echo ...". */
static void put_repeated(struct site *site, unsigned id, const char *word, unsigned count,
			 struct q_buf *source)
{
	q_buf_clear(source);
	q_buf_append(source, Q_STR("{\"text\":\""));
	for (unsigned i = 0; i < count; i++)
		q_buf_format(source, "%s ", word);
	q_buf_append(source, Q_STR("\"}"));
	put(site, id, q_buf_str(source));
}

static void fill(struct site *site)
{
	struct q_buf source;
	unsigned id = 0;

	q_buf_init(&source, BODY_BYTES);
	put_repeated(site, id++, "echo", REPEATED, &source);
	put_repeated(site, id++, "golf", REPEATED_LONG, &source);
	for (unsigned i = 0; i < SEGMENTS; i++) {
		for (unsigned j = 0; j < DOCUMENTS; j++)
			put_random(site, id++, &source);
		assert_int_equal(
			q_search_index_refresh(site->store, &no_limits, index_name, &site->err),
			Q_OK);
	}
	q_buf_free(&source);
}

static int open_site(void **state)
{
	static const struct q_field_definition fields[] = {{Q_STR_INIT("key"), Q_FIELD_KEYWORD},
							   {Q_STR_INIT("text"), Q_FIELD_TEXT}};
	static const struct q_index_definition definition = {.fields = fields,
							     .field_count = Q_COUNT_OF(fields)};
	static struct site site = {.seed = 1};

	scratch_make(site.path);
	site.arena = q_arena_new(64 << 20);
	assert_non_null(site.arena);
	if (q_search_index_embedded_open(site.path, &site.store, &site.err) ||
	    q_search_index_ensure(site.store, &no_limits, index_name, &definition, &site.err))
		fail_msg("%s", site.err.message);
	fill(&site);
	*state = &site;
	return 0;
}

static int close_site(void **state)
{
	struct site *site = *state;

	q_search_index_close(site->store);
	q_arena_free(site->arena);
	scratch_remove(site->path);
	return 0;
}

static int start_case(void **state)
{
	struct site *site = *state;

	q_arena_reset(site->arena);
	return 0;
}

static enum q_code search_within(struct site *site, struct q_str body, const struct q_call *call)
{
	struct q_search_request request;
	struct q_search_result result;
	const struct q_json *json;
	enum q_code code = q_json_parse(site->arena, q_str_bytes(body), &q_query_json_limits, &json,
					&site->err);

	if (!code)
		code = q_query_json_parse(site->arena, json, &request, &site->err);
	if (!code)
		code = q_search_index_search(site->store, call, index_name, &request, site->arena,
					     &result, &site->err);
	return code;
}

static enum q_code search(struct site *site, struct q_str body)
{
	return search_within(site, body, &no_limits);
}

static int64_t cpu_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* `head`, then `count` times `item` with commas between, then `tail`. */
static struct q_str repeat(struct site *site, const char *head, const char *item, size_t count,
			   const char *tail)
{
	struct q_buf body;
	struct q_str copy;

	q_buf_init(&body, BODY_BYTES);
	q_buf_append(&body, q_str_from(head));
	for (size_t i = 0; i < count; i++) {
		q_buf_append(&body, i ? Q_STR(",") : Q_STR(""));
		q_buf_append(&body, q_str_from(item));
	}
	q_buf_append(&body, q_str_from(tail));
	assert_false(q_buf_failed(&body));
	copy = q_arena_copy(site->arena, q_buf_str(&body));
	q_buf_free(&body);
	return copy;
}

/* A match of random words in the same field so many times. */
static struct q_str many_words(struct site *site, size_t words, size_t fields, unsigned fuzziness)
{
	struct q_buf text;
	struct q_str body;

	q_buf_init(&text, BODY_BYTES);
	for (size_t i = 0; i < words; i++)
		add_word(site, &text);
	body = q_arena_format(site->arena,
			      "],\"query\":\"%.*s\",\"fuzziness\":%u,\"max_expansions\":1}}}",
			      Q_STR_ARG(q_buf_str(&text)), fuzziness);
	q_buf_free(&text);
	return repeat(site, "{\"query\":{\"multi_match\":{\"fields\":[", "\"text\"", fields,
		      body.data);
}

static void too_many_words_are_refused(void **state)
{
	struct site *site = *state;

	assert_int_equal(search(site, many_words(site, 10000, 1, 0)), Q_TOOBIG);
	assert_int_equal(search(site, many_words(site, 200, 6, 0)), Q_TOOBIG);
	assert_int_equal(search(site, many_words(site, 200, 5, 0)), Q_OK);
}

static void too_many_values_are_refused(void **state)
{
	struct site *site = *state;

	assert_int_equal(search(site, repeat(site, "{\"query\":{\"terms\":{\"key\":[", "\"a\"",
					     10000, "]}}}")),
			 Q_TOOBIG);
	assert_int_equal(search(site, repeat(site, "{\"query\":{\"terms\":{\"key\":[", "\"a\"",
					     Q_SEARCH_CLAUSES_MAX, "]}}}")),
			 Q_OK);
}

static void too_many_clauses_are_refused(void **state)
{
	static const char clause[] = "{\"match\":{\"text\":\"a\"}}";
	struct site *site = *state;

	assert_int_equal(search(site, repeat(site, "{\"query\":{\"bool\":{\"should\":[", clause,
					     10000, "]}}}")),
			 Q_TOOBIG);
	assert_int_equal(search(site, repeat(site, "{\"query\":{\"bool\":{\"should\":[", clause,
					     Q_SEARCH_CLAUSES_MAX / 2 + 1, "]}}}")),
			 Q_TOOBIG);
}

static void a_body_of_more_than_a_megabyte_is_refused(void **state)
{
	struct site *site = *state;
	struct q_str body = repeat(site, "{\"query\":{\"bool\":{\"should\":[", "{\"match_all\":{}}",
				   70000, "]}}}");

	assert_true(body.length > 1 << 20);
	assert_int_equal(search(site, body), Q_TOOBIG);
}

static struct q_str nested(struct site *site, size_t levels)
{
	struct q_buf body;
	struct q_str copy;

	q_buf_init(&body, BODY_BYTES);
	q_buf_append(&body, Q_STR("{\"query\":"));
	for (size_t i = 1; i < levels; i++)
		q_buf_append(&body, Q_STR("{\"bool\":{\"must\":["));
	q_buf_append(&body, Q_STR("{\"match_all\":{}}"));
	for (size_t i = 1; i < levels; i++)
		q_buf_append(&body, Q_STR("]}}"));
	q_buf_append(&body, Q_STR("}"));
	copy = q_arena_copy(site->arena, q_buf_str(&body));
	q_buf_free(&body);
	return copy;
}

static void deep_trees_are_refused(void **state)
{
	struct site *site = *state;

	assert_int_equal(search(site, nested(site, Q_SEARCH_DEPTH_MAX)), Q_OK);
	assert_int_equal(search(site, nested(site, Q_SEARCH_DEPTH_MAX + 1)), Q_TOOBIG);
	assert_int_not_equal(search(site, nested(site, 50000)), Q_OK);
	assert_int_not_equal(search(site, repeat(site, "", "[", 50000, "")), Q_OK);
}

static struct q_str many_prefixes(struct site *site)
{
	return repeat(site, "{\"query\":{\"bool\":{\"should\":[", "{\"prefix\":{\"text\":\"\"}}",
		      100, "]}}}");
}

static struct q_str long_phrase(struct site *site, const char *word, unsigned slop)
{
	struct q_buf text;
	struct q_str body;

	q_buf_init(&text, BODY_BYTES);
	for (unsigned i = 0; i < 200; i++)
		q_buf_format(&text, "%s ", word);
	body = q_arena_format(
		site->arena,
		"{\"query\":{\"match_phrase\":{\"text\":{\"query\":\"%.*s\",\"slop\":%u}}}}",
		Q_STR_ARG(q_buf_str(&text)), slop);
	q_buf_free(&text);
	return body;
}

/* Takes long, but not where there is a deadline. */
static void assert_stops(struct site *site, struct q_str body)
{
	struct q_call call = {.deadline_ms = q_time_monotonic_ms() + DEADLINE_MS};
	int64_t start = cpu_us(), stopped;

	assert_int_equal(search_within(site, body, &call), Q_TIMEOUT);
	stopped = cpu_us() - start;
	start = cpu_us();
	assert_int_equal(search(site, body), Q_OK);
	assert_true(stopped < (cpu_us() - start) / 2);
}

static void a_deadline_ends_the_looking_up_of_words(void **state)
{
	struct site *site = *state;

	assert_stops(site, many_words(site, 50, 4, 2));
}

static void a_deadline_ends_the_reading_of_what_a_prefix_finds(void **state)
{
	struct site *site = *state;

	assert_stops(site, many_prefixes(site));
}

static void a_deadline_ends_a_walk_within_one_document(void **state)
{
	struct site *site = *state;

	assert_stops(site, long_phrase(site, "echo", 1000000));
	assert_stops(site, long_phrase(site, "golf", 0));
}

static const struct q_search_query *parse_query(struct site *site, struct q_str body)
{
	struct q_search_request request;
	const struct q_json *json;

	assert_int_equal(q_json_parse(site->arena, q_str_bytes(body), &q_query_json_limits, &json,
				      &site->err),
			 Q_OK);
	assert_int_equal(q_query_json_parse(site->arena, json, &request, &site->err), Q_OK);
	return request.query;
}

static void an_explanation_that_has_no_time_is_none(void **state)
{
	struct site *site = *state;
	const struct q_search_query *query = parse_query(site, long_phrase(site, "golf", 0));
	struct q_call call = {.deadline_ms = q_time_monotonic_ms() + DEADLINE_MS};
	struct q_explanation explanation;

	assert_int_equal(q_search_index_explain(site->store, &call, index_name, query, NULL,
						Q_STR("1"), site->arena, &explanation, &site->err),
			 Q_TIMEOUT);
	assert_int_equal(q_search_index_explain(site->store, &no_limits, index_name, query, NULL,
						Q_STR("1"), site->arena, &explanation, &site->err),
			 Q_OK);
}

/* Each clause has a window of its own: of all segments together they would not fit. */
static struct q_str many_windows(struct site *site)
{
	return repeat(site, "{\"query\":{\"bool\":{\"should\":[",
		      "{\"match\":{\"text\":\"echo foxtrot\"}}", Q_SEARCH_CLAUSES_MAX / 2, "]}}}");
}

static void memory_is_that_of_one_segment(void **state)
{
	struct site *site = *state;

	assert_int_equal(search(site, many_windows(site)), Q_OK);
}

static void memory_of_a_scope_is_that_of_one_segment(void **state)
{
	struct site *site = *state;
	struct q_search_view view = {.scope = parse_query(site, many_windows(site))};
	struct q_search_query all = {.kind = Q_SEARCH_ALL, .boost = 1};
	uint64_t total;

	if (q_search_index_count(site->store, &no_limits, index_name, &all, &view, &total,
				 &site->err))
		fail_msg("%s", site->err.message);
	assert_int_equal(total, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(too_many_words_are_refused, start_case),
		cmocka_unit_test_setup(too_many_values_are_refused, start_case),
		cmocka_unit_test_setup(too_many_clauses_are_refused, start_case),
		cmocka_unit_test_setup(a_body_of_more_than_a_megabyte_is_refused, start_case),
		cmocka_unit_test_setup(deep_trees_are_refused, start_case),
		cmocka_unit_test_setup(a_deadline_ends_the_looking_up_of_words, start_case),
		cmocka_unit_test_setup(a_deadline_ends_the_reading_of_what_a_prefix_finds,
				       start_case),
		cmocka_unit_test_setup(a_deadline_ends_a_walk_within_one_document, start_case),
		cmocka_unit_test_setup(an_explanation_that_has_no_time_is_none, start_case),
		cmocka_unit_test_setup(memory_is_that_of_one_segment, start_case),
		cmocka_unit_test_setup(memory_of_a_scope_is_that_of_one_segment, start_case),
	};

	return cmocka_run_group_tests(tests, open_site, close_site);
}
