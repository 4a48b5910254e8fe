#include "documents/work/listener.h"

#include <stdio.h>

enum { PARTITIONS_MAX = 1000, LOOK_EVERY_MS = 30000 };

struct ear {
	char partition[Q_STREAM_SEQUENCE_MAX + 1];
	char sequence[Q_STREAM_SEQUENCE_MAX + 1]; /* "" before the first read */
};

void q__listener_init(struct q__listener *listener)
{
	*listener = (struct q__listener){.looked_at_ms = INT64_MIN / 2};
	q_vec_init(&listener->partitions, sizeof(struct ear), PARTITIONS_MAX);
}

void q__listener_free(struct q__listener *listener)
{
	q_vec_free(&listener->partitions);
}

static bool is_known(const struct q__listener *listener, struct q_str id)
{
	for (size_t i = 0; i < listener->partitions.count; i++) {
		const struct ear *ear = q_vec_at(&listener->partitions, i);

		if (q_str_equal(q_str_from(ear->partition), id))
			return true;
	}
	return false;
}

/* New partitions get an ear; those that closed lose theirs when they are read to their end. */
static enum q_code look(struct q__listener *listener, struct q_documents *d,
			const struct q_call *call, struct q_arena *arena, struct q_err *err)
{
	struct q_stream_partitions there;
	int64_t now = q__now(d);
	enum q_code code;

	if (now - listener->looked_at_ms < LOOK_EVERY_MS)
		return Q_OK;
	code = q_event_log_partitions(d->o.events, call, arena, &there, err);
	for (size_t i = 0; !code && i < there.count; i++) {
		struct ear ear = {0};

		if (there.items[i].is_closed || is_known(listener, there.items[i].id))
			continue;
		snprintf(ear.partition, sizeof ear.partition, "%.*s", Q_STR_ARG(there.items[i].id));
		if (!q_vec_push(&listener->partitions, &ear))
			return q_fail(err, Q_NOMEM, "documents.listen", "partitions");
	}
	if (!code)
		listener->looked_at_ms = now;
	return code;
}

static enum q_code hear(struct q__listener *listener, struct q_documents *d,
			const struct q_call *call, size_t index, int64_t wait_ms,
			struct q_arena *arena, bool *rang, struct q_err *err)
{
	struct ear *ear = q_vec_at(&listener->partitions, index);
	struct q_stream_position position = {.start = Q_STREAM_NEWEST};
	struct q_event_page page;
	enum q_code code;

	if (ear->sequence[0])
		position = (struct q_stream_position){Q_STREAM_AFTER, q_str_from(ear->sequence)};
	code = q_event_log_read(d->o.events, call, q_str_from(ear->partition), position,
				Q_STREAM_READ_MAX, wait_ms, arena, &page, err);
	if (code == Q_GAP || code == Q_NOTFOUND) {
		*rang = true; /* some may have been missed */
		q_vec_remove_swap(&listener->partitions, index);
		listener->looked_at_ms = INT64_MIN / 2;
		return Q_OK;
	}
	if (code)
		return code;
	*rang = page.count > 0;
	snprintf(ear->sequence, sizeof ear->sequence, "%.*s", Q_STR_ARG(page.next));
	if (page.is_end)
		q_vec_remove_swap(&listener->partitions, index);
	return Q_OK;
}

enum q_code q__listener_wait(struct q__listener *listener, struct q_documents *d,
			     const struct q_call *call, int64_t wait_ms, bool *rang,
			     struct q_err *err)
{
	struct q_arena *arena = q_arena_new(Q__STEP_ARENA);
	size_t count;
	enum q_code code;

	*rang = false;
	if (!arena)
		return q_fail(err, Q_NOMEM, "documents.listen", "an arena");
	code = look(listener, d, call, arena, err);
	count = listener->partitions.count;
	if (!code && count > 0)
		code = hear(listener, d, call, listener->turn++ % count, wait_ms / (int64_t)count,
			    arena, rang, err);
	q_arena_free(arena);
	return code;
}
