/* embedded/sqlite_schema.h: the tables of quire.db, and how an older file becomes a newer one.
 *
 * A file names its program (PRAGMA application_id) and its version (PRAGMA user_version). An older
 * one is migrated when it is opened, each version in a transaction; a newer or a foreign one is
 * refused and not touched. Included by src/embedded/ alone. */
#ifndef Q_EMBEDDED_SQLITE_SCHEMA_H
#define Q_EMBEDDED_SQLITE_SCHEMA_H

#include "base/error.h"

enum { Q__SQLITE_APPLICATION_ID = 0x51554952 /* "QUIR" */, Q__SQLITE_VERSION = 1 };

struct q__sqlite_connection;

/* What the file is: its version, 0 for a new one. Q_UNSUPPORTED: foreign or newer; Q_CORRUPT: no
 * database. Changes nothing. */
Q_MUST_USE enum q_code q__sqlite_check_version(struct q__sqlite_connection *connection,
					       int64_t *version, struct q_err *err);

/* Brings a file of that version to Q__SQLITE_VERSION. */
Q_MUST_USE enum q_code q__sqlite_migrate(struct q__sqlite_connection *connection, int64_t version,
					 struct q_err *err);

#endif
