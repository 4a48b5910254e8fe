#include "base/hash.h"

#include "base/encode.h"
#include "base/mem.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>

#include <errno.h>
#include <sys/random.h>

struct q_sha256 {
	EVP_MD *algorithm;
	EVP_MD_CTX *context;
};

struct q_sha256 *q_sha256_new(void)
{
	struct q_sha256 *hash = q_mem_new(sizeof *hash);

	if (!hash)
		return NULL;
	hash->algorithm = EVP_MD_fetch(NULL, "SHA256", NULL);
	hash->context = EVP_MD_CTX_new();
	if (!hash->algorithm || !hash->context ||
	    EVP_DigestInit_ex2(hash->context, hash->algorithm, NULL) != 1) {
		q_sha256_free(hash);
		return NULL;
	}
	return hash;
}

void q_sha256_add(struct q_sha256 *hash, struct q_bytes bytes)
{
	int ok = EVP_DigestUpdate(hash->context, bytes.data, bytes.length);

	q_assert(ok == 1); /* nothing is allocated after the start */
}

void q_sha256_finish(struct q_sha256 *hash, unsigned char out[Q_SHA256_SIZE])
{
	int ok = EVP_DigestFinal_ex(hash->context, out, NULL);

	q_assert(ok == 1);
}

void q_sha256_free(struct q_sha256 *hash)
{
	if (!hash)
		return;
	EVP_MD_CTX_free(hash->context);
	EVP_MD_free(hash->algorithm);
	q_mem_free(hash);
}

void q_sha256_of(struct q_bytes bytes, unsigned char out[Q_SHA256_SIZE])
{
	const unsigned char *digest = SHA256(bytes.data, bytes.length, out);

	q_assert(digest);
}

void q_sha256_to_hex(const unsigned char digest[Q_SHA256_SIZE], char out[Q_SHA256_HEX_SIZE])
{
	q_hex_write((struct q_bytes){digest, Q_SHA256_SIZE}, out);
	out[2 * Q_SHA256_SIZE] = '\0';
}

void q_hmac_sha256(struct q_bytes key, struct q_bytes message, unsigned char out[Q_SHA256_SIZE])
{
	const unsigned char *digest =
	    HMAC(EVP_sha256(), key.data, (int)key.length, message.data, message.length, out, NULL);

	q_assert(digest);
}

bool q_equal_constant_time(struct q_bytes a, struct q_bytes b)
{
	return a.length == b.length &&
	       (a.length == 0 || CRYPTO_memcmp(a.data, b.data, a.length) == 0);
}

void q_random_bytes(void *out, size_t count)
{
	unsigned char *at = out;

	while (count > 0) {
		ssize_t got = getrandom(at, count, 0);

		q_assert(got > 0 || (got < 0 && errno == EINTR));
		if (got > 0) {
			at += got;
			count -= (size_t)got;
		}
	}
}
