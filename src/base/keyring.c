#include "base/keyring.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/encode.h"
#include "base/hash.h"
#include "base/mem.h"

#include <stdio.h>
#include <string.h>

enum { KEY_MIN = 32, KEY_MAX = 64, MAC_TEXT_SIZE = 44, PURPOSE_MAX = 63 };

struct key {
	char id[Q_KEYRING_ID_MAX + 1];
	unsigned char bytes[KEY_MAX];
	size_t length;
};

struct q_keyring {
	struct key keys[Q_KEYRING_KEYS_MAX];
	size_t count;
};

static bool id_is_valid(struct q_str id)
{
	if (id.length == 0 || id.length > Q_KEYRING_ID_MAX)
		return false;
	for (size_t i = 0; i < id.length; i++) {
		char c = id.data[i];
		bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');

		if (!is_letter && !(c >= '0' && c <= '9') && c != '_' && c != '-')
			return false;
	}
	return true;
}

static const struct key *find_key(const struct q_keyring *keyring, struct q_str id)
{
	for (size_t i = 0; i < keyring->count; i++)
		if (q_str_equal(q_str_from(keyring->keys[i].id), id))
			return &keyring->keys[i];
	return NULL;
}

/* Q_NOMEM has no message here: the caller gives every failure its place. */
static enum q_code decode_key(struct q_str text, struct key *key)
{
	struct q_arena *arena = q_arena_new(1024);
	enum q_code code = Q_OK;
	struct q_bytes bytes;

	if (!arena)
		return Q_NOMEM;
	if (text.length > 100 || !q_decode_base64url(arena, text, &bytes)) {
		code = q_arena_failed(arena) ? Q_NOMEM : Q_INVALID;
	} else if (bytes.length < KEY_MIN || bytes.length > KEY_MAX) {
		code = Q_INVALID;
	} else {
		memcpy(key->bytes, bytes.data, bytes.length);
		key->length = bytes.length;
	}
	q_arena_free(arena);
	return code;
}

/* One "id:base64url". */
static enum q_code add_key(struct q_keyring *keyring, struct q_str entry, struct q_err *err)
{
	const char *where = "keyring.new";
	struct key *key = &keyring->keys[keyring->count];
	size_t place = keyring->count + 1;
	struct q_str id, text;
	enum q_code code;

	if (keyring->count == Q_KEYRING_KEYS_MAX)
		return q_fail(err, Q_INVALID, where, "more than %d signing keys",
			      Q_KEYRING_KEYS_MAX);
	if (!q_str_cut(q_str_trim(entry), ':', &id, &text) || !id_is_valid(id))
		return q_fail(
			err, Q_INVALID, where,
			"signing key %zu is not id:base64url, the id 1 to %d of A-Z a-z 0-9 _ -",
			place, Q_KEYRING_ID_MAX);
	if (find_key(keyring, id))
		return q_fail(err, Q_INVALID, where, "signing key %zu has the id of another",
			      place);
	code = decode_key(text, key);
	if (code)
		return q_fail(
			err, code, where,
			"signing key %zu is not base64url (without padding) of %d to %d bytes",
			place, KEY_MIN, KEY_MAX);
	memcpy(key->id, id.data, id.length);
	keyring->count++;
	return Q_OK;
}

static enum q_code add_text(struct q_keyring *keyring, struct q_str text, struct q_err *err)
{
	struct q_str entry, rest = q_str_trim(text);
	enum q_code code;
	bool has_more;

	do {
		has_more = q_str_cut(rest, ',', &entry, &rest);
		code = add_key(keyring, entry, err);
	} while (code == Q_OK && has_more);
	return code;
}

static void add_raw(struct q_keyring *keyring, struct q_bytes value)
{
	struct key *key = &keyring->keys[keyring->count++];

	snprintf(key->id, sizeof key->id, "local");
	memcpy(key->bytes, value.data, value.length);
	key->length = value.length;
}

enum q_code q_keyring_new(struct q_bytes value, struct q_keyring **out, struct q_err *err)
{
	struct q_keyring *keyring = q_mem_new(sizeof *keyring);
	enum q_code code = Q_OK;

	if (!keyring)
		return q_fail(err, Q_NOMEM, "keyring.new", "%zu bytes", sizeof *keyring);
	if (value.length == KEY_MIN) /* too short to be the text of a key */
		add_raw(keyring, value);
	else
		code = add_text(keyring, q_bytes_str(value), err);
	if (code) {
		q_keyring_free(keyring);
		return code;
	}
	*out = keyring;
	return Q_OK;
}

void q_keyring_free(struct q_keyring *keyring)
{
	if (keyring)
		q_mem_free_secret(keyring, sizeof *keyring);
}

/* HMAC under a key derived for the purpose: no choice of purpose and message can stand for another.
 */
static void compute_mac(const struct key *key, struct q_str purpose, struct q_str message,
			unsigned char mac[Q_SHA256_SIZE])
{
	unsigned char derived[Q_SHA256_SIZE];

	q_hmac_sha256((struct q_bytes){key->bytes, key->length}, q_str_bytes(purpose), derived);
	q_hmac_sha256((struct q_bytes){derived, sizeof derived}, q_str_bytes(message), mac);
	explicit_bzero(derived, sizeof derived);
}

/* base64url of 32 bytes, without padding: always 43 characters. Written here because signing cannot
 * fail, so takes no heap. */
static void mac_to_text(const unsigned char mac[Q_SHA256_SIZE], char text[MAC_TEXT_SIZE])
{
	static const char alphabet[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	uint32_t bits = 0;
	unsigned bit_count = 0;
	size_t length = 0;

	for (size_t i = 0; i < Q_SHA256_SIZE; i++) {
		bits = bits << 8 | mac[i];
		for (bit_count += 8; bit_count >= 6; bit_count -= 6)
			text[length++] = alphabet[bits >> (bit_count - 6) & 63];
	}
	text[length++] = alphabet[bits << (6 - bit_count) & 63];
	text[length] = '\0';
}

static void sign_with(const struct key *key, struct q_str purpose, struct q_str message,
		      char text[MAC_TEXT_SIZE])
{
	unsigned char mac[Q_SHA256_SIZE];

	q_assert(purpose.length > 0 && purpose.length <= PURPOSE_MAX);
	compute_mac(key, purpose, message, mac);
	mac_to_text(mac, text);
}

void q_keyring_sign(const struct q_keyring *keyring, struct q_str purpose, struct q_str message,
		    char out[Q_SIGNATURE_SIZE])
{
	char text[MAC_TEXT_SIZE];

	sign_with(&keyring->keys[0], purpose, message, text);
	snprintf(out, Q_SIGNATURE_SIZE, "%s.%s", keyring->keys[0].id, text);
}

bool q_keyring_verify(const struct q_keyring *keyring, struct q_str purpose, struct q_str message,
		      struct q_str signature)
{
	char text[MAC_TEXT_SIZE];
	const struct key *key;
	struct q_str id, given;

	if (!q_str_cut(signature, '.', &id, &given))
		return false;
	key = find_key(keyring, id); /* ids are not secret */
	if (!key)
		return false;
	sign_with(key, purpose, message, text);
	return q_equal_constant_time(q_str_bytes(given), q_str_bytes(q_str_from(text)));
}

bool q_keyring_derive(const struct q_keyring *keyring, struct q_str id, struct q_str salt,
		      struct q_str info, unsigned char out[32])
{
	const struct key *key = find_key(keyring, id);

	if (key)
		q_hkdf_sha256((struct q_bytes){key->bytes, key->length}, salt, info, out);
	return key != NULL;
}

struct q_str q_keyring_first_id(const struct q_keyring *keyring)
{
	return q_str_from(keyring->keys[0].id);
}
