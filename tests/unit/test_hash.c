#include "base/hash.h"

#include "support/checks.h"
#include "support/failing_memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void check_sha256(struct q_str text, const char *expected)
{
	unsigned char digest[Q_SHA256_SIZE];
	char hex[Q_SHA256_HEX_SIZE];

	q_sha256_of(q_str_bytes(text), digest);
	q_sha256_to_hex(digest, hex);
	assert_string_equal(hex, expected);
}

/* FIPS 180-4, its examples. */
static void sha256_gives_the_digests_of_the_standard(void **state)
{
	check_sha256((struct q_str){0},
		     "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	check_sha256(Q_STR("abc"),
		     "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	check_sha256(Q_STR("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
		     "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
}

static void bytes_in_pieces_hash_as_one(void **state)
{
	unsigned char bytes[1000], whole[Q_SHA256_SIZE], pieces[Q_SHA256_SIZE];

	memset(bytes, 'x', sizeof bytes);
	q_sha256_of((struct q_bytes){bytes, sizeof bytes}, whole);
	for (size_t piece = 1; piece < 200; piece += 11) {
		struct q_sha256 *hash = q_sha256_new();

		assert_non_null(hash);
		for (size_t at = 0; at < sizeof bytes; at += piece) {
			size_t left = sizeof bytes - at;

			q_sha256_add(hash,
				     (struct q_bytes){bytes + at, left < piece ? left : piece});
		}
		q_sha256_add(hash, (struct q_bytes){0});
		q_sha256_finish(hash, pieces);
		q_sha256_free(hash);
		assert_memory_equal(pieces, whole, sizeof whole);
	}
}

static void check_hmac(struct q_bytes key, struct q_str message, const char *expected)
{
	unsigned char digest[Q_SHA256_SIZE];
	char hex[Q_SHA256_HEX_SIZE];

	q_hmac_sha256(key, q_str_bytes(message), digest);
	q_sha256_to_hex(digest, hex);
	assert_string_equal(hex, expected);
}

/* RFC 4231: its keys are of 20, 4, 20, 25 and 131 bytes, the last longer than a block. */
static void hmac_gives_the_digests_of_rfc_4231(void **state)
{
	unsigned char bytes[131], data[50];

	memset(bytes, 0x0B, sizeof bytes);
	check_hmac((struct q_bytes){bytes, 20}, Q_STR("Hi There"),
		   "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
	check_hmac(q_str_bytes(Q_STR("Jefe")), Q_STR("what do ya want for nothing?"),
		   "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
	memset(bytes, 0xAA, sizeof bytes);
	memset(data, 0xDD, sizeof data);
	check_hmac((struct q_bytes){bytes, 20}, q_bytes_str((struct q_bytes){data, sizeof data}),
		   "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe");
	check_hmac((struct q_bytes){bytes, sizeof bytes},
		   Q_STR("Test Using Larger Than Block-Size Key - Hash Key First"),
		   "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

static void hmac_of_nothing_with_no_key_is_defined(void **state)
{
	check_hmac((struct q_bytes){0}, (struct q_str){0},
		   "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
}

static void check_hkdf(struct q_bytes key, struct q_str salt, struct q_str info,
		       const char *expected)
{
	unsigned char derived[Q_SHA256_SIZE];
	char hex[Q_SHA256_HEX_SIZE];

	q_hkdf_sha256(key, salt, info, derived);
	q_sha256_to_hex(derived, hex);
	assert_string_equal(hex, expected);
}

/* RFC 5869, cases 1 and 3: the first 32 of their 42 bytes. */
static void hkdf_gives_the_keys_of_rfc_5869(void **state)
{
	unsigned char key[22];
	struct q_str salt = Q_STR("\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c");
	struct q_str info = Q_STR("\xf0\xf1\xf2\xf3\xf4\xf5\xf6\xf7\xf8\xf9");

	memset(key, 0x0B, sizeof key);
	check_hkdf((struct q_bytes){key, sizeof key}, salt, info,
		   "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf");
	check_hkdf((struct q_bytes){key, sizeof key}, (struct q_str){0}, (struct q_str){0},
		   "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d");
}

static void constant_time_equality_sees_every_byte_and_the_length(void **state)
{
	unsigned char a[64] = {0}, b[64] = {0};

	for (size_t i = 0; i < sizeof a; i++) {
		b[i] = 1;
		assert_false(
			q_equal_constant_time((struct q_bytes){a, 64}, (struct q_bytes){b, 64}));
		b[i] = 0;
	}
	assert_true(q_equal_constant_time((struct q_bytes){a, 64}, (struct q_bytes){b, 64}));
	assert_false(q_equal_constant_time((struct q_bytes){a, 64}, (struct q_bytes){b, 63}));
	assert_true(q_equal_constant_time((struct q_bytes){0}, (struct q_bytes){a, 0}));
}

/* A buffer that was not written to its end would keep zeros there in all of the rounds. */
static void random_bytes_fill_the_buffer(void **state)
{
	unsigned char seen[300] = {0};

	for (int round = 0; round < 20; round++) {
		unsigned char bytes[sizeof seen] = {0};

		q_random_bytes(bytes, sizeof bytes);
		for (size_t i = 0; i < sizeof bytes; i++)
			seen[i] |= bytes[i];
	}
	for (size_t i = 0; i < sizeof seen; i++)
		assert_int_not_equal(seen[i], 0);
	q_random_bytes(seen, 0);
}

static enum q_code hash_something(void *context)
{
	struct q_sha256 *hash = q_sha256_new();

	q_sha256_free(hash);
	return hash ? Q_OK : Q_NOMEM;
}

static void failing_allocation_is_told(void **state)
{
	assert_int_equal(run_with_failing_memory(hash_something, NULL), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sha256_gives_the_digests_of_the_standard),
		cmocka_unit_test(bytes_in_pieces_hash_as_one),
		cmocka_unit_test(hmac_gives_the_digests_of_rfc_4231),
		cmocka_unit_test(hmac_of_nothing_with_no_key_is_defined),
		cmocka_unit_test(hkdf_gives_the_keys_of_rfc_5869),
		cmocka_unit_test(constant_time_equality_sees_every_byte_and_the_length),
		cmocka_unit_test(random_bytes_fill_the_buffer),
		cmocka_unit_test(failing_allocation_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
