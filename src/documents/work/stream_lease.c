#include "documents/work/stream_lease.h"
#include "documents/items.h"

#include <stdio.h>

static struct q_record_key partition_key(struct q_arena *arena, const char *reader,
					 struct q_str partition)
{
	return (struct q_record_key){q_arena_format(arena, "STREAM#%s", reader),
				     q_arena_format(arena, "PARTITION#%.*s", Q_STR_ARG(partition))};
}

static struct q_record_key lease_key(struct q_arena *arena, const char *reader,
				     const struct q__stream_lease *lease)
{
	return partition_key(arena, reader, q_str_from(lease->partition));
}

/* Writes owner, end, epoch and position under the one condition. */
static enum q_code write_lease(struct q_documents *d, const struct q_call *call, const char *reader,
			       struct q__stream_lease *lease, int64_t epoch,
			       struct q_condition condition, struct q_arena *arena,
			       struct q_err *err)
{
	int64_t until = q__now(d) + Q__STREAM_LEASE_MS;
	struct q_change changes[] = {
		q__change_string("owner", d->o.owner),
		q__change_number("leaseUntil", until),
		q__change_number("epoch", epoch),
		q__change_string("sequence", q_str_from(lease->sequence)),
	};
	struct q_write write = {.kind = Q_WRITE_UPDATE,
				.key = lease_key(arena, reader, lease),
				.changes = changes,
				.change_count = Q_COUNT_OF(changes),
				.conditions = &condition,
				.condition_count = 1};
	enum q_code code;

	if (q_arena_failed(arena))
		return q_fail(err, Q_NOMEM, "stream_lease", "a lease");
	code = q_record_store_write(d->o.records, call, &write, NULL, NULL, err);
	lease->until_ms = code == Q_OK ? until : 0;
	if (code == Q_OK)
		lease->epoch = epoch;
	return code;
}

enum q_code q__stream_lease_take(struct q_documents *d, const struct q_call *call,
				 const char *reader, struct q__stream_lease *lease,
				 struct q_arena *arena, struct q_err *err)
{
	struct q_item item;
	struct q_str owner;
	enum q_code code = q_record_store_get(d->o.records, call, lease_key(arena, reader, lease),
					      arena, &item, err);

	lease->sequence[0] = '\0';
	if (code == Q_NOTFOUND)
		return write_lease(d, call, reader, lease, 1,
				   (struct q_condition){.kind = Q_IF_ABSENT}, arena, err);
	if (code)
		return code;
	owner = q_item_string(&item, "owner", (struct q_str){0});
	if (q_item_number(&item, "leaseUntil", 0) > q__now(d) && !q_str_equal(owner, d->o.owner))
		return q_fail(err, Q_CONFLICT, "stream_lease", "another process reads it");
	lease->epoch = q_item_number(&item, "epoch", 0);
	snprintf(lease->sequence, sizeof lease->sequence, "%.*s",
		 Q_STR_ARG(q_item_string(&item, "sequence", (struct q_str){0})));
	return write_lease(d, call, reader, lease, lease->epoch + 1,
			   q__if_number("epoch", lease->epoch), arena, err);
}

enum q_code q__stream_lease_save(struct q_documents *d, const struct q_call *call,
				 const char *reader, struct q__stream_lease *lease,
				 struct q_arena *arena, struct q_err *err)
{
	return write_lease(d, call, reader, lease, lease->epoch,
			   q__if_number("epoch", lease->epoch), arena, err);
}

enum q_code q__stream_position_read(struct q_documents *d, const struct q_call *call,
				    const char *reader, struct q_str partition,
				    struct q_arena *arena, struct q_str *sequence,
				    struct q_err *err)
{
	struct q_item item;
	enum q_code code = q_record_store_get(
		d->o.records, call, partition_key(arena, reader, partition), arena, &item, err);

	*sequence = (struct q_str){0};
	if (!code)
		*sequence = q_item_string(&item, "sequence", *sequence);
	return code == Q_NOTFOUND ? Q_OK : code;
}
