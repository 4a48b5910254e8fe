#include "net/http_field.h"

#include "support/checks.h"
#include "support/failing_memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void tokens_are_told_from_other_text(void **state)
{
	assert_true(q_http_is_token(Q_STR("GET")));
	assert_true(q_http_is_token(Q_STR("!#$%&'*+-.^_`|~09azAZ")));
	assert_false(q_http_is_token(Q_STR("")));
	assert_false(q_http_is_token(Q_STR("a b")));
	assert_false(q_http_is_token(Q_STR("a:")));
	assert_false(q_http_is_token(Q_STR("a\0")));
	assert_false(q_http_is_token(Q_STR("\xc3\xa4")));
}

static void field_values_hold_no_control_characters(void **state)
{
	assert_true(q_http_is_field_value(Q_STR("")));
	assert_true(q_http_is_field_value(Q_STR("a\tb \xc3\xa4\xff~")));
	assert_false(q_http_is_field_value(Q_STR("a\r\nX: y")));
	assert_false(q_http_is_field_value(Q_STR("a\n")));
	assert_false(q_http_is_field_value(Q_STR("a\0")));
	assert_false(q_http_is_field_value(Q_STR("a\x7f")));
}

static void media_type_gives_its_parts(void **state)
{
	struct q_http_media_type type;
	struct q_str value;

	assert_true(q_http_media_type_parse(
		Q_STR(" Multipart/Form-Data ; charset=UTF-8;; Boundary=\"a;b, \\\"c\" ;"), &type));
	assert_true(q_http_media_type_is(&type, Q_STR("multipart/form-data")));
	assert_false(q_http_media_type_is(&type, Q_STR("multipart/mixed")));
	assert_false(q_http_media_type_is(&type, Q_STR("multipart")));
	assert_true(q_http_parameter_find(type.parameters, Q_STR("boundary"), &value));
	assert_view_equal(value, "a;b, \\\"c");
	assert_true(q_http_parameter_find(type.parameters, Q_STR("CHARSET"), &value));
	assert_view_equal(value, "UTF-8");
	assert_false(q_http_parameter_find(type.parameters, Q_STR("form"), &value));
}

static void malformed_media_types_are_refused(void **state)
{
	const struct q_str bad[] = {
		Q_STR(""),
		Q_STR("text"),
		Q_STR("text/"),
		Q_STR("/plain"),
		Q_STR("a/b/c"),
		Q_STR("a/b c"),
		Q_STR("a/b;c"),
		Q_STR("a/b;c="),
		Q_STR("a/b;=c"),
		Q_STR("a/b;c=d e"),
		Q_STR("a/b;c = d"),
		Q_STR("a/b;c=\"d"),
		Q_STR("a/b;c=\"d\\\""),
		Q_STR("a/b;c=\"d\"e"),
		Q_STR("a/b;c=\"\\\0\""),
		Q_STR("a/b;c=1;C=2"),
		Q_STR("a/b, c/d"),
		Q_STR("a /b"),
	};
	struct q_http_media_type type;

	for (size_t i = 0; i < Q_COUNT_OF(bad); i++) {
		if (q_http_media_type_parse(bad[i], &type))
			fail_msg("\"%.*s\" is read", Q_STR_ARG(bad[i]));
	}
}

static void sixteen_parameters_are_the_limit(void **state)
{
	const struct q_str sixteen =
		Q_STR(";a=1;b=1;c=1;d=1;e=1;f=1;g=1;h=1;i=1;j=1;k=1;l=1;m=1;n=1"
		      ";o=1;p=1");
	const struct q_str seventeen = Q_STR(";a=1;b=1;c=1;d=1;e=1;f=1;g=1;h=1;i=1;j=1;k=1;l=1;m=1"
					     ";n=1;o=1;p=1;q=1");

	assert_true(q_http_parameters_are_valid(sixteen));
	assert_false(q_http_parameters_are_valid(seventeen));
}

static void ranges_follow_rfc_9110(void **state)
{
	static const struct {
		const char *field;
		uint64_t size;
		enum q_http_range_kind kind;
		uint64_t first, last;
	} cases[] = {
		{"bytes=0-499", 1000, Q_HTTP_RANGE_PART, 0, 499},
		{"bytes=500-", 1000, Q_HTTP_RANGE_PART, 500, 999},
		{"bytes=-500", 1000, Q_HTTP_RANGE_PART, 500, 999},
		{"bytes=-5000", 1000, Q_HTTP_RANGE_PART, 0, 999},
		{"bytes=999-999", 1000, Q_HTTP_RANGE_PART, 999, 999},
		{"bytes=0-5000", 1000, Q_HTTP_RANGE_PART, 0, 999},
		{"bytes=0-0", 1, Q_HTTP_RANGE_PART, 0, 0},
		{" BYTES= 0-1 ", 1000, Q_HTTP_RANGE_PART, 0, 1},
		{"bytes=,0-1,", 1000, Q_HTTP_RANGE_PART, 0, 1},
		{"bytes=1-99999999999999999999999", 1000, Q_HTTP_RANGE_PART, 1, 999},
		{"bytes=-99999999999999999999999", 1000, Q_HTTP_RANGE_PART, 0, 999},
		{"bytes=1000-", 1000, Q_HTTP_RANGE_UNSATISFIABLE, 0, 0},
		{"bytes=99999999999999999999999-", 1000, Q_HTTP_RANGE_UNSATISFIABLE, 0, 0},
		{"bytes=-0", 1000, Q_HTTP_RANGE_UNSATISFIABLE, 0, 0},
		{"bytes=0-", 0, Q_HTTP_RANGE_UNSATISFIABLE, 0, 0},
		{"bytes=-1", 0, Q_HTTP_RANGE_WHOLE, 0, 0},
		{"bytes=0-1,3-4", 1000, Q_HTTP_RANGE_WHOLE, 0, 0},
		{"bytes=5-4", 1000, Q_HTTP_RANGE_WHOLE, 0, 0},
		{"bytes=5000-4000", 1000, Q_HTTP_RANGE_WHOLE, 0, 0},
		{"bytes=a-", 1000, Q_HTTP_RANGE_WHOLE, 0, 0},
		{"bytes=0-a", 1000, Q_HTTP_RANGE_WHOLE, 0, 0},
		{"bytes=0- 1", 1000, Q_HTTP_RANGE_WHOLE, 0, 0},
		{"bytes=+1-", 1000, Q_HTTP_RANGE_WHOLE, 0, 0},
		{"bytes=--1", 1000, Q_HTTP_RANGE_WHOLE, 0, 0},
		{"bytes=1", 1000, Q_HTTP_RANGE_WHOLE, 0, 0},
		{"bytes=-", 1000, Q_HTTP_RANGE_WHOLE, 0, 0},
		{"bytes=", 1000, Q_HTTP_RANGE_WHOLE, 0, 0},
		{"bytes", 1000, Q_HTTP_RANGE_WHOLE, 0, 0},
		{"lines=0-1", 1000, Q_HTTP_RANGE_WHOLE, 0, 0},
		{"", 1000, Q_HTTP_RANGE_WHOLE, 0, 0},
	};

	for (size_t i = 0; i < Q_COUNT_OF(cases); i++) {
		struct q_http_range range = {0, 0};
		enum q_http_range_kind kind =
			q_http_range_parse(q_str_from(cases[i].field), cases[i].size, &range);

		if (kind != cases[i].kind || range.first != cases[i].first ||
		    range.last != cases[i].last)
			fail_msg("\"%s\": %d %zu-%zu", cases[i].field, (int)kind,
				 (size_t)range.first, (size_t)range.last);
	}
}

static void if_none_match_compares_weakly(void **state)
{
	struct q_str tag = Q_STR("\"a\"");

	assert_true(q_http_if_none_match(Q_STR("\"a\""), tag));
	assert_true(q_http_if_none_match(Q_STR("W/\"a\""), tag));
	assert_true(q_http_if_none_match(Q_STR("\"a\""), Q_STR("W/\"a\"")));
	assert_true(q_http_if_none_match(Q_STR(" * "), tag));
	assert_true(q_http_if_none_match(Q_STR("\"x\", ,W/\"y,z\" ,\"a\""), tag));
	assert_true(q_http_if_none_match(Q_STR("\"x\\\", \"a\""), tag)); /* no escapes */
	assert_false(q_http_if_none_match(Q_STR(""), tag));
	assert_false(q_http_if_none_match(Q_STR("\"A\""), tag));
	assert_false(q_http_if_none_match(Q_STR("\"b\""), tag));
	assert_false(q_http_if_none_match(Q_STR("\"x,\"a\""), tag));
	assert_false(q_http_if_none_match(Q_STR("a"), tag));
	assert_false(q_http_if_none_match(Q_STR("w/\"a\""), tag));
	assert_false(q_http_if_none_match(Q_STR("\"x\" \"a\""), tag));
	assert_false(q_http_if_none_match(Q_STR("\"x\", \"a"), tag));
	assert_false(q_http_if_none_match(Q_STR("\"x\", *"), tag));
	assert_false(q_http_if_none_match(Q_STR("\"\""), tag));
}

static void if_match_compares_strongly(void **state)
{
	struct q_str tag = Q_STR("\"a\"");

	assert_true(q_http_if_match(Q_STR("\"b\", \"a\""), tag));
	assert_true(q_http_if_match(Q_STR("*"), tag));
	assert_false(q_http_if_match(Q_STR("W/\"a\""), tag));
	assert_false(q_http_if_match(Q_STR("W/\"a\""), Q_STR("W/\"a\"")));
	assert_false(q_http_if_match(Q_STR("\"a\""), Q_STR("W/\"a\"")));
}

static void prefer_wait_is_found_among_preferences(void **state)
{
	static const struct {
		const char *field;
		int64_t seconds; /* -1: none */
	} cases[] = {
		{"wait=10", 10},
		{"WAIT = 0", 0},
		{"wait=\"7\"", 7},
		{"respond-async, wait=10; foo=bar", 10},
		{"foo=\"a,wait=3\", wait=5", 5},
		{"wait=1, wait=2", 1},
		{"wait=99999999999999999999999", INT64_MAX},
		{"", -1},
		{"wait", -1},
		{"wait=", -1},
		{"wait=-1", -1},
		{"wait=1.5", -1},
		{"wait=x, wait=2", -1},
		{"await=1", -1},
		{"=1", -1},
	};

	for (size_t i = 0; i < Q_COUNT_OF(cases); i++) {
		int64_t seconds = -1;
		bool is_found = q_http_prefer_wait(q_str_from(cases[i].field), &seconds);

		if (is_found != (cases[i].seconds >= 0) || seconds != cases[i].seconds)
			fail_msg("\"%s\": %lld", cases[i].field, (long long)seconds);
	}
}

static void the_most_particular_range_decides_what_is_accepted(void **state)
{
	static const struct {
		const char *field;
		bool is_accepted, is_named;
	} cases[] = {
		{"", true, false},
		{"  ", true, false},
		{"*/*", true, false},
		{"application/json", true, true},
		{"Application/JSON;q=0.001", true, true},
		{"application/*", true, false},
		{"text/html, application/json; charset=utf-8", true, true},
		{"text/html, */*;q=0.1", true, false},
		{"application/json;q=0, */*", false, false},
		{"application/*;q=0.0, */*", false, false},
		{"*/*;q=0, application/json", true, true},
		{"application/json;q=0.000, application/*", false, false},
		{"text/html", false, false},
		{"text/*", false, false},
		{"*/json", false, false},
		{"*", false, false},
		{"application/json-seq", false, false},
		{"application/json;q=2", false, false},
		{"application/json;q=0.0001", false, false},
		{"application/json;q=x", false, false},
		{"application/json;q=", false, false},
		{"application/json;q=1.001", false, false},
		{"application/json;q=1.000", true, true},
		{"application/json;q", false, false},
		{"garbage;;, application/json", true, true},
	};

	for (size_t i = 0; i < Q_COUNT_OF(cases); i++) {
		struct q_str field = q_str_from(cases[i].field);

		if (q_http_accepts(field, Q_STR("application/json")) != cases[i].is_accepted)
			fail_msg("\"%s\" is judged wrongly", cases[i].field);
		if (q_http_accepts_by_name(field, Q_STR("application/json")) != cases[i].is_named)
			fail_msg("\"%s\" is named wrongly", cases[i].field);
	}
}

static void assert_attachment(struct q_str filename, const char *expected)
{
	struct q_buf out;

	q_buf_init(&out, 1000);
	assert_true(q_http_write_attachment(&out, filename));
	assert_string_equal(out.data, expected);
	q_buf_free(&out);
}

static void attachment_names_survive_and_cannot_break_out(void **state)
{
	assert_attachment(Q_STR("a b(1).pdf"), "attachment; filename=\"a b(1).pdf\"");
	assert_attachment(Q_STR(""), "attachment; filename=\"\"");
	assert_attachment(Q_STR("\xc3\xa4\xe2\x82\xac.pdf"),
			  "attachment; filename=\"__.pdf\"; filename*=UTF-8''%C3%A4%E2%82%AC.pdf");
	assert_attachment(Q_STR("a\"b%41.pdf"),
			  "attachment; filename=\"a_b_41.pdf\"; filename*=UTF-8''a%22b%2541.pdf");
	assert_attachment(Q_STR("../a\\b"), "attachment; filename=\".._a_b\"");
	assert_attachment(Q_STR("a\r\nX: y\0z"), "attachment; filename=\"a__X: y_z\"");
	assert_attachment(Q_STR("\xc3\xa4/b"),
			  "attachment; filename=\"__b\"; filename*=UTF-8''%C3%A4_b");
	assert_attachment(Q_STR("a\xff"),
			  "attachment; filename=\"a_\"; filename*=UTF-8''a%EF%BF%BD");
}

static enum q_code write_attachment_once(void *context)
{
	struct q_buf out;
	bool is_written;

	q_buf_init(&out, 1000);
	is_written = q_http_write_attachment(&out, Q_STR("\xc3\xa4.pdf"));
	q_buf_free(&out);
	return is_written ? Q_OK : Q_NOMEM;
}

static void attachment_that_does_not_fit_is_false(void **state)
{
	struct q_buf out;

	assert_true(run_with_failing_memory(write_attachment_once, NULL) > 0);
	q_buf_init(&out, 20);
	assert_false(q_http_write_attachment(&out, Q_STR("a.pdf")));
	q_buf_free(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tokens_are_told_from_other_text),
		cmocka_unit_test(field_values_hold_no_control_characters),
		cmocka_unit_test(media_type_gives_its_parts),
		cmocka_unit_test(malformed_media_types_are_refused),
		cmocka_unit_test(sixteen_parameters_are_the_limit),
		cmocka_unit_test(ranges_follow_rfc_9110),
		cmocka_unit_test(if_none_match_compares_weakly),
		cmocka_unit_test(if_match_compares_strongly),
		cmocka_unit_test(prefer_wait_is_found_among_preferences),
		cmocka_unit_test(the_most_particular_range_decides_what_is_accepted),
		cmocka_unit_test(attachment_names_survive_and_cannot_break_out),
		cmocka_unit_test(attachment_that_does_not_fit_is_false),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
