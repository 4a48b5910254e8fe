#include "base/seal.h"

#include "support/failing_memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

/* base64url of 32 times 0x11, and of 32 times 0x22 */
#define KEY_1 "k1:ERERERERERERERERERERERERERERERERERERERERERE"
#define KEY_2 "k2:IiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiIiI"

static const struct q_str use = Q_STR_INIT("webhook-secret");
static const struct q_str about = Q_STR_INIT("tenant/endpoint");

static struct q_keyring *keyring_of(const char *text)
{
	struct q_keyring *keyring = NULL;
	struct q_err err;

	assert_int_equal(q_keyring_new(q_str_bytes(q_str_from(text)), &keyring, &err), Q_OK);
	return keyring;
}

static struct q_str sealed_by(const char *keys, const char *plain, struct q_arena *arena)
{
	struct q_keyring *keyring = keyring_of(keys);
	struct q_str sealed;
	struct q_err err;

	assert_int_equal(
		q_seal(keyring, use, about, q_str_bytes(q_str_from(plain)), arena, &sealed, &err),
		Q_OK);
	q_keyring_free(keyring);
	return sealed;
}

static enum q_code unseal(const char *keys, struct q_str for_use, struct q_str for_what,
			  struct q_str sealed, struct q_arena *arena, struct q_str *plain)
{
	struct q_keyring *keyring = keyring_of(keys);
	struct q_bytes bytes = {0};
	struct q_err err;
	enum q_code code = q_unseal(keyring, for_use, for_what, sealed, arena, &bytes, &err);

	q_keyring_free(keyring);
	*plain = q_bytes_str(bytes);
	return code;
}

static void check_opens(const char *keys, struct q_str sealed, const char *expected)
{
	struct q_arena *arena = q_arena_new(1 << 20);
	struct q_str plain;

	assert_int_equal(unseal(keys, use, about, sealed, arena, &plain), Q_OK);
	assert_true(q_str_equal(plain, q_str_from(expected)));
	q_arena_free(arena);
}

static void check_stays_shut(const char *keys, struct q_str for_use, struct q_str for_what,
			     struct q_str sealed)
{
	struct q_arena *arena = q_arena_new(1 << 20);
	struct q_str plain;

	assert_int_equal(unseal(keys, for_use, for_what, sealed, arena, &plain), Q_CORRUPT);
	q_arena_free(arena);
}

static void what_is_sealed_opens(void **state)
{
	struct q_arena *arena = q_arena_new(1 << 20);

	check_opens(KEY_1, sealed_by(KEY_1, "whsec_hello", arena), "whsec_hello");
	check_opens(KEY_1, sealed_by(KEY_1, "", arena), "");
	q_arena_free(arena);
}

/* Made by another implementation (Python's hmac and cryptography) from the header's words: nonce
 * 00 01 .. 0b, key 32 times 0x11. */
static void a_text_of_another_implementation_opens(void **state)
{
	check_opens(KEY_1, Q_STR("k1.AAECAwQFBgcICQoLtWCDlqNzdix-0P_Igc97NrBLQX_Ci_ZxzD3M"),
		    "whsec_hello");
}

static void the_same_secret_is_never_sealed_alike(void **state)
{
	struct q_arena *arena = q_arena_new(1 << 20);

	assert_false(
		q_str_equal(sealed_by(KEY_1, "secret", arena), sealed_by(KEY_1, "secret", arena)));
	q_arena_free(arena);
}

static void the_first_key_seals_and_all_open(void **state)
{
	struct q_arena *arena = q_arena_new(1 << 20);
	struct q_str sealed = sealed_by(KEY_1, "secret", arena);

	assert_true(q_str_starts_with(sealed, Q_STR("k1.")));
	assert_true(q_str_starts_with(sealed_by(KEY_2 "," KEY_1, "secret", arena), Q_STR("k2.")));
	check_opens(KEY_2 "," KEY_1, sealed, "secret");
	check_stays_shut(KEY_2, use, about, sealed);
	q_arena_free(arena);
}

static void another_use_or_owner_does_not_open_it(void **state)
{
	struct q_arena *arena = q_arena_new(1 << 20);
	struct q_str sealed = sealed_by(KEY_1, "secret", arena);

	check_stays_shut(KEY_1, Q_STR("other"), about, sealed);
	check_stays_shut(KEY_1, use, Q_STR("tenant/other"), sealed);
	check_stays_shut(KEY_1, use, (struct q_str){0}, sealed);
	q_arena_free(arena);
}

static void any_altered_or_missing_character_keeps_it_shut(void **state)
{
	struct q_arena *arena = q_arena_new(1 << 20);
	struct q_str sealed = sealed_by(KEY_1, "secret", arena);

	for (size_t i = 0; i < sealed.length; i++) {
		struct q_str altered = q_arena_format(
			arena, "%.*s%c%.*s", (int)i, sealed.data, sealed.data[i] == 'A' ? 'B' : 'A',
			(int)(sealed.length - i - 1), sealed.data + i + 1);

		check_stays_shut(KEY_1, use, about, altered);
		check_stays_shut(KEY_1, use, about, q_str_slice(sealed, 0, i));
	}
	q_arena_free(arena);
}

static void the_largest_secret_is_sealed_and_one_byte_more_refused(void **state)
{
	struct q_arena *arena = q_arena_new(1 << 20);
	struct q_keyring *keyring = keyring_of(KEY_1);
	unsigned char *plain = q_arena_alloc(arena, Q_SEAL_PLAIN_MAX + 1);
	struct q_str sealed;
	struct q_bytes opened;
	struct q_err err;

	assert_int_equal(q_seal(keyring, use, about, (struct q_bytes){plain, Q_SEAL_PLAIN_MAX},
				arena, &sealed, &err),
			 Q_OK);
	assert_int_equal(q_unseal(keyring, use, about, sealed, arena, &opened, &err), Q_OK);
	assert_int_equal(opened.length, Q_SEAL_PLAIN_MAX);
	assert_int_equal(q_seal(keyring, use, about, (struct q_bytes){plain, Q_SEAL_PLAIN_MAX + 1},
				arena, &sealed, &err),
			 Q_TOOBIG);
	q_keyring_free(keyring);
	q_arena_free(arena);
}

static enum q_code seal_and_open(void *keyring)
{
	struct q_arena *arena = q_arena_new(1 << 20);
	struct q_str sealed;
	struct q_bytes plain;
	struct q_err err;
	enum q_code code = Q_NOMEM;

	if (arena)
		code = q_seal(keyring, use, about, q_str_bytes(Q_STR("secret")), arena, &sealed,
			      &err);
	if (!code)
		code = q_unseal(keyring, use, about, sealed, arena, &plain, &err);
	q_arena_free(arena);
	return code;
}

static void failing_allocations_are_told(void **state)
{
	struct q_keyring *keyring = keyring_of(KEY_1);

	assert_true(run_with_failing_memory(seal_and_open, keyring) > 0);
	q_keyring_free(keyring);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_sealed_opens),
		cmocka_unit_test(a_text_of_another_implementation_opens),
		cmocka_unit_test(the_same_secret_is_never_sealed_alike),
		cmocka_unit_test(the_first_key_seals_and_all_open),
		cmocka_unit_test(another_use_or_owner_does_not_open_it),
		cmocka_unit_test(any_altered_or_missing_character_keeps_it_shut),
		cmocka_unit_test(the_largest_secret_is_sealed_and_one_byte_more_refused),
		cmocka_unit_test(failing_allocations_are_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
