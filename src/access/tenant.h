/* access/tenant.h: what is known of a tenant: TENANT#id / METADATA in the record store.
 *
 * Contract:  a tenant without a record is an ordinary one: its only location is its own id, and
 *            every limit is the default.
 * Ownership: results live in the caller's arena.
 * Threads:   any.
 * Errors:    those of the record store; Q_INVALID for a field that breaks its rule. */
#ifndef Q_ACCESS_TENANT_H
#define Q_ACCESS_TENANT_H

#include "ports/record_store.h"

enum {
	Q_TENANT_LOCATIONS_MAX = 1000,
	Q_TENANT_LIST_MAX = 100,
	Q_TENANT_RETENTION_DAYS_MAX = 36500
};

/* What a tenant may have at once; 0: as much as it likes. */
struct q_quotas {
	int64_t documents, pages, bytes;
	int64_t concurrent_uploads; /* forms that one process takes in; and direct uploads that are
				       open */
};

struct q_tenant {
	struct q_str id;
	struct q_str name; /* for people; may be empty */
	struct q_str *location_ids;
	size_t location_count;
	int64_t retention_days; /* 0: as the settings say */
	struct q_quotas quotas;
	int64_t updated_at_ms; /* 0: there is no record */
};

struct q_tenant_page {
	struct q_tenant *items; /* by id */
	size_t count;
	struct q_str next; /* empty: the last page */
};

/* Q_OK also where there is no record. */
Q_MUST_USE enum q_code q_tenant_find(struct q_record_store *records, const struct q_call *call,
				     struct q_str id, struct q_arena *arena, struct q_tenant *out,
				     struct q_err *err);

/* Writes the record whole. */
Q_MUST_USE enum q_code q_tenant_put(struct q_record_store *records, const struct q_call *call,
				    const struct q_tenant *tenant, struct q_err *err);

/* Tenants that have a record. */
Q_MUST_USE enum q_code q_tenant_list(struct q_record_store *records, const struct q_call *call,
				     struct q_str after, size_t limit, struct q_arena *arena,
				     struct q_tenant_page *out, struct q_err *err);

bool q_tenant_has_location(const struct q_tenant *tenant, struct q_str location_id);

#endif
