#include "embedded/sqlite_connection.h"

#include "base/file.h"
#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static const char where[] = "sqlite";

/* A full disk is SQLITE_FULL; a quota or a file size limit an I/O error with the system's number.
 */
static bool is_no_space(int result, int os_error)
{
	return result == SQLITE_FULL ||
	       (result == SQLITE_IOERR &&
		(os_error == ENOSPC || os_error == EDQUOT || os_error == EFBIG));
}

static enum q_code code_of(int extended_result, int os_error)
{
	int result = extended_result & 0xff;

	if (extended_result == SQLITE_IOERR_NOMEM || result == SQLITE_NOMEM)
		return Q_NOMEM;
	if (is_no_space(result, os_error))
		return Q_NOSPACE;
	if (result == SQLITE_CANTOPEN && (os_error == EACCES || os_error == EPERM))
		return Q_DENIED;
	switch (result) {
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		return Q_CORRUPT;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return Q_BUSY;
	case SQLITE_READONLY:
	case SQLITE_PERM:
	case SQLITE_AUTH:
		return Q_DENIED;
	case SQLITE_TOOBIG:
		return Q_TOOBIG;
	default:
		return Q_IO;
	}
}

/* SQLite keeps no number of a commit that failed (sqlite3_system_errno is 0 then), but errno still
 * has it. */
static int os_error_of(int extended_result)
{
	switch (extended_result & 0xff) {
	case SQLITE_IOERR:
	case SQLITE_CANTOPEN:
		return errno;
	case SQLITE_FULL:
		return ENOSPC;
	default:
		return 0;
	}
}

enum q_code q__sqlite_fail(struct q__sqlite_connection *connection, struct q_err *err)
{
	int result = sqlite3_extended_errcode(connection->handle);
	int os_error = os_error_of(result);
	enum q_code code = code_of(result, os_error);

	q_fail(err, code, where, "%s (SQLite %d)", sqlite3_errmsg(connection->handle), result);
	err->os_error = os_error;
	return code;
}

enum q_code q__sqlite_execute(struct q__sqlite_connection *connection, const char *sql,
			      struct q_err *err)
{
	errno = 0;
	if (sqlite3_exec(connection->handle, sql, NULL, NULL, NULL) != SQLITE_OK)
		return q__sqlite_fail(connection, err);
	return Q_OK;
}

enum q_code q__sqlite_query_int(struct q__sqlite_connection *connection, const char *sql,
				int64_t *out, struct q_err *err)
{
	sqlite3_stmt *statement = NULL;
	enum q_code code = Q_OK;
	int result;

	errno = 0;
	result = sqlite3_prepare_v2(connection->handle, sql, -1, &statement, NULL);
	if (result == SQLITE_OK)
		result = sqlite3_step(statement);
	if (result == SQLITE_ROW)
		*out = sqlite3_column_int64(statement, 0);
	else
		code = q__sqlite_fail(connection, err);
	sqlite3_finalize(statement);
	return code;
}

/* SQLite would let all read it whom the umask lets. The -wal file takes the mode of the database.
 */
static enum q_code create_file(const char *path, struct q_err *err)
{
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (fd < 0 && errno == EEXIST)
		return Q_OK;
	if (fd < 0)
		return q_fail_os(err, errno, where, "cannot create %s", path);
	close(fd);
	return q_file_sync_parent(AT_FDCWD, path, err);
}

/* temp_store: a savepoint's journal stays in memory. cell_size_check and trusted_schema: a damaged
 * or foreign file must not lead SQLite astray. Not mmap_size: it is no faster here, an I/O error
 * becomes a SIGBUS, and its pages count as memory of ours. */
static const char common_settings[] = "PRAGMA temp_store = MEMORY;"
				      "PRAGMA cell_size_check = ON;"
				      "PRAGMA trusted_schema = OFF;";

/* Readers wait briefly, they run in HTTP loops. A commit empties their page cache, and a few
 * hundred pages hold the inner nodes (3.3 us of processor time a point read; 4.0 with 256 KB, 2.9
 * with 2 MB). */
static const char reader_settings[] = "PRAGMA busy_timeout = 100;"
				      "PRAGMA query_only = ON;"
				      "PRAGMA cache_size = -1000;";

static const char writer_settings[] = "PRAGMA cache_size = -2000;";

static enum q_code configure(struct q__sqlite_connection *connection, enum q__sqlite_role role,
			     struct q_err *err)
{
	enum q_code code = q__sqlite_execute(connection, common_settings, err);

	if (code)
		return code;
	return q__sqlite_execute(connection,
				 role == Q__SQLITE_WRITER ? writer_settings : reader_settings, err);
}

/* The data directory is one process's. This VFS locks the file against others once and for all,
 * and keeps the index of the -wal file in the heap: a read makes no system call for locks (5.7 us
 * became 4.0), and a full disk no SIGBUS in shared memory. */
static const char vfs[] = "unix-excl";

enum q_code q__sqlite_connection_open(const char *path, enum q__sqlite_role role,
				      struct q__sqlite_connection **out, struct q_err *err)
{
	const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
	struct q__sqlite_connection *connection = q_mem_new(sizeof *connection);
	enum q_code code = Q_OK;

	if (!connection)
		return q_fail(err, Q_NOMEM, where, "%zu bytes", sizeof *connection);
	if (role == Q__SQLITE_WRITER)
		code = create_file(path, err);
	errno = 0;
	if (!code && sqlite3_open_v2(path, &connection->handle, flags, vfs) != SQLITE_OK)
		code = connection->handle ? q__sqlite_fail(connection, err)
					  : q_fail(err, Q_NOMEM, where, "cannot open %s", path);
	if (!code)
		code = configure(connection, role, err);
	if (code) {
		q__sqlite_connection_close(connection);
		return q_err_context(err, "%s", path);
	}
	*out = connection;
	return Q_OK;
}

void q__sqlite_connection_close(struct q__sqlite_connection *connection)
{
	if (!connection)
		return;
	for (size_t i = 0; i < Q__SQL_COUNT; i++)
		sqlite3_finalize(connection->statements[i]);
	sqlite3_close(connection->handle);
	q_mem_free(connection);
}

sqlite3_stmt *q__sqlite_statement(struct q__sqlite_connection *connection, enum q__sql sql,
				  struct q_err *err)
{
	sqlite3_stmt **statement = &connection->statements[sql];

	errno = 0;
	if (!*statement &&
	    sqlite3_prepare_v3(connection->handle, q__sqlite_text(sql), -1,
			       SQLITE_PREPARE_PERSISTENT, statement, NULL) != SQLITE_OK)
		q__sqlite_fail(connection, err);
	return *statement;
}

enum q_code q__sqlite_step(struct q__sqlite_connection *connection, sqlite3_stmt *statement,
			   bool *found, struct q_err *err)
{
	int result;
	enum q_code code;

	errno = 0; /* for q__sqlite_fail */
	result = sqlite3_step(statement);
	*found = result == SQLITE_ROW;
	if (result == SQLITE_ROW || result == SQLITE_DONE)
		return Q_OK;
	code = q__sqlite_fail(connection, err);
	sqlite3_reset(statement);
	return code;
}

enum q_code q__sqlite_run(struct q__sqlite_connection *connection, sqlite3_stmt *statement,
			  struct q_err *err)
{
	bool found;
	enum q_code code = q__sqlite_step(connection, statement, &found, err);

	sqlite3_reset(statement);
	return code;
}

enum q_code q__sqlite_run_sql(struct q__sqlite_connection *connection, enum q__sql sql,
			      struct q_err *err)
{
	sqlite3_stmt *statement = q__sqlite_statement(connection, sql, err);

	return statement ? q__sqlite_run(connection, statement, err) : err->code;
}

void q__sqlite_roll_back(struct q__sqlite_connection *connection)
{
	/* Its failure tells nothing new: SQLite rolls back when the connection is used next. */
	if (!sqlite3_get_autocommit(connection->handle))
		sqlite3_exec(connection->handle, "ROLLBACK", NULL, NULL, NULL);
}

/* A borrowed binding copies nothing: only a bug makes it fail (a wrong number, a statement in use).
 */
static void check_bound(int result)
{
	q_assert(result == SQLITE_OK);
}

void q__sqlite_bind_str(sqlite3_stmt *statement, int parameter, struct q_str s)
{
	check_bound(sqlite3_bind_text(statement, parameter, s.length ? s.data : "", (int)s.length,
				      SQLITE_STATIC));
}

void q__sqlite_bind_optional(sqlite3_stmt *statement, int parameter, struct q_str s)
{
	if (s.length)
		q__sqlite_bind_str(statement, parameter, s);
	else
		q__sqlite_bind_null(statement, parameter);
}

void q__sqlite_bind_null(sqlite3_stmt *statement, int parameter)
{
	check_bound(sqlite3_bind_null(statement, parameter));
}

void q__sqlite_bind_bytes(sqlite3_stmt *statement, int parameter, struct q_bytes b)
{
	check_bound(sqlite3_bind_blob(statement, parameter, b.length ? (const void *)b.data : "",
				      (int)b.length, SQLITE_STATIC));
}

void q__sqlite_bind_int(sqlite3_stmt *statement, int parameter, int64_t n)
{
	check_bound(sqlite3_bind_int64(statement, parameter, n));
}

struct q_str q__sqlite_column_str(sqlite3_stmt *statement, int column)
{
	return q_bytes_str(q__sqlite_column_bytes(statement, column));
}

struct q_bytes q__sqlite_column_bytes(sqlite3_stmt *statement, int column)
{
	const void *data = sqlite3_column_blob(statement, column);

	return (struct q_bytes){data, (size_t)sqlite3_column_bytes(statement, column)};
}
