/* What work is: the plan of a job, or a range of its pages, as an item of the READY index. */
#include "documents/items.h"
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

bool q_documents_is_small(const struct q_documents *d, uint64_t size_bytes)
{
	return size_bytes < d->o.sync_bytes_max;
}
