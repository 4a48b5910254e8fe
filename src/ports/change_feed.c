#include "ports/change_feed.h"

enum q_code q_change_feed_partitions(struct q_change_feed *feed, const struct q_call *call,
				     struct q_arena *arena, struct q_stream_partitions *out,
				     struct q_err *err)
{
	enum q_code code;

	q_assert(feed && call && arena && out && err);
	code = q_call_check(call, "change_feed.partitions", err);
	return code ? code : feed->ops->partitions(feed, call, arena, out, err);
}

enum q_code q_change_feed_read(struct q_change_feed *feed, const struct q_call *call,
			       struct q_str partition, struct q_stream_position position,
			       size_t limit, int64_t wait_ms, struct q_arena *arena,
			       struct q_change_page *out, struct q_err *err)
{
	enum q_code code;

	q_assert(feed && call && arena && out && err);
	code = q_stream_check_read(position, limit, wait_ms, "change_feed.read", err);
	if (!code)
		code = q_call_check(call, "change_feed.read", err);
	if (code)
		return code;
	return feed->ops->read(feed, call, partition, position, limit, wait_ms, arena, out, err);
}

enum q_code q_change_feed_trim(struct q_change_feed *feed, const struct q_call *call,
			       struct q_str partition, struct q_str sequence, struct q_err *err)
{
	struct q_stream_position after = {Q_STREAM_AFTER, sequence};
	enum q_code code;

	q_assert(feed && call && err);
	code = q_stream_check_read(after, 1, 0, "change_feed.trim", err);
	if (!code)
		code = q_call_check(call, "change_feed.trim", err);
	if (code || !feed->ops->trim)
		return code;
	return feed->ops->trim(feed, call, partition, sequence, err);
}

void q_change_feed_close(struct q_change_feed *feed)
{
	if (feed)
		feed->ops->close(feed);
}
