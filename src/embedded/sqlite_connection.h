/* embedded/sqlite_connection.h: one open connection to the database file, with its prepared
 * statements.
 *
 * Contract:  a statement is prepared at its first use and kept. Whoever steps one resets it before
 *            the call ends: an open statement holds back checkpoints. Bound texts and blobs are
 *            borrowed until then.
 * Threads:   one at a time.
 * Errors:    q__sqlite_fail translates SQLite's result codes. Included by src/embedded/ alone. */
#ifndef Q_EMBEDDED_SQLITE_CONNECTION_H
#define Q_EMBEDDED_SQLITE_CONNECTION_H

#include "base/error.h"
#include "base/str.h"
#include "embedded/sqlite_statements.h"

#include <sqlite3.h>

struct q__sqlite_connection {
	sqlite3 *handle;
	sqlite3_stmt *statements[Q__SQL_COUNT];
};

/* How much one transaction may remove: others wait for it, and it must fit in the -wal file. */
struct q__sqlite_budget {
	size_t count; /* of rows */
	size_t bytes; /* of their bodies; the row that exceeds it is the last */
};

enum q__sqlite_role { Q__SQLITE_WRITER, Q__SQLITE_READER };

/* Opens the file and sets what holds for this connection alone. The writer's also makes the file
 * where there is none. */
Q_MUST_USE enum q_code q__sqlite_connection_open(const char *path, enum q__sqlite_role role,
						 struct q__sqlite_connection **out,
						 struct q_err *err);
void q__sqlite_connection_close(struct q__sqlite_connection *connection); /* NULL is allowed */

/* The statement, reset and ready to bind; NULL with *err filled. */
Q_MUST_USE sqlite3_stmt *q__sqlite_statement(struct q__sqlite_connection *connection,
					     enum q__sql sql, struct q_err *err);

/* Runs a statement that gives no rows, and resets it. */
Q_MUST_USE enum q_code q__sqlite_run(struct q__sqlite_connection *connection,
				     sqlite3_stmt *statement, struct q_err *err);

/* q__sqlite_statement and q__sqlite_run, for one without parameters. */
Q_MUST_USE enum q_code q__sqlite_run_sql(struct q__sqlite_connection *connection, enum q__sql sql,
					 struct q_err *err);

/* Steps a statement that gives one row at most: Q_OK and *found. Reset it after reading the row. */
Q_MUST_USE enum q_code q__sqlite_step(struct q__sqlite_connection *connection,
				      sqlite3_stmt *statement, bool *found, struct q_err *err);

/* Texts with no parameters, several statements; for opening and migrations. */
Q_MUST_USE enum q_code q__sqlite_execute(struct q__sqlite_connection *connection, const char *sql,
					 struct q_err *err);

/* The first column of the first row of a query, a PRAGMA for instance. */
Q_MUST_USE enum q_code q__sqlite_query_int(struct q__sqlite_connection *connection, const char *sql,
					   int64_t *out, struct q_err *err);

/* Ends the open transaction, if any, without its writes. */
void q__sqlite_roll_back(struct q__sqlite_connection *connection);

/* Parameters count from 1, columns from 0. */
void q__sqlite_bind_str(sqlite3_stmt *statement, int parameter, struct q_str s);
void q__sqlite_bind_optional(sqlite3_stmt *statement, int parameter,
			     struct q_str s); /* empty: NULL */
void q__sqlite_bind_bytes(sqlite3_stmt *statement, int parameter, struct q_bytes b);
void q__sqlite_bind_null(sqlite3_stmt *statement, int parameter);
void q__sqlite_bind_int(sqlite3_stmt *statement, int parameter, int64_t n);
struct q_str q__sqlite_column_str(sqlite3_stmt *statement, int column);
struct q_bytes q__sqlite_column_bytes(sqlite3_stmt *statement, int column);

/* The error of the connection's last call; errno was 0 before it. */
enum q_code q__sqlite_fail(struct q__sqlite_connection *connection, struct q_err *err);

#endif
