#include "embedded/sqlite_stream.h"

#include "base/time.h"

#include <inttypes.h>

enum {
	SEQUENCE_DIGITS = 19, /* of INT64_MAX */
	CANCEL_LOOK_MS = 50,
	PAGE_BYTES_MAX = 1 << 20 /* of bodies; a page has one record at least */
};

#define WAIT_MS_MAX INT64_C(86400000) /* a day: more would leave the range of times */

static const char where[] = "sqlite.stream";

/* One read, from its position to its page. */
struct reading {
	int64_t stream;
	struct q_stream_position position;
	size_t limit;
	struct q_arena *arena;
	int64_t after; /* where the position has turned out to be; negative: not known yet */
	int64_t last;  /* the last record read, or `after` */
	size_t bytes;  /* of bodies read */
	struct q__sqlite_records *out;
};

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
	if (!found)
		return q_fail(err, Q_CORRUPT, where, "stream %" PRId64 " is gone", stream);
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

bool q__sqlite_sequence_parse(struct q_str text, int64_t *out)
{
	return text.length == SEQUENCE_DIGITS && q_str_to_int64(text, out) && *out >= 0;
}

/* The sequence after which to read. */
static enum q_code resolve(const struct state *state, struct q_stream_position position,
			   int64_t *after, struct q_err *err)
{
	int64_t sequence;

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
	if (!q__sqlite_sequence_parse(position.sequence, &sequence))
		return q_fail(err, Q_INVALID, where, "a sequence number has %d digits",
			      SEQUENCE_DIGITS);
	if (sequence < state->trimmed_through || sequence > state->newest)
		return q_fail(err, Q_GAP, where,
			      "records after %" PRId64 " are not kept, only %" PRId64
			      " to %" PRId64,
			      sequence, state->trimmed_through + 1, state->newest);
	*after = sequence;
	return Q_OK;
}

static enum q_code take_record(struct reading *reading, sqlite3_stmt *statement, struct q_err *err)
{
	struct q__sqlite_record *record = &reading->out->items[reading->out->count];

	reading->last = sqlite3_column_int64(statement, 0);
	record->sequence = format_sequence(reading->arena, reading->last);
	record->at_ms = sqlite3_column_int64(statement, 1);
	record->key = q_arena_copy(reading->arena, q__sqlite_column_str(statement, 2));
	record->body = q_arena_copy_bytes(reading->arena, q__sqlite_column_bytes(statement, 3));
	if (q_arena_failed(reading->arena))
		return q_fail(err, Q_NOMEM, where, "a record");
	reading->bytes += record->body.length;
	reading->out->count++;
	return Q_OK;
}

static enum q_code take_records(struct reading *reading, struct q__sqlite_connection *connection,
				struct q_err *err)
{
	sqlite3_stmt *statement = q__sqlite_statement(connection, Q__SQL_RECORDS_READ, err);
	enum q_code code = Q_OK;
	bool found = true;

	if (!statement)
		return err->code;
	q__sqlite_bind_int(statement, 1, reading->stream);
	q__sqlite_bind_int(statement, 2, reading->after);
	q__sqlite_bind_int(statement, 3, (int64_t)reading->limit);
	reading->last = reading->after;
	while (!code && reading->out->count < reading->limit && reading->bytes < PAGE_BYTES_MAX) {
		code = q__sqlite_step(connection, statement, &found, err);
		if (code || !found)
			break;
		code = take_record(reading, statement, err);
	}
	sqlite3_reset(statement);
	return code;
}

/* State and records are of one moment: else a record could be trimmed between the two looks, and
 * its loss not be seen. */
static enum q_code look(struct reading *reading, struct q__sqlite_connection *connection,
			struct q_err *err)
{
	struct state state = {0};
	enum q_code code = q__sqlite_run_sql(connection, Q__SQL_BEGIN, err);

	if (code)
		return code;
	code = read_state(connection, reading->stream, &state, err);
	if (!code && reading->after < 0)
		code = resolve(&state, reading->position, &reading->after, err);
	if (!code)
		code = take_records(reading, connection, err);
	if (code) {
		q__sqlite_roll_back(connection);
		return code;
	}
	reading->out->newest_at_ms = reading->last < state.newest ? state.newest_at_ms : 0;
	return q__sqlite_run_sql(connection, Q__SQL_COMMIT, err);
}

static int64_t smaller(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* Until something has been committed since the bell's count was `seen`. False when it is time to
 * stop waiting. */
static bool wait_for_commit(struct q_bell *committed, uint64_t seen, const struct q_call *call,
			    int64_t until_ms)
{
	for (;;) {
		int64_t left_ms = until_ms - q_time_monotonic_ms();

		left_ms = smaller(left_ms, q_call_remaining_ms(call, left_ms));
		if (left_ms <= 0 || (call->is_cancelled && atomic_load(call->is_cancelled)))
			return false;
		if (q_bell_count(committed) != seen)
			return true;
		q_bell_wait(committed, seen,
			    call->is_cancelled ? smaller(left_ms, CANCEL_LOOK_MS) : left_ms);
	}
}

static enum q_code look_and_wait(struct reading *reading, struct q_sqlite_database *database,
				 const struct q_call *call, int64_t wait_ms, struct q_err *err)
{
	int64_t until_ms = q_time_monotonic_ms() + smaller(wait_ms, WAIT_MS_MAX);
	uint64_t seen;

	do {
		struct q__sqlite_connection *connection;
		enum q_code code;

		seen = q_bell_count(database->committed);
		code = q__sqlite_reader_take(database->readers, &connection, err);
		if (code)
			return code;
		code = look(reading, connection, err);
		q__sqlite_reader_give_back(database->readers, connection);
		if (code || reading->out->count > 0)
			return code;
	} while (wait_for_commit(database->committed, seen, call, until_ms));
	return Q_OK;
}

enum q_code q__sqlite_stream_read(struct q_sqlite_database *database, int64_t stream,
				  const struct q_call *call, struct q_stream_position position,
				  size_t limit, int64_t wait_ms, struct q_arena *arena,
				  struct q__sqlite_records *out, struct q_err *err)
{
	struct reading reading = {
		.stream = stream,
		.position = position,
		.limit = limit,
		.arena = arena,
		.after = -1,
		.out = out,
	};
	enum q_code code;

	*out = (struct q__sqlite_records){
		.items = q_arena_alloc_array(arena, limit, sizeof *out->items)};
	if (!out->items)
		return q_fail(err, Q_NOMEM, where, "%zu records", limit);
	code = look_and_wait(&reading, database, call, wait_ms, err);
	if (code)
		return code;
	out->next = format_sequence(arena, reading.last);
	return out->next.data ? Q_OK : q_fail(err, Q_NOMEM, where, "a position");
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
