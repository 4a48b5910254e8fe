#include "base/arena.h"

#include "base/mem.h"
#include "support/checks.h"
#include "support/failing_memory.h"

#include <setjmp.h>
#include <stdalign.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { MIB = 1024 * 1024 };

static void check_zeroed(const unsigned char *memory, size_t size)
{
	for (size_t i = 0; i < size; i++)
		assert_int_equal(memory[i], 0);
}

static void allocations_of_all_sizes_are_zeroed_and_aligned(void **state)
{
	struct q_arena *arena = q_arena_new(32 * MIB);

	for (size_t size = 0; size < 5000; size += 7) {
		unsigned char *memory = q_arena_alloc(arena, size);

		assert_non_null(memory);
		assert_int_equal((uintptr_t)memory % alignof(max_align_t), 0);
		check_zeroed(memory, size);
		memset(memory, 0xFF, size);
	}
	q_arena_free(arena);
}

static void allocations_keep_their_bytes_beside_each_other(void **state)
{
	enum { COUNT = 3000 };
	static struct q_str texts[COUNT];
	struct q_arena *arena = q_arena_new(MIB);
	char expected[16];

	for (int i = 0; i < COUNT; i++)
		texts[i] = q_arena_format(arena, "text %d", i);
	for (int i = 0; i < COUNT; i++) {
		snprintf(expected, sizeof expected, "text %d", i);
		assert_string_equal(texts[i].data, expected);
	}
	q_arena_free(arena);
}

static void large_allocations_do_not_waste_the_current_block(void **state)
{
	struct q_arena *arena = q_arena_new(2 * MIB);
	char *before = q_arena_alloc(arena, 16);
	char *large = q_arena_alloc(arena, MIB);
	char *after = q_arena_alloc(arena, 16);

	assert_non_null(large);
	memset(large, 1, MIB);
	assert_true(after > before && after - before <= 64);
	q_arena_free(arena);
}

static void limit_is_exact(void **state)
{
	struct q_arena *arena = q_arena_new(100);

	assert_non_null(q_arena_alloc(arena, 60));
	assert_non_null(q_arena_alloc(arena, 40));
	assert_int_equal(q_arena_used(arena), 100);
	assert_false(q_arena_failed(arena));
	assert_null(q_arena_alloc(arena, 1));
	assert_true(q_arena_failed(arena));
	q_arena_free(arena);
}

static void failure_flag_stays_until_reset(void **state)
{
	struct q_arena *arena = q_arena_new(100);

	assert_null(q_arena_alloc(arena, 101));
	assert_non_null(q_arena_alloc(arena, 10));
	assert_true(q_arena_failed(arena));
	q_arena_reset(arena);
	assert_false(q_arena_failed(arena));
	assert_non_null(q_arena_alloc(arena, 100));
	q_arena_free(arena);
}

static void heap_failure_sets_the_flag(void **state)
{
	struct q_arena *arena = q_arena_new(MIB);
	void *memory;

	q_mem_fail_after(0);
	memory = q_arena_alloc(arena, 100000);
	q_mem_fail_after(-1);
	assert_null(memory);
	assert_true(q_arena_failed(arena));
	assert_int_equal(q_arena_used(arena), 0);
	q_arena_free(arena);
}

static void sizes_near_the_largest_are_beyond_the_limit(void **state)
{
	struct q_arena *arena = q_arena_new(SIZE_MAX);
	static const char byte = 'x';

	assert_null(q_arena_alloc(arena, SIZE_MAX));
	assert_null(q_arena_alloc(arena, SIZE_MAX - 64));
	assert_null(q_arena_alloc_array(arena, SIZE_MAX / 2, 3));
	assert_null(q_arena_copy(arena, (struct q_str){&byte, SIZE_MAX}).data);
	assert_true(q_arena_failed(arena));
	q_arena_free(arena);
}

static void zero_items_give_a_valid_pointer(void **state)
{
	struct q_arena *arena = q_arena_new(0);

	assert_non_null(q_arena_alloc_array(arena, 0, 100));
	assert_false(q_arena_failed(arena));
	q_arena_free(arena);
}

static void reset_gives_back_zeroed_memory(void **state)
{
	struct q_arena *arena = q_arena_new(MIB);

	for (int round = 0; round < 3; round++) {
		for (int i = 0; i < 20; i++) {
			unsigned char *memory = q_arena_alloc(arena, 1000);

			check_zeroed(memory, 1000);
			memset(memory, 0xAA, 1000);
		}
		assert_int_equal(q_arena_used(arena), 20000);
		q_arena_reset(arena);
		assert_int_equal(q_arena_used(arena), 0);
	}
	q_arena_free(arena);
}

static void reset_keeps_a_block(void **state)
{
	struct q_arena *arena = q_arena_new(MIB);
	void *memory;

	assert_non_null(q_arena_alloc(arena, 100000));
	q_arena_reset(arena);
	q_mem_fail_after(0);
	memory = q_arena_alloc(arena, 1000);
	q_mem_fail_after(-1);
	assert_non_null(memory);
	q_arena_free(arena);
}

static void copy_is_followed_by_a_nul(void **state)
{
	struct q_arena *arena = q_arena_new(100);
	struct q_str copy = q_arena_copy(arena, q_str_slice(Q_STR("abcdef"), 1, 4));
	struct q_bytes bytes = q_arena_copy_bytes(arena, q_str_bytes(Q_STR("a\0b")));

	assert_string_equal(copy.data, "bcd");
	assert_int_equal(copy.length, 3);
	assert_int_equal(bytes.length, 3);
	assert_memory_equal(bytes.data, "a\0b", 4);
	q_arena_free(arena);
}

static void copy_of_the_empty_view_is_an_empty_text(void **state)
{
	struct q_arena *arena = q_arena_new(100);
	struct q_str copy = q_arena_copy(arena, (struct q_str){0});

	assert_string_equal(copy.data, "");
	assert_int_equal(copy.length, 0);
	q_arena_free(arena);
}

static void copy_beyond_the_limit_is_the_empty_view(void **state)
{
	struct q_arena *arena = q_arena_new(3);

	/* Three bytes fit, the NUL does not. */
	assert_null(q_arena_copy(arena, Q_STR("abc")).data);
	assert_true(q_arena_failed(arena));
	q_arena_free(arena);
}

/* On both sides of the size up to which a text is formatted once. */
static void format_writes_short_and_long_texts_whole(void **state)
{
	struct q_arena *arena = q_arena_new(MIB);
	char expected[1001];

	for (int length = 250; length < 1000; length += length < 260 ? 1 : 370) {
		struct q_str text = q_arena_format(arena, "%0*d", length, 7);

		snprintf(expected, sizeof expected, "%0*d", length, 7);
		assert_int_equal(text.length, length);
		assert_string_equal(text.data, expected);
	}
	q_arena_free(arena);
}

static void format_beyond_the_limit_is_the_empty_view(void **state)
{
	struct q_arena *arena = q_arena_new(5);

	assert_view_equal(q_arena_format(arena, "%d", 1234), "1234");
	assert_null(q_arena_format(arena, "%d", 1).data);
	assert_true(q_arena_failed(arena));
	q_arena_free(arena);
}

static enum q_code fill_arena(void *context)
{
	struct q_arena *arena = q_arena_new(MIB);
	bool failed;

	if (!arena)
		return Q_NOMEM;
	for (size_t size = 1; size < 200000; size *= 3) {
		if (!q_arena_alloc(arena, size))
			assert_true(q_arena_failed(arena));
	}
	failed = q_arena_failed(arena);
	q_arena_free(arena);
	return failed ? Q_NOMEM : Q_OK;
}

static void every_failing_allocation_is_told(void **state)
{
	assert_true(run_with_failing_memory(fill_arena, NULL) >= 3);
}

static void free_takes_null(void **state)
{
	q_arena_free(NULL);
}

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>

static void bytes_around_an_allocation_are_poisoned(void **state)
{
	struct q_arena *arena = q_arena_new(MIB);
	char *first = q_arena_alloc(arena, 24);
	struct q_str text = q_arena_copy(arena, Q_STR("abc"));

	assert_false(__asan_address_is_poisoned(text.data + 3));
	assert_true(__asan_address_is_poisoned(text.data + 4));
	assert_false(__asan_address_is_poisoned(first + 23));
	assert_true(__asan_address_is_poisoned(first + 24));
	assert_true(__asan_address_is_poisoned(first - 1));
	q_arena_reset(arena);
	assert_true(__asan_address_is_poisoned(first));
	q_arena_free(arena);
}
#endif

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(allocations_of_all_sizes_are_zeroed_and_aligned),
		cmocka_unit_test(allocations_keep_their_bytes_beside_each_other),
		cmocka_unit_test(large_allocations_do_not_waste_the_current_block),
		cmocka_unit_test(limit_is_exact),
		cmocka_unit_test(failure_flag_stays_until_reset),
		cmocka_unit_test(heap_failure_sets_the_flag),
		cmocka_unit_test(sizes_near_the_largest_are_beyond_the_limit),
		cmocka_unit_test(zero_items_give_a_valid_pointer),
		cmocka_unit_test(reset_gives_back_zeroed_memory),
		cmocka_unit_test(reset_keeps_a_block),
		cmocka_unit_test(copy_is_followed_by_a_nul),
		cmocka_unit_test(copy_of_the_empty_view_is_an_empty_text),
		cmocka_unit_test(copy_beyond_the_limit_is_the_empty_view),
		cmocka_unit_test(format_writes_short_and_long_texts_whole),
		cmocka_unit_test(format_beyond_the_limit_is_the_empty_view),
		cmocka_unit_test(every_failing_allocation_is_told),
		cmocka_unit_test(free_takes_null),
#ifdef __SANITIZE_ADDRESS__
		cmocka_unit_test(bytes_around_an_allocation_are_poisoned),
#endif
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
