/* documents/work/stream_lease.h: which process reads a partition of a stream, and from where: one
 * item of the record store a reader and partition (STREAM#reader / PARTITION#id). Only this folder
 * includes it.
 *
 * Contract:  one owner at a time, as far as clocks agree; a lease that is not renewed ends by
 *            itself. The position is that of the last save: what came after it is read again by
 *            the next owner.
 * Threads:   a lease belongs to one thread.
 * Errors:    Q_CONFLICT: another owner has it; and those of the record store. */
#ifndef Q_DOCUMENTS_WORK_STREAM_LEASE_H
#define Q_DOCUMENTS_WORK_STREAM_LEASE_H

#include "documents/documents_internal.h"

enum { Q__STREAM_LEASE_MS = 60000 };

struct q__stream_lease {
	char partition[Q_STREAM_SEQUENCE_MAX + 1];
	char sequence[Q_STREAM_SEQUENCE_MAX + 1]; /* "" before the first record */
	int64_t epoch;
	int64_t until_ms; /* 0: not ours */
};

/* Takes the lease where it is free, run out, or this owner's from an earlier life; sets the
 * position. */
Q_MUST_USE enum q_code q__stream_lease_take(struct q_documents *d, const struct q_call *call,
					    const char *reader, struct q__stream_lease *lease,
					    struct q_arena *arena, struct q_err *err);

/* Renews the lease and saves lease->sequence. On Q_CONFLICT it is ours no more. */
Q_MUST_USE enum q_code q__stream_lease_save(struct q_documents *d, const struct q_call *call,
					    const char *reader, struct q__stream_lease *lease,
					    struct q_arena *arena, struct q_err *err);

/* The position that the reader of a partition saved last, whoever it is; empty where there is none.
 */
Q_MUST_USE enum q_code q__stream_position_read(struct q_documents *d, const struct q_call *call,
					       const char *reader, struct q_str partition,
					       struct q_arena *arena, struct q_str *sequence,
					       struct q_err *err);

#endif
