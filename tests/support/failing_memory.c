#include "support/failing_memory.h"

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/lsan_interface.h>
#define has_leaks() __lsan_do_recoverable_leak_check()
#else
#define has_leaks() 0
#endif

enum { ALLOCATIONS_MAX = 100000 }; /* a body that never gets through is a bug of its own */

int run_with_failing_memory(enum q_code (*body)(void *context), void *context)
{
	int failures = 0;

	for (;;) {
		enum q_code code;
		int has_fired;

		q_mem_fail_after(failures);
		code = body(context);
		has_fired = q_mem_failure_fired();
		q_mem_fail_after(-1);
		if (!has_fired) {
			assert_int_equal(code, Q_OK);
			break;
		}
		assert_int_equal(code, Q_NOMEM);
		failures++;
		assert_true(failures < ALLOCATIONS_MAX);
	}
	assert_false(has_leaks());
	return failures;
}
