#include "base/json.h"
#include "support/checks.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

struct output {
	struct q_buf text;
	struct q_json_writer writer;
};

static int make_output(void **state)
{
	static struct output output;

	q_buf_init(&output.text, 10000);
	q_json_writer_init(&output.writer, &output.text);
	*state = &output;
	return 0;
}

static int free_output(void **state)
{
	struct output *output = *state;

	q_buf_free(&output->text);
	return 0;
}

static struct q_json_writer *writer_of(void **state)
{
	return &((struct output *)*state)->writer;
}

#define assert_written(STATE, LITERAL)                                                             \
	assert_view_equal(q_buf_str(&((struct output *)*(STATE))->text), LITERAL)

static void commas_stand_between_values_alone(void **state)
{
	struct q_json_writer *w = writer_of(state);

	q_json_begin_object(w);
	q_json_name(w, "a");
	q_json_begin_array(w);
	q_json_put_int64(w, 1);
	q_json_begin_array(w);
	q_json_end_array(w);
	q_json_begin_object(w);
	q_json_end_object(w);
	q_json_put_null(w);
	q_json_end_array(w);
	q_json_field_bool(w, "b", false);
	q_json_name_str(w, Q_STR("c"));
	q_json_put_bool(w, true);
	q_json_end_object(w);
	assert_written(state, "{\"a\":[1,[],{},null],\"b\":false,\"c\":true}");
}

static void fields_of_every_type(void **state)
{
	struct q_json_writer *w = writer_of(state);

	q_json_begin_object(w);
	q_json_field_string(w, "s", Q_STR("x"));
	q_json_field_int64(w, "n", INT64_MIN);
	q_json_field_time(w, "t", 0);
	q_json_field_raw(w, "r", Q_STR("[1]"));
	q_json_end_object(w);
	assert_written(state, "{\"s\":\"x\",\"n\":-9223372036854775808,"
			      "\"t\":\"1970-01-01T00:00:00.000Z\",\"r\":[1]}");
}

static void control_characters_are_escaped(void **state)
{
	q_json_put_string(writer_of(state), Q_STR("\"\\/\b\f\n\r\t\0\x1f"));
	assert_written(state, "\"\\\"\\\\/\\b\\f\\n\\r\\t\\u0000\\u001f\"");
}

static void terminal_controls_are_escaped(void **state)
{
	q_json_put_string(writer_of(state), Q_STR("\x1b[2J\x7f\xC2\x9B\xC2\xA0"));
	assert_written(state, "\"\\u001b[2J\\u007f\\u009b\xC2\xA0\"");
}

static void characters_of_every_length_stand_as_they_are(void **state)
{
	q_json_put_string(writer_of(state),
			  Q_STR("a\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80z\xEF\xBF\xBD"));
	assert_written(state, "\"a\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80z\xEF\xBF\xBD\"");
}

static void bytes_that_are_not_utf8_become_replacements(void **state)
{
	q_json_put_string(writer_of(state), Q_STR("a\x80z\xC3"));
	assert_written(state, "\"a\xEF\xBF\xBDz\xEF\xBF\xBD\"");
}

static void names_are_escaped_too(void **state)
{
	struct q_json_writer *w = writer_of(state);

	q_json_begin_object(w);
	q_json_name_str(w, Q_STR("a\"b\xFF"));
	q_json_put_string(w, (struct q_str){0});
	q_json_end_object(w);
	assert_written(state, "{\"a\\\"b\xEF\xBF\xBD\":\"\"}");
}

static void doubles_are_the_shortest_that_read_back(void **state)
{
	struct q_json_writer *w = writer_of(state);
	const double numbers[] = {0.1, 1.0 / 3, 1e21, -1.7976931348623157e308, 5e-324, 1};

	q_json_begin_array(w);
	for (size_t i = 0; i < Q_COUNT_OF(numbers); i++)
		q_json_put_double(w, numbers[i]);
	q_json_end_array(w);
	assert_written(state, "[0.1,0.3333333333333333,1e21,-1.7976931348623157e308,5e-324,1.0]");
}

static void what_is_not_finite_is_null(void **state)
{
	struct q_json_writer *w = writer_of(state);

	q_json_begin_array(w);
	q_json_put_double(w, NAN);
	q_json_put_double(w, -INFINITY);
	q_json_end_array(w);
	assert_written(state, "[null,null]");
}

static void any_bytes_read_back_as_json(void **state)
{
	struct output *output = *state;
	struct q_arena *arena = q_arena_new(1000000);
	const struct q_json *root;
	struct q_err err;
	char bytes[512];

	assert_non_null(arena);
	for (size_t i = 0; i < sizeof bytes; i++)
		bytes[i] = (char)(i * 167 + i / 256);
	q_json_put_string(&output->writer, (struct q_str){bytes, sizeof bytes});
	assert_int_equal(q_json_parse(arena, q_str_bytes(q_buf_str(&output->text)),
				      &q_json_request_limits, &root, &err),
			 Q_OK);
	assert_int_equal(q_json_type_of(root), Q_JSON_STRING);
	q_arena_free(arena);
}

static void end_without_a_beginning(void)
{
	struct q_json_writer w;
	struct q_buf out;

	q_buf_init(&out, 100);
	q_json_writer_init(&w, &out);
	q_json_end_object(&w);
}

static void name_after_a_name(void)
{
	struct q_json_writer w;
	struct q_buf out;

	q_buf_init(&out, 100);
	q_json_writer_init(&w, &out);
	q_json_begin_object(&w);
	q_json_name(&w, "a");
	q_json_name(&w, "b");
}

static void wrong_nesting_is_a_bug(void **state)
{
	assert_true(aborts(end_without_a_beginning));
	assert_true(aborts(name_after_a_name));
}

#define CASE(F) cmocka_unit_test_setup_teardown(F, make_output, free_output)

int main(void)
{
	const struct CMUnitTest cases[] = {
		CASE(commas_stand_between_values_alone),
		CASE(fields_of_every_type),
		CASE(control_characters_are_escaped),
		CASE(terminal_controls_are_escaped),
		CASE(characters_of_every_length_stand_as_they_are),
		CASE(bytes_that_are_not_utf8_become_replacements),
		CASE(names_are_escaped_too),
		CASE(doubles_are_the_shortest_that_read_back),
		CASE(what_is_not_finite_is_null),
		CASE(any_bytes_read_back_as_json),
		cmocka_unit_test(wrong_nesting_is_a_bug),
	};

	return cmocka_run_group_tests_name("json_writer", cases, NULL, NULL);
}
