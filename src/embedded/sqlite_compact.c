#include "embedded/sqlite_compact.h"

#include "embedded/sqlite_internal.h"

#include <errno.h>

/* The copy that VACUUM makes first may be as large as the file: it goes to disk. */
static enum q_code rewrite(struct q__sqlite_connection *connection, struct q_err *err)
{
	struct q_err ignored;
	enum q_code code = q__sqlite_execute(connection, "PRAGMA temp_store = FILE", err);

	if (!code)
		code = q__sqlite_execute(connection, "VACUUM", err);
	if (q__sqlite_execute(connection, "PRAGMA temp_store = MEMORY", code ? &ignored : err) &&
	    !code)
		code = err->code;
	return code;
}

static enum q_code empty_log(struct q__sqlite_connection *connection, struct q_err *err)
{
	errno = 0;
	if (sqlite3_wal_checkpoint_v2(connection->handle, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL,
				      NULL) != SQLITE_OK)
		return q__sqlite_fail(connection, err);
	return Q_OK;
}

static enum q_code run_compact(struct q__sqlite_write *write,
			       struct q__sqlite_connection *connection, struct q_arena *scratch,
			       struct q_err *err)
{
	enum q_code code = rewrite(connection, err);

	(void)write;
	(void)scratch;
	return code ? code : empty_log(connection, err);
}

enum q_code q__sqlite_compact(struct q_sqlite_database *database, const struct q_call *call,
			      struct q_err *err)
{
	struct q__sqlite_write write = {.run = run_compact, .is_outside = true};
	enum q_code code = q__sqlite_writer_run(database->writer, call, &write, err);

	return code ? q_err_context(err, "compaction") : Q_OK;
}
