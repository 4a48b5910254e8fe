#include "base/compiler.h"

#include "support/checks.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static void assert_what_is_false(void)
{
	q_assert(1 > 2);
}

static void assert_what_is_true(void)
{
	q_assert(2 > 1);
}

static void false_condition_aborts(void **state)
{
	assert_true(aborts(assert_what_is_false));
}

static void true_condition_goes_on(void **state)
{
	assert_false(aborts(assert_what_is_true));
}

static void message_names_file_line_and_condition(void **state)
{
	char expected[256], got[256] = "";
	int channel[2];
	pid_t child;
	int line;

	assert_int_equal(pipe(channel), 0);
	child = fork();
	assert_true(child >= 0);
	line = __LINE__ + 3;
	if (child == 0) {
		dup2(channel[1], STDERR_FILENO);
		q_assert(3 > 4);
	}
	close(channel[1]);
	assert_true(read(channel[0], got, sizeof got - 1) > 0);
	close(channel[0]);
	assert_int_equal(waitpid(child, NULL, 0), child);
	snprintf(expected, sizeof expected, "%s:%d: ", __FILE__, line);
	assert_int_equal(strncmp(got, expected, strlen(expected)), 0);
	assert_non_null(strstr(got, "3 > 4"));
}

struct outer {
	char first;
	int inner;
};

static void container_of_a_member_is_its_struct(void **state)
{
	struct outer outer;

	assert_ptr_equal(q_container_of(&outer.inner, struct outer, inner), &outer);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(false_condition_aborts),
		cmocka_unit_test(true_condition_goes_on),
		cmocka_unit_test(message_names_file_line_and_condition),
		cmocka_unit_test(container_of_a_member_is_its_struct),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
