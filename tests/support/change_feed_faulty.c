#include "support/change_feed_faulty.h"

#include "base/mem.h"

#include <string.h>

/* Where the read before began. */
struct past {
	char sequence[Q_STREAM_SEQUENCE_MAX];
	size_t length; /* 0: not after a sequence */
};

struct faulty_feed {
	struct q_change_feed base;
	struct q_change_feed_ops ops; /* name of the inner feed */
	struct q_change_feed *inner;
	struct change_feed_faults faults;
	struct port_fate fate;
	unsigned partition_count;
	struct past past[CHANGE_FEED_FAULTY_PARTITIONS_MAX];
};

static const char *const partition_ids[CHANGE_FEED_FAULTY_PARTITIONS_MAX] = {"0", "1", "2", "3",
									     "4", "5", "6", "7"};

static struct faulty_feed *faulty_of(struct q_change_feed *feed)
{
	return q_container_of(feed, struct faulty_feed, base);
}

static enum q_code faulty_partitions(struct q_change_feed *base, const struct q_call *call,
				     struct q_arena *arena, struct q_stream_partitions *out,
				     struct q_err *err)
{
	struct faulty_feed *feed = faulty_of(base);
	struct q_stream_partition *items =
		q_arena_alloc_array(arena, feed->partition_count, sizeof *items);

	(void)call;
	if (port_fate_next(&feed->fate) != PORT_GOES_WELL)
		return port_fate_fail(&feed->fate, err);
	if (!items)
		return q_fail(err, Q_NOMEM, "change_feed_faulty", "partitions");
	for (unsigned i = 0; i < feed->partition_count; i++)
		items[i].id = q_str_from(partition_ids[i]);
	*out = (struct q_stream_partitions){items, feed->partition_count};
	return Q_OK;
}

/* FNV-1a: the same item is always in the same partition. */
static unsigned partition_of(const struct faulty_feed *feed, const struct q_record_key *key)
{
	const struct q_str parts[] = {key->pk, key->sk};
	uint32_t hash = 2166136261U;

	for (size_t i = 0; i < Q_COUNT_OF(parts); i++) {
		for (size_t j = 0; j < parts[i].length; j++)
			hash = (hash ^ (unsigned char)parts[i].data[j]) * 16777619U;
	}
	return hash % feed->partition_count;
}

static void keep_partition(const struct faulty_feed *feed, unsigned partition,
			   struct q_change_page *page)
{
	size_t kept = 0;

	for (size_t i = 0; i < page->count; i++) {
		if (partition_of(feed, &page->items[i].key) == partition)
			page->items[kept++] = page->items[i];
	}
	page->count = kept;
}

/* The page ends early. With nothing left of it the reader stays where it was, which it can only
 * where that has a name. */
static void cut_page(struct faulty_feed *feed, struct q_stream_position position,
		     struct q_arena *arena, struct q_change_page *page)
{
	size_t kept = q_random_source_below(feed->faults.calls.random, page->count);
	struct q_str next;

	if (kept == 0 && position.start != Q_STREAM_AFTER)
		return;
	next = q_arena_copy(arena, kept > 0 ? page->items[kept - 1].sequence : position.sequence);
	if (!next.data)
		return;
	page->next = next;
	page->count = kept;
	page->behind_ms = page->behind_ms ? page->behind_ms : 1;
}

static void remember(struct past *past, struct q_stream_position position)
{
	past->length = position.start == Q_STREAM_AFTER ? position.sequence.length : 0;
	if (past->length > 0)
		memcpy(past->sequence, position.sequence.data, past->length);
}

/* Where to begin: here, or where the read before began. */
static struct q_stream_position begin(struct faulty_feed *feed, unsigned partition,
				      struct q_stream_position position)
{
	const struct past *past = &feed->past[partition];

	if (position.start != Q_STREAM_AFTER || past->length == 0 ||
	    !port_chance(feed->faults.calls.random, feed->faults.repeat_per_mille))
		return position;
	return (struct q_stream_position){Q_STREAM_AFTER, {past->sequence, past->length}};
}

static bool find_partition(const struct faulty_feed *feed, struct q_str id, unsigned *out)
{
	for (*out = 0; *out < feed->partition_count; ++*out) {
		if (q_str_equal(q_str_from(partition_ids[*out]), id))
			return true;
	}
	return false;
}

static enum q_code faulty_read(struct q_change_feed *base, const struct q_call *call,
			       struct q_str partition_id, struct q_stream_position position,
			       size_t limit, int64_t wait_ms, struct q_arena *arena,
			       struct q_change_page *out, struct q_err *err)
{
	struct faulty_feed *feed = faulty_of(base);
	unsigned partition;
	enum q_code code;

	if (!find_partition(feed, partition_id, &partition))
		return q_fail(err, Q_NOTFOUND, "change_feed_faulty", "no such partition");
	if (port_fate_next(&feed->fate) != PORT_GOES_WELL)
		return port_fate_fail(&feed->fate, err);
	code = feed->inner->ops->read(feed->inner, call, Q_STR("0"),
				      begin(feed, partition, position), limit, wait_ms, arena, out,
				      err);
	if (code)
		return code;
	remember(&feed->past[partition], position);
	if (out->count > 0 && port_chance(feed->faults.calls.random, feed->faults.delay_per_mille))
		cut_page(feed, position, arena, out);
	keep_partition(feed, partition, out);
	return Q_OK;
}

static void faulty_close(struct q_change_feed *base)
{
	q_mem_free(faulty_of(base));
}

struct q_change_feed *change_feed_faulty_new(struct q_change_feed *inner,
					     const struct change_feed_faults *faults)
{
	struct faulty_feed *feed = q_mem_new(sizeof *feed);

	if (!feed)
		return NULL;
	feed->ops = *inner->ops;
	feed->ops.partitions = faulty_partitions;
	feed->ops.read = faulty_read;
	feed->ops.close = faulty_close;
	feed->base.ops = &feed->ops;
	feed->inner = inner;
	feed->partition_count = faults->partition_count ? faults->partition_count : 1;
	q_assert(feed->partition_count <= CHANGE_FEED_FAULTY_PARTITIONS_MAX);
	change_feed_faulty_set(&feed->base, faults);
	return &feed->base;
}

void change_feed_faulty_set(struct q_change_feed *feed, const struct change_feed_faults *faults)
{
	struct faulty_feed *faulty = faulty_of(feed);

	faulty->faults = *faults;
	port_fate_set(&faulty->fate, &faults->calls);
}

uint64_t change_feed_faulty_calls(struct q_change_feed *feed)
{
	return atomic_load(&faulty_of(feed)->fate.calls);
}
