#include "embedded/sqlite_database.h"

#include "base/mem.h"
#include "embedded/sqlite_internal.h"
#include "embedded/sqlite_item.h"
#include "embedded/sqlite_stream.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

static const struct q__sqlite_budget step_budget = {.count = 500, .bytes = 8 << 20};

static enum q_code open_parts(struct q_sqlite_database *database, const char *path,
			      struct q_err *err)
{
	enum q_code code;

	database->committed = q_bell_new();
	if (!database->committed)
		return q_fail(err, Q_NOMEM, "sqlite.open", "a bell");
	code = q__sqlite_writer_open(path, database->committed, &database->writer, err);
	return code ? code : q__sqlite_readers_open(path, &database->readers, err);
}

enum q_code q_sqlite_database_open(const char *directory, struct q_sqlite_database **out,
				   struct q_err *err)
{
	struct q_sqlite_database *database;
	char resolved[PATH_MAX], path[PATH_MAX + sizeof "/quire.db"];
	enum q_code code;

	/* Readers open the file later: by a name that does not depend on the current directory. */
	if (!realpath(directory, resolved))
		return q_fail_os(err, errno, "sqlite.open", "data directory %s", directory);
	snprintf(path, sizeof path, "%s/quire.db", resolved);
	/* Counting its memory takes SQLite a lock an allocation: 0.5 us of a point read's 3.2.
	 * Where it runs already, it refuses. */
	(void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
	database = q_mem_new(sizeof *database);
	if (!database)
		return q_fail(err, Q_NOMEM, "sqlite.open", "%zu bytes", sizeof *database);
	code = open_parts(database, path, err);
	if (code) {
		q_sqlite_database_close(database);
		return code;
	}
	*out = database;
	return Q_OK;
}

/* The readers first: the writer's connection is then the last, and puts all of the -wal file into
 * the database. */
void q_sqlite_database_close(struct q_sqlite_database *database)
{
	if (!database)
		return;
	q__sqlite_readers_close(database->readers);
	q__sqlite_writer_close(database->writer);
	q_bell_free(database->committed);
	q_mem_free(database);
}

struct upkeep {
	struct q__sqlite_write write;
	int64_t now_ms;
	bool has_more;
};

static enum q_code run_upkeep(struct q__sqlite_write *write,
			      struct q__sqlite_connection *connection, struct q_arena *scratch,
			      struct q_err *err)
{
	struct upkeep *upkeep = q_container_of(write, struct upkeep, write);
	enum q_code code;

	upkeep->has_more = false;
	code = q__sqlite_items_expire(connection, upkeep->now_ms, step_budget, &upkeep->has_more,
				      scratch, err);
	if (!code)
		code = q__sqlite_streams_trim(connection, upkeep->now_ms - Q_SQLITE_RETENTION_MS,
					      step_budget, &upkeep->has_more, err);
	return code;
}

enum q_code q_sqlite_database_maintain(struct q_sqlite_database *database,
				       const struct q_call *call, int64_t now_ms, bool *has_more,
				       struct q_err *err)
{
	struct upkeep upkeep = {.write.run = run_upkeep, .now_ms = now_ms};
	enum q_code code = q__sqlite_writer_run(database->writer, call, &upkeep.write, err);

	*has_more = !code && upkeep.has_more;
	return code ? code : q__sqlite_writer_checkpoint_outcome(database->writer, err);
}
