/* ports/stream.h: what event_log and change_feed share: partitions and positions in them.
 *
 * The model is that of Kinesis and DynamoDB Streams: a stream is a set of partitions (shards), each
 * an ordered list of records under growing sequence numbers, kept for 24 hours or more. Partitions
 * may split or merge: a closed one ends, and its children are to be read after it. Leases and
 * checkpoints are not of the stream: they are items of the record store. */
#ifndef Q_PORTS_STREAM_H
#define Q_PORTS_STREAM_H

#include "base/error.h"
#include "base/str.h"

enum {
	Q_STREAM_SEQUENCE_MAX = 128, /* bytes of a sequence number's text */
	Q_STREAM_READ_MAX = 1000     /* records a read */
};

struct q_stream_partition {
	struct q_str id;
	struct q_str parent; /* empty: none that is still kept */
	bool is_closed;	     /* no further records will come */
};

struct q_stream_partitions {
	struct q_stream_partition *items;
	size_t count;
};

enum q_stream_start {
	Q_STREAM_OLDEST, /* the oldest record kept */
	Q_STREAM_NEWEST, /* records that come after this read */
	Q_STREAM_AFTER	 /* those after `sequence` */
};

struct q_stream_position {
	enum q_stream_start start;
	struct q_str sequence; /* AFTER; opaque, from a record or a read's `next` */
};

/* For ports on streams: the argument checks of a read. */
Q_MUST_USE enum q_code q_stream_check_read(struct q_stream_position position, size_t limit,
					   int64_t wait_ms, const char *where, struct q_err *err);

#endif
