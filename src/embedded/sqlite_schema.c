#include "embedded/sqlite_schema.h"

#include "embedded/sqlite_connection.h"

#include <inttypes.h>
#include <stdio.h>

/* What raises version i to i + 1 is migrations[i]. A released one never changes: files exist that
 * it has made.
 *
 * - streams: the event log, and one change feed for each record store. `trimmed_through` is the
 *   last record that was trimmed.
 * - items: an item of the record store whose feed is `stream`. `body` is the whole item
 *   (item_codec.h); the other columns repeat of it what is searched for. NULL: not in the index;
 *   never expires. With a rowid: a point read of items of 0.3 to 8 KB takes 7.8 us, without one
 *   13.7 (SQLite keeps only 1 KB of such a row in place).
 * - records: of every stream. AUTOINCREMENT: a sequence number is not given twice, though the
 *   newest record may be trimmed. */
static const char *const migrations[Q__SQLITE_VERSION] = {
	"CREATE TABLE streams ("
	" stream INTEGER PRIMARY KEY,"
	" name TEXT NOT NULL UNIQUE,"
	" trimmed_through INTEGER NOT NULL DEFAULT 0"
	") STRICT;"
	"CREATE TABLE items ("
	" stream INTEGER NOT NULL,"
	" pk TEXT NOT NULL,"
	" sk TEXT NOT NULL,"
	" index1_pk TEXT,"
	" index1_sk TEXT,"
	" index2_pk TEXT,"
	" index2_sk TEXT,"
	" expires_at_ms INTEGER,"
	" body BLOB NOT NULL,"
	" PRIMARY KEY (stream, pk, sk)"
	") STRICT;"
	"CREATE INDEX items_index1 ON items (stream, index1_pk, index1_sk, pk, sk)"
	" WHERE index1_pk IS NOT NULL;"
	"CREATE INDEX items_index2 ON items (stream, index2_pk, index2_sk, pk, sk)"
	" WHERE index2_pk IS NOT NULL;"
	"CREATE INDEX items_expiry ON items (expires_at_ms) WHERE expires_at_ms IS NOT NULL;"
	"CREATE TABLE records ("
	" sequence INTEGER PRIMARY KEY AUTOINCREMENT,"
	" stream INTEGER NOT NULL,"
	" at_ms INTEGER NOT NULL,"
	" key TEXT NOT NULL,"
	" body BLOB NOT NULL"
	") STRICT;"
	"CREATE INDEX records_stream ON records (stream);",
};

static const char where[] = "sqlite.migrate";

/* A file without tables is ours to fill, be it empty or not. */
static enum q_code check_new(struct q__sqlite_connection *connection, struct q_err *err)
{
	int64_t tables = 0;
	enum q_code code =
		q__sqlite_query_int(connection, "SELECT count(*) FROM sqlite_schema", &tables, err);

	if (!code && tables > 0)
		code = q_fail(err, Q_UNSUPPORTED, where,
			      "it is a database of another program: choose another data directory");
	return code;
}

enum q_code q__sqlite_check_version(struct q__sqlite_connection *connection, int64_t *version,
				    struct q_err *err)
{
	int64_t application_id = 0;
	enum q_code code =
		q__sqlite_query_int(connection, "PRAGMA application_id", &application_id, err);

	if (!code)
		code = q__sqlite_query_int(connection, "PRAGMA user_version", version, err);
	if (code)
		return code;
	if (application_id == 0 && *version == 0)
		return check_new(connection, err);
	if (application_id != Q__SQLITE_APPLICATION_ID)
		return q_fail(err, Q_UNSUPPORTED, where,
			      "it is a database of another program: choose another data directory");
	if (*version < 1 || *version > Q__SQLITE_VERSION)
		return q_fail(err, Q_UNSUPPORTED, where,
			      "its format is version %" PRId64
			      ", this program knows up to %d: start"
			      " the newer program that wrote it, or restore a backup",
			      *version, Q__SQLITE_VERSION);
	return Q_OK;
}

static enum q_code migrate_once(struct q__sqlite_connection *connection, int64_t version,
				struct q_err *err)
{
	char mark[96];
	enum q_code code;

	snprintf(mark, sizeof mark, "PRAGMA application_id = %d; PRAGMA user_version = %" PRId64,
		 Q__SQLITE_APPLICATION_ID, version + 1);
	code = q__sqlite_execute(connection, "BEGIN IMMEDIATE", err);
	if (code)
		return code;
	code = q__sqlite_execute(connection, migrations[version], err);
	if (!code)
		code = q__sqlite_execute(connection, mark, err);
	if (!code)
		code = q__sqlite_execute(connection, "COMMIT", err);
	if (code)
		q__sqlite_roll_back(connection);
	return code;
}

enum q_code q__sqlite_migrate(struct q__sqlite_connection *connection, int64_t version,
			      struct q_err *err)
{
	for (; version < Q__SQLITE_VERSION; version++) {
		enum q_code code = migrate_once(connection, version, err);

		if (code)
			return q_err_context(err, "migration to version %" PRId64, version + 1);
	}
	return Q_OK;
}
