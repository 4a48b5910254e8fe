#include "base/json.h"
#include "net/problem.h"
#include "support/checks.h"

#include <string.h>

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const char secret[] = "the path /var/lib/secret";

static struct q_problem problem_of(enum q_code code, struct q_err *err)
{
	q_fail(err, code, "store.read", "%s", secret);
	return q_problem_from_error(err);
}

static void each_code_has_a_status_and_a_word(void **state)
{
	static const int statuses[Q_CODE_COUNT] = {
		[Q_INVALID] = 400, [Q_NOTFOUND] = 404,	  [Q_CONFLICT] = 409,  [Q_DENIED] = 403,
		[Q_BUSY] = 503,	   [Q_TIMEOUT] = 504,	  [Q_CANCELLED] = 503, [Q_TOOBIG] = 413,
		[Q_NOMEM] = 503,   [Q_NOSPACE] = 507,	  [Q_IO] = 503,	       [Q_CORRUPT] = 500,
		[Q_GAP] = 410,	   [Q_UNSUPPORTED] = 415,
	};
	struct q_err err;

	for (int code = Q_OK + 1; code < Q_CODE_COUNT; code++) {
		struct q_problem problem = problem_of((enum q_code)code, &err);

		assert_int_equal(q_problem_status((enum q_code)code), statuses[code]);
		assert_int_equal(problem.status, statuses[code]);
		assert_true(strlen(problem.code) > 0);
		assert_true(problem.detail.length > 0);
	}
}

static void only_the_clients_own_mistakes_are_told_in_the_errors_words(void **state)
{
	static const bool is_told[Q_CODE_COUNT] = {
		[Q_INVALID] = true, [Q_CONFLICT] = true, [Q_TOOBIG] = true, [Q_UNSUPPORTED] = true};
	struct q_err err;
	size_t at;

	for (int code = Q_OK + 1; code < Q_CODE_COUNT; code++) {
		struct q_problem problem = problem_of((enum q_code)code, &err);

		assert_int_equal(q_str_find(problem.detail, q_str_from(secret), &at),
				 is_told[code]);
	}
}

static void a_reason_is_the_code_but_for_inner_failures(void **state)
{
	struct q_err err;

	q_fail_reason(&err, Q_INVALID, "empty_file", "upload", "the file is empty");
	assert_string_equal(q_problem_from_error(&err).code, "empty_file");
	q_fail_reason(&err, Q_NOSPACE, "quota_full", "upload", "no room");
	assert_string_equal(q_problem_from_error(&err).code, "quota_full");
	q_fail_reason(&err, Q_IO, "inner_word", "upload", "the disk");
	assert_string_equal(q_problem_from_error(&err).code, "unavailable");
}

static void overload_says_when_to_come_back(void **state)
{
	struct q_err err;

	assert_int_equal(problem_of(Q_BUSY, &err).retry_after_ms, 1000);
	err.retry_after_ms = 7000;
	assert_int_equal(q_problem_from_error(&err).retry_after_ms, 7000);
	assert_int_equal(problem_of(Q_INVALID, &err).retry_after_ms, 0);
}

static void is_written_as_json_with_all_members(void **state)
{
	const struct q_problem_field fields[] = {{Q_STR("limit"), Q_STR("must be 1..100")},
						 {Q_STR("q\""), Q_STR("is \x01 bad")}};
	struct q_problem problem = {.status = 400,
				    .detail = Q_STR("Two fields are wrong."),
				    .errors = fields,
				    .error_count = 2};
	struct q_buf out;

	q_buf_init(&out, 4096);
	assert_true(q_problem_write(&out, &problem, Q_STR("id-1")));
	assert_view_equal(q_buf_str(&out),
			  "{\"type\":\"about:blank\",\"title\":\"Bad Request\",\"status\":400,"
			  "\"detail\":\"Two fields are "
			  "wrong.\",\"code\":\"bad_request\",\"requestId\":\"id-1\","
			  "\"errors\":[{\"field\":\"limit\",\"reason\":\"must be 1..100\"},"
			  "{\"field\":\"q\\\"\",\"reason\":\"is \\u0001 bad\"}]}");
	q_buf_free(&out);
}

static void a_full_buffer_is_told(void **state)
{
	struct q_problem problem = {.status = 404, .detail = Q_STR("Nothing.")};
	struct q_buf out;

	q_buf_init(&out, 20);
	assert_false(q_problem_write(&out, &problem, Q_STR("")));
	q_buf_free(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_code_has_a_status_and_a_word),
		cmocka_unit_test(only_the_clients_own_mistakes_are_told_in_the_errors_words),
		cmocka_unit_test(a_reason_is_the_code_but_for_inner_failures),
		cmocka_unit_test(overload_says_when_to_come_back),
		cmocka_unit_test(is_written_as_json_with_all_members),
		cmocka_unit_test(a_full_buffer_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
