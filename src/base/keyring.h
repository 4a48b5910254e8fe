/* base/keyring.h: keys that sign what quire gives out and later takes back: cursors, links,
 * tickets.
 *
 * Contract:  the first key signs, every key verifies: a new key is put in front, the old one
 *            dropped when what it signed has expired. A signature is bound to a purpose, a word
 *            such as "blob-link": made for one it is worthless for another. It reads ID.MAC, where
 *            MAC is HMAC-SHA-256 in base64url, and needs no escape in a URL.
 * Units:     key ids are 1..Q_KEYRING_ID_MAX of [A-Za-z0-9_-]; keys have 32 to 64 bytes; at most
 *            Q_KEYRING_KEYS_MAX keys.
 * Ownership: a keyring owns copies of its keys and wipes them when freed.
 * Threads:   read-only once made.
 * Errors:    Q_INVALID (messages name a key by its place, never its bytes), Q_NOMEM. */
#ifndef Q_BASE_KEYRING_H
#define Q_BASE_KEYRING_H

#include "base/error.h"
#include "base/str.h"

enum {
	Q_KEYRING_ID_MAX = 32,
	Q_KEYRING_KEYS_MAX = 16,
	Q_SIGNATURE_SIZE = Q_KEYRING_ID_MAX + 1 + 43 + 1 /* text and NUL */
};

struct q_keyring;

/* From a secret's value: exactly 32 bytes are one key (of id "local"), anything else is the text
 * "id:base64url[,id:base64url...]" of SIGNING_KEYS, ids unique; spaces and line ends around the
 * text are ignored. */
Q_MUST_USE enum q_code q_keyring_new(struct q_bytes value, struct q_keyring **out,
				     struct q_err *err);
/* NULL is allowed. */
void q_keyring_free(struct q_keyring *keyring);

/* The purpose is 1 to 63 bytes. Signing cannot fail. */
void q_keyring_sign(const struct q_keyring *keyring, struct q_str purpose, struct q_str message,
		    char out[Q_SIGNATURE_SIZE]);

/* True where the signature was made by a key of this ring, for this purpose and message. Takes the
 * same time wherever the signature's MAC differs from the right one. */
Q_MUST_USE bool q_keyring_verify(const struct q_keyring *keyring, struct q_str purpose,
				 struct q_str message, struct q_str signature);

/* A key of 32 bytes for another use than signing (sealing), made from a key of this ring by
 * HKDF-SHA-256 with `salt` and `info`. False where no key has this id. */
Q_MUST_USE bool q_keyring_derive(const struct q_keyring *keyring, struct q_str id,
				 struct q_str salt, struct q_str info, unsigned char out[32]);

/* The id of the key that signs; it lives as long as the ring. */
struct q_str q_keyring_first_id(const struct q_keyring *keyring);

#endif
