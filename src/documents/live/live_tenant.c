/* Which jobs a subscription to a tenant is told of. At first: those uploaded since the time it
 * names, and those at work. From then on what moves between statuses shows in the index of
 * statuses: jobs at work by being there, jobs that have ended by the time of their last edge. */
#include "documents/items.h"
#include "documents/live/live_internal.h"

enum {
	SCAN_ARENA = 64 << 20,
	SCAN_PAGE = 200,
	OVERLAP_MS = 5000 /* by how much the clocks of processes may differ */
};

/* Where a job's telling starts that the subscription did not name. */
static int64_t first_position(const struct q_live_subscription *s, const struct q_item *status)
{
	if (s->has_scanned || q_item_number(status, "uploadedAt", 0) >= s->since_ms)
		return 0;
	return q_item_number(status, "eventCount", 0);
}

static enum q_code note_job(struct q_live_subscription *s, const struct q_item *status,
			    struct q_err *err)
{
	struct q_str file_id = q_item_string(status, "fileId", (struct q_str){0});
	struct q__live_entry *entry = q__live_find_entry(s, file_id);

	if (!entry)
		return q__live_add_entry(s, file_id, first_position(s, status), err);
	if (q_item_number(status, "eventCount", 0) > entry->position)
		entry->topic->next_look_ms = 0;
	return Q_OK;
}

static enum q_code note_uploaded(struct q_live_subscription *s, const struct q_item *file,
				 struct q_err *err)
{
	return q__live_add_entry(s, q_item_string(file, "fileId", (struct q_str){0}), 0, err);
}

/* Every item of the query. */
static enum q_code walk(struct q_live_subscription *s, const struct q_call *call,
			struct q_query *query, struct q_arena *arena,
			enum q_code (*note)(struct q_live_subscription *, const struct q_item *,
					    struct q_err *),
			struct q_err *err)
{
	struct q_query_page found;
	enum q_code code = Q_OK;

	query->index = 1;
	query->limit = SCAN_PAGE;
	do {
		code = q_record_store_query(s->live->d->o.records, call, query, arena, &found, err);
		if (code)
			return code;
		for (size_t i = 0; i < found.count && !code; i++)
			code = note(s, &found.items[i], err);
		query->after = found.next;
	} while (!code && found.next.length > 0);
	return code;
}

static enum q_code scan_uploaded(struct q_live_subscription *s, const struct q_call *call,
				 struct q_arena *arena, struct q_err *err)
{
	struct q_record_key from =
		q__tenant_files_key(arena, s->who.tenant_id, s->since_ms, (struct q_str){0});
	struct q_query query = {.pk = from.pk, .sk_from = from.sk, .sk_to = Q_STR("FILE#~")};

	return walk(s, call, &query, arena, note_uploaded, err);
}

/* Jobs of a status: all that are at work; of those that have ended only the latest. */
static enum q_code scan_status(struct q_live_subscription *s, const struct q_call *call,
			       enum q_job_status status, struct q_arena *arena, struct q_err *err)
{
	int64_t from_ms = q_job_status_is_final(status) ? s->scanned_ms - OVERLAP_MS : 0;
	struct q_record_key from = q__tenant_status_key(
		arena, s->who.tenant_id, status, from_ms > 0 ? from_ms : 0, (struct q_str){0});
	struct q_query query = {.pk = from.pk, .sk_from = from.sk};

	return walk(s, call, &query, arena, note_job, err);
}

enum q_code q__live_scan(struct q_live_subscription *s, const struct q_call *call,
			 struct q_err *err)
{
	struct q_arena *arena = q_arena_new(SCAN_ARENA);
	int64_t now_ms = q__now(s->live->d);
	enum q_code code = Q_OK;

	if (!arena)
		return q_fail(err, Q_NOMEM, "live.scan", "an arena");
	if (!s->has_scanned) {
		s->scanned_ms = now_ms;
		code = scan_uploaded(s, call, arena, err);
	}
	for (int status = 0; status < Q_JOB_STATUS_COUNT && !code; status++)
		code = scan_status(s, call, (enum q_job_status)status, arena, err);
	if (!code) {
		s->has_scanned = true;
		s->scanned_ms = now_ms;
	}
	q_arena_free(arena);
	return code;
}
