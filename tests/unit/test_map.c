#include "base/map.h"

#include "base/mem.h"
#include "support/checks.h"
#include "support/failing_memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { MANY = 5000 };

/* Values are addresses in here: entry i has the value &numbers[i]. */
static const char numbers[MANY];

static void *value_of(int i)
{
	return (void *)(uintptr_t)&numbers[i];
}

static struct q_str key_of(int i, char text[16])
{
	return (struct q_str){text, (size_t)snprintf(text, 16, "key %d", i)};
}

static bool put(struct q_map *map, int i)
{
	char text[16];

	return q_map_put(map, key_of(i, text), value_of(i));
}

static void *find(const struct q_map *map, int i)
{
	char text[16];

	return q_map_find(map, key_of(i, text));
}

static void *take(struct q_map *map, int i)
{
	char text[16];

	return q_map_remove(map, key_of(i, text));
}

static struct q_map *map_of(int count)
{
	struct q_map *map = q_map_new(MANY);

	assert_non_null(map);
	for (int i = 0; i < count; i++)
		assert_true(put(map, i));
	return map;
}

static void empty_map_finds_and_removes_nothing(void **state)
{
	struct q_map *map = map_of(0);

	assert_null(find(map, 1));
	assert_null(take(map, 1));
	assert_int_equal(q_map_count(map), 0);
	q_map_free(map);
}

static void every_entry_is_found_and_no_other(void **state)
{
	struct q_map *map = map_of(MANY - 1);

	for (int i = 0; i < MANY - 1; i++)
		assert_ptr_equal(find(map, i), value_of(i));
	assert_null(find(map, MANY - 1));
	assert_int_equal(q_map_count(map), MANY - 1);
	q_map_free(map);
}

static void keys_are_copied(void **state)
{
	struct q_map *map = q_map_new(10);
	char key[] = "abc";

	assert_true(q_map_put(map, q_str_from(key), value_of(1)));
	key[0] = 'x';
	assert_ptr_equal(q_map_find(map, Q_STR("abc")), value_of(1));
	assert_null(q_map_find(map, Q_STR("xbc")));
	q_map_free(map);
}

static void keys_may_be_empty_or_hold_any_byte(void **state)
{
	struct q_map *map = q_map_new(10);

	assert_true(q_map_put(map, (struct q_str){0}, value_of(1)));
	assert_true(q_map_put(map, Q_STR("a\0b"), value_of(2)));
	assert_true(q_map_put(map, Q_STR("a\0c"), value_of(3)));
	assert_true(q_map_put(map, Q_STR("a"), value_of(4)));
	assert_ptr_equal(q_map_find(map, Q_STR("")), value_of(1));
	assert_ptr_equal(q_map_find(map, Q_STR("a\0b")), value_of(2));
	assert_ptr_equal(q_map_find(map, Q_STR("a\0c")), value_of(3));
	assert_ptr_equal(q_map_find(map, Q_STR("a")), value_of(4));
	q_map_free(map);
}

static void put_replaces_the_value_of_a_key(void **state)
{
	struct q_map *map = map_of(3);

	assert_true(q_map_put(map, Q_STR("key 1"), value_of(100)));
	assert_ptr_equal(find(map, 1), value_of(100));
	assert_int_equal(q_map_count(map), 3);
	q_map_free(map);
}

static void limit_refuses_new_keys_but_replaces_old_ones(void **state)
{
	struct q_map *map = q_map_new(2);

	assert_true(put(map, 0));
	assert_true(put(map, 1));
	assert_false(put(map, 2));
	assert_null(find(map, 2));
	assert_true(put(map, 1));
	assert_ptr_equal(take(map, 0), value_of(0));
	assert_true(put(map, 2));
	assert_int_equal(q_map_count(map), 2);
	q_map_free(map);
}

static void removed_entries_are_gone_and_others_stay(void **state)
{
	struct q_map *map = map_of(MANY);

	for (int i = 0; i < MANY; i += 2)
		assert_ptr_equal(take(map, i), value_of(i));
	for (int i = 0; i < MANY; i++)
		assert_ptr_equal(find(map, i), i % 2 ? value_of(i) : NULL);
	assert_int_equal(q_map_count(map), MANY / 2);
	q_map_free(map);
}

/* A map of a few entries that come and go must not fill up with the marks of those that went. */
static void churn_needs_no_more_memory_than_its_entries(void **state)
{
	struct q_map *map = map_of(4);

	for (int i = 4; i < MANY; i++) {
		assert_true(put(map, i));
		assert_ptr_equal(take(map, i - 4), value_of(i - 4));
		assert_null(find(map, i - 4));
	}
	assert_int_equal(q_map_count(map), 4);
	for (int i = MANY - 4; i < MANY; i++)
		assert_ptr_equal(find(map, i), value_of(i));
	q_map_free(map);
}

/* Counts each entry of the map in seen[]. */
static void walk(const struct q_map *map, unsigned char seen[MANY])
{
	size_t cursor = 0;
	struct q_str key;
	void *value;

	memset(seen, 0, MANY);
	while (q_map_next(map, &cursor, &key, &value)) {
		char text[16];
		int i = (int)((const char *)value - numbers);

		assert_true(q_str_equal(key, key_of(i, text)));
		seen[i]++;
	}
}

static void walk_gives_every_entry_once(void **state)
{
	struct q_map *map = map_of(100);
	unsigned char seen[MANY];

	walk(map, seen);
	for (int i = 0; i < MANY; i++)
		assert_int_equal(seen[i], i < 100);
	q_map_free(map);
}

static void walk_may_remove_what_it_was_given(void **state)
{
	struct q_map *map = map_of(1000);
	unsigned char seen[MANY];
	size_t cursor = 0;
	int walked = 0;
	struct q_str key;
	void *value;

	while (q_map_next(map, &cursor, &key, &value)) {
		walked++;
		if (((const char *)value - numbers) % 3 == 0)
			assert_ptr_equal(q_map_remove(map, key), value);
	}
	assert_int_equal(walked, 1000);
	walk(map, seen);
	for (int i = 0; i < MANY; i++)
		assert_int_equal(seen[i], i < 1000 && i % 3 != 0);
	q_map_free(map);
}

/* Two maps with the same keys walk in different orders: nobody outside can know where a key falls.
 */
static void each_map_has_a_seed_of_its_own(void **state)
{
	struct q_map *first = map_of(1000);
	struct q_map *second = map_of(1000);
	size_t first_cursor = 0, second_cursor = 0;
	struct q_str first_key, second_key;
	int differences = 0;
	void *value;

	while (q_map_next(first, &first_cursor, &first_key, &value) &&
	       q_map_next(second, &second_cursor, &second_key, &value))
		differences += !q_str_equal(first_key, second_key);
	assert_true(differences > 900);
	q_map_free(first);
	q_map_free(second);
}

static void failed_put_leaves_the_map(void **state)
{
	struct q_map *map = map_of(12); /* the next one makes the table grow */

	for (int successes = 0; successes < 2; successes++) {
		bool was_put;

		q_mem_fail_after(successes);
		was_put = put(map, 12);
		assert_true(q_mem_failure_fired());
		q_mem_fail_after(-1);
		assert_false(was_put);
		assert_null(find(map, 12));
		for (int i = 0; i < 12; i++)
			assert_ptr_equal(find(map, i), value_of(i));
	}
	assert_true(put(map, 12));
	q_map_free(map);
}

static enum q_code fill_map(void *context)
{
	struct q_map *map = q_map_new(MANY);
	enum q_code code = map ? Q_OK : Q_NOMEM;

	for (int i = 0; i < 30 && code == Q_OK; i++)
		code = put(map, i) ? Q_OK : Q_NOMEM;
	q_map_free(map);
	return code;
}

static void every_failing_allocation_is_told(void **state)
{
	assert_true(run_with_failing_memory(fill_map, NULL) >= 30);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(empty_map_finds_and_removes_nothing),
		cmocka_unit_test(every_entry_is_found_and_no_other),
		cmocka_unit_test(keys_are_copied),
		cmocka_unit_test(keys_may_be_empty_or_hold_any_byte),
		cmocka_unit_test(put_replaces_the_value_of_a_key),
		cmocka_unit_test(limit_refuses_new_keys_but_replaces_old_ones),
		cmocka_unit_test(removed_entries_are_gone_and_others_stay),
		cmocka_unit_test(churn_needs_no_more_memory_than_its_entries),
		cmocka_unit_test(walk_gives_every_entry_once),
		cmocka_unit_test(walk_may_remove_what_it_was_given),
		cmocka_unit_test(each_map_has_a_seed_of_its_own),
		cmocka_unit_test(failed_put_leaves_the_map),
		cmocka_unit_test(every_failing_allocation_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
