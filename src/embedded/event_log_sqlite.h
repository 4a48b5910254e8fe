/* embedded/event_log_sqlite.h: the event_log port in a database file: one partition, "0", that
 * never closes.
 *
 * A publish is one transaction: all of its events or none, flushed to the disk when it returns.
 * Events are kept for Q_SQLITE_RETENTION_MS and removed by q_sqlite_database_maintain. */
#ifndef Q_EMBEDDED_EVENT_LOG_SQLITE_H
#define Q_EMBEDDED_EVENT_LOG_SQLITE_H

#include "embedded/sqlite_database.h"
#include "ports/clock.h"
#include "ports/event_log.h"

/* The database and the clock (times of events) are borrowed until the log is closed. */
Q_MUST_USE enum q_code q_event_log_sqlite_open(struct q_sqlite_database *database,
					       struct q_clock *clock, struct q_event_log **out,
					       struct q_err *err);

#endif
