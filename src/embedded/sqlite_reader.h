/* embedded/sqlite_reader.h: a connection to read with for each thread.
 *
 * Contract:  a thread opens its connection at its first read, keeps it, and closes it when it
 *            ends. READERS_MAX threads have one of their own; those beyond take turns on one more,
 *            so that a large pool costs no more memory.
 * Ownership: a connection that was taken is given back before the call ends.
 * Threads:   any. Close when no thread reads, or ends: after joining those that did.
 * Errors:    those of opening a file: Q_IO, Q_NOMEM... Included by src/embedded/ alone. */
#ifndef Q_EMBEDDED_SQLITE_READER_H
#define Q_EMBEDDED_SQLITE_READER_H

#include "embedded/sqlite_connection.h"

struct q__sqlite_readers;

/* `path` must be that of a database that a writer has opened. */
Q_MUST_USE enum q_code q__sqlite_readers_open(const char *path, struct q__sqlite_readers **out,
					      struct q_err *err);
void q__sqlite_readers_close(struct q__sqlite_readers *readers);

Q_MUST_USE enum q_code q__sqlite_reader_take(struct q__sqlite_readers *readers,
					     struct q__sqlite_connection **out, struct q_err *err);
void q__sqlite_reader_give_back(struct q__sqlite_readers *readers,
				struct q__sqlite_connection *connection);

#endif
