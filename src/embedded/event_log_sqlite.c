#include "embedded/event_log_sqlite.h"

#include "base/mem.h"
#include "embedded/sqlite_internal.h"
#include "embedded/sqlite_stream.h"

struct log {
	struct q_event_log base;
	struct q_sqlite_database *database; /* borrowed */
	struct q_clock *clock;		    /* borrowed */
	int64_t stream;
};

struct publication {
	struct q__sqlite_write write;
	const struct log *log;
	const struct q_event *events;
	size_t count;
};

static enum q_code run_publication(struct q__sqlite_write *write,
				   struct q__sqlite_connection *connection, struct q_arena *scratch,
				   struct q_err *err)
{
	struct publication *publication = q_container_of(write, struct publication, write);
	int64_t now_ms = q_clock_now_ms(publication->log->clock);
	enum q_code code = Q_OK;

	(void)scratch;
	for (size_t i = 0; i < publication->count && !code; i++)
		code = q__sqlite_stream_append(connection, publication->log->stream, now_ms,
					       publication->events[i].partition_key,
					       publication->events[i].data, err);
	return code;
}

static enum q_code log_publish(struct q_event_log *base, const struct q_call *call,
			       const struct q_event *events, size_t count, struct q_err *err)
{
	struct log *log = q_container_of(base, struct log, base);
	struct publication publication = {
		.write.run = run_publication,
		.log = log,
		.events = events,
		.count = count,
	};

	return q__sqlite_writer_run(log->database->writer, call, &publication.write, err);
}

static enum q_code log_partitions(struct q_event_log *base, const struct q_call *call,
				  struct q_arena *arena, struct q_stream_partitions *out,
				  struct q_err *err)
{
	(void)base;
	(void)call;
	return q__sqlite_stream_partitions(arena, out, err);
}

static enum q_code to_page(const struct log *log, const struct q__sqlite_records *records,
			   struct q_arena *arena, struct q_event_page *out, struct q_err *err)
{
	struct q_event_record *items = q_arena_alloc_array(arena, records->count, sizeof *items);

	if (!items)
		return q_fail(err, Q_NOMEM, "event_log.read", "%zu records", records->count);
	for (size_t i = 0; i < records->count; i++) {
		const struct q__sqlite_record *record = &records->items[i];

		items[i] = (struct q_event_record){record->sequence, record->key, record->body,
						   record->at_ms};
	}
	*out = (struct q_event_page){
		.items = items,
		.count = records->count,
		.next = records->next,
		.behind_ms = q__sqlite_records_behind_ms(records, log->clock),
	};
	return Q_OK;
}

static enum q_code log_read(struct q_event_log *base, const struct q_call *call,
			    struct q_str partition, struct q_stream_position position, size_t limit,
			    int64_t wait_ms, struct q_arena *arena, struct q_event_page *out,
			    struct q_err *err)
{
	struct log *log = q_container_of(base, struct log, base);
	struct q__sqlite_records records;
	enum q_code code = q__sqlite_stream_check_partition(partition, err);

	if (!code)
		code = q__sqlite_stream_read(log->database, log->stream, call, position, limit,
					     wait_ms, arena, &records, err);
	return code ? code : to_page(log, &records, arena, out, err);
}

static enum q_code log_trim(struct q_event_log *base, const struct q_call *call,
			    struct q_str partition, struct q_str sequence, struct q_err *err)
{
	struct log *log = q_container_of(base, struct log, base);
	enum q_code code = q__sqlite_stream_check_partition(partition, err);

	return code ? code : q__sqlite_stream_trim(log->database, log->stream, call, sequence, err);
}

static void log_close(struct q_event_log *base)
{
	q_mem_free(q_container_of(base, struct log, base));
}

static const struct q_event_log_ops log_ops = {
	.name = "sqlite",
	.publish = log_publish,
	.partitions = log_partitions,
	.read = log_read,
	.trim = log_trim,
	.close = log_close,
};

enum q_code q_event_log_sqlite_open(struct q_sqlite_database *database, struct q_clock *clock,
				    struct q_event_log **out, struct q_err *err)
{
	struct log *log = q_mem_new(sizeof *log);
	enum q_code code;

	if (!log)
		return q_fail(err, Q_NOMEM, "event_log_sqlite.open", "%zu bytes", sizeof *log);
	*log = (struct log){.base.ops = &log_ops, .database = database, .clock = clock};
	code = q__sqlite_stream_open(database, Q_STR("events"), &log->stream, err);
	if (code) {
		q_mem_free(log);
		return code;
	}
	*out = &log->base;
	return Q_OK;
}
