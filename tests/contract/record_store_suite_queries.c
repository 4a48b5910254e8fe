/* Queries: order, ranges, pages, indexes. */
#include "contract/record_store_suite_internal.h"

static struct q_query_page run_query(struct suite *suite, const struct q_query *query)
{
	struct q_query_page page;

	assert_ok(q_record_store_query(suite->store, &no_limits, query, suite->arena, &page,
				       &suite->err));
	return page;
}

/* The sort keys of all pages of the query, each followed by a space. `limit` a page. */
static const char *list_keys(struct suite *suite, struct q_query query)
{
	struct q_str list = Q_STR("");

	do {
		struct q_query_page page = run_query(suite, &query);

		assert_true(page.count <= query.limit);
		for (size_t i = 0; i < page.count; i++)
			list = q_arena_format(suite->arena, "%.*s%.*s ", Q_STR_ARG(list),
					      Q_STR_ARG(page.items[i].key.sk));
		query.after = page.next;
	} while (query.after.length > 0);
	return q_arena_copy(suite->arena, list).data;
}

static void put_keys(struct suite *suite, const char *pk, const char *const *sks, size_t count)
{
	for (size_t i = 0; i < count; i++)
		put_number(suite, pk, sks[i], (int64_t)i);
}

#define PUT_KEYS(SUITE, PK, ...)                                                                   \
	put_keys((SUITE), (PK), (const char *const[]){__VA_ARGS__},                                \
		 Q_COUNT_OF(((const char *const[]){__VA_ARGS__})))

static void query_orders_by_the_bytes_of_sk(void **state)
{
	struct suite *suite = *state;
	struct q_query query = {.pk = Q_STR("order"), .limit = 10};

	PUT_KEYS(suite, "order", "b", "a", "a1", "B", "\xc3\xa9", "~", "10", "9");
	PUT_KEYS(suite, "other", "a");
	assert_string_equal(list_keys(suite, query), "10 9 B a a1 b ~ \xc3\xa9 ");
	query.is_descending = true;
	assert_string_equal(list_keys(suite, query), "\xc3\xa9 ~ b a1 a B 9 10 ");
}

static void query_of_an_unknown_pk_is_empty(void **state)
{
	struct suite *suite = *state;
	struct q_query query = {.pk = Q_STR("nobody"), .limit = 10};
	struct q_query_page page = run_query(suite, &query);

	assert_int_equal(page.count, 0);
	assert_int_equal(page.next.length, 0);
}

static void prefix_takes_exactly_what_begins_with_it(void **state)
{
	struct suite *suite = *state;
	struct q_query query = {.pk = Q_STR("prefix"), .limit = 10};

	PUT_KEYS(suite, "prefix", "EVENT", "EVENT#", "EVENT#1", "EVENT#2", "EVENT$", "PAGE#1",
		 "EVENT#\xf4\x8f\xbf\xbf");
	query.sk_prefix = Q_STR("EVENT#");
	assert_string_equal(list_keys(suite, query),
			    "EVENT# EVENT#1 EVENT#2 EVENT#\xf4\x8f\xbf\xbf ");
	query.is_descending = true;
	assert_string_equal(list_keys(suite, query),
			    "EVENT#\xf4\x8f\xbf\xbf EVENT#2 EVENT#1 EVENT# ");
	query.sk_prefix = Q_STR("X");
	assert_string_equal(list_keys(suite, query), "");
}

static void from_and_to_are_inclusive(void **state)
{
	struct suite *suite = *state;
	struct q_query query = {.pk = Q_STR("range"), .limit = 10};

	PUT_KEYS(suite, "range", "a", "b", "b1", "c", "d");
	query.sk_from = Q_STR("b");
	assert_string_equal(list_keys(suite, query), "b b1 c d ");
	query.sk_to = Q_STR("c");
	assert_string_equal(list_keys(suite, query), "b b1 c ");
	query.is_descending = true;
	assert_string_equal(list_keys(suite, query), "c b1 b ");
	query.sk_from = Q_STR("");
	assert_string_equal(list_keys(suite, query), "c b1 b a ");
	query.sk_from = Q_STR("d");
	assert_string_equal(list_keys(suite, query), "");
}

static void pages_join_to_the_whole(void **state)
{
	struct suite *suite = *state;
	struct q_query query = {.pk = Q_STR("pages")};
	const struct q_str all = Q_STR("1 2 3 4 5 6 7 "), reversed = Q_STR("7 6 5 4 3 2 1 ");

	PUT_KEYS(suite, "pages", "1", "2", "3", "4", "5", "6", "7");
	for (query.limit = 1; query.limit <= 8; query.limit++) {
		query.is_descending = false;
		assert_string_equal(list_keys(suite, query), all.data);
		query.is_descending = true;
		assert_string_equal(list_keys(suite, query), reversed.data);
	}
}

static void pages_keep_the_range(void **state)
{
	struct suite *suite = *state;
	struct q_query query = {.pk = Q_STR("ranged"), .limit = 1, .sk_prefix = Q_STR("b")};

	PUT_KEYS(suite, "ranged", "a", "b", "b1", "b2", "c");
	assert_string_equal(list_keys(suite, query), "b b1 b2 ");
	query.is_descending = true;
	assert_string_equal(list_keys(suite, query), "b2 b1 b ");
	query.sk_prefix = Q_STR("");
	query.sk_from = Q_STR("b");
	query.sk_to = Q_STR("b1");
	assert_string_equal(list_keys(suite, query), "b1 b ");
}

static void items_that_come_between_pages_disturb_nothing(void **state)
{
	struct suite *suite = *state;
	struct q_query query = {.pk = Q_STR("between"), .limit = 2};
	struct q_write remove = {.kind = Q_WRITE_DELETE, .key = key_of("between", "d")};
	struct q_query_page page;

	PUT_KEYS(suite, "between", "b", "d", "f", "h");
	page = run_query(suite, &query);
	assert_view_equal(page.items[1].key.sk, "d");
	PUT_KEYS(suite, "between", "a", "e");
	assert_ok(write_one(suite, remove)); /* the item that the position names */
	query.after = page.next;
	assert_string_equal(list_keys(suite, query), "e f h ");
}

static void a_page_of_large_items_may_end_early(void **state)
{
	struct suite *suite = *state;
	struct q_query query = {.pk = Q_STR("heavy"), .limit = 100};
	char *text = q_arena_alloc(suite->arena, 200 * 1024);
	struct q_change change = {.kind = Q_SET, .name = Q_STR("t")};
	size_t pages = 0, items = 0;

	memset(text, 't', 200 * 1024);
	change.value = q_value_string((struct q_str){text, 200 * 1024});
	for (size_t i = 0; i < 12; i++)
		assert_ok(write_one(
			suite,
			update_of((struct q_record_key){Q_STR("heavy"),
							q_arena_format(suite->arena, "%zu", i)},
				  &change, 1)));
	do {
		struct q_query_page page = run_query(suite, &query);

		assert_true(page.count > 0);
		items += page.count;
		pages++;
		query.after = page.next;
	} while (query.after.length > 0);
	assert_int_equal(items, 12);
	assert_true(pages <= 12);
}

/* Indexes. */

static void put_indexed(struct suite *suite, const char *pk, const char *sk,
			struct q_record_key index1, struct q_record_key index2)
{
	struct q_attribute attribute = {Q_STR("n"), q_value_number(1)};
	struct q_item item = {
		.key = key_of(pk, sk),
		.index1 = index1,
		.index2 = index2,
		.attributes = &attribute,
		.attribute_count = 1,
	};

	assert_ok(write_one(suite, put_of(&item)));
}

static void item_stands_in_each_index_under_its_key(void **state)
{
	struct suite *suite = *state;
	const struct q_record_key none = {0};
	struct q_query first = {.index = 1, .pk = Q_STR("i#1"), .limit = 10};
	struct q_query second = {.index = 2, .pk = Q_STR("i#2"), .limit = 10};

	put_indexed(suite, "i", "both", key_of("i#1", "2"), key_of("i#2", "1"));
	put_indexed(suite, "i", "first", key_of("i#1", "1"), none);
	put_indexed(suite, "i", "second", none, key_of("i#2", "2"));
	put_indexed(suite, "i", "none", none, none);
	assert_string_equal(list_keys(suite, first), "first both ");
	assert_string_equal(list_keys(suite, second), "both second ");
	first.pk = Q_STR("i#2");
	assert_string_equal(list_keys(suite, first), "");
}

static void index_gives_whole_items(void **state)
{
	struct suite *suite = *state;
	struct q_query query = {.index = 1, .pk = Q_STR("whole#1"), .limit = 10};
	struct q_query_page page;
	struct q_item item;

	put_indexed(suite, "whole", "item", key_of("whole#1", "a"), key_of("whole#2", "b"));
	page = run_query(suite, &query);
	assert_int_equal(page.count, 1);
	assert_ok(get_item(suite, key_of("whole", "item"), &item));
	assert_items_equal(&page.items[0], &item);
}

static void update_and_delete_move_items_in_the_index(void **state)
{
	struct suite *suite = *state;
	struct q_query query = {.index = 1, .pk = Q_STR("m#1"), .limit = 10};
	struct q_record_key last = key_of("m#1", "z"), none = {0};
	struct q_write write = update_of(key_of("m", "a"), NULL, 0);
	struct q_write remove = {.kind = Q_WRITE_DELETE, .key = key_of("m", "b")};

	put_indexed(suite, "m", "a", key_of("m#1", "a"), none);
	put_indexed(suite, "m", "b", key_of("m#1", "b"), none);
	write.index1 = &last;
	assert_ok(write_one(suite, write));
	assert_string_equal(list_keys(suite, query), "b a ");
	assert_ok(write_one(suite, remove));
	assert_string_equal(list_keys(suite, query), "a ");
	write.index1 = &none;
	assert_ok(write_one(suite, write));
	assert_string_equal(list_keys(suite, query), "");
}

/* Index keys need not be unique: pages must not lose or repeat what stands under the same one. */
static void items_under_one_index_key_are_all_found(void **state)
{
	struct suite *suite = *state;
	struct q_query query = {.index = 2, .pk = Q_STR("equal#2")};
	const struct q_record_key none = {0}, same = key_of("equal#2", "k");

	for (size_t i = 0; i < 3; i++) {
		const char *pk = q_arena_format(suite->arena, "equal%zu", i).data;

		put_indexed(suite, pk, "x", none, same);
		put_indexed(suite, pk, "y", none, same);
	}
	put_indexed(suite, "equal", "first", none, key_of("equal#2", "j"));
	put_indexed(suite, "equal", "last", none, key_of("equal#2", "l"));
	for (query.limit = 1; query.limit <= 9; query.limit++) {
		query.is_descending = false;
		assert_string_equal(list_keys(suite, query), "first x y x y x y last ");
		query.is_descending = true;
		assert_string_equal(list_keys(suite, query), "last y x y x y x first ");
	}
}

static void index_ranges_are_as_those_of_the_table(void **state)
{
	struct suite *suite = *state;
	struct q_query query = {.index = 1, .pk = Q_STR("ir#1"), .limit = 2};
	const struct q_record_key none = {0};

	put_indexed(suite, "ir", "1", key_of("ir#1", "a"), none);
	put_indexed(suite, "ir", "2", key_of("ir#1", "b"), none);
	put_indexed(suite, "ir", "3", key_of("ir#1", "b#1"), none);
	put_indexed(suite, "ir", "4", key_of("ir#1", "c"), none);
	put_indexed(suite, "ir", "5", key_of("ir#1", "d"), none);
	query.sk_from = Q_STR("b");
	query.sk_to = Q_STR("c");
	assert_string_equal(list_keys(suite, query), "2 3 4 ");
	query.is_descending = true;
	assert_string_equal(list_keys(suite, query), "4 3 2 ");
	query.sk_from = query.sk_to = Q_STR("");
	query.sk_prefix = Q_STR("b");
	assert_string_equal(list_keys(suite, query), "3 2 ");
}

struct case_list record_store_query_cases(void)
{
	static const struct CMUnitTest cases[] = {
		CASE(query_orders_by_the_bytes_of_sk),
		CASE(query_of_an_unknown_pk_is_empty),
		CASE(prefix_takes_exactly_what_begins_with_it),
		CASE(from_and_to_are_inclusive),
		CASE(pages_join_to_the_whole),
		CASE(pages_keep_the_range),
		CASE(items_that_come_between_pages_disturb_nothing),
		CASE(a_page_of_large_items_may_end_early),
		CASE(item_stands_in_each_index_under_its_key),
		CASE(index_gives_whole_items),
		CASE(update_and_delete_move_items_in_the_index),
		CASE(items_under_one_index_key_are_all_found),
		CASE(index_ranges_are_as_those_of_the_table),
	};

	return (struct case_list){cases, Q_COUNT_OF(cases)};
}
