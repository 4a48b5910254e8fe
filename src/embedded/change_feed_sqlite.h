/* embedded/change_feed_sqlite.h: the change_feed port of a record store in a database file: one
 * partition, "0", that never closes.
 *
 * A change is a row of the transaction that makes it, so none is lost or repeated; a transaction's
 * changes stand together, in the order of its writes. They are kept for Q_SQLITE_RETENTION_MS and
 * removed by q_sqlite_database_maintain. */
#ifndef Q_EMBEDDED_CHANGE_FEED_SQLITE_H
#define Q_EMBEDDED_CHANGE_FEED_SQLITE_H

#include "embedded/sqlite_database.h"
#include "ports/change_feed.h"
#include "ports/clock.h"

/* The feed of the record store of that name, which need not be open. The database and the clock
 * (behind_ms) are borrowed until the feed is closed. */
Q_MUST_USE enum q_code q_change_feed_sqlite_open(struct q_sqlite_database *database,
						 const char *name, struct q_clock *clock,
						 struct q_change_feed **out, struct q_err *err);

#endif
