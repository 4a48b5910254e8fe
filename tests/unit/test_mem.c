#include "base/mem.h"

#include "support/checks.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void new_memory_is_zeroed(void **state)
{
	const char zeros[200] = {0};
	char *memory = q_mem_new(sizeof zeros);

	assert_non_null(memory);
	assert_memory_equal(memory, zeros, sizeof zeros);
	q_mem_free(memory);
}

static void array_whose_size_overflows_is_refused(void **state)
{
	assert_null(q_mem_new_array(SIZE_MAX / 2, 3));
}

static void resize_keeps_the_bytes(void **state)
{
	char *memory = q_mem_resize(NULL, 4);

	assert_non_null(memory);
	memcpy(memory, "abc", 4);
	memory = q_mem_resize(memory, 100000);
	assert_non_null(memory);
	assert_string_equal(memory, "abc");
	q_mem_free(memory);
}

static void free_takes_null(void **state)
{
	q_mem_free(NULL);
	q_mem_free_secret(NULL, 10);
}

static void the_allocation_after_the_successes_fails_once(void **state)
{
	void *first, *second, *third;

	q_mem_fail_after(1);
	first = q_mem_new(1);
	assert_false(q_mem_failure_fired());
	second = q_mem_new(1);
	assert_true(q_mem_failure_fired());
	third = q_mem_new(1);
	q_mem_fail_after(-1);
	assert_non_null(first);
	assert_null(second);
	assert_non_null(third);
	q_mem_free(first);
	q_mem_free(third);
}

static void failed_resize_leaves_the_memory(void **state)
{
	char *memory = q_mem_new(4);
	void *resized;

	memcpy(memory, "abc", 4);
	q_mem_fail_after(0);
	resized = q_mem_resize(memory, 1000);
	q_mem_fail_after(-1);
	assert_null(resized);
	assert_string_equal(memory, "abc");
	q_mem_free(memory);
}

static void a_new_count_forgets_that_one_fired(void **state)
{
	void *memory;

	q_mem_fail_after(0);
	assert_null(q_mem_new(1));
	assert_true(q_mem_failure_fired());
	q_mem_fail_after(-1);
	assert_false(q_mem_failure_fired());
	memory = q_mem_new(1);
	assert_non_null(memory);
	q_mem_free(memory);
}

static void secret_is_freed(void **state)
{
	char *secret = q_mem_new(32);

	memset(secret, 's', 32);
	q_mem_free_secret(secret, 32);
}

enum { THREADS = 4, ALLOCATIONS = 1000 };

/* Returns how many of its allocations failed. */
static void *allocate_often(void *argument)
{
	uintptr_t failures = 0;

	for (int i = 0; i < ALLOCATIONS; i++) {
		void *memory = q_mem_new(8);

		failures += !memory;
		q_mem_free(memory);
	}
	return (void *)failures;
}

static void of_many_threads_one_gets_the_failure(void **state)
{
	pthread_t threads[THREADS];
	uintptr_t failures = 0;

	q_mem_fail_after(THREADS * ALLOCATIONS / 2);
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, allocate_often, NULL), 0);
	for (int i = 0; i < THREADS; i++) {
		void *result;

		assert_int_equal(pthread_join(threads[i], &result), 0);
		failures += (uintptr_t)result;
	}
	assert_true(q_mem_failure_fired());
	q_mem_fail_after(-1);
	assert_int_equal(failures, 1);
}

static void ask_for_nothing(void)
{
	q_mem_free(q_mem_new(0));
}

static void size_zero_is_a_bug(void **state)
{
	assert_true(aborts(ask_for_nothing));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(new_memory_is_zeroed),
		cmocka_unit_test(array_whose_size_overflows_is_refused),
		cmocka_unit_test(resize_keeps_the_bytes),
		cmocka_unit_test(free_takes_null),
		cmocka_unit_test(the_allocation_after_the_successes_fails_once),
		cmocka_unit_test(failed_resize_leaves_the_memory),
		cmocka_unit_test(a_new_count_forgets_that_one_fired),
		cmocka_unit_test(secret_is_freed),
		cmocka_unit_test(of_many_threads_one_gets_the_failure),
		cmocka_unit_test(size_zero_is_a_bug),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
