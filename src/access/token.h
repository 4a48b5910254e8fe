/* access/token.h: bearer tokens: JWTs signed with HS256 (RFC 7519, 7515), checked as strictly as
 * RFC 8725 asks.
 *
 * Contract:  accepted is a compact JWS of at most Q_TOKEN_MAX bytes whose header has alg HS256 and
 *            no `crit`, whose JSON has no duplicate members, with iss, sub and exp, an audience
 *            where one is required, and tenant claims of the right form. Nothing has a default: a
 *            claim that is missing or of another type refuses the token. `jku`, `x5u` and `jwk`
 *            are never followed. Roles that are not known grant nothing.
 * Units:     NumericDate in seconds; clocks may differ by Q_TOKEN_SKEW_MS.
 * Ownership: results live in the caller's arena; a q_token_rules borrows its strings.
 * Threads:   pure functions.
 * Errors:    verify: Q_DENIED with reason "invalid_token" and a message that says which rule;
 *            Q_NOMEM. */
#ifndef Q_ACCESS_TOKEN_H
#define Q_ACCESS_TOKEN_H

#include "access/policy.h"
#include "base/arena.h"
#include "base/error.h"

enum { Q_TOKEN_MAX = 8192, Q_TOKEN_SKEW_MS = 60000, Q_TOKEN_SECRET_MIN = 32 };

struct q_token_rules {
	struct q_bytes secret; /* Q_TOKEN_SECRET_MIN bytes or more */
	struct q_str issuer;
	struct q_str audience; /* empty: none is required */
};

Q_MUST_USE enum q_code q_token_verify(const struct q_token_rules *rules, struct q_str token,
				      int64_t now_ms, struct q_arena *arena, struct q_identity *out,
				      struct q_err *err);

/* A token for `who`, valid from now until who->expires_at_ms. Q_INVALID where verify would refuse
 * it. */
Q_MUST_USE enum q_code q_token_make(const struct q_token_rules *rules, const struct q_identity *who,
				    int64_t now_ms, struct q_arena *arena, struct q_str *out,
				    struct q_err *err);

#endif
