/* access/authenticator.h: who is asking: the one place where credentials become an identity.
 *
 * Contract:  a request carries one credential: an API key or a bearer token. What has been checked
 *            is remembered under its SHA-256 for Q_AUTHENTICATOR_KEY_MS (keys, so that a revoked
 *            one stops within that time) or until it expires, at most Q_AUTHENTICATOR_TOKEN_MS
 *            (tokens). Refusals are not remembered.
 * Ownership: an authenticator borrows its ports; identities live in the caller's arena.
 * Threads:   any. A call reads the record store for keys that are not remembered, and else waits
 *            for nothing.
 * Errors:    Q_DENIED with reason "missing_credentials", "invalid_credentials" (both given),
 *            "invalid_token" or "invalid_key"; those of the record store. */
#ifndef Q_ACCESS_AUTHENTICATOR_H
#define Q_ACCESS_AUTHENTICATOR_H

#include "access/policy.h"
#include "access/token.h"
#include "ports/clock.h"
#include "ports/record_store.h"

enum { Q_AUTHENTICATOR_KEY_MS = 1000, Q_AUTHENTICATOR_TOKEN_MS = 60000 };

struct q_authenticator;

/* The strings of `rules` are borrowed for as long as the authenticator lives. */
Q_MUST_USE enum q_code q_authenticator_new(struct q_record_store *records, struct q_clock *clock,
					   const struct q_token_rules *rules,
					   struct q_authenticator **out, struct q_err *err);
void q_authenticator_free(struct q_authenticator *authenticator);

/* `api_key`: the value of X-API-Key; `authorization`: that of Authorization; either may be empty.
 */
Q_MUST_USE enum q_code q_authenticate(struct q_authenticator *authenticator,
				      const struct q_call *call, struct q_str api_key,
				      struct q_str authorization, struct q_arena *arena,
				      struct q_identity *out, struct q_err *err);

#endif
