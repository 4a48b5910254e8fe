#include "base/vec.h"

#include "base/mem.h"
#include "support/checks.h"
#include "support/failing_memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static int item_at(const struct q_vec *vec, size_t index)
{
	return *(const int *)q_vec_at(vec, index);
}

static void pushed_items_keep_their_order(void **state)
{
	struct q_vec vec;

	q_vec_init(&vec, sizeof(int), 1000);
	for (int i = 0; i < 1000; i++)
		assert_non_null(q_vec_push(&vec, &i));
	assert_int_equal(vec.count, 1000);
	for (int i = 0; i < 1000; i++)
		assert_int_equal(item_at(&vec, (size_t)i), i);
	q_vec_free(&vec);
}

static void push_gives_the_place_of_the_item(void **state)
{
	const int seven = 7;
	struct q_vec vec;
	int *place;

	q_vec_init(&vec, sizeof(int), 10);
	place = q_vec_push(&vec, &seven);
	assert_int_equal(*place, 7);
	*place = 8;
	assert_int_equal(item_at(&vec, 0), 8);
	q_vec_free(&vec);
}

static void push_of_null_pushes_zeros(void **state)
{
	const int ones = -1;
	struct q_vec vec;

	q_vec_init(&vec, sizeof(int), 10);
	assert_non_null(q_vec_push(&vec, &ones));
	q_vec_clear(&vec);
	assert_non_null(q_vec_push(&vec, NULL));
	assert_int_equal(item_at(&vec, 0), 0);
	q_vec_free(&vec);
}

static void vector_holds_its_limit_and_no_more(void **state)
{
	struct q_vec vec;

	for (size_t limit = 0; limit < 40; limit++) {
		q_vec_init(&vec, sizeof(int), limit);
		for (size_t i = 0; i < limit; i++)
			assert_non_null(q_vec_push(&vec, NULL));
		assert_null(q_vec_push(&vec, NULL));
		assert_int_equal(vec.count, limit);
		q_vec_free(&vec);
	}
}

static void size_that_overflows_is_refused(void **state)
{
	static const char large[1];
	struct q_vec vec;

	q_vec_init(&vec, SIZE_MAX / 2, SIZE_MAX);
	assert_null(q_vec_push(&vec, large));
	assert_int_equal(vec.count, 0);
	q_vec_free(&vec);
}

static void remove_moves_the_last_item_into_the_gap(void **state)
{
	struct q_vec vec;

	q_vec_init(&vec, sizeof(int), 10);
	for (int i = 0; i < 4; i++)
		assert_non_null(q_vec_push(&vec, &i));
	q_vec_remove_swap(&vec, 1);
	assert_int_equal(vec.count, 3);
	assert_int_equal(item_at(&vec, 1), 3);
	q_vec_remove_swap(&vec, 2);
	assert_int_equal(vec.count, 2);
	assert_int_equal(item_at(&vec, 0), 0);
	assert_int_equal(item_at(&vec, 1), 3);
	q_vec_free(&vec);
}

static void read_behind_the_end(void)
{
	struct q_vec vec;

	q_vec_init(&vec, sizeof(int), 10);
	q_vec_at(&vec, 0);
}

static void index_behind_the_end_is_a_bug(void **state)
{
	assert_true(aborts(read_behind_the_end));
}

static void heap_failure_changes_nothing(void **state)
{
	struct q_vec vec;
	const void *place;

	q_vec_init(&vec, sizeof(int), 100);
	for (int i = 0; i < 8; i++)
		assert_non_null(q_vec_push(&vec, &i));
	q_mem_fail_after(0);
	place = vec.count == vec.capacity ? q_vec_push(&vec, NULL) : NULL;
	assert_true(q_mem_failure_fired());
	q_mem_fail_after(-1);
	assert_null(place);
	assert_int_equal(vec.count, 8);
	assert_int_equal(item_at(&vec, 7), 7);
	assert_non_null(q_vec_push(&vec, NULL));
	q_vec_free(&vec);
}

static enum q_code fill_vector(void *context)
{
	enum q_code code = Q_OK;
	struct q_vec vec;

	q_vec_init(&vec, sizeof(int), 100);
	for (int i = 0; i < 100 && code == Q_OK; i++)
		code = q_vec_push(&vec, &i) ? Q_OK : Q_NOMEM;
	q_vec_free(&vec);
	return code;
}

static void every_failing_allocation_is_told(void **state)
{
	assert_true(run_with_failing_memory(fill_vector, NULL) >= 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pushed_items_keep_their_order),
		cmocka_unit_test(push_gives_the_place_of_the_item),
		cmocka_unit_test(push_of_null_pushes_zeros),
		cmocka_unit_test(vector_holds_its_limit_and_no_more),
		cmocka_unit_test(size_that_overflows_is_refused),
		cmocka_unit_test(remove_moves_the_last_item_into_the_gap),
		cmocka_unit_test(index_behind_the_end_is_a_bug),
		cmocka_unit_test(heap_failure_changes_nothing),
		cmocka_unit_test(every_failing_allocation_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
