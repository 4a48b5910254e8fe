/* Retention: documents that are older than their tenant keeps them are deleted, the same way as by
 * request. Contracts stay until somebody deletes them. */
#include "documents/items.h"
#include "documents/jobs/delete.h"
#include "documents/jobs/usage.h"

#include <stdio.h>
#include <string.h>

enum { FILES_A_STEP = 20, DAY_MS = 24 * 3600 * 1000 };

/* The tenant after the one that was looked at last; its id stays empty behind the last one. */
static enum q_code next_tenant(struct q_documents *d, const struct q_call *call,
			       struct q_retention *r, struct q_arena *arena, struct q_err *err)
{
	struct q_query query = {.index = 1,
				.pk = q__usage_index(),
				.sk_from = q_str_from(r->tenant_id),
				.limit = 2};
	struct q_query_page found;
	struct q_str before = q_arena_copy(arena, query.sk_from);
	enum q_code code = q_record_store_query(d->o.records, call, &query, arena, &found, err);

	r->after_length = 0;
	r->tenant_id[0] = '\0';
	for (size_t i = 0; !code && i < found.count && !r->tenant_id[0]; i++) {
		struct q_str id = q_item_string(&found.items[i], "tenantId", (struct q_str){0});

		if (!q_str_equal(id, before))
			snprintf(r->tenant_id, sizeof r->tenant_id, "%.*s", Q_STR_ARG(id));
	}
	r->is_tenant_open = r->tenant_id[0] != '\0';
	return code;
}

/* Uploads up to this time are no longer kept; 0: all are. */
static enum q_code find_cutoff(struct q_documents *d, const struct q_call *call,
			       struct q_str tenant_id, struct q_arena *arena, int64_t *cutoff_ms,
			       struct q_err *err)
{
	struct q_tenant tenant;
	enum q_code code = q_tenant_find(d->o.records, call, tenant_id, arena, &tenant, err);
	int64_t days;

	if (code)
		return code;
	days = tenant.retention_days > 0 ? tenant.retention_days : d->o.retention_days;
	*cutoff_ms = days > 0 ? q__now(d) - days * DAY_MS : 0;
	return Q_OK;
}

/* One document's trouble keeps no other from its end: the next pass comes by again. */
static void remove_file(struct q_documents *d, const struct q_call *call, const struct q_item *file,
			struct q_arena *arena)
{
	struct q_str id = q_item_string(file, "fileId", (struct q_str){0});
	struct q_str kind = q_item_string(file, "kind", (struct q_str){0});
	struct q_err err;
	enum q_code code;

	if (q_str_equal(kind, Q_STR("contract")))
		return;
	code = q__job_delete(d, call, NULL, id, Q__DELETED_BY_RETENTION, arena, &err);
	if (code && code != Q_NOTFOUND)
		q_log_error(d->o.log, Q_LOG_WARN, "retention.failed", id, &err);
}

/* The oldest of the open tenant's documents, as many as a step takes. */
static enum q_code remove_old(struct q_documents *d, const struct q_call *call,
			      struct q_retention *r, int64_t cutoff_ms, struct q_arena *arena,
			      struct q_err *err)
{
	struct q_record_key last =
		q__tenant_files_key(arena, q_str_from(r->tenant_id), cutoff_ms, (struct q_str){0});
	struct q_query query = {.index = 1,
				.pk = last.pk,
				.sk_from = Q_STR("FILE#"),
				.sk_to = last.sk,
				.limit = FILES_A_STEP,
				.after = {r->after, r->after_length}};
	struct q_query_page found;
	enum q_code code = q_record_store_query(d->o.records, call, &query, arena, &found, err);

	if (code)
		return code;
	for (size_t i = 0; i < found.count; i++)
		remove_file(d, call, &found.items[i], arena);
	q_assert(found.next.length <= sizeof r->after);
	if (found.next.length > 0)
		memcpy(r->after, found.next.data, found.next.length);
	r->after_length = found.next.length;
	r->is_tenant_open = found.next.length > 0;
	return Q_OK;
}

static enum q_code step(struct q_documents *d, const struct q_call *call, struct q_retention *r,
			struct q_arena *arena, bool *did_work, struct q_err *err)
{
	int64_t cutoff_ms = 0;
	enum q_code code = Q_OK;

	if (!r->is_tenant_open)
		code = next_tenant(d, call, r, arena, err);
	*did_work = r->is_tenant_open;
	if (code || !r->is_tenant_open)
		return code;
	code = find_cutoff(d, call, q_str_from(r->tenant_id), arena, &cutoff_ms, err);
	r->is_tenant_open = !code && cutoff_ms > 0;
	return r->is_tenant_open ? remove_old(d, call, r, cutoff_ms, arena, err) : code;
}

enum q_code q_retention_step(struct q_documents *d, const struct q_call *call,
			     struct q_retention *retention, bool *did_work, struct q_err *err)
{
	struct q_arena *arena = q_arena_new(Q__STEP_ARENA);
	enum q_code code;

	*did_work = false;
	if (!arena)
		return q_fail(err, Q_NOMEM, "documents.retention", "an arena");
	code = step(d, call, retention, arena, did_work, err);
	if (code)
		*retention = (struct q_retention){0}; /* the next pass begins anew */
	q_arena_free(arena);
	return code;
}
