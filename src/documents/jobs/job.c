/* A job is its STATUS item: everything that GET /api/jobs/{id} shows, so that a poll is one point
 * read. The FILE item lists the document under its tenant. Every edge between statuses is taken
 * here. */
#include "documents/jobs/job.h"
#include "documents/items.h"
#include "documents/jobs/usage.h"
#include "documents/webhooks/notice.h"
#include "documents/work/work.h"

#include "base/utf8.h"

struct q_str q__error_code(const struct q_err *err)
{
	return q_str_from(err->reason ? err->reason : q_code_name(err->code));
}

static void set_when_there(struct q__attributes *a, const char *name, struct q_str value)
{
	if (value.length > 0)
		q__set_string(a, name, value);
}

void q__set_job_facts(struct q__attributes *a, const struct q_job *job)
{
	q__set_string(a, "fileId", job->file_id);
	q__set_string(a, "tenantId", job->tenant_id);
	q__set_string(a, "fileName", job->file_name);
	q__set_string(a, "kind", job->kind);
	set_when_there(a, "locationId", job->location_id);
	q__set_number(a, "sizeBytes", (int64_t)job->size_bytes);
	q__set_string(a, "sha256", job->sha256);
	q__set_string(a, "sourceKey", job->source_key);
	q__set_number(a, "uploadedAt", job->uploaded_at_ms);
}

static bool make_items(struct q_arena *arena, const struct q_job *job, struct q_str bucket,
		       struct q_item *file, struct q_item *status)
{
	struct q__attributes f, s;

	q__attributes_init(&f, arena, 10);
	q__set_job_facts(&f, job);
	q__set_string(&f, "bucket", bucket);
	*file = (struct q_item){.key = q__file_key(arena, job->file_id),
				.index1 = q__tenant_files_key(arena, job->tenant_id,
							      job->uploaded_at_ms, job->file_id),
				.attributes = f.items,
				.attribute_count = f.count};

	q__attributes_init(&s, arena, 17);
	q__set_job_facts(&s, job);
	q__set_string(&s, "status", q_str_from(q_job_status_name(job->status)));
	q__set_number(&s, "run", job->run);
	q__set_number(&s, "totalPages", job->total_pages);
	q__set_number(&s, "processedPages", job->processed_pages);
	q__set_number(&s, "failedPages", job->failed_pages);
	q__set_number(&s, "updatedAt", job->updated_at_ms);
	q__set_number(&s, "version", 1);
	q__set_number(&s, "eventCount", 0);
	*status = (struct q_item){
		.key = q__job_key(arena, job->file_id),
		.index1 = q__tenant_status_key(arena, job->tenant_id, job->status,
					       job->updated_at_ms, job->file_id),
		.index2 = q__due_key(arena, job->file_id, job->updated_at_ms + Q__DUE_AFTER_MS),
		.attributes = s.items,
		.attribute_count = s.count};
	return !f.failed && !s.failed && !q_arena_failed(arena);
}

enum q_code q__job_create(struct q_documents *d, const struct q_call *call, const struct q_job *job,
			  const struct q_usage *added, const struct q_write *more,
			  size_t more_count, struct q_arena *arena, struct q_err *err)
{
	struct q_condition is_new = {.kind = Q_IF_ABSENT};
	struct q__work plan = q__plan_of_job(d, job);
	struct q_item items[3];
	struct q_write writes[Q_COUNT_OF(items) + 2 + Q__CREATE_WRITES_MAX];
	size_t count = 0;
	enum q_code code;

	q_assert(more_count <= Q__CREATE_WRITES_MAX);
	if (!make_items(arena, job, d->o.documents_bucket, &items[0], &items[1]) ||
	    !q__work_item(arena, &plan, job->uploaded_at_ms, &items[2]))
		return q_fail(err, Q_NOMEM, "documents.create", "the items of a job");
	for (; count < Q_COUNT_OF(items); count++)
		writes[count] = (struct q_write){.kind = Q_WRITE_PUT,
						 .key = items[count].key,
						 .item = &items[count],
						 .conditions = &is_new,
						 .condition_count = 1};
	writes[count++] = q__ready_tenant_write(arena, job->tenant_id);
	for (size_t i = 0; i < more_count; i++)
		writes[count++] = more[i];
	code = q__usage_transact(d, call, job->tenant_id, added, writes, count, arena, err);
	if (code)
		return code;
	q__publish(d, call, "document.uploaded", job);
	q_series_add(plan.is_urgent ? d->uploaded_sync : d->uploaded_async, 1);
	return Q_OK;
}

void q__job_facts_parse(const struct q_item *item, struct q_job *out)
{
	const struct q_str none = {0};

	*out = (struct q_job){
		.file_id = q_item_string(item, "fileId", none),
		.file_name = q_item_string(item, "fileName", none),
		.tenant_id = q_item_string(item, "tenantId", none),
		.kind = q_item_string(item, "kind", none),
		.location_id = q_item_string(item, "locationId", none),
		.size_bytes = (uint64_t)q_item_number(item, "sizeBytes", 0),
		.sha256 = q_item_string(item, "sha256", none),
		.run = q_item_number(item, "run", 0),
		.total_pages = q_item_number(item, "totalPages", 0),
		.processed_pages = q_item_number(item, "processedPages", 0),
		.failed_pages = q_item_number(item, "failedPages", 0),
		.uploaded_at_ms = q_item_number(item, "uploadedAt", 0),
		.started_at_ms = q_item_number(item, "startedAt", 0),
		.completed_at_ms = q_item_number(item, "completedAt", 0),
		.updated_at_ms = q_item_number(item, "updatedAt", 0),
		.source_key = q_item_string(item, "sourceKey", none),
		.result_key = q_item_string(item, "resultKey", none),
		.error_code = q_item_string(item, "errorCode", none),
		.error_detail = q_item_string(item, "errorDetail", none),
		.version = q_item_number(item, "version", 0),
	};
}

enum q_code q__job_parse(const struct q_item *item, struct q_arena *arena, struct q__job *out,
			 struct q_err *err)
{
	const struct q_str none = {0};
	struct q_job *job = &out->view;

	(void)arena;
	q__job_facts_parse(item, job);
	out->event_count = q_item_number(item, "eventCount", 0);
	out->aggregate_until_ms = q_item_number(item, "aggregateUntil", 0);
	out->aggregate_owner = q_item_string(item, "aggregateOwner", none);
	if (q_item_find(item, Q_STR("deletedAt")))
		return q_fail(err, Q_NOTFOUND, "documents.job", "there is no such document");
	if (!q_job_status_parse(q_item_string(item, "status", none), &job->status) ||
	    job->file_id.length == 0 || job->tenant_id.length == 0)
		return q_fail(err, Q_CORRUPT, "documents.job", "item %.*s is not a job",
			      Q_STR_ARG(item->key.pk));
	return Q_OK;
}

enum q_code q__job_read(struct q_documents *d, const struct q_call *call, struct q_str file_id,
			struct q_arena *arena, struct q__job *out, struct q_err *err)
{
	struct q_item item;
	enum q_code code;

	if (!q_uuid_is_valid(file_id))
		return q_fail(err, Q_NOTFOUND, "documents.job", "there is no such document");
	code = q_record_store_get(d->o.records, call, q__job_key(arena, file_id), arena, &item,
				  err);
	if (code == Q_NOTFOUND)
		return q_fail(err, Q_NOTFOUND, "documents.job", "there is no such document");
	if (code)
		return code;
	return q__job_parse(&item, arena, out, err);
}

enum q_code q_documents_find_job(struct q_documents *d, const struct q_call *call,
				 const struct q_identity *who, struct q_str file_id,
				 struct q_arena *arena, struct q_job *out, struct q_err *err)
{
	struct q__job job = {0};
	enum q_code code = q__job_read(d, call, file_id, arena, &job, err);

	if (code)
		return code;
	if (!q_policy_allows_tenant(who, Q_ACTION_DOCUMENTS_READ, job.view.tenant_id))
		return q_fail(err, Q_NOTFOUND, "documents.job", "there is no such document");
	*out = job.view;
	return Q_OK;
}

/* An edge from the end of a run begins the next. */
static int64_t run_after(const struct q__job *from)
{
	return from->view.run + q_job_status_is_final(from->view.status);
}

/* What a number of the job is once the edge's changes are made. */
static int64_t number_after(const struct q__edge *edge, const char *name, int64_t before)
{
	for (size_t i = 0; i < edge->change_count; i++) {
		const struct q_change *change = &edge->changes[i];

		if (q_str_equal(change->name, q_str_from(name)))
			return change->value.number + (change->kind == Q_ADD ? before : 0);
	}
	return before;
}

/* The entry of the job's log that is written with the edge. */
static enum q_code event_item(struct q_documents *d, const struct q__job *from,
			      const struct q__edge *edge, struct q_arena *arena, struct q_item *out,
			      struct q_err *err)
{
	const struct q_job *job = &from->view;
	struct q_str status = q_str_from(q_job_status_name(edge->to));
	struct q_job_event event = {
		.id = from->event_count + 1,
		.type = q_job_status_is_final(edge->to) ? status : Q_STR("progress"),
		.status = status,
		.run = run_after(from),
		.at_ms = q__now(d),
		.total_pages = number_after(edge, "totalPages", job->total_pages),
		.processed_pages = number_after(edge, "processedPages", job->processed_pages),
		.failed_pages = number_after(edge, "failedPages", job->failed_pages),
	};

	if (!q__event_item(arena, job, &event, out))
		return q_fail(err, Q_NOMEM, "documents.edge", "an event of a job");
	return Q_OK;
}

/* What an edge writes, gathered: the writes point to the rest. */
struct edge_writes {
	struct q_condition as_read[3];
	struct q_change changes[Q__EDGE_CHANGES_MAX + 5];
	struct q_record_key by_status, due;
	struct q_item event, notice;
	struct q_write items[Q__EDGE_WRITES_MAX + 2];
	size_t count;
};

static void add_status(struct edge_writes *w, const struct q__job *from, const struct q__edge *edge,
		       int64_t now, struct q_arena *arena)
{
	const struct q_job *job = &from->view;
	struct q_str status = q_str_from(q_job_status_name(edge->to));
	size_t count = 0;

	w->as_read[0] = q__if_string("status", q_str_from(q_job_status_name(job->status)));
	w->as_read[1] = q__if_number("run", job->run);
	w->as_read[2] = q__if_number("eventCount", from->event_count);
	w->changes[count++] = q__change_string("status", status);
	w->changes[count++] = q__change_number("updatedAt", now);
	w->changes[count++] = q__change_add("version", 1);
	w->changes[count++] = q__change_number("eventCount", from->event_count + 1);
	w->changes[count++] = q__change_number("run", run_after(from));
	for (size_t i = 0; i < edge->change_count; i++)
		w->changes[count++] = edge->changes[i];
	w->by_status = q__tenant_status_key(arena, job->tenant_id, edge->to, now, job->file_id);
	if (edge->due_at_ms > 0)
		w->due = q__due_key(arena, job->file_id, edge->due_at_ms);
	w->items[w->count++] = (struct q_write){.kind = Q_WRITE_UPDATE,
						.key = q__job_key(arena, job->file_id),
						.changes = w->changes,
						.change_count = count,
						.index1 = &w->by_status,
						.index2 = &w->due,
						.conditions = w->as_read,
						.condition_count = Q_COUNT_OF(w->as_read)};
}

static enum q_code add_event(struct edge_writes *w, struct q_documents *d,
			     const struct q__job *from, const struct q__edge *edge,
			     struct q_arena *arena, struct q_err *err)
{
	static const struct q_condition is_new = {.kind = Q_IF_ABSENT};
	enum q_code code = event_item(d, from, edge, arena, &w->event, err);

	w->items[w->count++] = (struct q_write){.kind = Q_WRITE_PUT,
						.key = w->event.key,
						.item = &w->event,
						.conditions = &is_new,
						.condition_count = 1};
	return code;
}

/* Final edges leave a notice for the webhooks role. */
static enum q_code add_notice(struct edge_writes *w, const struct q__job *from,
			      const struct q__edge *edge, int64_t now, struct q_arena *arena,
			      struct q_err *err)
{
	const struct q__notice notice = {.file_id = from->view.file_id,
					 .tenant_id = from->view.tenant_id,
					 .run = from->view.run,
					 .status = edge->to,
					 .at_ms = now};

	if (!q_job_status_is_final(edge->to))
		return Q_OK;
	if (!q__notice_item(arena, &notice, &w->notice))
		return q_fail(err, Q_NOMEM, "documents.edge", "a notice");
	w->items[w->count++] =
		(struct q_write){.kind = Q_WRITE_PUT, .key = w->notice.key, .item = &w->notice};
	return Q_OK;
}

enum q_code q__job_take_edge(struct q_documents *d, const struct q_call *call,
			     const struct q__job *from, const struct q__edge *edge,
			     struct q_arena *arena, struct q_err *err)
{
	int64_t now = q__now(d);
	bool is_final = q_job_status_is_final(edge->to);
	struct edge_writes w = {0};
	enum q_code code;

	q_assert(q__job_status_may_become(from->view.status, edge->to));
	q_assert(edge->change_count <= Q__EDGE_CHANGES_MAX);
	q_assert(edge->write_count + is_final <= Q__EDGE_WRITES_MAX);
	add_status(&w, from, edge, now, arena);
	code = add_event(&w, d, from, edge, arena, err);
	if (!code)
		code = add_notice(&w, from, edge, now, arena, err);
	if (code)
		return code;
	for (size_t i = 0; i < edge->write_count; i++)
		w.items[w.count++] = edge->writes[i];
	code = q_record_store_transact(d->o.records, call, w.items, w.count, NULL, err);
	if (!code)
		q__live_note(d, from->view.file_id);
	if (!code && is_final)
		q_bell_ring(d->announce_bell);
	return code;
}

enum q_code q__job_fail(struct q_documents *d, const struct q_call *call, const struct q__job *job,
			const struct q_err *cause, struct q_arena *arena, struct q_err *err)
{
	struct q_change changes[] = {
		q__change_string("errorCode", q__error_code(cause)),
		q__change_string("errorDetail", q_arena_copy(arena, q_str_from(cause->message))),
		q__change_number("completedAt", q__now(d)),
	};
	struct q__edge edge = {
		.to = Q_JOB_FAILED, .changes = changes, .change_count = Q_COUNT_OF(changes)};
	enum q_code code = q__job_take_edge(d, call, job, &edge, arena, err);

	if (code == Q_CONFLICT)
		return Q_OK;
	if (code)
		return code;
	q_log(d->o.log, Q_LOG_INFO, "job.failed", Q_LOG_STRING("fileId", job->view.file_id),
	      Q_LOG_STRING("reason", q__error_code(cause)));
	return Q_OK;
}
