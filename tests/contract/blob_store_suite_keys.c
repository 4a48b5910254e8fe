#include "contract/blob_store_suite_internal.h"

/* ---- keys */

static void odd_keys_work(void **state)
{
	struct suite *suite = *state;
	static const char *const keys[] = {
		"x",
		".incoming/tenant/file",
		".tmp/not-ours",
		".parts/not-ours",
		"1/2/3",
		"odd/with space",
		"odd/ leading and trailing ",
		"odd/\"quotes\" and 'more'",
		"odd/back\\slash",
		"odd/%2e%2e%2f",
		"odd/*?[a]{b}$(c)`d`;|&<>",
		"odd/...",
		"odd/.hidden",
		"odd/-rf",
		"odd/~",
		"odd/\xc3\xa9\xe2\x82\xac\xf0\x9f\x93\x84.pdf",
		"odd/results.json",
	};

	for (size_t i = 0; i < Q_COUNT_OF(keys); i++)
		put(suite, keys[i], text(keys[i]));
	for (size_t i = 0; i < Q_COUNT_OF(keys); i++)
		assert_body(suite, keys[i], text(keys[i]));
	for (size_t i = 0; i < Q_COUNT_OF(keys); i++) {
		assert_ok(remove_key(suite, keys[i]));
		assert_missing(suite, keys[i]);
	}
}

/* parts of `part_length` letters until the key has `length` bytes */
static void fill_key(char *key, size_t length, size_t part_length)
{
	for (size_t i = 0; i < length; i++)
		key[i] = (i + 1) % (part_length + 1) == 0 && i + 1 < length ? '/' : 'k';
	key[length] = '\0';
}

static void the_longest_keys_work(void **state)
{
	struct suite *suite = *state;
	static const struct {
		size_t length, part_length;
	} shapes[] = {{Q_BLOB_KEY_MAX, 1}, {Q_BLOB_KEY_MAX, 7}, {Q_BLOB_KEY_MAX - 1, 255}};

	for (size_t i = 0; i < Q_COUNT_OF(shapes); i++) {
		char key[Q_BLOB_KEY_MAX + 1];

		fill_key(key, shapes[i].length, shapes[i].part_length);
		put(suite, key, text("long"));
		assert_body(suite, key, text("long"));
		assert_ok(remove_key(suite, key));
		assert_missing(suite, key);
	}
}

static void a_key_may_start_with_another(void **state)
{
	struct suite *suite = *state;

	put(suite, "outer", text("1"));
	put(suite, "outer/inner", text("2"));
	put(suite, "outer/inner/most", text("3"));
	assert_body(suite, "outer", text("1"));
	assert_body(suite, "outer/inner", text("2"));
	assert_ok(remove_key(suite, "outer"));
	assert_ok(remove_key(suite, "outer/inner"));
	assert_body(suite, "outer/inner/most", text("3"));
}

/* Is the key refused by every operation that takes one? */
static void assert_refused(struct suite *suite, struct q_str key)
{
	struct q_blob_link link = {.expires_at_ms = 1, .content_length = -1};
	struct q_blob_part part = {.number = 1};
	struct q_str id = Q_STR("0123456789abcdef0123456789abcdef");
	struct q_str ok = Q_STR("ok"), out;
	struct q_blob_reader *reader;
	struct q_blob_writer *writer;
	struct q_blob_parts parts;
	struct q_blob_info info;
	uint64_t size_bytes;
	int fd;
	const enum q_code codes[] = {
		q_blob_writer_open(suite->store, &no_limits, key, &writer, &suite->err),
		q_blob_reader_open(suite->store, &no_limits, key, Q_BLOB_WHOLE, &reader, NULL,
				   &suite->err),
		q_blob_store_open_file(suite->store, &no_limits, key, &fd, &size_bytes,
				       &suite->err),
		q_blob_store_stat(suite->store, &no_limits, key, &info, &suite->err),
		q_blob_store_copy_if_match(suite->store, &no_limits, key, ok, ok, NULL,
					   &suite->err),
		q_blob_store_copy_if_match(suite->store, &no_limits, ok, ok, key, NULL,
					   &suite->err),
		q_blob_store_remove(suite->store, &no_limits, key, &suite->err),
		q_blob_parts_start(suite->store, &no_limits, key, suite->arena, &out, &suite->err),
		q_blob_parts_put(suite->store, &no_limits, key, id, 1, text("x"), &part,
				 &suite->err),
		q_blob_parts_list(suite->store, &no_limits, key, id, suite->arena, &parts,
				  &suite->err),
		q_blob_parts_complete(suite->store, &no_limits, key, id, &part, 1, NULL,
				      &suite->err),
		q_blob_parts_abort(suite->store, &no_limits, key, id, &suite->err),
		q_blob_store_presign(suite->store, &no_limits, key, &link, suite->arena, &out,
				     &suite->err),
	};

	for (size_t i = 0; i < Q_COUNT_OF(codes); i++)
		if (codes[i] != Q_INVALID)
			fail_msg("operation %zu took the key %.*s", i, Q_STR_ARG(key));
}

static void bad_keys_are_refused_by_every_operation(void **state)
{
	struct suite *suite = *state;
	static const char *const keys[] = {
		"",
		"/",
		"/a",
		"a/",
		"a//b",
		".",
		"..",
		"../a",
		"a/..",
		"a/./b",
		"a/../b",
		"a\nb",
		"a\tb",
		"a\x7f",
		"\x01",
		"a\xff",
		"\xc0\xaf/a",
		"\xed\xa0\x80",
		"\xf5\x80\x80\x80",
	};
	char too_long[Q_BLOB_KEY_MAX + 2], long_part[258];

	for (size_t i = 0; i < Q_COUNT_OF(keys); i++)
		assert_refused(suite, q_str_from(keys[i]));
	assert_refused(suite, (struct q_str){"a\0b", 3});
	fill_key(too_long, Q_BLOB_KEY_MAX + 1, 7);
	assert_refused(suite, q_str_from(too_long));
	fill_key(long_part, 256, 256);
	assert_refused(suite, q_str_from(long_part));
}

/* ---- lists */

static struct q_blob_page list(struct suite *suite, const char *prefix, struct q_str after,
			       size_t limit)
{
	struct q_blob_page page;

	assert_ok(q_blob_store_list(suite->store, &no_limits, q_str_from(prefix), after, limit,
				    suite->arena, &page, &suite->err));
	assert_true(page.count <= limit);
	return page;
}

/* All pages of `limit` keys, one after the other, must be these keys. */
static void assert_list(struct suite *suite, const char *prefix, size_t limit,
			const char *const *keys, size_t count)
{
	struct q_str after = Q_STR("");
	size_t seen = 0;

	do {
		struct q_blob_page page = list(suite, prefix, after, limit);

		for (size_t i = 0; i < page.count; i++) {
			assert_true(seen < count);
			assert_true(q_str_equal(page.items[i].key, q_str_from(keys[seen++])));
		}
		after = page.next;
	} while (after.length > 0);
	assert_int_equal(seen, count);
}

static const char *const listed[] = {
	"list/a",    "list/a b", "list/a!",    "list/a-b",  "list/a-b/c",
	"list/a.b",  "list/a/b", "list/a/b/c", "list/a/b0", "list/a0",
	"list/a0/z", "list/ab",	 "list/b/c/d", "list/b/d",  "list/\xc3\xa9",
};

static void keys_are_listed_in_the_order_of_their_bytes(void **state)
{
	struct suite *suite = *state;
	static const size_t limits[] = {1, 2, 3, 7, 14, 15, 16, Q_BLOB_LIST_MAX};

	for (size_t i = 0; i < Q_COUNT_OF(listed); i++) /* written in another order */
		put(suite, listed[i * 7 % Q_COUNT_OF(listed)], text("x"));
	for (size_t i = 0; i < Q_COUNT_OF(limits); i++)
		assert_list(suite, "list/", limits[i], listed, Q_COUNT_OF(listed));
}

static void a_prefix_is_bytes_and_not_parts(void **state)
{
	struct suite *suite = *state;

	assert_list(suite, "list/a", 2, listed, 12);
	assert_list(suite, "list/a-", 2, listed + 3, 2);
	assert_list(suite, "list/a/b", 2, listed + 6, 3);
	assert_list(suite, "list/a/b/", 2, listed + 7, 1);
	assert_list(suite, "list/b/d", 2, listed + 13, 1);
	assert_list(suite, "list/\xc3", 2, listed + 14, 1);
	assert_list(suite, "list/nothing", 2, NULL, 0);
	assert_list(suite, "list/a/b/c/", 2, NULL, 0);
}

static void prefixes_that_no_key_can_have_list_nothing(void **state)
{
	struct suite *suite = *state;
	static const char *const prefixes[] = {"/",  "//",     "..",	  "../",  "list/../",
					       "./", "list//", "list/./", "\xff", "list/a\n"};

	for (size_t i = 0; i < Q_COUNT_OF(prefixes); i++)
		assert_int_equal(list(suite, prefixes[i], Q_STR(""), 10).count, 0);
}

static void after_need_not_be_a_key(void **state)
{
	struct suite *suite = *state;

	assert_view_equal(list(suite, "list/", Q_STR("list/a/az"), 1).items[0].key, "list/a/b");
	assert_view_equal(list(suite, "list/", Q_STR("list/a/b/"), 1).items[0].key, "list/a/b/c");
	assert_view_equal(list(suite, "list/", Q_STR("a"), 1).items[0].key, "list/a");
	assert_int_equal(list(suite, "list/", Q_STR("m"), 1).count, 0);
}

static void a_list_tells_sizes_and_times(void **state)
{
	struct suite *suite = *state;
	struct q_blob_info info = put(suite, "listed/size", text("0123456789"));
	struct q_blob_page page = list(suite, "listed/", Q_STR(""), 10);

	assert_int_equal(page.count, 1);
	assert_int_equal(page.next.length, 0);
	assert_int_equal(page.items[0].size_bytes, 10);
	assert_true(page.items[0].modified_at_ms / 1000 == info.modified_at_ms / 1000);
}

static void a_list_of_another_size_is_refused(void **state)
{
	struct suite *suite = *state;
	static const size_t limits[] = {0, Q_BLOB_LIST_MAX + 1};
	struct q_blob_page page;

	for (size_t i = 0; i < Q_COUNT_OF(limits); i++)
		assert_code(q_blob_store_list(suite->store, &no_limits, Q_STR(""), Q_STR(""),
					      limits[i], suite->arena, &page, &suite->err),
			    Q_INVALID);
}

static void many_keys_are_listed_once_each(void **state)
{
	struct suite *suite = *state;
	enum { COUNT = 300 };
	struct q_str after = Q_STR("");
	char key[32];
	int seen = 0;

	for (int i = 0; i < COUNT; i++) {
		snprintf(key, sizeof key, "many/%03d%s", i, i % 3 == 0 ? "/x" : "");
		put(suite, key, text("x"));
	}
	do {
		struct q_blob_page page = list(suite, "many/", after, 17);

		for (size_t i = 0; i < page.count; i++, seen++) {
			snprintf(key, sizeof key, "many/%03d%s", seen, seen % 3 == 0 ? "/x" : "");
			assert_true(q_str_equal(page.items[i].key, q_str_from(key)));
		}
		after = page.next;
	} while (after.length > 0);
	assert_int_equal(seen, COUNT);
}

struct case_list blob_store_key_cases(void)
{
	static const struct CMUnitTest cases[] = {
		CASE(odd_keys_work),
		CASE(the_longest_keys_work),
		CASE(a_key_may_start_with_another),
		CASE(bad_keys_are_refused_by_every_operation),
		CASE(keys_are_listed_in_the_order_of_their_bytes),
		CASE(a_prefix_is_bytes_and_not_parts),
		CASE(prefixes_that_no_key_can_have_list_nothing),
		CASE(after_need_not_be_a_key),
		CASE(a_list_tells_sizes_and_times),
		CASE(a_list_of_another_size_is_refused),
		CASE(many_keys_are_listed_once_each),
	};

	return (struct case_list){cases, Q_COUNT_OF(cases)};
}
