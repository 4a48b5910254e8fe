/* Purging: what the stores keep of removed documents for a while (the changes and events that told
 * of them, the freed pages of a database) goes before its time.
 *
 * A change is trimmed when its reader, the aggregator, is past it; events are doorbells, whose
 * listeners make good for those they miss. */
#include "documents/items.h"
#include "documents/work/stream_lease.h"

enum { PURGE_EVERY_MS = 12 * 3600 * 1000 };

/* Has nothing that a job could need been changed after `sequence`, until the purge began? */
static enum q_code is_read(struct q_documents *d, const struct q_call *call,
			   const struct q_purge *purge, struct q_str partition,
			   struct q_str sequence, struct q_arena *arena, bool *out,
			   struct q_err *err)
{
	struct q_stream_position position = {sequence.length > 0 ? Q_STREAM_AFTER : Q_STREAM_OLDEST,
					     sequence};
	struct q_change_page page;
	enum q_code code = q_change_feed_read(d->o.changes, call, partition, position,
					      Q_STREAM_READ_MAX, 0, arena, &page, err);

	*out = true;
	if (code)
		return code == Q_GAP ? Q_OK : code;
	for (size_t i = 0; i < page.count && page.items[i].changed_at_ms <= purge->began_at_ms; i++)
		*out &= q_str_starts_with(page.items[i].key.pk, Q_STR("STREAM#"));
	return Q_OK;
}

/* Trims one partition of the change feed up to where its reader has been. */
static enum q_code trim_changes(struct q_documents *d, const struct q_call *call,
				const struct q_purge *purge, struct q_str partition,
				struct q_arena *arena, bool *is_done, struct q_err *err)
{
	struct q_str sequence;
	bool is_partition_read;
	enum q_code code =
		q__stream_position_read(d, call, "aggregator", partition, arena, &sequence, err);

	if (!code)
		code = is_read(d, call, purge, partition, sequence, arena, &is_partition_read, err);
	if (code)
		return code;
	*is_done &= is_partition_read;
	if (sequence.length == 0) /* nothing has been read yet */
		return Q_OK;
	return q_change_feed_trim(d->o.changes, call, partition, sequence, err);
}

static enum q_code trim_all_changes(struct q_documents *d, const struct q_call *call,
				    const struct q_purge *purge, struct q_arena *arena,
				    bool *is_done, struct q_err *err)
{
	struct q_stream_partitions there;
	enum q_code code = q_change_feed_partitions(d->o.changes, call, arena, &there, err);

	*is_done = true;
	for (size_t i = 0; i < there.count && !code; i++)
		code = trim_changes(d, call, purge, there.items[i].id, arena, is_done, err);
	return code;
}

/* How far a partition of the event log may be trimmed: all of it. A reader whose place in the log
 * matters is asked for it here, with q__stream_position_read, as the aggregator is for the changes.
 */
static enum q_code find_events_read(struct q_documents *d, const struct q_call *call,
				    struct q_str partition, struct q_arena *arena,
				    struct q_str *sequence, struct q_err *err)
{
	struct q_stream_position newest = {.start = Q_STREAM_NEWEST};
	struct q_event_page page;
	enum q_code code =
		q_event_log_read(d->o.events, call, partition, newest, 1, 0, arena, &page, err);

	if (!code)
		*sequence = page.next;
	return code;
}

static enum q_code trim_all_events(struct q_documents *d, const struct q_call *call,
				   struct q_arena *arena, struct q_err *err)
{
	struct q_stream_partitions there;
	enum q_code code = q_event_log_partitions(d->o.events, call, arena, &there, err);

	for (size_t i = 0; i < there.count && !code; i++) {
		struct q_str read;

		code = find_events_read(d, call, there.items[i].id, arena, &read, err);
		if (!code)
			code = q_event_log_trim(d->o.events, call, there.items[i].id, read, err);
	}
	return code;
}

static enum q_code note(struct q_documents *d, const struct q_call *call,
			const struct q_purge *purge, struct q_err *err)
{
	struct q_change purged = q__change_number("purgedAt", purge->began_at_ms);
	struct q_write write = {.kind = Q_WRITE_UPDATE,
				.key = q__purge_key(),
				.changes = &purged,
				.change_count = 1};

	return q_record_store_write(d->o.records, call, &write, NULL, NULL, err);
}

static enum q_code step(struct q_documents *d, const struct q_call *call, struct q_purge *purge,
			struct q_arena *arena, bool *is_done, struct q_err *err)
{
	enum q_code code = trim_all_changes(d, call, purge, arena, is_done, err);

	if (code || !*is_done)
		return code;
	code = trim_all_events(d, call, arena, err);
	if (!code)
		code = q_record_store_compact(d->o.records, call, err);
	if (!code)
		code = note(d, call, purge, err);
	if (!code)
		q_log(d->o.log, Q_LOG_INFO, "store.purged",
		      Q_LOG_INT("durationMs", q__now(d) - purge->began_at_ms));
	return code;
}

enum q_code q_purge_step(struct q_documents *d, const struct q_call *call, struct q_purge *purge,
			 bool *is_done, struct q_err *err)
{
	struct q_arena *arena = q_arena_new(Q__STEP_ARENA);
	enum q_code code;

	*is_done = false;
	if (!arena)
		return q_fail(err, Q_NOMEM, "documents.purge", "an arena");
	if (purge->began_at_ms == 0)
		purge->began_at_ms = q__now(d);
	code = step(d, call, purge, arena, is_done, err);
	if (code)
		*is_done = false;
	q_arena_free(arena);
	return code;
}

enum q_code q_purge_is_due(struct q_documents *d, const struct q_call *call, bool *is_due,
			   struct q_err *err)
{
	struct q_arena *arena = q_arena_new(Q__STEP_ARENA);
	struct q_item item;
	int64_t purged_at_ms;
	enum q_code code;

	*is_due = false;
	if (!arena)
		return q_fail(err, Q_NOMEM, "documents.purge", "an arena");
	code = q_record_store_get(d->o.records, call, q__purge_key(), arena, &item, err);
	if (!code) {
		purged_at_ms = q_item_number(&item, "purgedAt", 0);
		*is_due = q_item_number(&item, "removedAt", 0) >= purged_at_ms &&
			  q__now(d) - purged_at_ms >= PURGE_EVERY_MS;
	}
	q_arena_free(arena);
	return code == Q_NOTFOUND ? Q_OK : code;
}
