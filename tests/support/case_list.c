#include "support/case_list.h"

#include "base/compiler.h"

enum { CASES_MAX = 200 };

int run_case_lists(const char *name, const struct case_list *lists, size_t count, void *state)
{
	struct CMUnitTest cases[CASES_MAX];
	size_t case_count = 0;

	for (size_t i = 0; i < count; i++) {
		for (size_t j = 0; j < lists[i].count; j++) {
			q_assert(case_count < CASES_MAX);
			cases[case_count] = lists[i].cases[j];
			cases[case_count++].initial_state = state;
		}
	}
	return _cmocka_run_group_tests(name, cases, case_count, NULL, NULL);
}
