/* embedded/sqlite_schema.h: the tables of quire.db, every statement on them, and how an older file
 * becomes a newer one.
 *
 * A file names its program (PRAGMA application_id) and its version (PRAGMA user_version). An older
 * one is migrated when it is opened, each version in a transaction; a newer or a foreign one is
 * refused and not touched. Included by src/embedded/ alone. */
#ifndef Q_EMBEDDED_SQLITE_SCHEMA_H
#define Q_EMBEDDED_SQLITE_SCHEMA_H

#include "base/error.h"

enum { Q__SQLITE_APPLICATION_ID = 0x51554952 /* "QUIR" */, Q__SQLITE_VERSION = 1 };

enum q__sql {
	Q__SQL_BEGIN,
	Q__SQL_BEGIN_WRITE,
	Q__SQL_COMMIT,
	Q__SQL_SAVEPOINT,
	Q__SQL_SAVEPOINT_RELEASE,
	Q__SQL_SAVEPOINT_ROLLBACK,
	Q__SQL_ITEM_READ,
	Q__SQL_ITEM_STORE,
	Q__SQL_ITEM_STORE_BODY,
	Q__SQL_ITEM_DELETE,
	Q__SQL_ITEM_EXPIRED,
	Q__SQL_QUERY, /* the six queries stand together: 2 * index + is_descending counts from here
		       */
	Q__SQL_QUERY_DESCENDING,
	Q__SQL_QUERY_INDEX1,
	Q__SQL_QUERY_INDEX1_DESCENDING,
	Q__SQL_QUERY_INDEX2,
	Q__SQL_QUERY_INDEX2_DESCENDING,
	Q__SQL_STREAM_CREATE,
	Q__SQL_STREAM_FIND,
	Q__SQL_STREAM_LIST,
	Q__SQL_STREAM_STATE,
	Q__SQL_STREAM_TRIMMED,
	Q__SQL_RECORD_APPEND,
	Q__SQL_RECORDS_READ,
	Q__SQL_RECORDS_AGE,
	Q__SQL_RECORDS_TRIM,
	Q__SQL_COUNT
};

const char *q__sqlite_text(enum q__sql sql);

struct q__sqlite_connection;

/* What the file is: its version, 0 for a new one. Q_UNSUPPORTED: foreign or newer; Q_CORRUPT: no
 * database. Changes nothing. */
Q_MUST_USE enum q_code q__sqlite_check_version(struct q__sqlite_connection *connection,
					       int64_t *version, struct q_err *err);

/* Brings a file of that version to Q__SQLITE_VERSION. */
Q_MUST_USE enum q_code q__sqlite_migrate(struct q__sqlite_connection *connection, int64_t version,
					 struct q_err *err);

#endif
