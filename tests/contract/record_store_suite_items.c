/* What an item is, and when it is there. */
#include "contract/record_store_suite_internal.h"

#include "support/clock_simulated.h"

static void put_then_get_returns_the_same_item(void **state)
{
	struct suite *suite = *state;
	struct q_attribute attributes[] = {
		{Q_STR("text"), q_value_string(Q_STR("na\xc3\xafve \"text\"\n"))},
		{Q_STR("empty"), q_value_string(Q_STR(""))},
		{Q_STR("smallest"), q_value_number(INT64_MIN)},
		{Q_STR("largest"), q_value_number(INT64_MAX)},
		{Q_STR("yes"), q_value_bool(true)},
		{Q_STR("no"), q_value_bool(false)},
		{Q_STR("bytes"), q_value_bytes(q_str_bytes(Q_STR("\0\xff\x80")))},
		{Q_STR("no_bytes"), q_value_bytes((struct q_bytes){0})},
	};
	struct q_item item = {
		.key = key_of("same", "item"),
		.index1 = key_of("same#1", "a"),
		.index2 = key_of("same#2", "b"),
		.expires_at_ms = INT64_MAX,
		.attributes = attributes,
		.attribute_count = Q_COUNT_OF(attributes),
	};
	struct q_item got;

	assert_ok(write_one(suite, put_of(&item)));
	assert_ok(get_item(suite, item.key, &got));
	assert_items_equal(&item, &got);
}

static void item_may_have_no_attributes(void **state)
{
	struct suite *suite = *state;
	struct q_item item = {.key = key_of("bare", "item")}, got;

	assert_ok(write_one(suite, put_of(&item)));
	assert_ok(get_item(suite, item.key, &got));
	assert_items_equal(&item, &got);
}

static void get_of_an_unknown_key_is_not_found(void **state)
{
	struct suite *suite = *state;

	put_number(suite, "known", "known", 1);
	assert_absent(suite, "known", "unknown");
	assert_absent(suite, "unknown", "known");
}

static void pk_and_sk_name_an_item_together(void **state)
{
	struct suite *suite = *state;

	put_number(suite, "pair", "a", 1);
	put_number(suite, "pair", "b", 2);
	put_number(suite, "paira", "a", 3);
	assert_int_equal(number_at(suite, "pair", "a"), 1);
	assert_int_equal(number_at(suite, "pair", "b"), 2);
	assert_int_equal(number_at(suite, "paira", "a"), 3);
}

static void keys_differ_by_case_and_by_bytes(void **state)
{
	struct suite *suite = *state;

	put_number(suite, "Case", "\xc3\xa9", 1);
	put_number(suite, "case", "\xc3\xa9", 2);
	put_number(suite, "case", "e\xcc\x81", 3); /* the same character, decomposed */
	assert_int_equal(number_at(suite, "Case", "\xc3\xa9"), 1);
	assert_int_equal(number_at(suite, "case", "\xc3\xa9"), 2);
	assert_int_equal(number_at(suite, "case", "e\xcc\x81"), 3);
}

static void arguments_are_borrowed_for_the_call_only(void **state)
{
	struct suite *suite = *state;
	char pk[] = "borrowed", sk[] = "item", name[] = "word", text[] = "before";
	struct q_attribute attribute = {q_str_from(name), q_value_string(q_str_from(text))};
	struct q_item item = {
		.key = key_of(pk, sk), .attributes = &attribute, .attribute_count = 1};
	struct q_item got;

	assert_ok(write_one(suite, put_of(&item)));
	memset(pk, 'x', sizeof pk - 1);
	memset(sk, 'x', sizeof sk - 1);
	memset(name, 'x', sizeof name - 1);
	memset(text, 'x', sizeof text - 1);
	assert_ok(get_item(suite, key_of("borrowed", "item"), &got));
	assert_view_equal(q_item_string(&got, "word", Q_STR("")), "before");
}

static void results_outlive_later_writes(void **state)
{
	struct suite *suite = *state;
	struct q_item first;

	put_number(suite, "outlive", "item", 1);
	assert_ok(get_item(suite, key_of("outlive", "item"), &first));
	put_number(suite, "outlive", "item", 2);
	assert_int_equal(number_at(suite, "outlive", "item"), 2);
	assert_int_equal(q_item_number(&first, "n", -1), 1);
	assert_view_equal(first.key.pk, "outlive");
}

static void an_arena_that_is_full_gives_nomem(void **state)
{
	struct suite *suite = *state;
	struct q_arena *small = q_arena_new(16);
	struct q_query query = {.pk = Q_STR("full"), .limit = 10};
	struct q_query_page page;
	struct q_item item;

	put_number(suite, "full", "item", 1);
	assert_code(q_record_store_get(suite->store, &no_limits, key_of("full", "item"), small,
				       &item, &suite->err),
		    Q_NOMEM);
	assert_code(
		q_record_store_query(suite->store, &no_limits, &query, small, &page, &suite->err),
		Q_NOMEM);
	q_arena_free(small);
}

/* Expiry. */

static void put_expiring(struct suite *suite, const char *pk, int64_t expires_at_ms)
{
	struct q_attribute attribute = {Q_STR("n"), q_value_number(1)};
	struct q_item item = {
		.key = key_of(pk, "item"),
		.index1 = key_of(pk, "1"),
		.expires_at_ms = expires_at_ms,
		.attributes = &attribute,
		.attribute_count = 1,
	};

	assert_ok(write_one(suite, put_of(&item)));
}

static size_t count_found(struct suite *suite, const char *pk, int index)
{
	struct q_query query = {.index = index, .pk = q_str_from(pk), .limit = 10};
	struct q_query_page page;

	assert_ok(q_record_store_query(suite->store, &no_limits, &query, suite->arena, &page,
				       &suite->err));
	return page.count;
}

static void item_is_absent_once_its_expiry_has_passed(void **state)
{
	struct suite *suite = *state;
	int64_t now_ms = q_clock_now_ms(suite->subject->clock);

	put_expiring(suite, "expiry", now_ms + 1000);
	clock_simulated_advance(suite->subject->clock, 999);
	assert_int_equal(number_at(suite, "expiry", "item"), 1);
	assert_int_equal(count_found(suite, "expiry", 0), 1);
	assert_int_equal(count_found(suite, "expiry", 1), 1);
	clock_simulated_advance(suite->subject->clock, 1);
	assert_absent(suite, "expiry", "item");
	assert_int_equal(count_found(suite, "expiry", 0), 0);
	assert_int_equal(count_found(suite, "expiry", 1), 0);
}

static void expired_item_is_absent_for_conditions(void **state)
{
	struct suite *suite = *state;
	int64_t now_ms = q_clock_now_ms(suite->subject->clock);
	struct q_write remove = {.kind = Q_WRITE_DELETE, .key = key_of("expired", "item")};
	struct q_condition exists = {.kind = Q_IF_EXISTS};
	struct q_item item = {.key = key_of("expired", "item")};

	put_expiring(suite, "expired", now_ms);
	assert_code(write_if(suite, remove, exists), Q_CONFLICT);
	assert_ok(write_if(suite, put_of(&item), (struct q_condition){.kind = Q_IF_ABSENT}));
	assert_int_equal(number_at(suite, "expired", "item"), -1);
}

static void update_of_an_expired_item_starts_anew(void **state)
{
	struct suite *suite = *state;
	int64_t now_ms = q_clock_now_ms(suite->subject->clock);
	struct q_change change = set_number("m", 2);
	struct q_item got;

	put_expiring(suite, "anew", now_ms);
	assert_ok(write_one(suite, update_of(key_of("anew", "item"), &change, 1)));
	assert_ok(get_item(suite, key_of("anew", "item"), &got));
	assert_int_equal(got.attribute_count, 1);
	assert_int_equal(q_item_number(&got, "m", -1), 2);
	assert_int_equal(got.expires_at_ms, 0);
	assert_int_equal(got.index1.pk.length, 0);
}

static void delete_of_an_expired_item_is_fine(void **state)
{
	struct suite *suite = *state;
	struct q_write remove = {.kind = Q_WRITE_DELETE, .key = key_of("late", "item")};

	put_expiring(suite, "late", q_clock_now_ms(suite->subject->clock));
	assert_ok(write_one(suite, remove));
	assert_absent(suite, "late", "item");
}

struct case_list record_store_item_cases(void)
{
	static const struct CMUnitTest cases[] = {
		CASE(put_then_get_returns_the_same_item),
		CASE(item_may_have_no_attributes),
		CASE(get_of_an_unknown_key_is_not_found),
		CASE(pk_and_sk_name_an_item_together),
		CASE(keys_differ_by_case_and_by_bytes),
		CASE(arguments_are_borrowed_for_the_call_only),
		CASE(results_outlive_later_writes),
		CASE(an_arena_that_is_full_gives_nomem),
		CASE(item_is_absent_once_its_expiry_has_passed),
		CASE(expired_item_is_absent_for_conditions),
		CASE(update_of_an_expired_item_starts_anew),
		CASE(delete_of_an_expired_item_is_fine),
	};

	return (struct case_list){cases, Q_COUNT_OF(cases)};
}
