/* embedded/sqlite_writer.h: the one thread that writes to the database, and commits in groups.
 *
 * A flush of the disk costs milliseconds, whatever it flushes. So all writes that wait go into one
 * transaction, each in a savepoint of its own: one that fails undoes itself and nothing else.
 * Every caller is answered after the commit, with its own outcome. While a group is being
 * committed the next one gathers; nothing waits for a timer.
 *
 * Contract:  Q_OK means committed and flushed. A group that a full disk or heap has undone is
 *            tried again one by one, so that a large write that does not fit takes no small one
 *            with it. After an I/O error nothing is tried again (what a failed flush left on the
 *            disk is not known), and all of the group get it. Deadline:  of the wait for its turn.
 *            A write that has begun is waited for: its arguments are the caller's.
 * Threads:   run from any. `run` functions are called by the writer's thread while their caller
 *            waits: they may use what is the caller's, its arena too. They may be called again
 *            after having been undone.
 * Errors:    those of the write, and Q_TIMEOUT, Q_CANCELLED (not written), Q_BUSY, Q_NOSPACE,
 *            Q_IO, Q_CORRUPT, Q_NOMEM. Included by src/embedded/ alone. */
#ifndef Q_EMBEDDED_SQLITE_WRITER_H
#define Q_EMBEDDED_SQLITE_WRITER_H

#include "base/arena.h"
#include "base/bell.h"
#include "base/call.h"
#include "embedded/sqlite_connection.h"

#include <pthread.h>

struct q__sqlite_writer;

/* One write; lives on its caller's stack, inside what `run` needs to know. */
struct q__sqlite_write {
	/* In a transaction. `scratch` is emptied after each. */
	enum q_code (*run)(struct q__sqlite_write *write, struct q__sqlite_connection *connection,
			   struct q_arena *scratch, struct q_err *err);

	/* Alone and outside any transaction: what it does is durable when it returns. */
	bool is_outside;

	/* The rest is the writer's. */
	struct q__sqlite_write *next;
	enum { Q__WRITE_WAITING, Q__WRITE_BEGUN, Q__WRITE_DONE } state;
	pthread_cond_t changed;
	enum q_code code;
	struct q_err err;
};

/* `committed` rings after each commit; borrowed. */
Q_MUST_USE enum q_code q__sqlite_writer_open(const char *path, struct q_bell *committed,
					     struct q__sqlite_writer **out, struct q_err *err);

Q_MUST_USE enum q_code q__sqlite_writer_run(struct q__sqlite_writer *writer,
					    const struct q_call *call,
					    struct q__sqlite_write *write, struct q_err *err);

/* How many writes wait for their turn. */
size_t q__sqlite_writer_waiting(struct q__sqlite_writer *writer);

/* The outcome of the last checkpoint: while they fail, the -wal file grows. */
Q_MUST_USE enum q_code q__sqlite_writer_checkpoint_outcome(struct q__sqlite_writer *writer,
							   struct q_err *err);

/* Runs what waits, then ends the thread. The last connection to close puts all of the -wal file
 * into the database. */
void q__sqlite_writer_close(struct q__sqlite_writer *writer);

#endif
