/* embedded/sqlite_internal.h: what a q_sqlite_database consists of. Included by the SQLite
 * adapters alone. */
#ifndef Q_EMBEDDED_SQLITE_INTERNAL_H
#define Q_EMBEDDED_SQLITE_INTERNAL_H

#include "base/bell.h"
#include "embedded/sqlite_database.h"
#include "embedded/sqlite_reader.h"
#include "embedded/sqlite_writer.h"

struct q_sqlite_database {
	struct q__sqlite_writer *writer;   /* owned */
	struct q__sqlite_readers *readers; /* owned */
	struct q_bell *committed;	   /* owned; rings after each commit */
};

#endif
