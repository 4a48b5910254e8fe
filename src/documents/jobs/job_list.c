/* Lists of jobs: all of a tenant's by time of upload, or those of one status by time of its edge,
 * the newest first. */
#include "documents/items.h"
#include "documents/jobs/job.h"

/* The index lists keys; what is shown is the job as it is now. A job that has been deleted since is
 * passed over. */
static enum q_code read_jobs(struct q_documents *d, const struct q_call *call,
			     const struct q_job_filter *filter, const struct q_query_page *found,
			     struct q_arena *arena, struct q_job_page *out, struct q_err *err)
{
	out->items = q_arena_alloc_array(arena, found->count, sizeof *out->items);
	if (!out->items)
		return q_fail(err, Q_NOMEM, "documents.list", "%zu jobs", found->count);
	for (size_t i = 0; i < found->count; i++) {
		struct q_str id = q_item_string(&found->items[i], "fileId", (struct q_str){0});
		struct q__job job;
		enum q_code code = q__job_read(d, call, id, arena, &job, err);

		if (code == Q_NOTFOUND)
			continue;
		if (code)
			return code;
		if (filter->status && job.view.status != *filter->status)
			continue;
		if (filter->kind.length && !q_str_equal(filter->kind, job.view.kind))
			continue;
		out->items[out->count++] = job.view;
	}
	return Q_OK;
}

enum q_code q_documents_list_jobs(struct q_documents *d, const struct q_call *call,
				  const struct q_identity *who, const struct q_job_filter *filter,
				  struct q_arena *arena, struct q_job_page *out, struct q_err *err)
{
	struct q_str tenant_id = filter->tenant_id.length ? filter->tenant_id : who->tenant_id;
	struct q_query query = {
		.index = 1, .is_descending = true, .limit = filter->limit, .after = filter->after};
	struct q_query_page found;
	enum q_code code;

	*out = (struct q_job_page){0};
	q_assert(filter->limit >= 1 && filter->limit <= Q_DOCUMENTS_LIST_MAX);
	if (!q_policy_allows_tenant(who, Q_ACTION_DOCUMENTS_READ, tenant_id))
		return q_fail(err, Q_NOTFOUND, "documents.list", "there is no such tenant");
	if (filter->status) {
		query.pk = q__tenant_status_key(arena, tenant_id, *filter->status, 0,
						(struct q_str){0})
				   .pk;
	} else {
		query.pk = q__tenant_files_key(arena, tenant_id, 0, (struct q_str){0}).pk;
		query.sk_prefix = Q_STR("FILE#");
	}
	code = q_record_store_query(d->o.records, call, &query, arena, &found, err);
	if (!code)
		code = read_jobs(d, call, filter, &found, arena, out, err);
	out->next = found.next;
	return code;
}
