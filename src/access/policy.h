/* access/policy.h: who may do what: the access table, as code. Everything that decides about a
 * caller asks here.
 *
 * Contract:  pure functions of the identity, the action and the tenant that owns the object.
 *            Nothing defaults to internal; an identity without a known tenant type may do nothing
 *            but what is public.
 * Ownership: an identity is plain data; its strings belong to whoever made it (a request's arena).
 * Threads:   any.
 * Errors:    none. */
#ifndef Q_ACCESS_POLICY_H
#define Q_ACCESS_POLICY_H

#include "base/buf.h"

enum q_role { Q_ROLE_ADMIN = 1 << 0, Q_ROLE_COMPLIANCE_LEAD = 1 << 1, Q_ROLE_AUDITOR = 1 << 2 };

enum q_tenant_type { Q_TENANT_NONE, Q_TENANT_INTERNAL, Q_TENANT_EXTERNAL };

enum q_identity_kind { Q_IDENTITY_NONE, Q_IDENTITY_TOKEN, Q_IDENTITY_KEY };

struct q_identity {
	enum q_identity_kind kind;
	struct q_str subject; /* the token's `sub`, or the key's id */
	struct q_str tenant_id;
	enum q_tenant_type tenant_type;
	unsigned roles;	       /* enum q_role bits; unknown roles grant nothing and are not kept */
	int64_t expires_at_ms; /* wall time; 0: does not expire */
};

enum q_action {
	Q_ACTION_DOCUMENTS_READ,  /* jobs, pages, results, downloads */
	Q_ACTION_DOCUMENTS_WRITE, /* upload, retry, cancel, delete, webhooks */
	Q_ACTION_ADMIN,		  /* keys, tenants, reindex, audit, ... */
	Q_ACTION_COUNT
};

/* May this caller do this at all, for some tenant? What a route asks before it looks at any
 * object. `missing` (may be NULL) is set to what is missing, in words for people, when not. */
bool q_policy_allows(const struct q_identity *who, enum q_action action, const char **missing);

/* May this caller do this to what `tenant_id` owns? For reads a no is answered like an unknown
 * object. */
bool q_policy_allows_tenant(const struct q_identity *who, enum q_action action,
			    struct q_str tenant_id);

/* "documents_read", ... */
const char *q_action_name(enum q_action action);
const char *q_role_name(enum q_role role);
const char *q_tenant_type_name(enum q_tenant_type type); /* "internal", "external", "none" */

/* False, *out untouched, for a word that is no role. */
bool q_role_parse(struct q_str word, enum q_role *out);
bool q_tenant_type_parse(struct q_str word, enum q_tenant_type *out);

/* [A-Za-z0-9][A-Za-z0-9_-]{0,63} */
bool q_tenant_id_is_valid(struct q_str id);

/* The table of callers and actions, for `quire policy`: as aligned text, or as one JSON array. */
bool q_policy_write(struct q_buf *out, bool as_json);

#endif
