/* base/hash.h: SHA-256 (FIPS 180-4), HMAC-SHA-256 (RFC 2104) and HKDF-SHA-256 (RFC 5869), by
 * OpenSSL.
 * Threads: one q_sha256 belongs to one thread; the rest is pure.
 * Errors: q_sha256_new returns NULL when the heap is full; nothing else can fail. */
#ifndef Q_BASE_HASH_H
#define Q_BASE_HASH_H

#include "base/compiler.h"
#include "base/str.h"

enum { Q_SHA256_SIZE = 32, Q_SHA256_HEX_SIZE = 65 };

struct q_sha256; /* a running hash */

Q_MUST_USE struct q_sha256 *q_sha256_new(void);
void q_sha256_add(struct q_sha256 *hash, struct q_bytes bytes);
/* The digest of all bytes so far; nothing may be added after it. */
void q_sha256_finish(struct q_sha256 *hash, unsigned char out[Q_SHA256_SIZE]);
void q_sha256_free(struct q_sha256 *hash);

void q_sha256_of(struct q_bytes bytes, unsigned char out[Q_SHA256_SIZE]);
void q_sha256_to_hex(const unsigned char digest[Q_SHA256_SIZE], char out[Q_SHA256_HEX_SIZE]);

/* For protocols that ask for it, such as WebSocket's handshake: it protects nothing. */
enum { Q_SHA1_SIZE = 20 };
void q_sha1_of(struct q_bytes bytes, unsigned char out[Q_SHA1_SIZE]);

void q_hmac_sha256(struct q_bytes key, struct q_bytes message, unsigned char out[Q_SHA256_SIZE]);

/* A key of 32 bytes made from another: the first block of HKDF. `info` has at most 127 bytes. */
void q_hkdf_sha256(struct q_bytes key, struct q_str salt, struct q_str info,
		   unsigned char out[Q_SHA256_SIZE]);

/* Takes the same time wherever the bytes differ; lengths are not secret. */
bool q_equal_constant_time(struct q_bytes a, struct q_bytes b);

/* Bytes of the operating system's generator (getrandom); aborts where it has none. */
void q_random_bytes(void *out, size_t count);

#endif
