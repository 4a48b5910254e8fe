#include "embedded/item_update.h"

#include "support/checks.h"
#include "support/failing_memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

/* What the contract suite of the record store does not see: order, borrowed values, limits. */

static int make_arena(void **state)
{
	*state = q_arena_new(1 << 20);
	return *state ? 0 : -1;
}

static int free_arena(void **state)
{
	q_arena_free(*state);
	return 0;
}

static struct q_attribute number(const char *name, int64_t n)
{
	return (struct q_attribute){q_str_from(name), q_value_number(n)};
}

static void removing_keeps_the_order_of_the_others(void **state)
{
	struct q_attribute attributes[] = {number("a", 1), number("b", 2), number("c", 3)};
	struct q_item before = {.attributes = attributes, .attribute_count = 3}, after;
	struct q_change change = {.kind = Q_REMOVE, .name = Q_STR("a")};
	struct q_write write = {.kind = Q_WRITE_UPDATE, .changes = &change, .change_count = 1};
	struct q_err err;

	assert_int_equal(q_item_update(&before, &write, *state, &after, &err), Q_OK);
	assert_int_equal(after.attribute_count, 2);
	assert_view_equal(after.attributes[0].name, "b");
	assert_view_equal(after.attributes[1].name, "c");
	assert_int_equal(before.attribute_count, 3);
	assert_view_equal(attributes[0].name, "a"); /* the item before is left as it was */
}

static void setting_an_attribute_keeps_its_place(void **state)
{
	struct q_attribute attributes[] = {number("a", 1), number("b", 2)};
	struct q_item before = {.attributes = attributes, .attribute_count = 2}, after;
	struct q_change change = {Q_SET, Q_STR("a"), q_value_number(9)};
	struct q_write write = {.kind = Q_WRITE_UPDATE, .changes = &change, .change_count = 1};
	struct q_err err;

	assert_int_equal(q_item_update(&before, &write, *state, &after, &err), Q_OK);
	assert_view_equal(after.attributes[0].name, "a");
	assert_int_equal(after.attributes[0].value.number, 9);
	assert_int_equal(attributes[0].value.number, 1);
}

static void changes_apply_in_turn_within_the_limit(void **state)
{
	struct q_attribute attributes[Q_RECORD_ATTRIBUTES_MAX];
	char names[Q_RECORD_ATTRIBUTES_MAX][3];
	struct q_item before = {.attributes = attributes,
				.attribute_count = Q_RECORD_ATTRIBUTES_MAX};
	struct q_change changes[] = {{Q_SET, Q_STR("new"), q_value_number(1)},
				     {.kind = Q_REMOVE, .name = Q_STR("aa")}};
	struct q_write write = {.kind = Q_WRITE_UPDATE, .changes = changes, .change_count = 2};
	struct q_item after;
	struct q_err err;

	for (size_t i = 0; i < Q_RECORD_ATTRIBUTES_MAX; i++) {
		names[i][0] = (char)('a' + i / 26);
		names[i][1] = (char)('a' + i % 26);
		names[i][2] = '\0';
		attributes[i] = number(names[i], (int64_t)i);
	}
	/* More than 64 on the way, 64 at the end. */
	assert_int_equal(q_item_update(&before, &write, *state, &after, &err), Q_OK);
	assert_int_equal(after.attribute_count, Q_RECORD_ATTRIBUTES_MAX);
	write.change_count = 1;
	assert_int_equal(q_item_update(&before, &write, *state, &after, &err), Q_TOOBIG);
}

static void adding_reaches_both_ends_of_the_range(void **state)
{
	struct q_attribute attributes[] = {number("high", INT64_MAX - 1), number("low", INT64_MIN)};
	struct q_item before = {.attributes = attributes, .attribute_count = 2}, after;
	struct q_change changes[] = {{Q_ADD, Q_STR("high"), q_value_number(1)},
				     {Q_ADD, Q_STR("low"), q_value_number(0)}};
	struct q_write write = {.kind = Q_WRITE_UPDATE, .changes = changes, .change_count = 2};
	struct q_err err;

	assert_int_equal(q_item_update(&before, &write, *state, &after, &err), Q_OK);
	assert_int_equal(after.attributes[0].value.number, INT64_MAX);
	changes[1].value.number = -1;
	assert_int_equal(q_item_update(&before, &write, *state, &after, &err), Q_INVALID);
}

static void a_write_without_conditions_always_holds(void **state)
{
	struct q_item item = {0};
	struct q_write write = {.kind = Q_WRITE_UPDATE};

	assert_true(q_item_conditions_hold(NULL, &write));
	assert_true(q_item_conditions_hold(&item, &write));
}

static enum q_code update_often(void *context)
{
	struct q_arena *arena = q_arena_new(1 << 20);
	struct q_change change = {Q_ADD, Q_STR("n"), q_value_number(1)};
	struct q_write write = {.kind = Q_WRITE_UPDATE, .changes = &change, .change_count = 1};
	struct q_item item = {0};
	struct q_err err;
	enum q_code code = arena ? Q_OK : Q_NOMEM;

	for (int i = 0; i < 300 && !code; i++)
		code = q_item_update(&item, &write, arena, &item, &err);
	q_arena_free(arena);
	return code;
}

static void a_full_heap_is_reported(void **state)
{
	assert_true(run_with_failing_memory(update_often, NULL) > 1);
}

#define CASE(NAME) cmocka_unit_test_setup_teardown(NAME, make_arena, free_arena)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(removing_keeps_the_order_of_the_others),
		CASE(setting_an_attribute_keeps_its_place),
		CASE(changes_apply_in_turn_within_the_limit),
		CASE(adding_reaches_both_ends_of_the_range),
		CASE(a_write_without_conditions_always_holds),
		CASE(a_full_heap_is_reported),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
