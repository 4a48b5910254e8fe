/* support/case_list.h: a suite whose cases stand in several files: each lists its own. */
#ifndef Q_TESTS_CASE_LIST_H
#define Q_TESTS_CASE_LIST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* How every case of a suite starts and ends; the suite has both functions. */
int start_case(void **state);
int end_case(void **state);
#define CASE(NAME) cmocka_unit_test_setup_teardown(NAME, start_case, end_case)

struct case_list {
	const struct CMUnitTest *cases;
	size_t count;
};

/* Runs them one after the other under the name; every case is given the same state. Returns how
 * many have failed. */
int run_case_lists(const char *name, const struct case_list *lists, size_t count, void *state);

#endif
