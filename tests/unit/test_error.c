#include "base/error.h"

#include "base/utf8.h"
#include "support/checks.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void every_code_has_a_name_of_its_own(void **state)
{
	for (enum q_code a = Q_OK; a < Q_CODE_COUNT; a++) {
		assert_non_null(q_code_name(a));
		for (enum q_code b = Q_OK; b < a; b++)
			assert_string_not_equal(q_code_name(a), q_code_name(b));
	}
}

static void name_outside_the_range(void)
{
	q_code_name(Q_CODE_COUNT);
}

static void code_outside_the_range_is_a_bug(void **state)
{
	assert_true(aborts(name_outside_the_range));
}

static void only_passing_troubles_are_retryable(void **state)
{
	for (enum q_code code = Q_OK; code < Q_CODE_COUNT; code++) {
		int expected = code == Q_BUSY || code == Q_TIMEOUT || code == Q_IO ||
			       code == Q_NOMEM || code == Q_NOSPACE;

		assert_int_equal(q_code_is_retryable(code), expected);
	}
}

static void fail_fills_every_field_anew(void **state)
{
	struct q_err err;

	memset(&err, 0xFF, sizeof err);
	assert_int_equal(q_fail(&err, Q_BUSY, "a.b", "%d in use", 7), Q_BUSY);
	assert_int_equal(err.code, Q_BUSY);
	assert_int_equal(err.os_error, 0);
	assert_int_equal(err.http_status, 0);
	assert_int_equal(err.retry_after_ms, 0);
	assert_string_equal(err.where, "a.b");
	assert_null(err.reason);
	assert_string_equal(err.message, "7 in use");
}

static void fail_reason_keeps_the_reason(void **state)
{
	struct q_err err;

	assert_int_equal(q_fail_reason(&err, Q_INVALID, "too_big", "a.b", "%s", "no"), Q_INVALID);
	assert_string_equal(err.reason, "too_big");
	assert_string_equal(err.message, "no");
}

static void errno_decides_the_code_and_ends_the_message(void **state)
{
	static const struct {
		int os_error;
		enum q_code code;
	} rows[] = {
		{ENOSPC, Q_NOSPACE}, {EDQUOT, Q_NOSPACE}, {EFBIG, Q_NOSPACE}, {ENOENT, Q_NOTFOUND},
		{EACCES, Q_DENIED},  {EPERM, Q_DENIED},	  {ENOMEM, Q_NOMEM},  {EEXIST, Q_CONFLICT},
		{EIO, Q_IO},	     {EMFILE, Q_IO},
	};
	struct q_err err;

	for (size_t i = 0; i < Q_COUNT_OF(rows); i++) {
		int os_error = rows[i].os_error;
		struct q_str message;

		assert_int_equal(q_fail_os(&err, os_error, "a.b", "file %d", 1), rows[i].code);
		assert_int_equal(err.os_error, os_error);
		message = q_str_from(err.message);
		assert_true(q_str_starts_with(message, Q_STR("file 1: ")));
		assert_true(q_str_ends_with(message, q_str_from(strerror(os_error))));
	}
}

static void context_stands_before_the_message_and_keeps_all_else(void **state)
{
	struct q_err err;

	q_fail_os(&err, ENOSPC, "inner.put", "a file");
	err.retry_after_ms = 500;
	err.http_status = 507;
	assert_int_equal(q_err_context(&err, "saving %s", "it"), Q_NOSPACE);
	assert_string_equal(err.message, "saving it: a file: No space left on device");
	assert_string_equal(err.where, "inner.put");
	assert_int_equal(err.os_error, ENOSPC);
	assert_int_equal(err.retry_after_ms, 500);
	assert_int_equal(err.http_status, 507);
}

static void old_message_may_be_part_of_the_new_one(void **state)
{
	struct q_err err;

	q_fail(&err, Q_IO, "a.b", "cause");
	q_fail(&err, Q_CORRUPT, "c.d", "effect of %s", err.message);
	assert_string_equal(err.message, "effect of cause");
	q_err_context(&err, "about %s", err.message);
	assert_string_equal(err.message, "about effect of cause: effect of cause");
}

/* Each start of the text puts another byte of the characters at the place of the cut. */
static void long_message_is_cut_between_characters(void **state)
{
	struct q_err err;

	for (int padding = 0; padding < 8; padding++) {
		struct q_str message;

		q_fail(&err, Q_IO, "a.b", "%0*d%s", 310 + padding, 1, "äöü€€😀😀");
		message = q_str_from(err.message);
		assert_true(message.length < Q_ERR_MESSAGE_MAX);
		assert_true(message.length > Q_ERR_MESSAGE_MAX - 5);
		assert_true(q_utf8_is_valid(message));
	}
}

static void message_of_the_largest_size_is_whole(void **state)
{
	struct q_err err;

	q_fail(&err, Q_IO, "a.b", "%0*d", Q_ERR_MESSAGE_MAX - 1, 7);
	assert_int_equal(strlen(err.message), Q_ERR_MESSAGE_MAX - 1);
	assert_int_equal(err.message[Q_ERR_MESSAGE_MAX - 2], '7');
}

static void context_of_a_long_message_is_cut(void **state)
{
	struct q_err err;

	q_fail(&err, Q_IO, "a.b", "%0*d", Q_ERR_MESSAGE_MAX - 1, 7);
	q_err_context(&err, "%s", "before");
	assert_int_equal(strlen(err.message), Q_ERR_MESSAGE_MAX - 1);
	assert_true(q_str_starts_with(q_str_from(err.message), Q_STR("before: 000")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_code_has_a_name_of_its_own),
		cmocka_unit_test(code_outside_the_range_is_a_bug),
		cmocka_unit_test(only_passing_troubles_are_retryable),
		cmocka_unit_test(fail_fills_every_field_anew),
		cmocka_unit_test(fail_reason_keeps_the_reason),
		cmocka_unit_test(errno_decides_the_code_and_ends_the_message),
		cmocka_unit_test(context_stands_before_the_message_and_keeps_all_else),
		cmocka_unit_test(old_message_may_be_part_of_the_new_one),
		cmocka_unit_test(long_message_is_cut_between_characters),
		cmocka_unit_test(message_of_the_largest_size_is_whole),
		cmocka_unit_test(context_of_a_long_message_is_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
