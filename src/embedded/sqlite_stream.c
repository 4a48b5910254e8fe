#include "embedded/sqlite_stream.h"

#include "base/time.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum {
	SEQUENCE_DIGITS = 19, /* of INT64_MAX */
	CANCEL_LOOK_MS = 50,
	PAGE_BYTES_MAX = 1 << 20 /* of bodies; a page has one record at least */
};

#define CHANGES_PREFIX "changes/" /* of a stream's name; the event log's has none */

static const char where[] = "sqlite.stream";

/* Where a stream stands, in one transaction with what is read of it. */
struct state {
	int64_t trimmed_through;
	int64_t newest; /* the newest record ever kept or trimmed */
	int64_t newest_at_ms;
};

static enum q_code read_state(struct q__sqlite_connection *connection, int64_t stream,
			      struct state *out, struct q_err *err)
{
	sqlite3_stmt *statement = q__sqlite_statement(connection, Q__SQL_STREAM_STATE, err);
	bool found;
	enum q_code code;

	if (!statement)
		return err->code;
	q__sqlite_bind_int(statement, 1, stream);
	code = q__sqlite_step(connection, statement, &found, err);
	if (code)
		return code;
	q_assert(found); /* a stream is never removed */
	out->trimmed_through = sqlite3_column_int64(statement, 0);
	out->newest = out->trimmed_through;
	out->newest_at_ms = 0;
	if (sqlite3_column_type(statement, 1) != SQLITE_NULL) {
		out->newest = sqlite3_column_int64(statement, 1);
		out->newest_at_ms = sqlite3_column_int64(statement, 2);
	}
	sqlite3_reset(statement);
	return Q_OK;
}

static struct q_str format_sequence(struct q_arena *arena, int64_t sequence)
{
	return q_arena_format(arena, "%0*" PRId64, SEQUENCE_DIGITS, sequence);
}

/* The sequence after which to read. */
static enum q_code resolve(const struct state *state, struct q_stream_position position,
			   int64_t *after, struct q_err *err)
{
	switch (position.start) {
	case Q_STREAM_OLDEST:
		*after = state->trimmed_through;
		return Q_OK;
	case Q_STREAM_NEWEST:
		*after = state->newest;
		return Q_OK;
	case Q_STREAM_AFTER:
		break;
	}
	if (position.sequence.length != SEQUENCE_DIGITS ||
	    !q_str_to_int64(position.sequence, after) || *after < 0)
		return q_fail(err, Q_INVALID, where, "a sequence number has %d digits",
			      SEQUENCE_DIGITS);
	if (*after < state->trimmed_through || *after > state->newest)
		return q_fail(err, Q_GAP, where,
			      "records after %" PRId64 " are not kept, only %" PRId64
			      " to %" PRId64,
			      *after, state->trimmed_through + 1, state->newest);
	return Q_OK;
}

static enum q_code copy_record(sqlite3_stmt *statement, struct q_arena *arena,
			       struct q__sqlite_record *record, struct q_err *err)
{
	record->sequence = format_sequence(arena, sqlite3_column_int64(statement, 0));
	record->at_ms = sqlite3_column_int64(statement, 1);
	record->key = q_arena_copy(arena, q__sqlite_column_str(statement, 2));
	record->body = q_arena_copy_bytes(arena, q__sqlite_column_bytes(statement, 3));
	if (q_arena_failed(arena))
		return q_fail(err, Q_NOMEM, where, "a record of %zu bytes", record->body.length);
	return Q_OK;
}

/* Fills out->items; *last is moved to the last one. */
static enum q_code read_records(struct q__sqlite_connection *connection, sqlite3_stmt *statement,
				size_t limit, struct q_arena *arena, struct q__sqlite_records *out,
				int64_t *last, struct q_err *err)
{
	size_t bytes = 0;
	bool found;
	enum q_code code;

	while (out->count < limit && bytes < PAGE_BYTES_MAX) {
		code = q__sqlite_step(connection, statement, &found, err);
		if (code || !found)
			return code;
		code = copy_record(statement, arena, &out->items[out->count], err);
		if (code)
			return code;
		bytes += out->items[out->count].body.length;
		*last = sqlite3_column_int64(statement, 0);
		out->count++;
	}
	return Q_OK;
}

static enum q_code read_after(struct q__sqlite_connection *connection, int64_t stream,
			      const struct state *state, int64_t after, size_t limit,
			      struct q_arena *arena, struct q__sqlite_records *out,
			      struct q_err *err)
{
	sqlite3_stmt *statement = q__sqlite_statement(connection, Q__SQL_RECORDS_READ, err);
	int64_t last = after;
	enum q_code code;

	if (!statement)
		return err->code;
	*out = (struct q__sqlite_records){
		.items = q_arena_alloc_array(arena, limit, sizeof *out->items)};
	if (!out->items)
		return q_fail(err, Q_NOMEM, where, "%zu records", limit);
	q__sqlite_bind_int(statement, 1, stream);
	q__sqlite_bind_int(statement, 2, after);
	q__sqlite_bind_int(statement, 3, (int64_t)limit);
	code = read_records(connection, statement, limit, arena, out, &last, err);
	sqlite3_reset(statement);
	if (code)
		return code;
	out->next = format_sequence(arena, last);
	out->newest_at_ms = last < state->newest ? state->newest_at_ms : 0;
	return out->next.data ? Q_OK : q_fail(err, Q_NOMEM, where, "a position");
}

/* One look. *after: where it began, once that is known (negative before). */
static enum q_code look(struct q__sqlite_connection *connection, int64_t stream,
			struct q_stream_position position, int64_t *after, size_t limit,
			struct q_arena *arena, struct q__sqlite_records *out, struct q_err *err)
{
	struct state state = {0};
	enum q_code code = q__sqlite_run_sql(connection, Q__SQL_BEGIN, err);

	if (code)
		return code;
	code = read_state(connection, stream, &state, err);
	if (!code && *after < 0)
		code = resolve(&state, position, after, err);
	if (!code)
		code = read_after(connection, stream, &state, *after, limit, arena, out, err);
	if (code) {
		q__sqlite_roll_back(connection);
		return code;
	}
	return q__sqlite_run_sql(connection, Q__SQL_COMMIT, err);
}

/* Until the bell's count is beyond `seen`. False when `until_ms`, the deadline or the cancel flag
 * ends it. */
static bool wait_for_commit(struct q_bell *committed, uint64_t seen, const struct q_call *call,
			    int64_t until_ms)
{
	while (q_bell_count(committed) == seen) {
		int64_t left_ms = until_ms - q_time_monotonic_ms();
		int64_t deadline_ms = q_call_remaining_ms(call, left_ms);

		if (deadline_ms < left_ms)
			left_ms = deadline_ms;
		if (left_ms <= 0 || (call->is_cancelled && atomic_load(call->is_cancelled)))
			return false;
		if (call->is_cancelled && left_ms > CANCEL_LOOK_MS)
			left_ms = CANCEL_LOOK_MS;
		q_bell_wait(committed, seen, left_ms);
	}
	return true;
}

enum q_code q__sqlite_stream_read(struct q_sqlite_database *database, int64_t stream,
				  const struct q_call *call, struct q_stream_position position,
				  size_t limit, int64_t wait_ms, struct q_arena *arena,
				  struct q__sqlite_records *out, struct q_err *err)
{
	int64_t until_ms = wait_ms == 0 ? 0 : q_time_monotonic_ms() + wait_ms;
	int64_t after = -1;
	uint64_t seen;

	do {
		struct q__sqlite_connection *connection;
		enum q_code code;

		seen = q_bell_count(database->committed);
		code = q__sqlite_reader_take(database->readers, &connection, err);
		if (code)
			return code;
		code = look(connection, stream, position, &after, limit, arena, out, err);
		q__sqlite_reader_give_back(database->readers, connection);
		if (code || out->count > 0)
			return code;
	} while (wait_for_commit(database->committed, seen, call, until_ms));
	return Q_OK;
}

int64_t q__sqlite_records_behind_ms(const struct q__sqlite_records *records, struct q_clock *clock)
{
	int64_t behind_ms;

	if (records->newest_at_ms == 0)
		return 0;
	behind_ms = q_clock_now_ms(clock) - records->newest_at_ms;
	return behind_ms > 0 ? behind_ms : 1; /* 0 would say that none is left to read */
}

enum q_code q__sqlite_stream_partitions(struct q_arena *arena, struct q_stream_partitions *out,
					struct q_err *err)
{
	struct q_stream_partition *only = q_arena_alloc(arena, sizeof *only);

	if (!only)
		return q_fail(err, Q_NOMEM, where, "partitions");
	only->id = Q_STR("0");
	*out = (struct q_stream_partitions){only, 1};
	return Q_OK;
}

enum q_code q__sqlite_stream_check_partition(struct q_str partition, struct q_err *err)
{
	if (q_str_equal(partition, Q_STR("0")))
		return Q_OK;
	return q_fail(err, Q_NOTFOUND, where, "there is one partition, \"0\"");
}

/* Writing. */

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
	q_assert(found);
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

/* The last of the oldest `limit` records up to the first that is not older than before_ms; 0: none.
 */
static enum q_code find_trim_end(struct q__sqlite_connection *connection, int64_t stream,
				 int64_t before_ms, size_t limit, int64_t *end, bool *has_more,
				 struct q_err *err)
{
	sqlite3_stmt *statement = q__sqlite_statement(connection, Q__SQL_RECORDS_AGE, err);
	enum q_code code = Q_OK;
	bool found = true;
	size_t count = 0;

	if (!statement)
		return err->code;
	q__sqlite_bind_int(statement, 1, stream);
	q__sqlite_bind_int(statement, 2, (int64_t)limit);
	*end = 0;
	while (!code && found) {
		code = q__sqlite_step(connection, statement, &found, err);
		if (code || !found || sqlite3_column_int64(statement, 1) >= before_ms)
			break;
		*end = sqlite3_column_int64(statement, 0);
		count++;
	}
	sqlite3_reset(statement);
	*has_more |= count == limit;
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

static enum q_code trim_stream(struct q__sqlite_connection *connection, int64_t stream,
			       int64_t before_ms, size_t limit, bool *has_more, struct q_err *err)
{
	int64_t end = 0;
	enum q_code code = find_trim_end(connection, stream, before_ms, limit, &end, has_more, err);

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
				   size_t limit, bool *has_more, struct q_err *err)
{
	int64_t stream = 0;
	bool found = false;
	enum q_code code = next_stream(connection, &stream, &found, err);

	while (!code && found) {
		code = trim_stream(connection, stream, before_ms, limit, has_more, err);
		if (!code)
			code = next_stream(connection, &stream, &found, err);
	}
	return code;
}
