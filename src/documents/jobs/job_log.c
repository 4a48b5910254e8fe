/* A job's log: items EVENT#000001, EVENT#000002, ... beside its STATUS, which counts them. An entry
 * is written in the transaction of what it tells of, on condition of that count: the numbers have
 * no gaps, and whoever has read up to n knows that n + 1 is next. */
#include "documents/items.h"
#include "documents/jobs/job.h"

#include <inttypes.h>

bool q__event_item(struct q_arena *arena, const struct q_job *job, const struct q_job_event *event,
		   struct q_item *out)
{
	struct q__attributes a;

	q__attributes_init(&a, arena, 9);
	q__set_string(&a, "type", event->type);
	q__set_string(&a, "status", event->status);
	q__set_string(&a, "tenantId", job->tenant_id);
	q__set_number(&a, "run", event->run);
	q__set_number(&a, "at", event->at_ms);
	if (event->page > 0)
		q__set_number(&a, "page", event->page);
	q__set_number(&a, "total", event->total_pages);
	q__set_number(&a, "processed", event->processed_pages);
	q__set_number(&a, "failed", event->failed_pages);
	*out = (struct q_item){.key = q__event_key(arena, job->file_id, event->id),
			       .attributes = a.items,
			       .attribute_count = a.count};
	return !a.failed && !q_arena_failed(arena);
}

static void parse(const struct q_item *item, int64_t id, struct q_job_event *out)
{
	const struct q_str none = {0};

	*out = (struct q_job_event){
		.id = id,
		.type = q_item_string(item, "type", none),
		.status = q_item_string(item, "status", none),
		.run = q_item_number(item, "run", 0),
		.at_ms = q_item_number(item, "at", 0),
		.page = q_item_number(item, "page", 0),
		.total_pages = q_item_number(item, "total", 0),
		.processed_pages = q_item_number(item, "processed", 0),
		.failed_pages = q_item_number(item, "failed", 0),
	};
}

/* Entries after + 1 .. last, as far as one query gives them. */
static enum q_code query(struct q_documents *d, const struct q_call *call, struct q_str file_id,
			 int64_t after, int64_t last, struct q_arena *arena,
			 struct q_job_events *out, struct q_err *err)
{
	struct q_query query = {
		.pk = q__event_key(arena, file_id, 1).pk,
		.sk_from = q__event_key(arena, file_id, after + 1).sk,
		.sk_to = q__event_key(arena, file_id, last).sk,
		.limit = (size_t)(last - after),
	};
	struct q_query_page found;
	enum q_code code = q_record_store_query(d->o.records, call, &query, arena, &found, err);

	if (code)
		return code;
	out->items = q_arena_alloc_array(arena, found.count ? found.count : 1, sizeof *out->items);
	if (!out->items)
		return q_fail(err, Q_NOMEM, "documents.events", "%zu events", found.count);
	for (; out->count < found.count; out->count++) {
		int64_t id = after + 1 + (int64_t)out->count;

		if (!q_str_equal(found.items[out->count].key.sk,
				 q__event_key(arena, file_id, id).sk))
			return q_fail(err, Q_CORRUPT, "documents.events",
				      "event %" PRId64 " of %.*s is missing", id,
				      Q_STR_ARG(file_id));
		parse(&found.items[out->count], id, &out->items[out->count]);
	}
	return Q_OK;
}

enum q_code q__events_read(struct q_documents *d, const struct q_call *call,
			   const struct q__job *job, int64_t after, size_t limit,
			   struct q_arena *arena, struct q_job_events *out, struct q_err *err)
{
	int64_t last = job->event_count;
	enum q_code code = Q_OK;

	*out = (struct q_job_events){.last_id = after};
	if (after + (int64_t)limit < last)
		last = after + (int64_t)limit;
	if (last > after)
		code = query(d, call, job->view.file_id, after, last, arena, out, err);
	out->last_id += (int64_t)out->count;
	out->is_over = out->last_id == job->event_count && q_job_status_is_final(job->view.status);
	return code;
}
