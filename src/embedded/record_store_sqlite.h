/* embedded/record_store_sqlite.h: the record_store port in a database file.
 *
 * Queries on an index see what the table sees: there is no lag. A point read takes a few
 * microseconds (Q_CAP_INLINE). A write that changes nothing is no change of the feed. An item
 * written over after its expiry has the expired one as its image before: each image before in the
 * feed is the image after of the change that preceded it. Of a write, the deadline ends the wait
 * for its turn; the disk is waited for. */
#ifndef Q_EMBEDDED_RECORD_STORE_SQLITE_H
#define Q_EMBEDDED_RECORD_STORE_SQLITE_H

#include "embedded/sqlite_database.h"
#include "ports/clock.h"
#include "ports/record_store.h"

/* The store of that name (1..Q_SQLITE_NAME_MAX bytes), made where there is none. The database and
 * the clock (for expiry and the times of changes) are borrowed until the store is closed. */
Q_MUST_USE enum q_code q_record_store_sqlite_open(struct q_sqlite_database *database,
						  const char *name, struct q_clock *clock,
						  struct q_record_store **out, struct q_err *err);

#endif
