#include "base/keyring.h"

#include "base/buf.h"
#include "base/encode.h"
#include "base/hash.h"
#include "support/failing_memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* base64url of 32 times 0x11, and of 32 times 0x22 */
#define KEY_1 "ERERERERERERERERERERERERERERERERERERERERERE"
#define KEY_2 "IiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiI"

static struct q_keyring *keyring_of(const char *text)
{
	struct q_keyring *keyring = NULL;
	struct q_err err;

	assert_int_equal(q_keyring_new(q_str_bytes(q_str_from(text)), &keyring, &err), Q_OK);
	return keyring;
}

static bool verify(const struct q_keyring *keyring, const char *purpose, const char *message,
		   const char *signature)
{
	return q_keyring_verify(keyring, q_str_from(purpose), q_str_from(message),
				q_str_from(signature));
}

static void sign(const struct q_keyring *keyring, const char *purpose, const char *message,
		 char out[Q_SIGNATURE_SIZE])
{
	q_keyring_sign(keyring, q_str_from(purpose), q_str_from(message), out);
}

static void a_signature_verifies(void **state)
{
	struct q_keyring *keyring = keyring_of("k1:" KEY_1);
	char signature[Q_SIGNATURE_SIZE];

	sign(keyring, "cursor", "message", signature);
	assert_true(verify(keyring, "cursor", "message", signature));
	sign(keyring, "cursor", "", signature);
	assert_true(verify(keyring, "cursor", "", signature));
	q_keyring_free(keyring);
}

/* HMAC(HMAC(key, purpose), message), worked out with the functions of base/hash.h alone. */
static void a_signature_is_what_the_header_says(void **state)
{
	struct q_keyring *keyring = keyring_of("k1:" KEY_1);
	unsigned char key[32], derived[Q_SHA256_SIZE], mac[Q_SHA256_SIZE];
	char signature[Q_SIGNATURE_SIZE];
	struct q_buf expected;

	memset(key, 0x11, sizeof key);
	q_hmac_sha256((struct q_bytes){key, sizeof key}, q_str_bytes(Q_STR("cursor")), derived);
	q_hmac_sha256((struct q_bytes){derived, sizeof derived}, q_str_bytes(Q_STR("message")),
		      mac);
	q_buf_init(&expected, 100);
	q_buf_append(&expected, Q_STR("k1."));
	q_encode_base64url(&expected, (struct q_bytes){mac, sizeof mac});
	sign(keyring, "cursor", "message", signature);
	assert_string_equal(signature, expected.data);
	q_buf_free(&expected);
	q_keyring_free(keyring);
}

static void any_altered_character_is_refused(void **state)
{
	struct q_keyring *keyring = keyring_of("k1:" KEY_1 ",k2:" KEY_2);
	char signature[Q_SIGNATURE_SIZE];
	size_t length;

	sign(keyring, "cursor", "message", signature);
	length = strlen(signature);
	for (size_t i = 0; i < length; i++)
		for (int bit = 0; bit < 8; bit++) {
			signature[i] ^= (char)(1 << bit);
			assert_false(verify(keyring, "cursor", "message", signature));
			signature[i] ^= (char)(1 << bit);
		}
	assert_true(verify(keyring, "cursor", "message", signature));
	q_keyring_free(keyring);
}

static void a_signature_cut_or_longer_is_refused(void **state)
{
	struct q_keyring *keyring = keyring_of("k1:" KEY_1);
	char signature[Q_SIGNATURE_SIZE], longer[Q_SIGNATURE_SIZE + 1];

	sign(keyring, "cursor", "message", signature);
	for (size_t i = 0; i < strlen(signature); i++)
		assert_false(q_keyring_verify(keyring, Q_STR("cursor"), Q_STR("message"),
					      (struct q_str){signature, i}));
	snprintf(longer, sizeof longer, "%sA", signature);
	assert_false(verify(keyring, "cursor", "message", longer));
	assert_false(verify(keyring, "cursor", "message", "k1."));
	assert_false(verify(keyring, "cursor", "message", "k1"));
	assert_false(verify(keyring, "cursor", "message", "."));
	q_keyring_free(keyring);
}

static void another_message_is_refused(void **state)
{
	struct q_keyring *keyring = keyring_of("k1:" KEY_1);
	char signature[Q_SIGNATURE_SIZE];

	sign(keyring, "cursor", "message", signature);
	assert_false(verify(keyring, "cursor", "messagf", signature));
	assert_false(verify(keyring, "cursor", "messag", signature));
	assert_false(verify(keyring, "cursor", "messagee", signature));
	q_keyring_free(keyring);
}

static void another_purpose_is_refused(void **state)
{
	struct q_keyring *keyring = keyring_of("k1:" KEY_1);
	char signature[Q_SIGNATURE_SIZE];

	sign(keyring, "ticket", "message", signature);
	assert_false(verify(keyring, "cursor", "message", signature));
	assert_false(verify(keyring, "ticketm", "essage", signature));
	assert_false(verify(keyring, "ticke", "tmessage", signature));
	q_keyring_free(keyring);
}

static void the_first_key_signs_and_every_key_verifies(void **state)
{
	struct q_keyring *before = keyring_of("old:" KEY_1);
	struct q_keyring *change = keyring_of("new:" KEY_2 ",old:" KEY_1);
	struct q_keyring *after = keyring_of("new:" KEY_2);
	char old_signature[Q_SIGNATURE_SIZE], new_signature[Q_SIGNATURE_SIZE];

	sign(before, "cursor", "m", old_signature);
	sign(change, "cursor", "m", new_signature);
	assert_memory_equal(new_signature, "new.", 4);
	assert_true(verify(change, "cursor", "m", old_signature));
	assert_true(verify(after, "cursor", "m", new_signature));
	assert_false(verify(after, "cursor", "m", old_signature));
	assert_false(verify(before, "cursor", "m", new_signature));
	q_keyring_free(before);
	q_keyring_free(change);
	q_keyring_free(after);
}

static void a_key_under_anothers_id_is_refused(void **state)
{
	struct q_keyring *one = keyring_of("k:" KEY_1), *two = keyring_of("k:" KEY_2);
	char signature[Q_SIGNATURE_SIZE];

	sign(one, "cursor", "m", signature);
	assert_false(verify(two, "cursor", "m", signature));
	q_keyring_free(one);
	q_keyring_free(two);
}

static void raw_bytes_are_the_key_named_local(void **state)
{
	struct q_keyring *raw, *text = keyring_of("local:" KEY_1);
	unsigned char key[32];
	char signature[Q_SIGNATURE_SIZE];
	struct q_err err;

	memset(key, 0x11, sizeof key);
	assert_int_equal(q_keyring_new((struct q_bytes){key, sizeof key}, &raw, &err), Q_OK);
	sign(raw, "cursor", "m", signature);
	assert_true(verify(text, "cursor", "m", signature));
	q_keyring_free(raw);
	q_keyring_free(text);
}

static void spaces_around_entries_are_ignored(void **state)
{
	q_keyring_free(keyring_of(" a:" KEY_1 " , b:" KEY_2 "\r\n"));
}

static void keys_of_32_to_64_bytes_are_taken(void **state)
{
	struct q_err err;

	for (size_t length = 30; length <= 66; length++) {
		unsigned char key[66] = {1};
		struct q_keyring *keyring;
		struct q_buf text;
		enum q_code code;

		q_buf_init(&text, 200);
		q_buf_append(&text, Q_STR("k:"));
		q_encode_base64url(&text, (struct q_bytes){key, length});
		code = q_keyring_new(q_str_bytes(q_buf_str(&text)), &keyring, &err);
		assert_int_equal(code, length >= 32 && length <= 64 ? Q_OK : Q_INVALID);
		if (code == Q_OK)
			q_keyring_free(keyring);
		q_buf_free(&text);
	}
}

static void bad_texts_are_refused(void **state)
{
	static const char *const bad[] = {
		"",
		",",
		"k1",
		"k1:",
		":" KEY_1,
		KEY_1,
		"k1:" KEY_1 ",",
		","
		"k1:" KEY_1,
		"k1:" KEY_1 ",k1:" KEY_2,
		"k.1:" KEY_1,
		"k 1:" KEY_1,
		"k\xc3\xa9:" KEY_1,
		"k1:" KEY_1 "=",
		"k1:" KEY_1 "+",
		"k1: " KEY_1,
		"k1:short",
		"a23456789012345678901234567890123:" KEY_1,
	};

	for (size_t i = 0; i < Q_COUNT_OF(bad); i++) {
		struct q_keyring *keyring;
		struct q_err err;

		if (q_keyring_new(q_str_bytes(q_str_from(bad[i])), &keyring, &err) != Q_INVALID)
			fail_msg("taken: %s", bad[i]);
	}
}

static void at_most_sixteen_keys_are_taken(void **state)
{
	for (int count = 16; count <= 17; count++) {
		struct q_keyring *keyring;
		struct q_buf text;
		struct q_err err;
		enum q_code code;

		q_buf_init(&text, 4096);
		for (int i = 0; i < count; i++)
			q_buf_format(&text, "%sk%d:" KEY_1, i > 0 ? "," : "", i);
		code = q_keyring_new(q_str_bytes(q_buf_str(&text)), &keyring, &err);
		assert_int_equal(code, count == 16 ? Q_OK : Q_INVALID);
		if (code == Q_OK)
			q_keyring_free(keyring);
		q_buf_free(&text);
	}
}

static void messages_do_not_hold_keys(void **state)
{
	struct q_keyring *keyring;
	struct q_err err;

	assert_int_equal(
		q_keyring_new(q_str_bytes(Q_STR("ok:" KEY_2 ",k1:" KEY_1 "!")), &keyring, &err),
		Q_INVALID);
	assert_null(strstr(err.message, "ERERER"));
	assert_null(strstr(err.message, "IiIiIi"));
	assert_non_null(strstr(err.message, "signing key 2"));
}

static enum q_code make_one(void *context)
{
	struct q_keyring *keyring;
	struct q_err err;
	enum q_code code =
		q_keyring_new(q_str_bytes(Q_STR("a:" KEY_1 ",b:" KEY_2)), &keyring, &err);

	if (code == Q_OK)
		q_keyring_free(keyring);
	return code;
}

static void a_full_heap_is_reported(void **state)
{
	assert_true(run_with_failing_memory(make_one, NULL) > 1);
	q_keyring_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_signature_verifies),
		cmocka_unit_test(a_signature_is_what_the_header_says),
		cmocka_unit_test(any_altered_character_is_refused),
		cmocka_unit_test(a_signature_cut_or_longer_is_refused),
		cmocka_unit_test(another_message_is_refused),
		cmocka_unit_test(another_purpose_is_refused),
		cmocka_unit_test(the_first_key_signs_and_every_key_verifies),
		cmocka_unit_test(a_key_under_anothers_id_is_refused),
		cmocka_unit_test(raw_bytes_are_the_key_named_local),
		cmocka_unit_test(spaces_around_entries_are_ignored),
		cmocka_unit_test(keys_of_32_to_64_bytes_are_taken),
		cmocka_unit_test(bad_texts_are_refused),
		cmocka_unit_test(at_most_sixteen_keys_are_taken),
		cmocka_unit_test(messages_do_not_hold_keys),
		cmocka_unit_test(a_full_heap_is_reported),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
