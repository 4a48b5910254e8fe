#include "embedded/item_codec.h"

#include "base/mem.h"
#include "support/checks.h"
#include "support/failing_memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static struct q_attribute attributes[] = {
	{{"text", 4}, {.kind = Q_VALUE_STRING, .string = {"words", 5}}},
	{{"n", 1}, {.kind = Q_VALUE_NUMBER, .number = -2}},
	{{"yes", 3}, {.kind = Q_VALUE_BOOL, .boolean = true}},
	{{"raw", 3}, {.kind = Q_VALUE_BYTES, .bytes = {(const unsigned char *)"\0\xff", 2}}},
};

static const struct q_item sample = {
	.key = {{"pk", 2}, {"sk", 2}},
	.index1 = {{"one", 3}, {"1", 1}},
	.expires_at_ms = 258,
	.attributes = attributes,
	.attribute_count = Q_COUNT_OF(attributes),
};

/* What version 1 has written to disks: it may not change. */
static const unsigned char sample_bytes[] = {
	1, 4,	2,   1,	  0,   0,   0,	 0,   0,   0,	2,   0,	  2,   0,   3,	 0,   1,   0,	0,
	0, 0,	0,   'p', 'k', 's', 'k', 'o', 'n', 'e', '1', 0,	  4,   't', 'e', 'x', 't', 5,	0,
	0, 0,	'w', 'o', 'r', 'd', 's', 1,   1,   'n', 254, 255, 255, 255, 255, 255, 255, 255, 2,
	3, 'y', 'e', 's', 1,   3,   3,	 'r', 'a', 'w', 2,   0,	  0,   0,   0,	 255,
};

static int make_arena(void **state)
{
	*state = q_arena_new(4 << 20);
	return *state ? 0 : -1;
}

static int free_arena(void **state)
{
	q_arena_free(*state);
	return 0;
}

static struct q_bytes encode(struct q_arena *arena, const struct q_item *item)
{
	struct q_bytes bytes;
	struct q_err err;

	assert_int_equal(q_item_encode(item, arena, &bytes, &err), Q_OK);
	return bytes;
}

/* From a copy of exactly this size: AddressSanitizer then sees a read beyond it. */
static enum q_code decode_copy(struct q_arena *arena, struct q_bytes bytes)
{
	unsigned char *copy = q_mem_resize(NULL, bytes.length ? bytes.length : 1);
	struct q_item item;
	struct q_err err;
	enum q_code code;

	assert_non_null(copy);
	memcpy(copy, bytes.data, bytes.length);
	code = q_item_decode((struct q_bytes){copy, bytes.length}, arena, &item, &err);
	if (code == Q_OK) /* whatever it says can be written again, within what was given */
		assert_int_equal(encode(arena, &item).length, bytes.length);
	q_mem_free(copy);
	return code;
}

static void version_1_is_written_as_ever(void **state)
{
	struct q_bytes bytes = encode(*state, &sample);

	assert_int_equal(bytes.length, sizeof sample_bytes);
	assert_memory_equal(bytes.data, sample_bytes, sizeof sample_bytes);
}

static void version_1_is_read_as_ever(void **state)
{
	struct q_item item;
	struct q_err err;

	assert_int_equal(q_item_decode((struct q_bytes){sample_bytes, sizeof sample_bytes}, *state,
				       &item, &err),
			 Q_OK);
	assert_view_equal(item.key.pk, "pk");
	assert_view_equal(item.key.sk, "sk");
	assert_view_equal(item.index1.pk, "one");
	assert_view_equal(item.index1.sk, "1");
	assert_int_equal(item.index2.pk.length, 0);
	assert_int_equal(item.expires_at_ms, 258);
	assert_int_equal(item.attribute_count, 4);
	for (size_t i = 0; i < 4; i++) {
		assert_true(q_str_equal(item.attributes[i].name, attributes[i].name));
		assert_true(q_value_equal(&item.attributes[i].value, &attributes[i].value));
	}
}

static void largest_item_comes_back(void **state)
{
	struct q_arena *arena = *state;
	struct q_attribute large = {Q_STR("t"), {.kind = Q_VALUE_STRING}};
	struct q_item item = {
		.key = {Q_STR("p"), Q_STR("s")}, .attributes = &large, .attribute_count = 1};
	struct q_item got;
	struct q_err err;

	large.value.string.length = Q_RECORD_ITEM_MAX - 3;
	large.value.string.data = q_arena_alloc(arena, large.value.string.length);
	assert_int_equal(q_item_size(&item), Q_RECORD_ITEM_MAX);
	assert_int_equal(q_item_decode(encode(arena, &item), arena, &got, &err), Q_OK);
	assert_true(q_value_equal(&got.attributes[0].value, &large.value));
}

static void every_beginning_of_an_item_is_corrupt(void **state)
{
	for (size_t length = 0; length < sizeof sample_bytes; length++)
		assert_int_equal(decode_copy(*state, (struct q_bytes){sample_bytes, length}),
				 Q_CORRUPT);
}

static void bytes_behind_an_item_are_corrupt(void **state)
{
	unsigned char longer[sizeof sample_bytes + 1] = {0};

	memcpy(longer, sample_bytes, sizeof sample_bytes);
	assert_int_equal(decode_copy(*state, (struct q_bytes){longer, sizeof longer}), Q_CORRUPT);
}

static void no_changed_byte_is_read_beyond_the_item(void **state)
{
	unsigned char changed[sizeof sample_bytes];

	for (size_t at = 0; at < sizeof changed; at++) {
		for (unsigned value = 0; value < 256; value++) {
			enum q_code code;

			memcpy(changed, sample_bytes, sizeof changed);
			changed[at] = (unsigned char)value;
			q_arena_reset(*state);
			code = decode_copy(*state, (struct q_bytes){changed, sizeof changed});
			assert_true(code == Q_OK || code == Q_CORRUPT);
		}
	}
}

static void expect_corrupt(struct q_arena *arena, size_t at, unsigned char value)
{
	unsigned char changed[sizeof sample_bytes];

	memcpy(changed, sample_bytes, sizeof changed);
	changed[at] = value;
	assert_int_equal(decode_copy(arena, (struct q_bytes){changed, sizeof changed}), Q_CORRUPT);
}

static void what_no_encoder_writes_is_corrupt(void **state)
{
	expect_corrupt(*state, 0, 2);	 /* a later version */
	expect_corrupt(*state, 1, 65);	 /* more attributes than an item may have */
	expect_corrupt(*state, 9, 0x80); /* a time of expiry before 1970 */
	expect_corrupt(*state, 11, 3);	 /* a key of 770 bytes */
	expect_corrupt(*state, 30, 4);	 /* an unknown kind of value */
	expect_corrupt(*state, 31, 0);	 /* a name of no bytes */
	expect_corrupt(*state, 62, 2);	 /* a boolean that is neither */
}

static void expiry_is_read_without_decoding(void **state)
{
	struct q_item item = sample;

	assert_int_equal(q_item_encoded_expiry(encode(*state, &item)), 258);
	item.expires_at_ms = 0;
	assert_int_equal(q_item_encoded_expiry(encode(*state, &item)), INT64_MAX);
	assert_int_equal(q_item_encoded_expiry((struct q_bytes){sample_bytes, 9}), 0);
	assert_int_equal(q_item_encoded_expiry((struct q_bytes){0}), 0);
}

static void changes_come_back_with_either_image_or_both(void **state)
{
	const struct q_bytes none = {0}, one = q_str_bytes(Q_STR("one")),
			     two = q_str_bytes(Q_STR("twotwo"));
	const struct q_bytes pairs[][2] = {{none, one}, {one, none}, {one, two}};

	for (size_t i = 0; i < Q_COUNT_OF(pairs); i++) {
		struct q_bytes change, before, after;
		struct q_err err;

		assert_int_equal(q_change_encode(pairs[i][0], pairs[i][1], *state, &change, &err),
				 Q_OK);
		assert_int_equal(q_change_decode(change, &before, &after, &err), Q_OK);
		assert_true(q_str_equal(q_bytes_str(before), q_bytes_str(pairs[i][0])));
		assert_true(q_str_equal(q_bytes_str(after), q_bytes_str(pairs[i][1])));
	}
}

static void damaged_changes_are_corrupt(void **state)
{
	struct q_bytes one = q_str_bytes(Q_STR("one")), change, before, after;
	struct q_err err;

	assert_int_equal(q_change_encode(one, one, *state, &change, &err), Q_OK);
	for (size_t length = 0; length < 8; length++)
		assert_int_equal(q_change_decode((struct q_bytes){change.data, length}, &before,
						 &after, &err),
				 Q_CORRUPT);
	assert_int_equal(q_change_decode(q_str_bytes(Q_STR("\2\0\0\0\0x")), &before, &after, &err),
			 Q_CORRUPT);
}

static enum q_code encode_and_decode(void *context)
{
	struct q_arena *arena = q_arena_new(1 << 20);
	struct q_bytes bytes;
	struct q_item item;
	struct q_err err;
	enum q_code code = arena ? Q_OK : Q_NOMEM;

	for (int i = 0; i < 200 && !code; i++) { /* until the arena needs blocks */
		code = q_item_encode(&sample, arena, &bytes, &err);
		if (!code)
			code = q_item_decode(bytes, arena, &item, &err);
	}
	q_arena_free(arena);
	return code;
}

static void a_full_heap_is_reported(void **state)
{
	assert_true(run_with_failing_memory(encode_and_decode, NULL) > 1);
}

#define CASE(NAME) cmocka_unit_test_setup_teardown(NAME, make_arena, free_arena)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(version_1_is_written_as_ever),
		CASE(version_1_is_read_as_ever),
		CASE(largest_item_comes_back),
		CASE(every_beginning_of_an_item_is_corrupt),
		CASE(bytes_behind_an_item_are_corrupt),
		CASE(no_changed_byte_is_read_beyond_the_item),
		CASE(what_no_encoder_writes_is_corrupt),
		CASE(expiry_is_read_without_decoding),
		CASE(changes_come_back_with_either_image_or_both),
		CASE(damaged_changes_are_corrupt),
		CASE(a_full_heap_is_reported),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
