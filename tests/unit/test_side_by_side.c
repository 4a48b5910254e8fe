#include "base/side_by_side.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

struct task {
	enum q_code code;
	const char *message;
	int runs;
};

static enum q_code run(void *context, struct q_err *err)
{
	struct task *task = context;

	task->runs++;
	return task->code ? q_fail(err, task->code, "test", "%s", task->message) : Q_OK;
}

static enum q_code run_both(struct task *first, struct task *second, struct q_err *err)
{
	struct q_work one = {run, first}, other = {run, second};
	enum q_code code = q_run_side_by_side(&one, &other, err);

	assert_int_equal(first->runs, 1);
	assert_int_equal(second->runs, 1);
	return code;
}

static void both_pieces_are_done(void **state)
{
	struct task first = {Q_OK, "", 0}, second = {Q_OK, "", 0};
	struct q_err err;

	(void)state;
	assert_int_equal(run_both(&first, &second, &err), Q_OK);
}

static void an_error_of_either_is_told(void **state)
{
	struct task good = {Q_OK, "", 0}, bad = {Q_NOSPACE, "full", 0};
	struct q_err err;

	(void)state;
	assert_int_equal(run_both(&bad, &good, &err), Q_NOSPACE);
	assert_string_equal(err.message, "full");
	bad.runs = good.runs = 0;
	assert_int_equal(run_both(&good, &bad, &err), Q_NOSPACE);
	assert_string_equal(err.message, "full");
	assert_int_equal(err.code, Q_NOSPACE);
}

static void of_two_errors_none_is_lost(void **state)
{
	struct task first = {Q_CORRUPT, "a flipped byte", 0}, second = {Q_NOSPACE, "full", 0};
	struct q_err err;

	(void)state;
	assert_int_equal(run_both(&first, &second, &err), Q_CORRUPT);
	assert_int_equal(err.code, Q_CORRUPT);
	assert_non_null(strstr(err.message, "a flipped byte"));
	assert_non_null(strstr(err.message, "full"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_pieces_are_done),
		cmocka_unit_test(an_error_of_either_is_told),
		cmocka_unit_test(of_two_errors_none_is_lost),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
