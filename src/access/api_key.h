/* access/api_key.h: API keys: qk_<id>_<secret>, kept as KEY#id / METADATA with the SHA-256 of the
 * secret.
 *
 * Contract:  the secret is 256 random bits, shown once, when it is made, and never stored. A key
 *            fixes tenant, tenant type and roles. A revoked or expired key is refused like one
 *            that never was.
 * Ownership: results live in the caller's arena.
 * Threads:   any.
 * Errors:    those of the record store; Q_INVALID for a field that breaks its rule; verify:
 *            Q_DENIED with reason "invalid_key".
 * Idempotency: revoking again is fine. */
#ifndef Q_ACCESS_API_KEY_H
#define Q_ACCESS_API_KEY_H

#include "access/idempotency.h"
#include "access/policy.h"
#include "ports/random_source.h"
#include "ports/record_store.h"

enum { Q_API_KEY_NAME_MAX = 100, Q_API_KEY_LIST_MAX = 100, Q_API_KEY_TEXT_MAX = 128 };

struct q_api_key {
	struct q_str id;
	struct q_str name; /* for people; may be empty */
	struct q_str tenant_id;
	enum q_tenant_type tenant_type;
	unsigned roles;
	int64_t created_at_ms;
	int64_t expires_at_ms; /* 0: never */
	int64_t revoked_at_ms; /* 0: it is not */
};

struct q_api_key_page {
	struct q_api_key *items; /* by id, which is by time of creation */
	size_t count;
	struct q_str next; /* empty: the last page */
};

/* Makes a key from *key's name, tenant, roles and expiry; fills its id and creation time. *text is
 * the whole key: show it once. `once` (NULL: none; else identified) is committed with it, the id as
 * its answer, the text as its secret. */
Q_MUST_USE enum q_code q_api_key_create(struct q_record_store *records, const struct q_call *call,
					struct q_random_source *random, int64_t now_ms,
					struct q_idempotency *once, struct q_arena *arena,
					struct q_api_key *key, struct q_str *text,
					struct q_err *err);

/* Q_NOTFOUND where there is no such key. */
Q_MUST_USE enum q_code q_api_key_find(struct q_record_store *records, const struct q_call *call,
				      struct q_str id, struct q_arena *arena, struct q_api_key *out,
				      struct q_err *err);

Q_MUST_USE enum q_code q_api_key_list(struct q_record_store *records, const struct q_call *call,
				      struct q_str after, size_t limit, struct q_arena *arena,
				      struct q_api_key_page *out, struct q_err *err);

/* Q_NOTFOUND where there is no such key. */
Q_MUST_USE enum q_code q_api_key_revoke(struct q_record_store *records, const struct q_call *call,
					struct q_str id, int64_t now_ms, struct q_err *err);

/* Is the key of this id neither revoked nor expired? For who has been let in by it, and is still
 * here. */
Q_MUST_USE enum q_code q_api_key_is_live(struct q_record_store *records, const struct q_call *call,
					 struct q_str id, int64_t now_ms, bool *out,
					 struct q_err *err);

/* The key a caller presents. A point read and a constant-time compare. */
Q_MUST_USE enum q_code q_api_key_verify(struct q_record_store *records, const struct q_call *call,
					struct q_str text, int64_t now_ms, struct q_arena *arena,
					struct q_identity *out, struct q_err *err);

#endif
