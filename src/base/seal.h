/* base/seal.h: small secrets made fit to be stored: AES-256-GCM (NIST SP 800-38D).
 *
 * Contract:  the ring's first key seals, every key opens. What is sealed is bound to its use (a
 *            word such as "webhook-secret") and to what it belongs to (`about`, such as the item's
 *            id): put elsewhere it does not open. The text reads ID.base64url(nonce, cipher text,
 *            tag); the key is HKDF-SHA-256 of the ring's key, salt "quire.seal", info `use`; the
 *            nonce is of 96 random bits, so one key seals at most 2^32 times.
 * Units:     bytes; at most Q_SEAL_PLAIN_MAX of them. A use has 1 to 63.
 * Ownership: results live in the caller's arena, which does not wipe them.
 * Threads:   any.
 * Errors:    Q_TOOBIG, Q_NOMEM; opening: Q_CORRUPT, whatever is wrong. */
#ifndef Q_BASE_SEAL_H
#define Q_BASE_SEAL_H

#include "base/arena.h"
#include "base/error.h"
#include "base/keyring.h"

enum { Q_SEAL_PLAIN_MAX = 64 * 1024 };

Q_MUST_USE enum q_code q_seal(const struct q_keyring *keyring, struct q_str use, struct q_str about,
			      struct q_bytes plain, struct q_arena *arena, struct q_str *out,
			      struct q_err *err);

Q_MUST_USE enum q_code q_unseal(const struct q_keyring *keyring, struct q_str use,
				struct q_str about, struct q_str sealed, struct q_arena *arena,
				struct q_bytes *out, struct q_err *err);

#endif
