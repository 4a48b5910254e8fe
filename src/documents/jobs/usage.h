/* documents/jobs/usage.h: what a tenant has, and whether more fits its quotas (usage.c). Only
 * documents/ includes it. */
#ifndef Q_DOCUMENTS_JOBS_USAGE_H
#define Q_DOCUMENTS_JOBS_USAGE_H

#include "documents/items.h"

/* Index 1 of every tenant's usage, by its id: a way through all tenants that have had documents. */
#define q__usage_index() Q_STR("USAGE")

/* The write that adds to a tenant's usage, whatever its quotas; counts below 0 take away. */
struct q_write q__usage_write(struct q_arena *arena, struct q_str tenant_id,
			      const struct q_usage *added);

/* The same on condition that it fits the tenant's quotas: Q_CONFLICT of its transaction then means
 * that the usage has changed. Where it does not fit now: Q_DENIED with reason "quota_documents",
 * "quota_pages" or "quota_bytes", Q_BUSY with reason "too_many_uploads". */
Q_MUST_USE enum q_code q__usage_grow(struct q_documents *d, const struct q_call *call,
				     struct q_str tenant_id, const struct q_usage *added,
				     struct q_arena *arena, struct q_write *write,
				     struct q_err *err);

/* The `count` writes and this change of the usage, in one transaction: `writes` has room for one
 * more. Tried again as long as others take up what the quota leaves; Q_CONFLICT is of the writes.
 */
Q_MUST_USE enum q_code q__usage_transact(struct q_documents *d, const struct q_call *call,
					 struct q_str tenant_id, const struct q_usage *added,
					 struct q_write *writes, size_t count,
					 struct q_arena *arena, struct q_err *err);

/* Would it fit now? Errors as q__usage_grow. */
Q_MUST_USE enum q_code q__quota_check(struct q_documents *d, const struct q_call *call,
				      struct q_str tenant_id, const struct q_usage *added,
				      struct q_arena *arena, struct q_err *err);

#endif
