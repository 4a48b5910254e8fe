/* embedded/sqlite_database.h: the file quire.db in the data directory: records, events and changes
 * of a program that needs no services.
 *
 * Record stores, their change feeds and event logs are opened on it (record_store_sqlite.h,
 * change_feed_sqlite.h, event_log_sqlite.h) and closed before it. Nothing else is in the file. It
 * is locked while it is open: no other program reads or writes it. A backup is a copy of the data
 * directory while no program runs, or a snapshot of its file system.
 *
 * Contract:  what was acknowledged survives a kill -9 and a power cut. A file that is newer than
 *            the program, foreign or damaged is refused and left as it is.
 * Threads:   any, but open and close. Close when the threads that used it have ended, but the
 *            calling one.
 * Errors:    Q_NOTFOUND (no such directory), Q_UNSUPPORTED (newer, foreign, or no write-ahead log
 *            possible), Q_CORRUPT, Q_DENIED, Q_BUSY (another program has it open), Q_NOSPACE,
 *            Q_IO, Q_NOMEM.
 * Idempotency: reads and maintain; the ports say it of their writes. */
#ifndef Q_EMBEDDED_SQLITE_DATABASE_H
#define Q_EMBEDDED_SQLITE_DATABASE_H

#include "base/call.h"

enum {
	Q_SQLITE_RETENTION_MS = 24 * 60 * 60 * 1000, /* of events and changes */
	Q_SQLITE_NAME_MAX = 64			     /* bytes of a record store's name */
};

struct q_sqlite_database;

/* The directory must be there; the file is made (mode 0600). */
Q_MUST_USE enum q_code q_sqlite_database_open(const char *directory, struct q_sqlite_database **out,
					      struct q_err *err);

/* One step of the upkeep: removes some expired items (each a change of its feed) and some events
 * and changes older than Q_SQLITE_RETENTION_MS, at the wall time `now_ms`. *has_more: there is more
 * to do at once. Fails too where the file could not be brought up to date of late (a full disk):
 * then the -wal file beside it grows. */
Q_MUST_USE enum q_code q_sqlite_database_maintain(struct q_sqlite_database *database,
						  const struct q_call *call, int64_t now_ms,
						  bool *has_more, struct q_err *err);

/* Last call; NULL is allowed. */
void q_sqlite_database_close(struct q_sqlite_database *database);

#endif
