/* support/checks.h: what cmocka's asserts lack. */
#ifndef Q_TESTS_CHECKS_H
#define Q_TESTS_CHECKS_H

#include "base/str.h"

/* The bytes of a q_str are those of a string literal. */
#define assert_view_equal(VIEW, LITERAL) check_view((VIEW), Q_STR(LITERAL), __FILE__, __LINE__)
void check_view(struct q_str got, struct q_str expected, const char *file, int line);

/* What came of a call. */
#define assert_code(CALL, CODE) assert_int_equal((CALL), (CODE))
#define assert_ok(CALL)		assert_int_equal((CALL), Q_OK)

/* Does `body` end its process by q_assert? It runs in a child process. */
bool aborts(void (*body)(void));

#endif
