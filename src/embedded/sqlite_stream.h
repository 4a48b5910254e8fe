/* embedded/sqlite_stream.h: what the event log and the change feeds share: a stream of records in
 * the database.
 *
 * A stream has one partition, "0", that never closes. Sequence numbers are given by the one
 * writer, so their order is that of the commits, and none appears before a smaller one. As text
 * they have 19 digits with leading zeros: texts sort as the numbers do. A position beyond the
 * newest record (as after restoring a backup) is a gap too: its reader could wait for ever.
 *
 * Ownership: results live in the caller's arena.
 * Threads:   any. Included by src/embedded/ alone. */
#ifndef Q_EMBEDDED_SQLITE_STREAM_H
#define Q_EMBEDDED_SQLITE_STREAM_H

#include "base/arena.h"
#include "embedded/sqlite_internal.h"
#include "ports/clock.h"
#include "ports/stream.h"

struct q__sqlite_record {
	struct q_str sequence;
	struct q_str key;
	struct q_bytes body;
	int64_t at_ms;
};

struct q__sqlite_records {
	struct q__sqlite_record *items;
	size_t count;
	struct q_str next;
	int64_t newest_at_ms; /* of the newest record not among these; 0: none */
};

/* The number of the stream of that name; made where there is none. */
Q_MUST_USE enum q_code q__sqlite_stream_open(struct q_sqlite_database *database, struct q_str name,
					     int64_t *stream, struct q_err *err);

/* The change feed of the record store of that name. Q_INVALID: a bad name. */
Q_MUST_USE enum q_code q__sqlite_stream_open_changes(struct q_sqlite_database *database,
						     const char *store_name, int64_t *stream,
						     struct q_err *err);

/* False where the text is none of a sequence number. */
bool q__sqlite_sequence_parse(struct q_str text, int64_t *out);

/* As the ports' read. */
Q_MUST_USE enum q_code q__sqlite_stream_read(struct q_sqlite_database *database, int64_t stream,
					     const struct q_call *call,
					     struct q_stream_position position, size_t limit,
					     int64_t wait_ms, struct q_arena *arena,
					     struct q__sqlite_records *out, struct q_err *err);

/* behind_ms of a page. */
int64_t q__sqlite_records_behind_ms(const struct q__sqlite_records *records, struct q_clock *clock);

Q_MUST_USE enum q_code q__sqlite_stream_partitions(struct q_arena *arena,
						   struct q_stream_partitions *out,
						   struct q_err *err);
Q_MUST_USE enum q_code q__sqlite_stream_check_partition(struct q_str partition, struct q_err *err);

/* In a transaction of the writer. */
Q_MUST_USE enum q_code q__sqlite_stream_append(struct q__sqlite_connection *connection,
					       int64_t stream, int64_t at_ms, struct q_str key,
					       struct q_bytes body, struct q_err *err);

/* As the ports' trim: in several transactions. */
Q_MUST_USE enum q_code q__sqlite_stream_trim(struct q_sqlite_database *database, int64_t stream,
					     const struct q_call *call, struct q_str sequence,
					     struct q_err *err);

/* In a transaction of the writer: removes the oldest records of each stream that are older than
 * `before_ms`, up to the first that is not, until the budget (of each) is used up: then *has_more.
 */
Q_MUST_USE enum q_code q__sqlite_streams_trim(struct q__sqlite_connection *connection,
					      int64_t before_ms, struct q__sqlite_budget budget,
					      bool *has_more, struct q_err *err);

#endif
