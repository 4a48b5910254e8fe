#include "documents/work/analysis_json.h"
#include "support/checks.h"
#include "support/json_schema.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const char sample[] =
	"{\"summary\":\"Two \\\"words\\\".\",\"entities\":[{\"type\":\"date\",\"text\":\"May 5\"},"
	"{\"type\":\"identifier\",\"text\":\"LOC-1\"}],\"keyPoints\":[\"Pay.\",\"Go.\"],"
	"\"sentiment\":\"negative\"}";

static enum q_code read_text(struct q_arena *arena, struct q_str json, struct q_page_analysis *out,
			     struct q_err *err)
{
	const struct q_json *value;
	enum q_code code =
		q_json_parse(arena, q_str_bytes(json), &q_json_request_limits, &value, err);

	return code == Q_OK ? q_page_analysis_read_json(value, arena, out, err) : code;
}

static struct q_str written(struct q_arena *arena, const struct q_page_analysis *analysis)
{
	struct q_json_writer w;
	struct q_str copy;
	struct q_buf json;

	q_buf_init(&json, 1 << 20);
	q_json_writer_init(&w, &json);
	q_page_analysis_write_json(&w, analysis);
	copy = q_arena_copy(arena, q_buf_str(&json));
	q_buf_free(&json);
	return copy;
}

static void what_is_read_is_written_the_same(void **state)
{
	struct q_arena *arena = q_arena_new(1 << 20);
	struct q_page_analysis analysis;
	struct q_err err;

	assert_int_equal(read_text(arena, q_str_from(sample), &analysis, &err), Q_OK);
	assert_view_equal(analysis.summary, "Two \"words\".");
	assert_int_equal(analysis.entity_count, 2);
	assert_int_equal(analysis.entities[1].type, Q_ENTITY_IDENTIFIER);
	assert_view_equal(analysis.entities[1].text, "LOC-1");
	assert_int_equal(analysis.key_point_count, 2);
	assert_view_equal(analysis.key_points[1], "Go.");
	assert_int_equal(analysis.sentiment, Q_SENTIMENT_NEGATIVE);
	assert_true(q_str_equal(written(arena, &analysis), q_str_from(sample)));
	q_arena_free(arena);
}

static void an_empty_analysis_has_all_members(void **state)
{
	struct q_arena *arena = q_arena_new(1 << 20);
	struct q_page_analysis empty = {0}, read;
	struct q_str json = written(arena, &empty);
	struct q_err err;

	assert_view_equal(json, "{\"summary\":\"\",\"entities\":[],\"keyPoints\":[],"
				"\"sentiment\":\"neutral\"}");
	assert_int_equal(read_text(arena, json, &read, &err), Q_OK);
	assert_int_equal(read.entity_count + read.key_point_count, 0);
	q_arena_free(arena);
}

static void every_word_for_a_type_and_a_sentiment_is_in_the_schema(void **state)
{
	struct q_arena *arena = q_arena_new(1 << 20);
	const struct q_json *schema = json_schema_read(arena, "docs/analysis.schema.json"), *value;
	struct q_entity entities[Q_ENTITY_TYPE_COUNT];
	struct q_page_analysis analysis = {.entities = entities,
					   .entity_count = Q_ENTITY_TYPE_COUNT};
	const char *why = "";
	struct q_err err;

	for (unsigned i = 0; i < Q_ENTITY_TYPE_COUNT; i++)
		entities[i] = (struct q_entity){(enum q_entity_type)i, Q_STR("text")};
	for (unsigned i = 0; i <= Q_SENTIMENT_NEGATIVE; i++) {
		analysis.sentiment = (enum q_sentiment)i;
		assert_int_equal(q_json_parse(arena, q_str_bytes(written(arena, &analysis)),
					      &q_json_request_limits, &value, &err),
				 Q_OK);
		assert_true(json_schema_accepts(schema, value, &why));
	}
	q_arena_free(arena);
}

/* What the schema refuses reading refuses as well. */
static void what_the_schema_refuses_is_refused(void **state)
{
	static const char *const bad[] = {
		"null",
		"[]",
		"\"text\"",
		"{}",
		"{\"summary\":\"\",\"entities\":[],\"keyPoints\":[]}",
		"{\"summary\":7,\"entities\":[],\"keyPoints\":[],\"sentiment\":\"neutral\"}",
		"{\"summary\":\"\",\"entities\":{},\"keyPoints\":[],\"sentiment\":\"neutral\"}",
		"{\"summary\":\"\",\"entities\":[],\"keyPoints\":\"\",\"sentiment\":\"neutral\"}",
		"{\"summary\":\"\",\"entities\":[],\"keyPoints\":[1],\"sentiment\":\"neutral\"}",
		"{\"summary\":\"\",\"entities\":[],\"keyPoints\":[\"\"],\"sentiment\":\"neutral\"}",
		"{\"summary\":\"\",\"entities\":[],\"keyPoints\":[],\"sentiment\":\"angry\"}",
		"{\"summary\":\"\",\"entities\":[],\"keyPoints\":[],\"sentiment\":null}",
		"{\"summary\":\"\",\"entities\":[],\"keyPoints\":[],\"sentiment\":\"neutral\","
		"\"more\":1}",
		"{\"summary\":\"\",\"entities\":[],\"points\":[],\"sentiment\":\"neutral\"}",
		"{\"summary\":\"\",\"entities\":[null],\"keyPoints\":[],\"sentiment\":\"neutral\"}",
		"{\"summary\":\"\",\"entities\":[{}],\"keyPoints\":[],\"sentiment\":\"neutral\"}",
		"{\"summary\":\"\",\"entities\":[{\"type\":\"date\"}],\"keyPoints\":[],"
		"\"sentiment\":\"neutral\"}",
		"{\"summary\":\"\",\"entities\":[{\"type\":\"day\",\"text\":\"x\"}],"
		"\"keyPoints\":[],\"sentiment\":\"neutral\"}",
		"{\"summary\":\"\",\"entities\":[{\"type\":\"date\",\"text\":\"\"}],"
		"\"keyPoints\":[],\"sentiment\":\"neutral\"}",
		"{\"summary\":\"\",\"entities\":[{\"type\":\"date\",\"text\":\"x\",\"at\":1}],"
		"\"keyPoints\":[],\"sentiment\":\"neutral\"}",
	};
	struct q_arena *arena = q_arena_new(1 << 20);
	const struct q_json *schema = json_schema_read(arena, "docs/analysis.schema.json"), *value;
	struct q_page_analysis analysis;
	const char *why = "";
	struct q_err err;

	for (size_t i = 0; i < Q_COUNT_OF(bad); i++) {
		struct q_str json = q_str_from(bad[i]);

		assert_int_equal(q_json_parse(arena, q_str_bytes(json), &q_json_request_limits,
					      &value, &err),
				 Q_OK);
		if (json_schema_accepts(schema, value, &why))
			fail_msg("the schema takes %s", bad[i]);
		if (read_text(arena, json, &analysis, &err) != Q_INVALID)
			fail_msg("read takes %s", bad[i]);
	}
	q_arena_free(arena);
}

/* An analysis with `texts` key points of `length` bytes each. */
static struct q_str with_key_points(struct q_arena *arena, size_t texts, size_t length)
{
	struct q_str points[Q_ANALYST_KEY_POINTS_MAX + 1];
	struct q_page_analysis analysis = {.key_points = points, .key_point_count = texts};
	char *text = q_arena_alloc(arena, length + 1);

	memset(text, 'a', length);
	for (size_t i = 0; i < texts; i++)
		points[i] = (struct q_str){text, length};
	return written(arena, &analysis);
}

static void limits_are_kept_to_the_byte(void **state)
{
	struct q_arena *arena = q_arena_new(1 << 20);
	struct q_page_analysis analysis;
	struct q_err err;

	assert_int_equal(
		read_text(arena,
			  with_key_points(arena, Q_ANALYST_KEY_POINTS_MAX, Q_ANALYST_KEY_POINT_MAX),
			  &analysis, &err),
		Q_OK);
	assert_int_equal(analysis.key_point_count, Q_ANALYST_KEY_POINTS_MAX);
	assert_int_equal(read_text(arena, with_key_points(arena, 1, Q_ANALYST_KEY_POINT_MAX + 1),
				   &analysis, &err),
			 Q_INVALID);
	assert_int_equal(read_text(arena, with_key_points(arena, Q_ANALYST_KEY_POINTS_MAX + 1, 1),
				   &analysis, &err),
			 Q_INVALID);
	q_arena_free(arena);
}

static void errors_do_not_quote_the_text(void **state)
{
	struct q_arena *arena = q_arena_new(1 << 20);
	struct q_page_analysis analysis;
	struct q_err err;
	size_t at;

	assert_int_equal(
		read_text(arena,
			  Q_STR("{\"summary\":\"SECRET\",\"entities\":[{\"type\":\"SECRET\","
				"\"text\":\"SECRET\"}],\"keyPoints\":[],\"sentiment\":\"\"}"),
			  &analysis, &err),
		Q_INVALID);
	assert_false(q_str_find(q_str_from(err.message), Q_STR("SECRET"), &at));
	q_arena_free(arena);
}

static void a_small_arena_is_no_memory(void **state)
{
	struct q_arena *arena = q_arena_new(1 << 20), *small = q_arena_new(8);
	struct q_page_analysis analysis;
	const struct q_json *value;
	struct q_err err;

	assert_int_equal(q_json_parse(arena, q_str_bytes(q_str_from(sample)),
				      &q_json_request_limits, &value, &err),
			 Q_OK);
	assert_int_equal(q_page_analysis_read_json(value, small, &analysis, &err), Q_NOMEM);
	q_arena_free(small);
	q_arena_free(arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_read_is_written_the_same),
		cmocka_unit_test(an_empty_analysis_has_all_members),
		cmocka_unit_test(every_word_for_a_type_and_a_sentiment_is_in_the_schema),
		cmocka_unit_test(what_the_schema_refuses_is_refused),
		cmocka_unit_test(limits_are_kept_to_the_byte),
		cmocka_unit_test(errors_do_not_quote_the_text),
		cmocka_unit_test(a_small_arena_is_no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
