/* Arguments that are refused, and those just within the limits. */
#include "contract/record_store_suite_internal.h"

#include "base/mem.h"

static struct q_str repeat(struct suite *suite, char c, size_t length)
{
	char *text = q_arena_alloc(suite->arena, length + 1);

	memset(text, c, length);
	return (struct q_str){text, length};
}

static void expect_put(struct suite *suite, const struct q_item *item, enum q_code code)
{
	assert_code(write_one(suite, put_of(item)), code);
}

static void put_with_key(struct suite *suite, struct q_str pk, struct q_str sk, enum q_code code)
{
	struct q_item item = {.key = {pk, sk}};

	expect_put(suite, &item, code);
	if (code == Q_OK)
		assert_ok(get_item(suite, item.key, &item));
}

static void keys_have_1_to_512_bytes(void **state)
{
	struct suite *suite = *state;
	struct q_str longest = repeat(suite, 'k', Q_RECORD_KEY_MAX);
	struct q_str beyond = repeat(suite, 'k', Q_RECORD_KEY_MAX + 1);

	put_with_key(suite, Q_STR("k"), Q_STR("k"), Q_OK);
	put_with_key(suite, longest, longest, Q_OK);
	put_with_key(suite, Q_STR(""), Q_STR("k"), Q_INVALID);
	put_with_key(suite, Q_STR("k"), Q_STR(""), Q_INVALID);
	put_with_key(suite, beyond, Q_STR("k"), Q_INVALID);
	put_with_key(suite, Q_STR("k"), beyond, Q_INVALID);
}

static void keys_are_utf8_without_control_characters(void **state)
{
	struct suite *suite = *state;

	put_with_key(suite, Q_STR("\xf0\x9f\x93\x84 #%'\"\\"), Q_STR("k"), Q_OK);
	put_with_key(suite, Q_STR("a\0b"), Q_STR("k"), Q_INVALID);
	put_with_key(suite, Q_STR("a\nb"), Q_STR("k"), Q_INVALID);
	put_with_key(suite, Q_STR("k"), Q_STR("a\x7f"), Q_INVALID);
	put_with_key(suite, Q_STR("k"), Q_STR("\xff"), Q_INVALID);
	put_with_key(suite, Q_STR("k"), Q_STR("\xed\xa0\x80"), Q_INVALID); /* a surrogate */
}

static void reads_refuse_bad_keys_too(void **state)
{
	struct suite *suite = *state;
	struct q_item item;

	assert_code(get_item(suite, key_of("", "k"), &item), Q_INVALID);
	assert_code(get_item(suite, key_of("k", "\n"), &item), Q_INVALID);
}

static void index_keys_are_whole_or_empty(void **state)
{
	struct suite *suite = *state;
	struct q_item item = {.key = key_of("limits", "index")};

	item.index1 = key_of("a", "");
	expect_put(suite, &item, Q_INVALID);
	item.index1 = key_of("", "a");
	expect_put(suite, &item, Q_INVALID);
	item.index1 = key_of("a", "a\x01");
	expect_put(suite, &item, Q_INVALID);
}

static void items_have_at_most_300_kib(void **state)
{
	struct suite *suite = *state;
	/* 8 bytes of key, 1 + 8 of the number, 1 of the text's name */
	size_t room = Q_RECORD_ITEM_MAX - 8 - 9 - 1;
	struct q_attribute attributes[] = {
		{Q_STR("n"), q_value_number(1)},
		{Q_STR("t"), q_value_string(repeat(suite, 't', room))},
	};
	struct q_item item = {
		.key = key_of("size", "item"), .attributes = attributes, .attribute_count = 2};
	struct q_item got;

	assert_int_equal(q_item_size(&item), Q_RECORD_ITEM_MAX);
	expect_put(suite, &item, Q_OK);
	assert_ok(get_item(suite, item.key, &got));
	assert_items_equal(&item, &got);
	attributes[1].value.string = repeat(suite, 't', room + 1);
	expect_put(suite, &item, Q_TOOBIG);
}

static void update_beyond_300_kib_changes_nothing(void **state)
{
	struct suite *suite = *state;
	struct q_str half = repeat(suite, 't', Q_RECORD_ITEM_MAX / 2);
	struct q_change first = {Q_SET, Q_STR("a"), q_value_string(half)};
	struct q_change second[] = {set_number("n", 1), {Q_SET, Q_STR("b"), first.value}};
	struct q_record_key key = key_of("grown", "item");

	assert_ok(write_one(suite, update_of(key, &first, 1)));
	assert_code(write_one(suite, update_of(key, second, 2)), Q_TOOBIG);
	assert_int_equal(number_at(suite, "grown", "item"), -1);
}

static void items_have_at_most_64_attributes(void **state)
{
	struct suite *suite = *state;
	struct q_attribute attributes[Q_RECORD_ATTRIBUTES_MAX + 1];
	struct q_item item = {.key = key_of("many", "item"), .attributes = attributes};
	struct q_change change = set_number("one_more", 1);

	for (size_t i = 0; i < Q_COUNT_OF(attributes); i++)
		attributes[i] = (struct q_attribute){q_arena_format(suite->arena, "a%zu", i),
						     q_value_number((int64_t)i)};
	item.attribute_count = Q_RECORD_ATTRIBUTES_MAX + 1;
	expect_put(suite, &item, Q_INVALID);
	item.attribute_count = Q_RECORD_ATTRIBUTES_MAX;
	expect_put(suite, &item, Q_OK);
	assert_code(write_one(suite, update_of(item.key, &change, 1)), Q_TOOBIG);
}

static void names_are_letters_digits_and_underscores(void **state)
{
	struct suite *suite = *state;
	const struct q_str bad[] = {
		Q_STR(""),     Q_STR("1a"),
		Q_STR("_a"),   Q_STR("a-b"),
		Q_STR("a\0b"), Q_STR("\xc3\xa9"),
		Q_STR("a.b"),  repeat(suite, 'a', Q_RECORD_NAME_MAX + 1),
	};
	struct q_attribute attribute = {.value = q_value_number(1)};
	struct q_item item = {
		.key = key_of("names", "item"), .attributes = &attribute, .attribute_count = 1};

	for (size_t i = 0; i < Q_COUNT_OF(bad); i++) {
		attribute.name = bad[i];
		expect_put(suite, &item, Q_INVALID);
	}
	attribute.name = repeat(suite, 'a', Q_RECORD_NAME_MAX);
	expect_put(suite, &item, Q_OK);
	attribute.name = Q_STR("Ab_9");
	expect_put(suite, &item, Q_OK);
}

static void names_stand_once(void **state)
{
	struct suite *suite = *state;
	struct q_attribute attributes[2] = {{Q_STR("n"), q_value_number(1)},
					    {Q_STR("n"), q_value_number(1)}};
	struct q_change changes[2] = {set_number("n", 1), add_number("n", 1)};
	struct q_item item = {
		.key = key_of("twice", "item"), .attributes = attributes, .attribute_count = 2};

	expect_put(suite, &item, Q_INVALID);
	assert_code(write_one(suite, update_of(item.key, changes, 2)), Q_INVALID);
}

static void strings_are_utf8(void **state)
{
	struct suite *suite = *state;
	struct q_attribute attribute = {Q_STR("t"), q_value_string(Q_STR("\xc3"))};
	struct q_item item = {
		.key = key_of("utf8", "item"), .attributes = &attribute, .attribute_count = 1};

	expect_put(suite, &item, Q_INVALID);
	attribute.value = q_value_bytes(q_str_bytes(Q_STR("\xc3")));
	expect_put(suite, &item, Q_OK);
}

static void numbers_are_compared_and_added_as_numbers(void **state)
{
	struct suite *suite = *state;
	struct q_value word = q_value_string(Q_STR("1"));
	struct q_change add = {Q_ADD, Q_STR("n"), word};
	struct q_change set = set_number("n", 1);
	struct q_write write = update_of(key_of("typed", "item"), &set, 1);

	assert_code(write_one(suite, update_of(key_of("typed", "item"), &add, 1)), Q_INVALID);
	assert_code(write_if(suite, write, (struct q_condition){Q_IF_AT_MOST, Q_STR("n"), word}),
		    Q_INVALID);
}

static void odd_writes_are_refused(void **state)
{
	struct suite *suite = *state;
	struct q_item item = {.key = key_of("odd", "item")}, after;
	struct q_write other_key = put_of(&item);
	struct q_write check = {.kind = Q_WRITE_CHECK, .key = item.key};
	struct q_write remove = {.kind = Q_WRITE_DELETE, .key = item.key};

	other_key.key = key_of("odd", "other");
	assert_code(write_one(suite, other_key), Q_INVALID);
	assert_code(write_one(suite, check), Q_INVALID);
	assert_code(q_record_store_write(suite->store, &no_limits, &remove, suite->arena, &after,
					 &suite->err),
		    Q_INVALID);
	item.expires_at_ms = -1;
	expect_put(suite, &item, Q_INVALID);
}

static void transactions_have_1_to_25_writes_on_different_keys(void **state)
{
	struct suite *suite = *state;
	struct q_write writes[Q_RECORD_TRANSACTION_MAX + 1];

	for (size_t i = 0; i < Q_COUNT_OF(writes); i++)
		writes[i] = (struct q_write){
			.kind = Q_WRITE_DELETE,
			.key = {Q_STR("limits"), q_arena_format(suite->arena, "%zu", i)}};
	assert_code(q_record_store_transact(suite->store, &no_limits, writes, 0, NULL, &suite->err),
		    Q_INVALID);
	assert_code(q_record_store_transact(suite->store, &no_limits, writes, Q_COUNT_OF(writes),
					    NULL, &suite->err),
		    Q_INVALID);
	writes[1].key = writes[0].key;
	assert_code(q_record_store_transact(suite->store, &no_limits, writes, 2, NULL, &suite->err),
		    Q_INVALID);
}

static void transactions_have_at_most_4_mib(void **state)
{
	struct suite *suite = *state;
	struct q_attribute attribute = {Q_STR("t"), q_value_string(repeat(suite, 't', 290 * 1024))};
	struct q_item items[15];
	struct q_write writes[15];

	for (size_t i = 0; i < Q_COUNT_OF(items); i++) {
		items[i] = (struct q_item){
			.key = {Q_STR("large"), q_arena_format(suite->arena, "%zu", i)},
			.attributes = &attribute,
			.attribute_count = 1};
		writes[i] = put_of(&items[i]);
	}
	assert_code(
		q_record_store_transact(suite->store, &no_limits, writes, 15, NULL, &suite->err),
		Q_TOOBIG);
	assert_absent(suite, "large", "0");
	assert_ok(q_record_store_transact(suite->store, &no_limits, writes, 14, NULL, &suite->err));
}

static void odd_queries_are_refused(void **state)
{
	struct suite *suite = *state;
	const struct q_query bad[] = {
		{.pk = Q_STR(""), .limit = 1},
		{.pk = Q_STR("p\n"), .limit = 1},
		{.pk = Q_STR("p"), .limit = 0},
		{.pk = Q_STR("p"), .limit = Q_RECORD_QUERY_MAX + 1},
		{.pk = Q_STR("p"), .limit = 1, .index = 3},
		{.pk = Q_STR("p"), .limit = 1, .index = -1},
		{.pk = Q_STR("p"), .limit = 1, .sk_prefix = Q_STR("a"), .sk_from = Q_STR("a")},
		{.pk = Q_STR("p"), .limit = 1, .sk_prefix = Q_STR("a"), .sk_to = Q_STR("a")},
		{.pk = Q_STR("p"), .limit = 1, .sk_from = Q_STR("\xff")},
		{.pk = Q_STR("p"), .limit = 1, .index = 1, .after = Q_STR("no position")},
	};
	struct q_query_page page;

	for (size_t i = 0; i < Q_COUNT_OF(bad); i++)
		assert_code(q_record_store_query(suite->store, &no_limits, &bad[i], suite->arena,
						 &page, &suite->err),
			    Q_INVALID);
}

struct case_list record_store_limit_cases(void)
{
	static const struct CMUnitTest cases[] = {
		CASE(keys_have_1_to_512_bytes),
		CASE(keys_are_utf8_without_control_characters),
		CASE(reads_refuse_bad_keys_too),
		CASE(index_keys_are_whole_or_empty),
		CASE(items_have_at_most_300_kib),
		CASE(update_beyond_300_kib_changes_nothing),
		CASE(items_have_at_most_64_attributes),
		CASE(names_are_letters_digits_and_underscores),
		CASE(names_stand_once),
		CASE(strings_are_utf8),
		CASE(numbers_are_compared_and_added_as_numbers),
		CASE(odd_writes_are_refused),
		CASE(transactions_have_1_to_25_writes_on_different_keys),
		CASE(transactions_have_at_most_4_mib),
		CASE(odd_queries_are_refused),
	};

	return (struct case_list){cases, Q_COUNT_OF(cases)};
}
