/* ports/event_log.h: doorbells between roles: published to all, read in order a partition.
 *
 * Contract:  records with one partition key stay in the order of their publication. Delivery is at
 *            least once: a publish that failed may have published some. A record is kept for 24
 *            hours at least, unless it is trimmed; a position older than what is kept gives Q_GAP,
 *            and the reader starts again at Q_STREAM_OLDEST, knowing that it missed some.
 * Units:     at most 500 records and 5 MiB a publish, 1 MiB a record with its key (Kinesis
 *            PutRecords). Partition keys 1..256 bytes of UTF-8.
 * Ownership: arguments are borrowed for the call; results live in the caller's arena.
 * Threads:   any.
 * Errors:    Q_INVALID, Q_TOOBIG, Q_BUSY (retry), Q_GAP (read), Q_NOTFOUND (partition), Q_TIMEOUT,
 *            Q_CANCELLED, Q_NOSPACE, Q_IO, Q_NOMEM.
 * Idempotency: none: readers must bear repeated records. */
#ifndef Q_PORTS_EVENT_LOG_H
#define Q_PORTS_EVENT_LOG_H

#include "base/arena.h"
#include "base/call.h"
#include "ports/stream.h"

enum {
	Q_EVENT_BATCH_MAX = 500,
	Q_EVENT_BATCH_BYTES_MAX = 5 << 20,
	Q_EVENT_BYTES_MAX = 1 << 20,
	Q_EVENT_KEY_MAX = 256
};

struct q_event {
	struct q_str partition_key;
	struct q_bytes data;
};

struct q_event_record {
	struct q_str sequence;
	struct q_str partition_key;
	struct q_bytes data;
	int64_t published_at_ms;
};

struct q_event_page {
	struct q_event_record *items; /* may be empty */
	size_t count;
	struct q_str next; /* where to go on: Q_STREAM_AFTER; never empty */
	bool is_end;	   /* the partition is closed and read whole */
	int64_t behind_ms; /* age of the newest record not yet read; 0: none */
};

struct q_event_log {
	const struct q_event_log_ops *ops;
};

struct q_event_log_ops {
	const char *name; /* "sqlite", "kinesis" */
	enum q_code (*publish)(struct q_event_log *, const struct q_call *, const struct q_event *,
			       size_t count, struct q_err *);
	enum q_code (*partitions)(struct q_event_log *, const struct q_call *, struct q_arena *,
				  struct q_stream_partitions *, struct q_err *);
	enum q_code (*read)(struct q_event_log *, const struct q_call *, struct q_str partition,
			    struct q_stream_position, size_t limit, int64_t wait_ms,
			    struct q_arena *, struct q_event_page *, struct q_err *);
	/* Optional (NULL: the log keeps its records for as long as it does). */
	enum q_code (*trim)(struct q_event_log *, const struct q_call *, struct q_str partition,
			    struct q_str sequence, struct q_err *);
	void (*close)(struct q_event_log *);
};

Q_MUST_USE enum q_code q_event_log_publish(struct q_event_log *log, const struct q_call *call,
					   const struct q_event *events, size_t count,
					   struct q_err *err);

Q_MUST_USE enum q_code q_event_log_partitions(struct q_event_log *log, const struct q_call *call,
					      struct q_arena *arena,
					      struct q_stream_partitions *out, struct q_err *err);

/* Up to `limit` (1..Q_STREAM_READ_MAX) records from `position` on. Where there are none it waits
 * up to wait_ms, less where the call's deadline or cancel flag ends it, and then answers Q_OK with
 * an empty page. */
Q_MUST_USE enum q_code q_event_log_read(struct q_event_log *log, const struct q_call *call,
					struct q_str partition, struct q_stream_position position,
					size_t limit, int64_t wait_ms, struct q_arena *arena,
					struct q_event_page *out, struct q_err *err);

/* Removes the records up to and including `sequence` before their time, where the log can. Whoever
 * reads from before it gets Q_GAP. */
Q_MUST_USE enum q_code q_event_log_trim(struct q_event_log *log, const struct q_call *call,
					struct q_str partition, struct q_str sequence,
					struct q_err *err);

void q_event_log_close(struct q_event_log *log);

#endif
