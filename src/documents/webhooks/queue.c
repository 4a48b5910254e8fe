/* A queue stands in the due index under the time at which it is to be looked at: now when a
 * delivery is added, the end of its lease while it is claimed, the next attempt's time when it is
 * given back. Whoever looks too early puts it where it belongs. */
#include "documents/items.h"
#include "documents/webhooks/webhooks_internal.h"

#include "base/hash.h"

#include <inttypes.h>
#include <string.h>

static const char where[] = "webhooks.queue";

enum {
	QUEUES_LOOK = 20,
	LOOK_AGAIN_MS = 5000, /* where the index does not show yet what the counters tell of */
	IDLE_KEPT_MS = 7 * 24 * 3600 * 1000
};

static struct q_str queues_bucket(struct q_arena *arena, unsigned bucket)
{
	return q_arena_format(arena, "QUEUES#%u", bucket);
}

struct q_record_key q__queue_key(struct q_arena *arena, struct q_str tenant_id, struct q_str name)
{
	return (struct q_record_key){
		q_arena_format(arena, "QUEUE#%.*s#%.*s", Q_STR_ARG(tenant_id), Q_STR_ARG(name)),
		Q_STR("STATE")};
}

static struct q_record_key due_key(struct q_arena *arena, struct q_str tenant_id, struct q_str name,
				   int64_t due_at_ms)
{
	return (struct q_record_key){queues_bucket(arena, q__bucket_of(name)),
				     q_arena_format(arena, "%013" PRId64 "#%.*s#%.*s", due_at_ms,
						    Q_STR_ARG(tenant_id), Q_STR_ARG(name))};
}

struct q_record_key q__queue_due_key(struct q_arena *arena, const struct q__queue *queue,
				     int64_t due_at_ms)
{
	return due_key(arena, queue->tenant_id, queue->name, due_at_ms);
}

/* Scheme, host and port: the URL has been checked to have them. */
static struct q_str origin_of(struct q_str url)
{
	size_t at = 0;

	if (q_str_find(url, Q_STR("://"), &at))
		at += 3;
	while (at < url.length && url.data[at] != '/' && url.data[at] != '?')
		at++;
	return q_str_slice(url, 0, at);
}

struct q_str q__queue_name(const struct q_webhook *webhook, struct q_str url, struct q_arena *arena)
{
	unsigned char digest[Q_SHA256_SIZE];
	char hex[Q_SHA256_HEX_SIZE];

	if (webhook->url.length > 0)
		return webhook->id;
	q_sha256_of(q_str_bytes(origin_of(url)), digest);
	q_sha256_to_hex(digest, hex);
	return q_arena_format(arena, "default-%.16s", hex);
}

struct q_write q__queue_add_write(struct q_documents *d, struct q_str tenant_id, struct q_str name,
				  bool ends_pause, struct q_arena *arena)
{
	static const int64_t never = 0;
	struct q_change *changes = q_arena_alloc_array(arena, 8, sizeof *changes);
	struct q_record_key *due = q_arena_alloc(arena, sizeof *due);
	size_t count = 0;

	if (!changes || !due)
		return (struct q_write){0}; /* the arena says so too */
	changes[count++] = q__change_string("tenantId", tenant_id);
	changes[count++] = q__change_string("name", name);
	changes[count++] = q__change_add("added", 1);
	changes[count++] = q__change_add("finished", 0);
	changes[count++] = q__change_add("epoch", 0);
	changes[count++] = q__change_add("leaseUntil", 0);
	if (ends_pause)
		changes[count++] = q__change_number("pausedUntil", 0);
	*due = due_key(arena, tenant_id, name, q__now(d));
	return (struct q_write){.kind = Q_WRITE_UPDATE,
				.key = q__queue_key(arena, tenant_id, name),
				.changes = changes,
				.change_count = count,
				.index2 = due,
				.expires_at_ms = &never};
}

static enum q_code read_queue(struct q_documents *d, const struct q_call *call,
			      struct q_record_key key, struct q_arena *arena, struct q__queue *out,
			      struct q_err *err)
{
	const struct q_str none = {0};
	struct q_item item;
	enum q_code code = q_record_store_get(d->o.records, call, key, arena, &item, err);

	if (code)
		return code;
	*out = (struct q__queue){
		.tenant_id = q_item_string(&item, "tenantId", none),
		.name = q_item_string(&item, "name", none),
		.added = q_item_number(&item, "added", 0),
		.finished = q_item_number(&item, "finished", 0),
		.epoch = q_item_number(&item, "epoch", 0),
		.lease_until_ms = q_item_number(&item, "leaseUntil", 0),
		.paused_until_ms = q_item_number(&item, "pausedUntil", 0),
		.failures = q_item_number(&item, "failures", 0),
	};
	if (out->tenant_id.length == 0 || out->name.length == 0)
		return q_fail(err, Q_CORRUPT, where, "item %.*s is no queue",
			      Q_STR_ARG(item.key.pk));
	return Q_OK;
}

/* A write to the queue as it was read: of this epoch, with no delivery added since, and the lease
 * neither renewed nor given back: what is put off then would wait for a lease that nobody has. */
static enum q_code update(struct q_documents *d, const struct q_call *call,
			  const struct q__queue *queue, const struct q_change *changes,
			  size_t count, const struct q_record_key *due,
			  const int64_t *expires_at_ms, struct q_arena *arena, struct q_err *err)
{
	struct q_condition same[] = {q__if_number("epoch", queue->epoch),
				     q__if_number("added", queue->added),
				     q__if_number("leaseUntil", queue->lease_until_ms)};
	struct q_write write = {.kind = Q_WRITE_UPDATE,
				.key = q__queue_key(arena, queue->tenant_id, queue->name),
				.changes = changes,
				.change_count = count,
				.index2 = due,
				.expires_at_ms = expires_at_ms,
				.conditions = same,
				.condition_count = Q_COUNT_OF(same)};

	return q_record_store_write(d->o.records, call, &write, NULL, NULL, err);
}

/* --- Claims */

/* Nothing is to be done with it now: its place in the index is put right. */
static enum q_code put_off(struct q_documents *d, const struct q_call *call,
			   const struct q__queue *queue, int64_t until_ms, struct q_arena *arena,
			   struct q_err *err)
{
	struct q_record_key due = q__queue_due_key(arena, queue, until_ms);
	struct q_change look = q__change_add("looks", 1);
	enum q_code code = update(d, call, queue, &look, 1, &due, NULL, arena, err);

	return code == Q_CONFLICT ? Q_OK : code;
}

static enum q_code take(struct q_documents *d, const struct q_call *call, struct q__queue *queue,
			struct q_arena *arena, struct q_err *err)
{
	int64_t until_ms = q__now(d) + Q__QUEUE_LEASE_MS;
	struct q_record_key due = q__queue_due_key(arena, queue, until_ms);
	struct q_change changes[] = {
		q__change_number("epoch", queue->epoch + 1),
		q__change_number("leaseUntil", until_ms),
		q__change_string("owner", d->o.owner),
	};
	enum q_code code =
		update(d, call, queue, changes, Q_COUNT_OF(changes), &due, NULL, arena, err);

	queue->epoch++;
	queue->lease_until_ms = until_ms;
	return code;
}

/* Q_CONFLICT: not this one. */
static enum q_code try_claim(struct q_documents *d, const struct q_call *call,
			     const struct q_item *found, struct q_arena *arena,
			     struct q__queue *out, struct q_err *err)
{
	int64_t now = q__now(d);
	int64_t busy_until_ms;
	enum q_code code = read_queue(d, call, found->key, arena, out, err);

	if (code)
		return code == Q_NOTFOUND ? Q_CONFLICT : code;
	busy_until_ms = out->lease_until_ms > out->paused_until_ms ? out->lease_until_ms
								   : out->paused_until_ms;
	if (busy_until_ms <= now)
		return take(d, call, out, arena, err);
	code = put_off(d, call, out, busy_until_ms, arena, err);
	return code ? code : Q_CONFLICT;
}

static enum q_code claim_in_bucket(struct q_documents *d, const struct q_call *call,
				   unsigned bucket, struct q_arena *arena, struct q__queue *out,
				   struct q_err *err)
{
	struct q_query query = {.index = 2,
				.pk = queues_bucket(arena, bucket),
				.sk_to = q__time_key(arena, q__now(d) + 1),
				.limit = QUEUES_LOOK};
	struct q_query_page found = {0};
	enum q_code code = q_record_store_query(d->o.records, call, &query, arena, &found, err);

	for (size_t i = 0; !code && i < found.count; i++) {
		code = try_claim(d, call, &found.items[i], arena, out, err);
		if (code != Q_CONFLICT)
			return code;
		code = Q_OK;
	}
	return code ? code : Q_NOTFOUND;
}

/* Buckets are looked at from a random one on: several senders rarely meet. */
enum q_code q__queue_claim(struct q_documents *d, const struct q_call *call, struct q_arena *arena,
			   struct q__queue *out, struct q_err *err)
{
	unsigned first = (unsigned)q_random_source_below(d->o.random, Q__DUE_BUCKETS);
	enum q_code code = Q_NOTFOUND;

	for (unsigned i = 0; code == Q_NOTFOUND && i < Q__DUE_BUCKETS; i++)
		code = claim_in_bucket(d, call, (first + i) % Q__DUE_BUCKETS, arena, out, err);
	if (code == Q_NOTFOUND)
		return q_fail(err, Q_NOTFOUND, where, "nothing is due");
	return code;
}

/* --- Giving back */

/* When the first delivery that waits is due; LOOK_AGAIN_MS from now where the index shows none. */
static enum q_code next_due(struct q_documents *d, const struct q_call *call,
			    const struct q__queue *queue, struct q_arena *arena, int64_t *out,
			    struct q_err *err)
{
	struct q_query query = {.index = 2,
				.pk = q__queue_key(arena, queue->tenant_id, queue->name).pk,
				.limit = 1};
	struct q_query_page found = {0};
	int64_t now = q__now(d);
	enum q_code code = q_record_store_query(d->o.records, call, &query, arena, &found, err);

	if (code)
		return code;
	*out = now + LOOK_AGAIN_MS;
	if (found.count > 0)
		*out = q_item_number(&found.items[0], "nextAttemptAt", now);
	if (*out < now)
		*out = now;
	if (*out < queue->paused_until_ms)
		*out = queue->paused_until_ms;
	return Q_OK;
}

static enum q_code release_when_due(struct q_documents *d, const struct q_call *call,
				    const struct q__queue *queue, struct q_arena *arena,
				    struct q_err *err)
{
	int64_t due_ms = 0, expires_at_ms = q__now(d) + IDLE_KEPT_MS;
	struct q_record_key due = {0};
	struct q_change changes[] = {q__change_number("leaseUntil", 0)};
	bool is_empty = queue->added == queue->finished;
	enum q_code code = is_empty ? Q_OK : next_due(d, call, queue, arena, &due_ms, err);

	if (code)
		return code;
	if (!is_empty)
		due = q__queue_due_key(arena, queue, due_ms);
	return update(d, call, queue, changes, Q_COUNT_OF(changes), &due,
		      is_empty ? &expires_at_ms : NULL, arena, err);
}

/* A delivery was added while the queue was given back: it is due. */
static enum q_code release_now(struct q_documents *d, const struct q_call *call,
			       const struct q__queue *queue, struct q_arena *arena,
			       struct q_err *err)
{
	struct q_record_key due = q__queue_due_key(arena, queue, q__now(d));
	struct q_change change = q__change_number("leaseUntil", 0);
	struct q_condition is_ours = q__if_number("epoch", queue->epoch);
	struct q_write write = {.kind = Q_WRITE_UPDATE,
				.key = q__queue_key(arena, queue->tenant_id, queue->name),
				.changes = &change,
				.change_count = 1,
				.index2 = &due,
				.conditions = &is_ours,
				.condition_count = 1};

	return q_record_store_write(d->o.records, call, &write, NULL, NULL, err);
}

enum q_code q__queue_release(struct q_documents *d, const struct q_call *call,
			     const struct q__queue *queue, struct q_arena *arena, struct q_err *err)
{
	struct q_record_key key = q__queue_key(arena, queue->tenant_id, queue->name);
	struct q__queue current = {0};
	enum q_code code = read_queue(d, call, key, arena, &current, err);

	if (code || current.epoch != queue->epoch) /* another has it */
		return code;
	code = release_when_due(d, call, &current, arena, err);
	if (code == Q_CONFLICT)
		code = release_now(d, call, &current, arena, err);
	return code == Q_CONFLICT ? Q_OK : code;
}
