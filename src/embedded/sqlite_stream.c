#include "embedded/sqlite_stream.h"

#include <stdio.h>
#include <string.h>

#define CHANGES_PREFIX "changes/" /* of a stream's name; the event log's has none */

static const char where[] = "sqlite.stream";

struct open_stream {
	struct q__sqlite_write write;
	struct q_str name;
	int64_t stream;
};

static enum q_code find_stream(struct q__sqlite_connection *connection, struct q_str name,
			       int64_t *stream, struct q_err *err)
{
	sqlite3_stmt *statement = q__sqlite_statement(connection, Q__SQL_STREAM_FIND, err);
	bool found;
	enum q_code code;

	if (!statement)
		return err->code;
	q__sqlite_bind_str(statement, 1, name);
	code = q__sqlite_step(connection, statement, &found, err);
	if (code)
		return code;
	if (!found)
		return q_fail(err, Q_CORRUPT, where, "a stream that was made is not there");
	*stream = sqlite3_column_int64(statement, 0);
	sqlite3_reset(statement);
	return Q_OK;
}

static enum q_code run_open(struct q__sqlite_write *write, struct q__sqlite_connection *connection,
			    struct q_arena *scratch, struct q_err *err)
{
	struct open_stream *open = q_container_of(write, struct open_stream, write);
	sqlite3_stmt *statement = q__sqlite_statement(connection, Q__SQL_STREAM_CREATE, err);
	enum q_code code;

	(void)scratch;
	if (!statement)
		return err->code;
	q__sqlite_bind_str(statement, 1, open->name);
	code = q__sqlite_run(connection, statement, err);
	return code ? code : find_stream(connection, open->name, &open->stream, err);
}

enum q_code q__sqlite_stream_open(struct q_sqlite_database *database, struct q_str name,
				  int64_t *stream, struct q_err *err)
{
	struct open_stream open = {.write.run = run_open, .name = name};
	struct q_call call = {0};
	enum q_code code = q__sqlite_writer_run(database->writer, &call, &open.write, err);

	*stream = open.stream;
	return code;
}

enum q_code q__sqlite_stream_open_changes(struct q_sqlite_database *database,
					  const char *store_name, int64_t *stream,
					  struct q_err *err)
{
	char name[sizeof CHANGES_PREFIX + Q_SQLITE_NAME_MAX];
	size_t length = strlen(store_name);

	if (length == 0 || length > Q_SQLITE_NAME_MAX)
		return q_fail(err, Q_INVALID, where, "a record store's name has 1..%d bytes",
			      Q_SQLITE_NAME_MAX);
	snprintf(name, sizeof name, "%s%s", CHANGES_PREFIX, store_name);
	return q__sqlite_stream_open(database, q_str_from(name), stream, err);
}

enum q_code q__sqlite_stream_append(struct q__sqlite_connection *connection, int64_t stream,
				    int64_t at_ms, struct q_str key, struct q_bytes body,
				    struct q_err *err)
{
	sqlite3_stmt *statement = q__sqlite_statement(connection, Q__SQL_RECORD_APPEND, err);

	if (!statement)
		return err->code;
	q__sqlite_bind_int(statement, 1, stream);
	q__sqlite_bind_int(statement, 2, at_ms);
	q__sqlite_bind_str(statement, 3, key);
	q__sqlite_bind_bytes(statement, 4, body);
	return q__sqlite_run(connection, statement, err);
}

/* The last of the oldest records that are older than before_ms and within the budget; 0: none. */
static enum q_code find_trim_end(struct q__sqlite_connection *connection, int64_t stream,
				 int64_t before_ms, struct q__sqlite_budget budget, int64_t *end,
				 bool *has_more, struct q_err *err)
{
	sqlite3_stmt *statement = q__sqlite_statement(connection, Q__SQL_RECORDS_AGE, err);
	size_t count = 0, bytes = 0;
	enum q_code code = Q_OK;
	bool found = true;

	if (!statement)
		return err->code;
	q__sqlite_bind_int(statement, 1, stream);
	*end = 0;
	while (!code && count < budget.count && bytes < budget.bytes) {
		code = q__sqlite_step(connection, statement, &found, err);
		if (code || !found || sqlite3_column_int64(statement, 1) >= before_ms)
			break;
		*end = sqlite3_column_int64(statement, 0);
		bytes += (size_t)sqlite3_column_int64(statement, 2);
		count++;
	}
	sqlite3_reset(statement);
	*has_more |= count == budget.count || bytes >= budget.bytes;
	return code;
}

static enum q_code run_with_sequence(struct q__sqlite_connection *connection, enum q__sql sql,
				     int64_t stream, int64_t sequence, struct q_err *err)
{
	sqlite3_stmt *statement = q__sqlite_statement(connection, sql, err);

	if (!statement)
		return err->code;
	q__sqlite_bind_int(statement, 1, stream);
	q__sqlite_bind_int(statement, 2, sequence);
	return q__sqlite_run(connection, statement, err);
}

/* `through`: and no further. */
static enum q_code trim_stream(struct q__sqlite_connection *connection, int64_t stream,
			       int64_t before_ms, int64_t through, struct q__sqlite_budget budget,
			       bool *has_more, struct q_err *err)
{
	int64_t end = 0;
	enum q_code code =
		find_trim_end(connection, stream, before_ms, budget, &end, has_more, err);

	if (end >= through) {
		end = through;
		*has_more = false;
	}
	if (code || end == 0)
		return code;
	code = run_with_sequence(connection, Q__SQL_RECORDS_TRIM, stream, end, err);
	if (!code)
		code = run_with_sequence(connection, Q__SQL_STREAM_TRIMMED, stream, end, err);
	return code;
}

/* The stream whose number comes after *stream. */
static enum q_code next_stream(struct q__sqlite_connection *connection, int64_t *stream,
			       bool *found, struct q_err *err)
{
	sqlite3_stmt *statement = q__sqlite_statement(connection, Q__SQL_STREAM_LIST, err);
	enum q_code code;

	if (!statement)
		return err->code;
	q__sqlite_bind_int(statement, 1, *stream);
	code = q__sqlite_step(connection, statement, found, err);
	if (!code && *found)
		*stream = sqlite3_column_int64(statement, 0);
	sqlite3_reset(statement);
	return code;
}

enum q_code q__sqlite_streams_trim(struct q__sqlite_connection *connection, int64_t before_ms,
				   struct q__sqlite_budget budget, bool *has_more,
				   struct q_err *err)
{
	int64_t stream = 0;
	bool found = false;
	enum q_code code = next_stream(connection, &stream, &found, err);

	while (!code && found) {
		code = trim_stream(connection, stream, before_ms, INT64_MAX, budget, has_more, err);
		if (!code)
			code = next_stream(connection, &stream, &found, err);
	}
	return code;
}

struct trim {
	struct q__sqlite_write write;
	int64_t stream;
	int64_t through;
	bool has_more;
};

static enum q_code run_trim(struct q__sqlite_write *write, struct q__sqlite_connection *connection,
			    struct q_arena *scratch, struct q_err *err)
{
	static const struct q__sqlite_budget step = {.count = 500, .bytes = 8 << 20};
	struct trim *trim = q_container_of(write, struct trim, write);

	(void)scratch;
	trim->has_more = false;
	return trim_stream(connection, trim->stream, INT64_MAX, trim->through, step,
			   &trim->has_more, err);
}

enum q_code q__sqlite_stream_trim(struct q_sqlite_database *database, int64_t stream,
				  const struct q_call *call, struct q_str sequence,
				  struct q_err *err)
{
	struct trim trim = {.write.run = run_trim, .stream = stream, .has_more = true};
	enum q_code code = Q_OK;

	if (!q__sqlite_sequence_parse(sequence, &trim.through))
		return q_fail(err, Q_INVALID, where, "`%.*s` is no sequence number",
			      Q_STR_ARG(q_str_slice(sequence, 0, 40)));
	while (!code && trim.has_more)
		code = q__sqlite_writer_run(database->writer, call, &trim.write, err);
	return code;
}
