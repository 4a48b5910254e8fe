/* embedded/sqlite_statements.h: every statement on the tables of quire.db; a connection prepares
 * each once. Included by src/embedded/ alone. */
#ifndef Q_EMBEDDED_SQLITE_STATEMENTS_H
#define Q_EMBEDDED_SQLITE_STATEMENTS_H

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

#endif
