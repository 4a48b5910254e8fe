#include "base/seal.h"

#include "base/encode.h"
#include "base/hash.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <string.h>

enum { KEY_SIZE = 32, NONCE_SIZE = 12, TAG_SIZE = 16, USE_MAX = 63 };

/* What both directions need: a key schedule with its nonce, and the data that is bound to it. */
static bool start(EVP_CIPHER_CTX *context, const unsigned char key[KEY_SIZE],
		  const unsigned char nonce[NONCE_SIZE], struct q_str about, bool is_sealing)
{
	int written;

	return EVP_CipherInit_ex(context, EVP_aes_256_gcm(), NULL, key, nonce, is_sealing) == 1 &&
	       EVP_CipherUpdate(context, NULL, &written, (const unsigned char *)about.data,
				(int)about.length) == 1;
}

static bool add(EVP_CIPHER_CTX *context, struct q_bytes from, unsigned char *to)
{
	int written;

	return from.length == 0 ||
	       EVP_CipherUpdate(context, to, &written, from.data, (int)from.length) == 1;
}

/* Nonce, cipher text and tag to `out`: NONCE_SIZE + plain.length + TAG_SIZE bytes. False: the heap
 * is full. */
static bool encrypt(const unsigned char key[KEY_SIZE], struct q_str about, struct q_bytes plain,
		    unsigned char *out)
{
	EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
	unsigned char *text = out + NONCE_SIZE, *tag = text + plain.length;
	int written;
	bool is_done;

	q_random_bytes(out, NONCE_SIZE);
	is_done = context && start(context, key, out, about, true) && add(context, plain, text) &&
		  EVP_CipherFinal_ex(context, tag, &written) == 1 &&
		  EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, TAG_SIZE, tag) == 1;
	EVP_CIPHER_CTX_free(context);
	return is_done;
}

/* The reverse, to room for all but nonce and tag. */
static enum q_code decrypt(const unsigned char key[KEY_SIZE], struct q_str about,
			   struct q_bytes box, unsigned char *out)
{
	EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
	struct q_bytes text = {box.data + NONCE_SIZE, box.length - NONCE_SIZE - TAG_SIZE};
	unsigned char tag[TAG_SIZE];
	int written;
	bool is_sound;

	if (!context)
		return Q_NOMEM;
	memcpy(tag, text.data + text.length, TAG_SIZE);
	is_sound = start(context, key, box.data, about, false) && add(context, text, out) &&
		   EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, TAG_SIZE, tag) == 1 &&
		   EVP_CipherFinal_ex(context, out + text.length, &written) == 1;
	EVP_CIPHER_CTX_free(context);
	if (is_sound)
		return Q_OK;
	OPENSSL_cleanse(out, text.length);
	return Q_CORRUPT;
}

static bool derive(const struct q_keyring *keyring, struct q_str id, struct q_str use,
		   unsigned char key[KEY_SIZE])
{
	q_assert(use.length > 0 && use.length <= USE_MAX);
	return q_keyring_derive(keyring, id, Q_STR("quire.seal"), use, key);
}

static struct q_str to_text(struct q_str id, struct q_bytes box, struct q_arena *arena)
{
	struct q_buf text;
	struct q_str copy = {0};

	q_buf_init(&text, Q_KEYRING_ID_MAX + 1 + 2 * box.length);
	q_buf_append(&text, id);
	q_buf_append_char(&text, '.');
	q_encode_base64url(&text, box);
	if (!q_buf_failed(&text))
		copy = q_arena_copy(arena, q_buf_str(&text));
	q_buf_free(&text);
	return copy;
}

enum q_code q_seal(const struct q_keyring *keyring, struct q_str use, struct q_str about,
		   struct q_bytes plain, struct q_arena *arena, struct q_str *out,
		   struct q_err *err)
{
	struct q_str id = q_keyring_first_id(keyring);
	size_t length = NONCE_SIZE + plain.length + TAG_SIZE;
	unsigned char key[KEY_SIZE];
	unsigned char *box;
	bool is_sealed;

	if (plain.length > Q_SEAL_PLAIN_MAX)
		return q_fail(err, Q_TOOBIG, "seal", "more than %d bytes", Q_SEAL_PLAIN_MAX);
	box = q_arena_alloc(arena, length);
	is_sealed = derive(keyring, id, use, key) && box && encrypt(key, about, plain, box);
	OPENSSL_cleanse(key, sizeof key);
	*out = is_sealed ? to_text(id, (struct q_bytes){box, length}, arena) : (struct q_str){0};
	return out->length > 0 ? Q_OK : q_fail(err, Q_NOMEM, "seal", "%zu bytes", length);
}

/* The key's id and the box of a sealed text. */
static enum q_code from_text(struct q_str sealed, struct q_arena *arena, struct q_str *id,
			     struct q_bytes *box)
{
	struct q_str text;

	if (!q_str_cut(sealed, '.', id, &text))
		return Q_CORRUPT;
	if (!q_decode_base64url(arena, text, box))
		return q_arena_failed(arena) ? Q_NOMEM : Q_CORRUPT;
	return box->length >= NONCE_SIZE + TAG_SIZE ? Q_OK : Q_CORRUPT;
}

static enum q_code open_box(const struct q_keyring *keyring, struct q_str id, struct q_str use,
			    struct q_str about, struct q_bytes box, struct q_arena *arena,
			    struct q_bytes *out)
{
	size_t length = box.length - NONCE_SIZE - TAG_SIZE;
	unsigned char key[KEY_SIZE];
	unsigned char *plain;
	enum q_code code;

	if (!derive(keyring, id, use, key))
		return Q_CORRUPT;
	plain = q_arena_alloc(arena, length + 1); /* none at all is a block too */
	code = plain ? decrypt(key, about, box, plain) : Q_NOMEM;
	OPENSSL_cleanse(key, sizeof key);
	*out = (struct q_bytes){plain, length};
	return code;
}

enum q_code q_unseal(const struct q_keyring *keyring, struct q_str use, struct q_str about,
		     struct q_str sealed, struct q_arena *arena, struct q_bytes *out,
		     struct q_err *err)
{
	struct q_str id;
	struct q_bytes box;
	enum q_code code = from_text(sealed, arena, &id, &box);

	if (!code)
		code = open_box(keyring, id, use, about, box, arena, out);
	if (code)
		return q_fail(err, code, "unseal",
			      "what is sealed for %.*s does not open: was its key dropped from "
			      "SIGNING_KEYS?",
			      Q_STR_ARG(use));
	return Q_OK;
}
