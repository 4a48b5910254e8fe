#include "embedded/sqlite_schema.h"

#include "embedded/sqlite_connection.h"

#include <inttypes.h>
#include <stdio.h>

/* What raises version i to i + 1 is migrations[i]. A released one never changes: files exist that
 * it has made.
 *
 * streams: the event log, and one change feed for each record store. `trimmed_through` is the last
 * record that was trimmed. items:   an item of the record store whose feed is `stream`. `body` is
 *          the whole item (item_codec.h); the other columns repeat of it what is searched for.
 *          NULL: not in the index; never expires. With a rowid: a point read of items of 0.3 to 8
 * KB takes 7.8 us, without one 13.7 (SQLite keeps only 1 KB of such a row in place). records: of
 * every stream. AUTOINCREMENT: a sequence number is not given twice, though the newest record may
 * be trimmed.
 */
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

/* ?1 stream, ?2 pk, ?3 first sk, ?4 the sk after the last, ?5 now, ?6 limit */
#define QUERY_TABLE(ORDER)                                                                         \
	"SELECT body FROM items WHERE stream = ?1 AND pk = ?2 AND sk >= ?3 AND sk < ?4"            \
	" AND (expires_at_ms IS NULL OR expires_at_ms > ?5) ORDER BY sk" ORDER " LIMIT ?6"

/* As above, and the item's own key where its index key is that of a bound: ?7, ?8 with ?3; ?9, ?10
 * with ?4 */
#define QUERY_INDEX(N, ORDER)                                                                      \
	"SELECT body FROM items WHERE stream = ?1 AND index" N "_pk = ?2"                          \
	" AND (index" N "_sk, pk, sk) > (?3, ?7, ?8) AND (index" N "_sk, pk, sk) < (?4, ?9, ?10)"  \
	" AND (expires_at_ms IS NULL OR expires_at_ms > ?5)"                                       \
	" ORDER BY index" N "_sk" ORDER ", pk" ORDER ", sk" ORDER " LIMIT ?6"

static const char *const texts[Q__SQL_COUNT] = {
	[Q__SQL_BEGIN] = "BEGIN",
	[Q__SQL_BEGIN_WRITE] = "BEGIN IMMEDIATE",
	[Q__SQL_COMMIT] = "COMMIT",
	[Q__SQL_SAVEPOINT] = "SAVEPOINT one",
	[Q__SQL_SAVEPOINT_RELEASE] = "RELEASE one",
	[Q__SQL_SAVEPOINT_ROLLBACK] = "ROLLBACK TO one",

	[Q__SQL_ITEM_READ] = "SELECT body FROM items WHERE stream = ?1 AND pk = ?2 AND sk = ?3",
	[Q__SQL_ITEM_STORE] =
		"REPLACE INTO items (stream, pk, sk, body, index1_pk, index1_sk, index2_pk,"
		" index2_sk, expires_at_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
	[Q__SQL_ITEM_STORE_BODY] =
		"UPDATE items SET body = ?4 WHERE stream = ?1 AND pk = ?2 AND sk = ?3",
	[Q__SQL_ITEM_DELETE] = "DELETE FROM items WHERE stream = ?1 AND pk = ?2 AND sk = ?3",
	[Q__SQL_ITEM_EXPIRED] = "SELECT stream, body FROM items WHERE expires_at_ms <= ?1"
				" ORDER BY expires_at_ms LIMIT 1",

	[Q__SQL_QUERY] = QUERY_TABLE(""),
	[Q__SQL_QUERY_DESCENDING] = QUERY_TABLE(" DESC"),
	[Q__SQL_QUERY_INDEX1] = QUERY_INDEX("1", ""),
	[Q__SQL_QUERY_INDEX1_DESCENDING] = QUERY_INDEX("1", " DESC"),
	[Q__SQL_QUERY_INDEX2] = QUERY_INDEX("2", ""),
	[Q__SQL_QUERY_INDEX2_DESCENDING] = QUERY_INDEX("2", " DESC"),

	[Q__SQL_STREAM_CREATE] = "INSERT OR IGNORE INTO streams (name) VALUES (?1)",
	[Q__SQL_STREAM_FIND] = "SELECT stream FROM streams WHERE name = ?1",
	[Q__SQL_STREAM_LIST] = "SELECT stream FROM streams WHERE stream > ?1"
			       " ORDER BY stream LIMIT 1",
	/* The newest record kept: NULLs where there is none. */
	[Q__SQL_STREAM_STATE] =
		"SELECT trimmed_through, sequence, at_ms FROM streams LEFT JOIN records ON"
		" sequence = (SELECT max(sequence) FROM records WHERE stream = ?1)"
		" WHERE streams.stream = ?1",
	[Q__SQL_STREAM_TRIMMED] = "UPDATE streams SET trimmed_through = max(trimmed_through, ?2)"
				  " WHERE stream = ?1",

	[Q__SQL_RECORD_APPEND] =
		"INSERT INTO records (stream, at_ms, key, body) VALUES (?1, ?2, ?3, ?4)",
	[Q__SQL_RECORDS_READ] =
		"SELECT sequence, at_ms, key, body FROM records WHERE stream = ?1 AND sequence > ?2"
		" ORDER BY sequence LIMIT ?3",
	[Q__SQL_RECORDS_AGE] = "SELECT sequence, at_ms, length(body) FROM records"
			       " WHERE stream = ?1 ORDER BY sequence",
	[Q__SQL_RECORDS_TRIM] = "DELETE FROM records WHERE stream = ?1 AND sequence <= ?2",
};

const char *q__sqlite_text(enum q__sql sql)
{
	return texts[sql];
}

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
