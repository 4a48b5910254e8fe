#include "embedded/sqlite_statements.h"

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
