/* embedded/sqlite_compact.h: leaves nothing in the database file of what has been deleted from it.
 *
 * Contract:  the file is written anew (VACUUM) and the -wal file emptied: before, a page that was
 *            freed, or parted, may still hold what was once on it. As much free room as the file
 *            takes is needed, twice; other writes wait meanwhile (206 MB: 4.6 s).
 * Threads:   any.
 * Errors:    Q_BUSY: a reader held on to the -wal file, try again; Q_NOSPACE; as the writer's.
 *            Included by src/embedded/ alone. */
#ifndef Q_EMBEDDED_SQLITE_COMPACT_H
#define Q_EMBEDDED_SQLITE_COMPACT_H

#include "base/call.h"

struct q_sqlite_database;

Q_MUST_USE enum q_code q__sqlite_compact(struct q_sqlite_database *database,
					 const struct q_call *call, struct q_err *err);

#endif
