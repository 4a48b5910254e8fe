#include "contract/blob_store_suite_internal.h"

const struct q_call no_limits;

int start_case(void **state)
{
	struct suite *suite = *state;

	suite->arena = q_arena_new(64 << 20);
	return suite->arena ? 0 : -1;
}

int end_case(void **state)
{
	q_arena_free(((struct suite *)*state)->arena);
	return 0;
}

struct q_bytes text(const char *literal)
{
	return q_str_bytes(q_str_from(literal));
}

struct q_blob_info put(struct suite *suite, const char *key, struct q_bytes body)
{
	struct q_blob_info info;

	assert_ok(q_blob_store_put(suite->store, &no_limits, q_str_from(key), body, &info,
				   &suite->err));
	return info;
}

enum q_code stat_key(struct suite *suite, const char *key, struct q_blob_info *info)
{
	return q_blob_store_stat(suite->store, &no_limits, q_str_from(key), info, &suite->err);
}

void assert_missing(struct suite *suite, const char *key)
{
	struct q_blob_info info;

	assert_code(stat_key(suite, key, &info), Q_NOTFOUND);
}

struct q_bytes read_range(struct suite *suite, const char *key, struct q_blob_range range)
{
	struct q_bytes body;

	assert_ok(q_blob_store_read(suite->store, &no_limits, q_str_from(key), range, 32 << 20,
				    suite->arena, &body, &suite->err));
	return body;
}

void assert_body(struct suite *suite, const char *key, struct q_bytes expected)
{
	struct q_bytes body = read_range(suite, key, Q_BLOB_WHOLE);

	assert_int_equal(body.length, expected.length);
	if (expected.length > 0)
		assert_memory_equal(body.data, expected.data, expected.length);
}

void assert_sha256(const char *hex, struct q_bytes body)
{
	unsigned char digest[Q_SHA256_SIZE];
	char expected[Q_SHA256_HEX_SIZE];

	q_sha256_of(body, digest);
	q_sha256_to_hex(digest, expected);
	assert_string_equal(hex, expected);
}

enum q_code remove_key(struct suite *suite, const char *key)
{
	return q_blob_store_remove(suite->store, &no_limits, q_str_from(key), &suite->err);
}

/* Bytes that differ from place to place. */
struct q_bytes pattern(struct suite *suite, size_t length, unsigned seed)
{
	unsigned char *bytes = q_arena_alloc_array(suite->arena, length, 1);

	assert_non_null(bytes);
	for (size_t i = 0; i < length; i++)
		bytes[i] = (unsigned char)(i * 31 + i / 251 + seed);
	return (struct q_bytes){bytes, length};
}

int run_blob_store_suite(struct blob_store_subject *subject)
{
	const struct case_list lists[] = {
		blob_store_object_cases(), blob_store_key_cases(),	  blob_store_part_cases(),
		blob_store_link_cases(),   blob_store_concurrent_cases(),
	};
	struct suite suite = {.subject = subject, .store = subject->store};

	return run_case_lists(subject->name, lists, Q_COUNT_OF(lists), &suite);
}
