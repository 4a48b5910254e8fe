#include "ports/event_log.h"

#include "base/utf8.h"

static enum q_code check_event(const struct q_event *event, size_t at, struct q_err *err)
{
	static const char where[] = "event_log.publish";
	struct q_str key = event->partition_key;

	if (key.length == 0 || key.length > Q_EVENT_KEY_MAX || !q_utf8_is_valid(key))
		return q_fail(err, Q_INVALID, where,
			      "event %zu: a partition key is 1..%d bytes of UTF-8", at,
			      Q_EVENT_KEY_MAX);
	if (event->data.length + key.length > Q_EVENT_BYTES_MAX)
		return q_fail(err, Q_TOOBIG, where, "event %zu has %zu bytes, at most %d", at,
			      event->data.length + key.length, Q_EVENT_BYTES_MAX);
	return Q_OK;
}

static enum q_code check_events(const struct q_event *events, size_t count, struct q_err *err)
{
	static const char where[] = "event_log.publish";
	size_t size = 0;

	if (count == 0 || count > Q_EVENT_BATCH_MAX)
		return q_fail(err, Q_INVALID, where, "%zu events, not 1..%d", count,
			      Q_EVENT_BATCH_MAX);
	for (size_t i = 0; i < count; i++) {
		enum q_code code = check_event(&events[i], i, err);

		if (code)
			return code;
		size += events[i].data.length + events[i].partition_key.length;
	}
	if (size > Q_EVENT_BATCH_BYTES_MAX)
		return q_fail(err, Q_TOOBIG, where, "a batch of %zu bytes, at most %d", size,
			      Q_EVENT_BATCH_BYTES_MAX);
	return Q_OK;
}

enum q_code q_event_log_publish(struct q_event_log *log, const struct q_call *call,
				const struct q_event *events, size_t count, struct q_err *err)
{
	enum q_code code;

	q_assert(log && call && events && err);
	code = check_events(events, count, err);
	if (!code)
		code = q_call_check(call, "event_log.publish", err);
	return code ? code : log->ops->publish(log, call, events, count, err);
}

enum q_code q_event_log_partitions(struct q_event_log *log, const struct q_call *call,
				   struct q_arena *arena, struct q_stream_partitions *out,
				   struct q_err *err)
{
	enum q_code code;

	q_assert(log && call && arena && out && err);
	code = q_call_check(call, "event_log.partitions", err);
	return code ? code : log->ops->partitions(log, call, arena, out, err);
}

enum q_code q_event_log_read(struct q_event_log *log, const struct q_call *call,
			     struct q_str partition, struct q_stream_position position,
			     size_t limit, int64_t wait_ms, struct q_arena *arena,
			     struct q_event_page *out, struct q_err *err)
{
	enum q_code code;

	q_assert(log && call && arena && out && err);
	code = q_stream_check_read(position, limit, wait_ms, "event_log.read", err);
	if (!code)
		code = q_call_check(call, "event_log.read", err);
	if (code)
		return code;
	return log->ops->read(log, call, partition, position, limit, wait_ms, arena, out, err);
}

enum q_code q_event_log_trim(struct q_event_log *log, const struct q_call *call,
			     struct q_str partition, struct q_str sequence, struct q_err *err)
{
	struct q_stream_position after = {Q_STREAM_AFTER, sequence};
	enum q_code code;

	q_assert(log && call && err);
	code = q_stream_check_read(after, 1, 0, "event_log.trim", err);
	if (!code)
		code = q_call_check(call, "event_log.trim", err);
	if (code || !log->ops->trim)
		return code;
	return log->ops->trim(log, call, partition, sequence, err);
}

void q_event_log_close(struct q_event_log *log)
{
	if (log)
		log->ops->close(log);
}
