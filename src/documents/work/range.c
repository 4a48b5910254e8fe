/* Claims: a plan or a range is claimed by moving its lease, under the condition that its epoch is
 * the one that was read. A claim that is not renewed ends by itself: the item's place in the READY
 * index is the time from which others may claim it. */
#include "documents/items.h"
#include "documents/jobs/job.h"
#include "documents/work/work.h"

struct q_record_key q__work_key(struct q_arena *arena, const struct q__work *work)
{
	return work->range ? q__range_key(arena, work->file_id, work->range)
			   : q__plan_key(arena, work->file_id);
}

bool q__work_item(struct q_arena *arena, const struct q__work *work, int64_t available_at_ms,
		  struct q_item *out)
{
	struct q__attributes a;

	q__attributes_init(&a, arena, 11);
	q__set_string(&a, "fileId", work->file_id);
	q__set_string(&a, "tenantId", work->tenant_id);
	q__set_string(&a, "kind", work->kind);
	q__set_number(&a, "range", work->range);
	q__set_number(&a, "first", work->first);
	q__set_number(&a, "last", work->last);
	q__set_number(&a, "pageCount", work->page_count);
	q__set_number(&a, "run", work->run);
	q__set_number(&a, "urgent", work->is_urgent);
	q__set_number(&a, "epoch", 0);
	q__set_number(&a, "leaseUntil", 0);
	*out = (struct q_item){.key = q__work_key(arena, work),
			       .index1 = q__ready_key(arena, work->tenant_id, work->is_urgent,
						      available_at_ms, work->file_id),
			       .attributes = a.items,
			       .attribute_count = a.count};
	return !a.failed && !q_arena_failed(arena);
}

struct q__work q__plan_of_job(const struct q_documents *d, const struct q_job *job)
{
	return (struct q__work){.file_id = job->file_id,
				.tenant_id = job->tenant_id,
				.kind = job->kind,
				.run = job->run,
				.is_urgent = q_documents_is_small(d, job->size_bytes)};
}

struct q__work q__range_of_job(const struct q_documents *d, const struct q_job *job,
			       unsigned number)
{
	struct q__work range = q__plan_of_job(d, job);

	range.page_count = (unsigned)job->total_pages;
	range.range = number;
	range.first = (number - 1) * Q_DOCUMENTS_RANGE_PAGES + 1;
	range.last = number * Q_DOCUMENTS_RANGE_PAGES;
	if (range.last > range.page_count)
		range.last = range.page_count;
	return range;
}

size_t q__range_count(const struct q_job *job)
{
	return ((size_t)job->total_pages + Q_DOCUMENTS_RANGE_PAGES - 1) / Q_DOCUMENTS_RANGE_PAGES;
}

enum q_code q__work_parse(const struct q_item *item, struct q__work *out, struct q_err *err)
{
	const struct q_str none = {0};

	*out = (struct q__work){
		.file_id = q_item_string(item, "fileId", none),
		.tenant_id = q_item_string(item, "tenantId", none),
		.kind = q_item_string(item, "kind", none),
		.range = (unsigned)q_item_number(item, "range", 0),
		.first = (unsigned)q_item_number(item, "first", 0),
		.last = (unsigned)q_item_number(item, "last", 0),
		.page_count = (unsigned)q_item_number(item, "pageCount", 0),
		.run = q_item_number(item, "run", 0),
		.epoch = q_item_number(item, "epoch", 0),
		.lease_until_ms = q_item_number(item, "leaseUntil", 0),
		.owner = q_item_string(item, "owner", none),
		.is_urgent = q_item_number(item, "urgent", 0) != 0,
		.is_done = q_item_number(item, "done", 0) != 0,
		.text_key = q_item_string(item, "textKey", none),
		.text_index = q_item_string(item, "textIndex", none),
	};
	if (out->file_id.length == 0 || out->tenant_id.length == 0 || out->run < 1 ||
	    out->first > out->last || out->last - out->first >= Q_DOCUMENTS_RANGE_PAGES)
		return q_fail(err, Q_CORRUPT, "documents.range", "item %.*s %.*s is no work",
			      Q_STR_ARG(item->key.pk), Q_STR_ARG(item->key.sk));
	return Q_OK;
}

/* Writes `changes` and the place in the READY index, as long as the epoch is still the one in
 * `work`, and the work not done: a renewal that comes late must not make it claimable again.
 * `is_claim`: nor may the lease have been renewed since the work was read. */
static enum q_code update(struct q_documents *d, const struct q_call *call,
			  const struct q__work *work, bool is_claim,
			  const struct q_record_key *ready, const struct q_change *changes,
			  size_t change_count, struct q_arena *arena, struct q_err *err)
{
	/* Epochs count anew in each run. */
	struct q_condition as_known[] = {
		q__if_number("run", work->run),
		q__if_number("epoch", work->epoch),
		{.kind = Q_IF_UNSET, .name = Q_STR("done")},
		q__if_number("leaseUntil", work->lease_until_ms),
	};
	struct q_write write = {
		.kind = Q_WRITE_UPDATE,
		.key = q__work_key(arena, work),
		.changes = changes,
		.change_count = change_count,
		.index1 = ready,
		.conditions = as_known,
		.condition_count = Q_COUNT_OF(as_known) - !is_claim,
	};

	if (q_arena_failed(arena))
		return q_fail(err, Q_NOMEM, "documents.range", "a lease");
	return q_record_store_write(d->o.records, call, &write, NULL, NULL, err);
}

enum q_code q__work_claim(struct q_documents *d, const struct q_call *call, struct q__work *work,
			  struct q_arena *arena, struct q_err *err)
{
	int64_t until = q__now(d) + Q_WORKER_LEASE_MS;
	struct q_record_key ready =
		q__ready_key(arena, work->tenant_id, work->is_urgent, until, work->file_id);
	struct q_change changes[] = {
		q__change_number("epoch", work->epoch + 1),
		q__change_number("leaseUntil", until),
		q__change_string("owner", d->o.owner),
	};
	enum q_code code =
		update(d, call, work, true, &ready, changes, Q_COUNT_OF(changes), arena, err);

	if (code)
		return code;
	work->epoch++;
	work->lease_until_ms = until;
	work->owner = d->o.owner;
	return Q_OK;
}

enum q_code q__work_renew(struct q_documents *d, const struct q_call *call, struct q__work *work,
			  struct q_arena *arena, struct q_err *err)
{
	int64_t until = q__now(d) + Q_WORKER_LEASE_MS;
	struct q_record_key ready =
		q__ready_key(arena, work->tenant_id, work->is_urgent, until, work->file_id);
	struct q_change change = q__change_number("leaseUntil", until);
	enum q_code code = update(d, call, work, false, &ready, &change, 1, arena, err);

	if (code)
		return code;
	work->lease_until_ms = until;
	return Q_OK;
}

enum q_code q__work_release(struct q_documents *d, const struct q_call *call,
			    const struct q__work *work, int64_t available_at_ms,
			    struct q_arena *arena, struct q_err *err)
{
	struct q_record_key ready = q__ready_key(arena, work->tenant_id, work->is_urgent,
						 available_at_ms, work->file_id);
	struct q_change changes[] = {
		q__change_number("leaseUntil", available_at_ms),
		q__change_string("owner", Q_STR("")),
	};

	return update(d, call, work, false, &ready, changes, Q_COUNT_OF(changes), arena, err);
}

enum q_code q__work_extracted(struct q_documents *d, const struct q_call *call,
			      const struct q__work *work, struct q_arena *arena, struct q_err *err)
{
	struct q_change changes[] = {
		q__change_string("textKey", work->text_key),
		q__change_string("textIndex", work->text_index),
	};

	return update(d, call, work, false, NULL, changes, Q_COUNT_OF(changes), arena, err);
}

enum q_code q__work_finish(struct q_documents *d, const struct q_call *call,
			   const struct q__work *work, struct q_arena *arena, struct q_err *err)
{
	struct q_record_key nowhere = {0};
	struct q_change change = q__change_number("done", 1);

	return update(d, call, work, false, &nowhere, &change, 1, arena, err);
}

enum q_code q__work_reopen(struct q_documents *d, const struct q_call *call,
			   const struct q__work *work, struct q_arena *arena, struct q_err *err)
{
	int64_t now = q__now(d);
	struct q_record_key ready =
		q__ready_key(arena, work->tenant_id, work->is_urgent, now, work->file_id);
	struct q_change changes[] = {
		q__change_remove("done"),
		q__change_number("leaseUntil", now),
	};
	struct q_condition still_done[] = {
		q__if_number("run", work->run),
		q__if_number("epoch", work->epoch),
		{.kind = Q_IF_SET, .name = Q_STR("done")},
	};
	struct q_write write = {.kind = Q_WRITE_UPDATE,
				.key = q__work_key(arena, work),
				.changes = changes,
				.change_count = Q_COUNT_OF(changes),
				.index1 = &ready,
				.conditions = still_done,
				.condition_count = Q_COUNT_OF(still_done)};

	if (q_arena_failed(arena))
		return q_fail(err, Q_NOMEM, "documents.range", "work to reopen");
	return q_record_store_write(d->o.records, call, &write, NULL, NULL, err);
}

enum q_code q__range_is_over(struct q_documents *d, const struct q_call *call,
			     const struct q__work *range, struct q_arena *arena, bool *is_over,
			     struct q_err *err)
{
	struct q__job job;
	enum q_code code = q__job_read(d, call, range->file_id, arena, &job, err);

	if (code && code != Q_NOTFOUND)
		return code;
	*is_over = code == Q_NOTFOUND || job.view.run != range->run ||
		   job.view.status != Q_JOB_PROCESSING;
	return Q_OK;
}
