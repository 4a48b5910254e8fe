/* Deleting a document: one transaction makes it unknown to every reader; what is left of it is
 * removed after that, and once more when nobody can still be writing.
 *
 *     job --bury--> tombstone --remains removed, deletion announced--> removed tombstone -->
 *     nothing
 *
 * A tombstone is the job's STATUS item without any of its facts, and with a due mark: where this
 * breaks off, the sweeper goes on. A step that stores a blob and then finds no record to note it in
 * removes it again: so records go first, then the blobs that were noted. Where such a step dies,
 * its blob goes with the tombstone, which stays until every step that may have begun before it has
 * met its deadline. */
#include "documents/jobs/delete.h"
#include "documents/items.h"
#include "documents/jobs/job.h"
#include "documents/jobs/usage.h"
#include "documents/uploads/uploads_internal.h"

enum { TOMBSTONE_MS = 15 * 60 * 1000, ITEMS_A_BATCH = 25, BLOBS_A_PAGE = 100 };

/* --- The tombstone ---------------------------------------------------------------------------- */

static bool make_tombstone(struct q_documents *d, const struct q_job *job, struct q_arena *arena,
			   struct q_item *out)
{
	struct q__attributes a;

	q__attributes_init(&a, arena, 3);
	q__set_string(&a, "fileId", job->file_id);
	q__set_string(&a, "tenantId", job->tenant_id);
	q__set_number(&a, "deletedAt", q__now(d));
	*out = (struct q_item){.key = q__job_key(arena, job->file_id),
			       .index2 =
				       q__due_key(arena, job->file_id, q__now(d) + Q__DUE_AFTER_MS),
			       .attributes = a.items,
			       .attribute_count = a.count};
	return !a.failed && !q_arena_failed(arena);
}

/* From here on nobody finds the document. Its plan goes with it: nobody takes it up either. */
static enum q_code bury(struct q_documents *d, const struct q_call *call, const struct q__job *job,
			void *context, struct q_arena *arena, struct q_err *err)
{
	const struct q_job *view = &job->view;
	struct q_condition as_read[] = {
		q__if_string("status", q_str_from(q_job_status_name(view->status))),
		q__if_number("run", view->run),
	};
	struct q_item tombstone;
	struct q_usage freed = {
		.documents = -1, .pages = -view->total_pages, .bytes = -(int64_t)view->size_bytes};
	struct q_write writes[5];
	enum q_code code;

	(void)context;
	if (!make_tombstone(d, view, arena, &tombstone))
		return q_fail(err, Q_NOMEM, "documents.delete", "a tombstone");
	code = q__digest_remove(d, call, view, arena, err);
	if (code)
		return code;
	writes[0] = (struct q_write){.kind = Q_WRITE_PUT,
				     .key = tombstone.key,
				     .item = &tombstone,
				     .conditions = as_read,
				     .condition_count = Q_COUNT_OF(as_read)};
	writes[1] =
		(struct q_write){.kind = Q_WRITE_DELETE, .key = q__file_key(arena, view->file_id)};
	writes[2] =
		(struct q_write){.kind = Q_WRITE_DELETE, .key = q__plan_key(arena, view->file_id)};
	writes[3] = (struct q_write){.kind = Q_WRITE_DELETE,
				     .key = q__upload_key(arena, view->file_id)};
	writes[4] = q__usage_write(arena, view->tenant_id, &freed);
	if (q_arena_failed(arena))
		return q_fail(err, Q_NOMEM, "documents.delete", "a tenant's usage");
	return q_record_store_transact(d->o.records, call, writes, Q_COUNT_OF(writes), NULL, err);
}

static enum q_code parse_tombstone(const struct q_item *item, struct q__tombstone *out,
				   struct q_err *err)
{
	*out = (struct q__tombstone){
		.file_id = q_item_string(item, "fileId", (struct q_str){0}),
		.tenant_id = q_item_string(item, "tenantId", (struct q_str){0}),
		.deleted_at_ms = q_item_number(item, "deletedAt", 0),
		.is_removed = q_item_number(item, "removed", 0) != 0,
	};
	if (out->deleted_at_ms == 0)
		return q_fail(err, Q_NOTFOUND, "documents.delete", "it is no tombstone");
	if (out->file_id.length == 0 || out->tenant_id.length == 0)
		return q_fail(err, Q_CORRUPT, "documents.delete", "a tombstone without a name");
	return Q_OK;
}

static enum q_code read_tombstone(struct q_documents *d, const struct q_call *call,
				  struct q_str file_id, struct q_arena *arena,
				  struct q__tombstone *out, struct q_err *err)
{
	struct q_item item;
	enum q_code code = q_record_store_get(d->o.records, call, q__job_key(arena, file_id), arena,
					      &item, err);

	return code ? code : parse_tombstone(&item, out, err);
}

/* --- What is left ----------------------------------------------------------------------------- */

static enum q_code remove_blobs(struct q_blob_store *store, const struct q_call *call,
				struct q_str prefix, struct q_arena *arena, struct q_err *err)
{
	struct q_blob_page page = {0};

	do {
		enum q_code code = q_blob_store_list(store, call, prefix, page.next, BLOBS_A_PAGE,
						     arena, &page, err);

		for (size_t i = 0; !code && i < page.count; i++)
			code = q_blob_store_remove(store, call, page.items[i].key, err);
		if (code)
			return code;
	} while (page.next.length > 0);
	return Q_OK;
}

/* One page of the document's items, but for the tombstone itself. */
static enum q_code remove_items(struct q_documents *d, const struct q_call *call,
				struct q_record_key keep, const struct q_query_page *found,
				struct q_err *err)
{
	struct q_write writes[ITEMS_A_BATCH];
	size_t count = 0;

	for (size_t i = 0; i < found->count; i++)
		if (!q_str_equal(found->items[i].key.sk, keep.sk))
			writes[count++] = (struct q_write){.kind = Q_WRITE_DELETE,
							   .key = found->items[i].key};
	if (count == 0)
		return Q_OK;
	return q_record_store_transact(d->o.records, call, writes, count, NULL, err);
}

static enum q_code remove_records(struct q_documents *d, const struct q_call *call,
				  struct q_str file_id, struct q_arena *arena, struct q_err *err)
{
	struct q_record_key keep = q__job_key(arena, file_id);
	struct q_query query = {.pk = keep.pk, .limit = ITEMS_A_BATCH};

	do {
		struct q_query_page found;
		enum q_code code =
			q_record_store_query(d->o.records, call, &query, arena, &found, err);

		if (!code)
			code = remove_items(d, call, keep, &found, err);
		if (code)
			return code;
		query.after = found.next;
	} while (query.after.length > 0);
	return Q_OK;
}

static enum q_code remove_remains(struct q_documents *d, const struct q_call *call,
				  const struct q__tombstone *tombstone, struct q_arena *arena,
				  struct q_err *err)
{
	struct q_str prefix = q_arena_format(arena, "%.*s/%.*s/", Q_STR_ARG(tombstone->tenant_id),
					     Q_STR_ARG(tombstone->file_id));
	struct q_str incoming = q__incoming_key(arena, tombstone->tenant_id, tombstone->file_id);
	enum q_code code;

	if (q_arena_failed(arena))
		return q_fail(err, Q_NOMEM, "documents.delete", "a prefix");
	code = remove_records(d, call, tombstone->file_id, arena, err);
	if (!code)
		code = q_blob_store_remove(d->o.documents, call, incoming, err);
	if (!code)
		code = remove_blobs(d->o.documents, call, prefix, arena, err);
	return code ? code : remove_blobs(d->o.results, call, prefix, arena, err);
}

void q__remove_if_deleted(struct q_documents *d, const struct q_call *call, struct q_str file_id,
			  struct q_str key, struct q_arena *arena)
{
	struct q__job job;
	struct q_err err;

	if (q__job_read(d, call, file_id, arena, &job, &err) == Q_NOTFOUND &&
	    q_blob_store_remove(d->o.results, call, key, &err))
		q_log_error(d->o.log, Q_LOG_WARN, "delete.unfinished", call->request_id, &err);
}

/* --- Its end ---------------------------------------------------------------------------------- */

/* All is removed and announced: now only latecomers are waited for. */
static enum q_code wait_for_latecomers(struct q_documents *d, const struct q_call *call,
				       const struct q__tombstone *tombstone, struct q_arena *arena,
				       struct q_err *err)
{
	struct q_change removed = q__change_number("removed", 1);
	struct q_condition is_tombstone = {.kind = Q_IF_SET, .name = Q_STR("deletedAt")};
	struct q_record_key due =
		q__due_key(arena, tombstone->file_id, tombstone->deleted_at_ms + TOMBSTONE_MS);
	struct q_write write = {.kind = Q_WRITE_UPDATE,
				.key = q__job_key(arena, tombstone->file_id),
				.changes = &removed,
				.change_count = 1,
				.index2 = &due,
				.conditions = &is_tombstone,
				.condition_count = 1};
	enum q_code code = q_record_store_write(d->o.records, call, &write, NULL, NULL, err);

	return code == Q_CONFLICT ? Q_OK : code;
}

/* The tombstone itself goes; that there is something to purge is noted with it. */
static enum q_code forget(struct q_documents *d, const struct q_call *call,
			  const struct q__tombstone *tombstone, struct q_arena *arena,
			  struct q_err *err)
{
	struct q_condition is_tombstone = {.kind = Q_IF_SET, .name = Q_STR("deletedAt")};
	struct q_change removed = q__change_number("removedAt", q__now(d));
	struct q_write writes[] = {
		{.kind = Q_WRITE_DELETE,
		 .key = q__job_key(arena, tombstone->file_id),
		 .conditions = &is_tombstone,
		 .condition_count = 1},
		{.kind = Q_WRITE_UPDATE,
		 .key = q__purge_key(),
		 .changes = &removed,
		 .change_count = 1},
	};
	enum q_code code =
		q_record_store_transact(d->o.records, call, writes, Q_COUNT_OF(writes), NULL, err);

	return code == Q_CONFLICT ? Q_OK : code;
}

enum q_code q__tombstone_sweep(struct q_documents *d, const struct q_call *call,
			       struct q_str file_id, struct q_arena *arena, struct q_err *err)
{
	struct q__tombstone tombstone;
	enum q_code code = read_tombstone(d, call, file_id, arena, &tombstone, err);

	if (code == Q_NOTFOUND)
		return Q_OK;
	if (!code)
		code = remove_remains(d, call, &tombstone, arena, err);
	if (code)
		return code;
	if (!tombstone.is_removed) {
		code = q__publish_deleted(d, call, &tombstone, err);
		return code ? code : wait_for_latecomers(d, call, &tombstone, arena, err);
	}
	if (q__now(d) < tombstone.deleted_at_ms + TOMBSTONE_MS)
		return Q_OK;
	return forget(d, call, &tombstone, arena, err);
}

enum q_code q__job_delete(struct q_documents *d, const struct q_call *call,
			  const struct q_identity *who, struct q_str file_id,
			  enum q__deletion cause, struct q_arena *arena, struct q_err *err)
{
	bool is_retention = cause == Q__DELETED_BY_RETENTION;
	struct q_err failure;
	enum q_code code = q__job_change(d, call, who, file_id, bury, NULL, arena, err);

	if (code)
		return code;
	q_log(d->o.log, Q_LOG_INFO, "document.deleted", Q_LOG_STRING("fileId", file_id),
	      Q_LOG_STRING("cause", is_retention ? Q_STR("retention") : Q_STR("request")));
	q_series_add(is_retention ? d->deleted_by_retention : d->deleted_by_request, 1);
	q__live_note(d, file_id);
	if (q__tombstone_sweep(d, call, file_id, arena, &failure))
		q_log_error(d->o.log, Q_LOG_WARN, "delete.unfinished", call->request_id, &failure);
	return Q_OK;
}

enum q_code q_documents_delete_job(struct q_documents *d, const struct q_call *call,
				   const struct q_identity *who, struct q_str file_id,
				   struct q_arena *arena, struct q_err *err)
{
	q_assert(who);
	return q__job_delete(d, call, who, file_id, Q__DELETED_BY_REQUEST, arena, err);
}
