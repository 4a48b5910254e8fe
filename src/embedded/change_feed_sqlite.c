#include "embedded/change_feed_sqlite.h"

#include "base/mem.h"
#include "embedded/item_codec.h"
#include "embedded/sqlite_internal.h"
#include "embedded/sqlite_stream.h"

struct feed {
	struct q_change_feed base;
	struct q_sqlite_database *database; /* borrowed */
	struct q_clock *clock;		    /* borrowed */
	int64_t stream;
};

static enum q_code feed_partitions(struct q_change_feed *base, const struct q_call *call,
				   struct q_arena *arena, struct q_stream_partitions *out,
				   struct q_err *err)
{
	(void)base;
	(void)call;
	return q__sqlite_stream_partitions(arena, out, err);
}

/* An image; NULL where there are no bytes. */
static enum q_code decode_image(struct q_bytes bytes, struct q_arena *arena,
				const struct q_item **out, struct q_err *err)
{
	struct q_item *item;

	*out = NULL;
	if (bytes.length == 0)
		return Q_OK;
	item = q_arena_alloc(arena, sizeof *item);
	if (!item)
		return q_fail(err, Q_NOMEM, "change_feed.read", "an image");
	*out = item;
	return q_item_decode(bytes, arena, item, err);
}

static enum q_code decode_change(const struct q__sqlite_record *record, struct q_arena *arena,
				 struct q_change_record *out, struct q_err *err)
{
	struct q_bytes before, after;
	enum q_code code = q_change_decode(record->body, &before, &after, err);

	if (!code)
		code = decode_image(before, arena, &out->before, err);
	if (!code)
		code = decode_image(after, arena, &out->after, err);
	if (code)
		return code;
	if (!out->before && !out->after)
		return q_fail(err, Q_CORRUPT, "change_feed.read", "a change without images");
	out->sequence = record->sequence;
	out->key = out->after ? out->after->key : out->before->key;
	out->changed_at_ms = record->at_ms;
	return Q_OK;
}

static enum q_code to_page(const struct feed *feed, const struct q__sqlite_records *records,
			   struct q_arena *arena, struct q_change_page *out, struct q_err *err)
{
	struct q_change_record *items = q_arena_alloc_array(arena, records->count, sizeof *items);

	if (!items)
		return q_fail(err, Q_NOMEM, "change_feed.read", "%zu records", records->count);
	for (size_t i = 0; i < records->count; i++) {
		enum q_code code = decode_change(&records->items[i], arena, &items[i], err);

		if (code)
			return code;
	}
	*out = (struct q_change_page){
		.items = items,
		.count = records->count,
		.next = records->next,
		.behind_ms = q__sqlite_records_behind_ms(records, feed->clock),
	};
	return Q_OK;
}

static enum q_code feed_read(struct q_change_feed *base, const struct q_call *call,
			     struct q_str partition, struct q_stream_position position,
			     size_t limit, int64_t wait_ms, struct q_arena *arena,
			     struct q_change_page *out, struct q_err *err)
{
	struct feed *feed = q_container_of(base, struct feed, base);
	struct q__sqlite_records records;
	enum q_code code = q__sqlite_stream_check_partition(partition, err);

	if (!code)
		code = q__sqlite_stream_read(feed->database, feed->stream, call, position, limit,
					     wait_ms, arena, &records, err);
	return code ? code : to_page(feed, &records, arena, out, err);
}

static enum q_code feed_trim(struct q_change_feed *base, const struct q_call *call,
			     struct q_str partition, struct q_str sequence, struct q_err *err)
{
	struct feed *feed = q_container_of(base, struct feed, base);
	enum q_code code = q__sqlite_stream_check_partition(partition, err);

	return code ? code
		    : q__sqlite_stream_trim(feed->database, feed->stream, call, sequence, err);
}

static void feed_close(struct q_change_feed *base)
{
	q_mem_free(q_container_of(base, struct feed, base));
}

static const struct q_change_feed_ops feed_ops = {
	.name = "sqlite",
	.partitions = feed_partitions,
	.read = feed_read,
	.trim = feed_trim,
	.close = feed_close,
};

enum q_code q_change_feed_sqlite_open(struct q_sqlite_database *database, const char *name,
				      struct q_clock *clock, struct q_change_feed **out,
				      struct q_err *err)
{
	struct feed *feed = q_mem_new(sizeof *feed);
	enum q_code code;

	if (!feed)
		return q_fail(err, Q_NOMEM, "change_feed_sqlite.open", "%zu bytes", sizeof *feed);
	*feed = (struct feed){.base.ops = &feed_ops, .database = database, .clock = clock};
	code = q__sqlite_stream_open_changes(database, name, &feed->stream, err);
	if (code) {
		q_mem_free(feed);
		return code;
	}
	*out = &feed->base;
	return Q_OK;
}
