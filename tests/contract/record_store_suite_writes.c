/* Writes: changes, conditions, transactions, deadlines. */
#include "contract/record_store_suite_internal.h"

/* Changes. */

static void put_replaces_the_whole_item(void **state)
{
	struct suite *suite = *state;
	struct q_attribute other = {Q_STR("m"), q_value_number(2)};
	struct q_item item = {
		.key = key_of("replace", "item"), .attributes = &other, .attribute_count = 1};

	put_number(suite, "replace", "item", 1);
	assert_ok(write_one(suite, put_of(&item)));
	assert_int_equal(number_at(suite, "replace", "item"), -1);
}

static void update_changes_only_what_it_names(void **state)
{
	struct suite *suite = *state;
	struct q_attribute attributes[] = {
		{Q_STR("kept"), q_value_string(Q_STR("as it was"))},
		{Q_STR("changed"), q_value_number(1)},
		{Q_STR("removed"), q_value_bool(true)},
	};
	struct q_change changes[] = {
		{Q_SET, Q_STR("changed"), q_value_string(Q_STR("of another kind"))},
		{.kind = Q_REMOVE, .name = Q_STR("removed")},
		{.kind = Q_REMOVE, .name = Q_STR("never_there")},
		{Q_SET, Q_STR("added"), q_value_number(4)},
	};
	struct q_item item = {
		.key = key_of("update", "item"),
		.index1 = key_of("update#1", "a"),
		.expires_at_ms = INT64_MAX,
		.attributes = attributes,
		.attribute_count = Q_COUNT_OF(attributes),
	};
	struct q_item got;

	assert_ok(write_one(suite, put_of(&item)));
	assert_ok(write_one(suite, update_of(item.key, changes, Q_COUNT_OF(changes))));
	assert_ok(get_item(suite, item.key, &got));
	assert_int_equal(got.attribute_count, 3);
	assert_view_equal(q_item_string(&got, "kept", Q_STR("")), "as it was");
	assert_view_equal(q_item_string(&got, "changed", Q_STR("")), "of another kind");
	assert_int_equal(q_item_number(&got, "added", -1), 4);
	assert_view_equal(got.index1.sk, "a");
	assert_int_equal(got.expires_at_ms, INT64_MAX);
}

static void update_of_an_absent_item_makes_it(void **state)
{
	struct suite *suite = *state;
	struct q_change change = set_number("n", 7);

	assert_ok(write_one(suite, update_of(key_of("made", "item"), &change, 1)));
	assert_int_equal(number_at(suite, "made", "item"), 7);
}

static void update_may_set_and_clear_index_keys_and_expiry(void **state)
{
	struct suite *suite = *state;
	struct q_record_key none = {0}, one = key_of("moved#1", "a"), two = key_of("moved#2", "b");
	int64_t later = INT64_MAX, never = 0;
	struct q_write write = update_of(key_of("moved", "item"), NULL, 0);
	struct q_item got;

	write.index1 = &one;
	write.index2 = &two;
	write.expires_at_ms = &later;
	assert_ok(write_one(suite, write));
	assert_ok(get_item(suite, write.key, &got));
	assert_true(q_record_key_equal(&got.index1, &one));
	assert_true(q_record_key_equal(&got.index2, &two));
	assert_int_equal(got.expires_at_ms, later);

	write.index1 = &none;
	write.index2 = NULL;
	write.expires_at_ms = &never;
	assert_ok(write_one(suite, write));
	assert_ok(get_item(suite, write.key, &got));
	assert_int_equal(got.index1.pk.length, 0);
	assert_true(q_record_key_equal(&got.index2, &two));
	assert_int_equal(got.expires_at_ms, 0);
}

static void add_counts_from_zero_and_every_time(void **state)
{
	struct suite *suite = *state;
	struct q_change up = add_number("n", 5), down = add_number("n", -7);

	assert_ok(write_one(suite, update_of(key_of("add", "item"), &up, 1)));
	assert_ok(write_one(suite, update_of(key_of("add", "item"), &up, 1)));
	assert_ok(write_one(suite, update_of(key_of("add", "item"), &down, 1)));
	assert_int_equal(number_at(suite, "add", "item"), 3);
}

static void add_to_what_is_no_number_changes_nothing(void **state)
{
	struct suite *suite = *state;
	struct q_change word = {Q_SET, Q_STR("word"), q_value_string(Q_STR("five"))};
	struct q_change changes[] = {set_number("n", 2), add_number("word", 1)};

	put_number(suite, "nonumber", "item", 1);
	assert_ok(write_one(suite, update_of(key_of("nonumber", "item"), &word, 1)));
	assert_code(write_one(suite, update_of(key_of("nonumber", "item"), changes, 2)), Q_INVALID);
	assert_int_equal(number_at(suite, "nonumber", "item"), 1);
}

static void add_beyond_the_range_changes_nothing(void **state)
{
	struct suite *suite = *state;
	struct q_change change = add_number("n", 1);

	put_number(suite, "overflow", "item", INT64_MAX);
	assert_code(write_one(suite, update_of(key_of("overflow", "item"), &change, 1)), Q_INVALID);
	assert_int_equal(number_at(suite, "overflow", "item"), INT64_MAX);
}

static void delete_removes_and_repeats(void **state)
{
	struct suite *suite = *state;
	struct q_write remove = {.kind = Q_WRITE_DELETE, .key = key_of("delete", "item")};

	put_number(suite, "delete", "item", 1);
	assert_ok(write_one(suite, remove));
	assert_absent(suite, "delete", "item");
	assert_ok(write_one(suite, remove));
}

static void put_repeated_gives_the_same_item(void **state)
{
	struct suite *suite = *state;

	put_number(suite, "repeat", "item", 1);
	put_number(suite, "repeat", "item", 1);
	assert_int_equal(number_at(suite, "repeat", "item"), 1);
}

static void write_returns_the_item_after_it(void **state)
{
	struct suite *suite = *state;
	struct q_change changes[] = {add_number("n", 1), set_number("m", 9)};
	struct q_write write = update_of(key_of("after", "item"), changes, 2);
	struct q_item after, got;

	put_number(suite, "after", "item", 41);
	assert_ok(q_record_store_write(suite->store, &no_limits, &write, suite->arena, &after,
				       &suite->err));
	assert_int_equal(q_item_number(&after, "n", -1), 42);
	assert_ok(get_item(suite, write.key, &got));
	assert_items_equal(&after, &got);
}

static void write_whose_after_has_no_room_writes_nothing(void **state)
{
	struct suite *suite = *state;
	struct q_change change = add_number("n", 1);
	struct q_write write = update_of(key_of("noroom", "item"), &change, 1);
	struct q_arena *small = q_arena_new(1);
	struct q_item after;

	put_number(suite, "noroom", "item", 1);
	assert_code(
		q_record_store_write(suite->store, &no_limits, &write, small, &after, &suite->err),
		Q_NOMEM);
	assert_int_equal(number_at(suite, "noroom", "item"), 1);
	q_arena_free(small);
}

/* Conditions. */

struct expectation {
	struct q_condition condition;
	bool holds;
};

/* A check in a transaction with a write elsewhere: nothing of the item itself changes. */
static void expect_conditions(struct suite *suite, struct q_record_key key,
			      const struct expectation *expectations, size_t count)
{
	struct q_change change = add_number("n", 1);

	for (size_t i = 0; i < count; i++) {
		struct q_write writes[] = {
			update_of(key_of("conditions", "count"), &change, 1),
			{.kind = Q_WRITE_CHECK,
			 .key = key,
			 .conditions = &expectations[i].condition,
			 .condition_count = 1},
		};
		size_t failed = 99;
		enum q_code code = q_record_store_transact(suite->store, &no_limits, writes, 2,
							   &failed, &suite->err);

		if (code != (expectations[i].holds ? Q_OK : Q_CONFLICT))
			print_error("expectation %zu: %s\n", i, q_code_name(code));
		assert_code(code, expectations[i].holds ? Q_OK : Q_CONFLICT);
		if (code)
			assert_int_equal(failed, 1);
	}
}

static struct q_condition condition_of(enum q_condition_kind kind, const char *name,
				       struct q_value value)
{
	return (struct q_condition){kind, q_str_from(name), value};
}

static void conditions_on_an_item_that_is_there(void **state)
{
	struct suite *suite = *state;
	struct q_value five = q_value_number(5), six = q_value_number(6);
	struct q_value word = q_value_string(Q_STR("word"));
	struct q_attribute attributes[] = {{Q_STR("n"), five}, {Q_STR("word"), word}};
	struct q_item item = {.key = key_of("conditions", "there"),
			      .attributes = attributes,
			      .attribute_count = 2};
	const struct expectation expectations[] = {
		{{.kind = Q_IF_ABSENT}, false},
		{{.kind = Q_IF_EXISTS}, true},
		{condition_of(Q_IF_EQUAL, "n", five), true},
		{condition_of(Q_IF_EQUAL, "n", six), false},
		{condition_of(Q_IF_EQUAL, "n", q_value_string(Q_STR("5"))), false},
		{condition_of(Q_IF_EQUAL, "missing", five), false},
		{condition_of(Q_IF_EQUAL, "word", word), true},
		{condition_of(Q_IF_EQUAL, "word", q_value_bytes(q_str_bytes(Q_STR("word")))),
		 false},
		{condition_of(Q_IF_NOT_EQUAL, "n", five), false},
		{condition_of(Q_IF_NOT_EQUAL, "n", six), true},
		{condition_of(Q_IF_NOT_EQUAL, "missing", five), true},
		{condition_of(Q_IF_AT_MOST, "n", five), true},
		{condition_of(Q_IF_AT_MOST, "n", q_value_number(4)), false},
		{condition_of(Q_IF_AT_MOST, "missing", five), false},
		{condition_of(Q_IF_AT_MOST, "word", five), false},
		{condition_of(Q_IF_AT_LEAST, "n", five), true},
		{condition_of(Q_IF_AT_LEAST, "n", six), false},
		{condition_of(Q_IF_AT_LEAST, "missing", five), false},
		{condition_of(Q_IF_SET, "n", five), true},
		{condition_of(Q_IF_SET, "missing", five), false},
		{condition_of(Q_IF_UNSET, "n", five), false},
		{condition_of(Q_IF_UNSET, "missing", five), true},
	};

	assert_ok(write_one(suite, put_of(&item)));
	expect_conditions(suite, item.key, expectations, Q_COUNT_OF(expectations));
}

static void conditions_on_an_absent_item(void **state)
{
	struct q_value five = q_value_number(5);
	const struct expectation expectations[] = {
		{{.kind = Q_IF_ABSENT}, true},
		{{.kind = Q_IF_EXISTS}, false},
		{condition_of(Q_IF_EQUAL, "n", five), false},
		{condition_of(Q_IF_NOT_EQUAL, "n", five), true},
		{condition_of(Q_IF_AT_MOST, "n", five), false},
		{condition_of(Q_IF_AT_LEAST, "n", five), false},
		{condition_of(Q_IF_SET, "n", five), false},
		{condition_of(Q_IF_UNSET, "n", five), true},
	};

	expect_conditions(*state, key_of("conditions", "absent"), expectations,
			  Q_COUNT_OF(expectations));
}

static void all_conditions_of_a_write_must_hold(void **state)
{
	struct suite *suite = *state;
	struct q_condition conditions[] = {{.kind = Q_IF_EXISTS},
					   condition_of(Q_IF_EQUAL, "n", q_value_number(2))};
	struct q_change change = set_number("n", 3);
	struct q_write write = update_of(key_of("all", "item"), &change, 1);

	write.conditions = conditions;
	write.condition_count = 2;
	put_number(suite, "all", "item", 1);
	assert_code(write_one(suite, write), Q_CONFLICT);
	put_number(suite, "all", "item", 2);
	assert_ok(write_one(suite, write));
	assert_int_equal(number_at(suite, "all", "item"), 3);
}

static void a_condition_guards_every_kind_of_write(void **state)
{
	struct suite *suite = *state;
	struct q_item item = {.key = key_of("guard", "item")};
	struct q_write remove = {.kind = Q_WRITE_DELETE, .key = item.key};
	struct q_change change = set_number("n", 2);
	struct q_condition absent = {.kind = Q_IF_ABSENT}, exists = {.kind = Q_IF_EXISTS};

	assert_code(write_if(suite, update_of(item.key, &change, 1), exists), Q_CONFLICT);
	assert_code(write_if(suite, remove, exists), Q_CONFLICT);
	assert_absent(suite, "guard", "item");
	put_number(suite, "guard", "item", 1);
	assert_code(write_if(suite, put_of(&item), absent), Q_CONFLICT);
	assert_code(write_if(suite, remove, absent), Q_CONFLICT);
	assert_int_equal(number_at(suite, "guard", "item"), 1);
}

/* Transactions. */

static void transaction_applies_all_its_writes(void **state)
{
	struct suite *suite = *state;
	struct q_item item = {.key = key_of("trans", "put")};
	struct q_change change = add_number("n", 1);
	struct q_condition exists = {.kind = Q_IF_EXISTS};
	struct q_write writes[] = {
		put_of(&item),
		update_of(key_of("trans", "update"), &change, 1),
		{.kind = Q_WRITE_DELETE, .key = key_of("trans", "delete")},
		{.kind = Q_WRITE_CHECK,
		 .key = key_of("trans", "check"),
		 .conditions = &exists,
		 .condition_count = 1},
	};

	put_number(suite, "trans", "update", 1);
	put_number(suite, "trans", "delete", 1);
	put_number(suite, "trans", "check", 1);
	assert_ok(q_record_store_transact(suite->store, &no_limits, writes, Q_COUNT_OF(writes),
					  NULL, &suite->err));
	assert_int_equal(number_at(suite, "trans", "put"), -1);
	assert_int_equal(number_at(suite, "trans", "update"), 2);
	assert_absent(suite, "trans", "delete");
	assert_int_equal(number_at(suite, "trans", "check"), 1);
}

static void transaction_applies_none_where_a_condition_fails(void **state)
{
	struct suite *suite = *state;
	struct q_item item = {.key = key_of("none", "put")};
	struct q_change change = add_number("n", 1);
	struct q_condition absent = {.kind = Q_IF_ABSENT};
	struct q_write writes[] = {
		put_of(&item),
		update_of(key_of("none", "update"), &change, 1),
		{.kind = Q_WRITE_DELETE, .key = key_of("none", "delete")},
		{.kind = Q_WRITE_CHECK,
		 .key = key_of("none", "update2"),
		 .conditions = &absent,
		 .condition_count = 1},
	};
	size_t failed = 99;

	put_number(suite, "none", "update", 1);
	put_number(suite, "none", "update2", 1);
	put_number(suite, "none", "delete", 1);
	assert_code(q_record_store_transact(suite->store, &no_limits, writes, Q_COUNT_OF(writes),
					    &failed, &suite->err),
		    Q_CONFLICT);
	assert_int_equal(failed, 3);
	assert_absent(suite, "none", "put");
	assert_int_equal(number_at(suite, "none", "update"), 1);
	assert_int_equal(number_at(suite, "none", "delete"), 1);
}

static void transaction_names_the_first_write_that_failed(void **state)
{
	struct suite *suite = *state;
	struct q_condition exists = {.kind = Q_IF_EXISTS};
	struct q_write writes[3] = {0};
	static const char *const names[] = {"a", "b", "c"};
	size_t failed = 99;

	put_number(suite, "first", "a", 1);
	for (size_t i = 0; i < 3; i++)
		writes[i] = (struct q_write){.kind = Q_WRITE_CHECK,
					     .key = key_of("first", names[i]),
					     .conditions = &exists,
					     .condition_count = 1};
	assert_code(
		q_record_store_transact(suite->store, &no_limits, writes, 3, &failed, &suite->err),
		Q_CONFLICT);
	assert_int_equal(failed, 1);
}

static void transaction_of_the_most_writes_is_applied(void **state)
{
	struct suite *suite = *state;
	struct q_write writes[Q_RECORD_TRANSACTION_MAX];
	struct q_change change = add_number("n", 1);
	struct q_query query = {.pk = Q_STR("most"), .limit = 100};
	struct q_query_page page;

	for (size_t i = 0; i < Q_COUNT_OF(writes); i++) {
		struct q_str sk = q_arena_format(suite->arena, "%02zu", i);

		writes[i] = update_of((struct q_record_key){Q_STR("most"), sk}, &change, 1);
	}
	assert_ok(q_record_store_transact(suite->store, &no_limits, writes, Q_COUNT_OF(writes),
					  NULL, &suite->err));
	assert_ok(q_record_store_query(suite->store, &no_limits, &query, suite->arena, &page,
				       &suite->err));
	assert_int_equal(page.count, Q_RECORD_TRANSACTION_MAX);
}

/* Deadlines. */

static void calls_whose_deadline_has_passed_time_out(void **state)
{
	struct suite *suite = *state;
	struct q_call late = {.deadline_ms = 1};
	struct q_item item = {.key = key_of("late", "item")};
	struct q_write write = put_of(&item);
	struct q_query query = {.pk = Q_STR("late"), .limit = 1};
	struct q_query_page page;

	assert_code(q_record_store_write(suite->store, &late, &write, NULL, NULL, &suite->err),
		    Q_TIMEOUT);
	assert_code(q_record_store_transact(suite->store, &late, &write, 1, NULL, &suite->err),
		    Q_TIMEOUT);
	assert_code(
		q_record_store_get(suite->store, &late, item.key, suite->arena, &item, &suite->err),
		Q_TIMEOUT);
	assert_code(
		q_record_store_query(suite->store, &late, &query, suite->arena, &page, &suite->err),
		Q_TIMEOUT);
}

static void calls_that_are_cancelled_end(void **state)
{
	struct suite *suite = *state;
	atomic_bool is_cancelled = true;
	struct q_call call = {.is_cancelled = &is_cancelled};
	struct q_item item = {.key = key_of("cancelled", "item")};
	struct q_write write = put_of(&item);

	assert_code(q_record_store_write(suite->store, &call, &write, NULL, NULL, &suite->err),
		    Q_CANCELLED);
	assert_absent(suite, "cancelled", "item");
}

struct case_list record_store_write_cases(void)
{
	static const struct CMUnitTest cases[] = {
		CASE(put_replaces_the_whole_item),
		CASE(update_changes_only_what_it_names),
		CASE(update_of_an_absent_item_makes_it),
		CASE(update_may_set_and_clear_index_keys_and_expiry),
		CASE(add_counts_from_zero_and_every_time),
		CASE(add_to_what_is_no_number_changes_nothing),
		CASE(add_beyond_the_range_changes_nothing),
		CASE(delete_removes_and_repeats),
		CASE(put_repeated_gives_the_same_item),
		CASE(write_returns_the_item_after_it),
		CASE(write_whose_after_has_no_room_writes_nothing),
		CASE(conditions_on_an_item_that_is_there),
		CASE(conditions_on_an_absent_item),
		CASE(all_conditions_of_a_write_must_hold),
		CASE(a_condition_guards_every_kind_of_write),
		CASE(transaction_applies_all_its_writes),
		CASE(transaction_applies_none_where_a_condition_fails),
		CASE(transaction_names_the_first_write_that_failed),
		CASE(transaction_of_the_most_writes_is_applied),
		CASE(calls_whose_deadline_has_passed_time_out),
		CASE(calls_that_are_cancelled_end),
	};

	return (struct case_list){cases, Q_COUNT_OF(cases)};
}
