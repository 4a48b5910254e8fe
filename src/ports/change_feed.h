/* ports/change_feed.h: every change of a record store's items, with the item before and after.
 *
 * Contract:  each change is delivered at least once, the changes of one item in their order. A
 *            transaction's changes may be delivered apart. Records are kept for 24 hours (DynamoDB
 *            Streams) unless they are trimmed; an older position gives Q_GAP: the reader must look
 *            at the items themselves, then go on from Q_STREAM_OLDEST.
 * Ownership: results live in the caller's arena.
 * Threads:   any.
 * Errors:    Q_INVALID, Q_GAP, Q_NOTFOUND (partition), Q_BUSY (retry), Q_TIMEOUT, Q_CANCELLED,
 *            Q_IO, Q_CORRUPT, Q_NOMEM.
 * Idempotency: reads, and trims of what is trimmed already. */
#ifndef Q_PORTS_CHANGE_FEED_H
#define Q_PORTS_CHANGE_FEED_H

#include "ports/record_store.h"
#include "ports/stream.h"

struct q_change_record {
	struct q_str sequence;
	struct q_record_key key;
	const struct q_item *before; /* NULL: the item was new */
	const struct q_item *after;  /* NULL: it was deleted (also by its expiry) */
	int64_t changed_at_ms;
};

struct q_change_page {
	struct q_change_record *items; /* may be empty */
	size_t count;
	struct q_str next; /* where to go on: Q_STREAM_AFTER; never empty */
	bool is_end;	   /* the partition is closed and read whole */
	int64_t behind_ms; /* age of the newest record not yet read; 0: none */
};

struct q_change_feed {
	const struct q_change_feed_ops *ops;
};

struct q_change_feed_ops {
	const char *name; /* "sqlite", "dynamodb-streams" */
	enum q_code (*partitions)(struct q_change_feed *, const struct q_call *, struct q_arena *,
				  struct q_stream_partitions *, struct q_err *);
	enum q_code (*read)(struct q_change_feed *, const struct q_call *, struct q_str partition,
			    struct q_stream_position, size_t limit, int64_t wait_ms,
			    struct q_arena *, struct q_change_page *, struct q_err *);
	/* Optional (NULL: the store keeps its records for as long as it does). */
	enum q_code (*trim)(struct q_change_feed *, const struct q_call *, struct q_str partition,
			    struct q_str sequence, struct q_err *);
	void (*close)(struct q_change_feed *);
};

Q_MUST_USE enum q_code q_change_feed_partitions(struct q_change_feed *feed,
						const struct q_call *call, struct q_arena *arena,
						struct q_stream_partitions *out, struct q_err *err);

/* As q_event_log_read. */
Q_MUST_USE enum q_code q_change_feed_read(struct q_change_feed *feed, const struct q_call *call,
					  struct q_str partition, struct q_stream_position position,
					  size_t limit, int64_t wait_ms, struct q_arena *arena,
					  struct q_change_page *out, struct q_err *err);

/* Removes the records up to and including `sequence` before their time, where the store can: what
 * they tell of deleted items is to go. Whoever reads from before it gets Q_GAP. */
Q_MUST_USE enum q_code q_change_feed_trim(struct q_change_feed *feed, const struct q_call *call,
					  struct q_str partition, struct q_str sequence,
					  struct q_err *err);

void q_change_feed_close(struct q_change_feed *feed);

#endif
