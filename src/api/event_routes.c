/* GET /api/jobs/{fileId}/events: the job's log, as a page of JSON or as server-sent events (WHATWG
 * HTML, 9.2). The stream is told by the hub; it ends with the run, and a client that reconnects
 * then, as EventSource does by itself, gets 204, which tells it to stay away. */
#include "api/live_session.h"

#include "base/mem.h"
#include "base/time.h"
#include "net/http_field.h"

#include <stdio.h>

enum { KEEP_ALIVE_MS = 15000, BATCH_BYTES_MAX = Q__SESSION_QUEUE_BYTES };

/* --- The stream ------------------------------------------------------------------------------- */

struct event_stream {
	struct q__session base;			  /* first */
	atomic_int_least64_t sent_ms;		  /* monotonic: the latest bytes */
	pthread_mutex_t mutex;			  /* guards what follows; a leaf */
	struct q_live_subscription *subscription; /* NULL: not yet, or no more */
	bool is_closed;
};

static struct event_stream *stream_of(struct q__session *session)
{
	return q_container_of(session, struct event_stream, base);
}

static void end_stream(struct q__session *session, const char *reason)
{
	char text[128];
	int length = snprintf(text, sizeof text, "event: closing\ndata: {\"reason\":\"%s\"}\n\n",
			      reason);

	q_http_stream_finish(session->stream, (struct q_str){text, (size_t)length});
}

static void tick_stream(struct q__session *session, int64_t now_ms)
{
	struct event_stream *stream = stream_of(session);

	if (now_ms - atomic_load(&stream->sent_ms) < KEEP_ALIVE_MS)
		return;
	atomic_store(&stream->sent_ms, now_ms);
	(void)q__session_send(session, Q_STR(": still here\n\n"));
}

static void resume_stream(struct q__session *session)
{
	struct event_stream *stream = stream_of(session);

	pthread_mutex_lock(&stream->mutex);
	if (stream->subscription)
		q_live_resume(stream->subscription);
	pthread_mutex_unlock(&stream->mutex);
}

static void close_stream(struct q__session *session)
{
	struct event_stream *stream = stream_of(session);

	pthread_mutex_lock(&stream->mutex);
	stream->is_closed = true;
	if (stream->subscription)
		q_live_cancel(stream->subscription);
	stream->subscription = NULL;
	pthread_mutex_unlock(&stream->mutex);
}

static void free_stream(struct q__session *session)
{
	pthread_mutex_destroy(&stream_of(session)->mutex);
	q_mem_free(session);
}

static const struct q__session_kind event_stream_kind = {
	.name = "sse",
	.end = end_stream,
	.tick = tick_stream,
	.resume = resume_stream,
	.close = close_stream,
	.free = free_stream,
};

/* --- The subscriber --------------------------------------------------------------------------- */

static void write_events(struct q_buf *out, struct q_str file_id, const struct q_job_events *events)
{
	for (size_t i = 0; i < events->count; i++) {
		const struct q_job_event *event = &events->items[i];
		struct q_json_writer w;

		q_buf_format(out, "id: %lld\nevent: %.*s\ndata: ", (long long)event->id,
			     Q_STR_ARG(event->type));
		q_json_writer_init(&w, out);
		q__write_event(&w, file_id, event);
		q_buf_append(out, Q_STR("\n\n"));
	}
}

static bool on_events(void *context, struct q_str file_id, const struct q_job_events *events)
{
	struct event_stream *stream = context;
	struct q_buf text;
	bool is_taken;

	q_buf_init(&text, BATCH_BYTES_MAX);
	write_events(&text, file_id, events);
	is_taken = !q_buf_failed(&text) && q__session_send(&stream->base, q_buf_str(&text));
	q_buf_free(&text);
	if (!is_taken)
		return false;
	atomic_store(&stream->sent_ms, q_time_monotonic_ms());
	if (events->is_over)
		end_stream(&stream->base, "run_ended");
	return true;
}

static void on_failed(void *context, struct q_str file_id, const struct q_err *why)
{
	struct event_stream *stream = context;

	(void)file_id;
	end_stream(&stream->base, why->code == Q_NOTFOUND ? "not_found" : "failed");
}

static void on_release(void *context)
{
	struct event_stream *stream = context;

	q__session_unref(&stream->base);
}

static void subscribe(struct event_stream *stream, struct q_str file_id, int64_t after)
{
	const struct q_live_subscriber subscriber = {stream, on_events, on_failed, on_release};
	struct q_live_subscription *subscription;
	struct q_err err;

	q__session_ref(&stream->base);
	if (q_live_subscribe(stream->base.api->o.live, &stream->base.who, file_id, after,
			     &subscriber, &subscription, &err)) {
		on_failed(stream, file_id, &err);
		on_release(stream);
		return;
	}
	pthread_mutex_lock(&stream->mutex);
	if (stream->is_closed)
		q_live_cancel(subscription);
	else
		stream->subscription = subscription;
	pthread_mutex_unlock(&stream->mutex);
}

static void open_stream(struct q_api *api, struct q_http_request *request, struct q_str file_id,
			int64_t after)
{
	struct event_stream *stream = q_mem_new(sizeof *stream);
	struct q_err err;

	if (!stream) {
		(void)q_fail(&err, Q_NOMEM, "api.events", "%zu bytes", sizeof *stream);
		q_http_respond_error(request, &err);
		return;
	}
	pthread_mutex_init(&stream->mutex, NULL);
	atomic_init(&stream->sent_ms, q_time_monotonic_ms());
	q_http_add_header(request, "Cache-Control", Q_STR("no-store"));
	q_http_add_header(request, "X-Accel-Buffering", Q_STR("no"));
	if (!q__session_open(&stream->base, &event_stream_kind, api, request, 200, NULL))
		return;
	(void)q__session_send(&stream->base, Q_STR("retry: 1000\n\n"));
	subscribe(stream, file_id, after);
	q__session_unref(&stream->base);
}

/* --- The route -------------------------------------------------------------------------------- */

struct events_query {
	struct q_str after_text, limit_text, ticket;
	int64_t after;
	size_t limit;
	bool is_stream;
};

/* False when it has answered. */
static bool read_query(struct q_http_request *request, struct events_query *q)
{
	const struct q__parameter parameters[] = {
		{"after", &q->after_text}, {"limit", &q->limit_text}, {"ticket", &q->ticket}};
	struct q_str last = q_http_request_header(request, Q_STR("Last-Event-ID"));

	if (!q__query(request, parameters, Q_COUNT_OF(parameters)) ||
	    !q__limit(request, q->limit_text, &q->limit))
		return false;
	if (last.length > 0) /* what a client sends by itself is later than its URL */
		q->after_text = last;
	if (q->after_text.length > 0 &&
	    (!q_str_to_int64(q->after_text, &q->after) || q->after < 0)) {
		q__refuse_field(request, "after", "is the id of an event, or 0");
		return false;
	}
	q->is_stream = q_http_accepts_by_name(q_http_request_header(request, Q_STR("Accept")),
					      Q_STR("text/event-stream"));
	return true;
}

static void answer_page(struct q_http_request *request, struct q_str file_id,
			const struct q_job_events *events)
{
	struct q__reply answer;

	q_http_add_header(request, "Cache-Control", Q_STR("private, no-cache"));
	q__items_begin(&answer);
	for (size_t i = 0; i < events->count; i++)
		q__write_event(&answer.w, file_id, &events->items[i]);
	q_json_end_array(&answer.w);
	q_json_field_int64(&answer.w, "lastEventId", events->last_id);
	q_json_field_bool(&answer.w, "isOver", events->is_over);
	q_json_end_object(&answer.w);
	q__reply_end(&answer, request, 200);
}

static void get_events(struct q_http_request *request, void *context)
{
	struct q_api *api = context;
	struct q_str file_id = q_http_request_param(request, "fileId");
	struct events_query q = {0};
	struct q_job_events events;
	struct q_err err;

	if (!q__session_origin_allowed(api, request) || !read_query(request, &q))
		return;
	if (q_documents_read_events(api->o.documents, q_http_request_call(request),
				    q__identity(request), file_id, q.after, q.limit,
				    q_http_request_arena(request), &events, &err))
		q_http_respond_error(request, &err);
	else if (!q.is_stream)
		answer_page(request, file_id, &events);
	else if (events.count == 0 && events.is_over)
		q_http_respond_empty(request, 204);
	else
		open_stream(api, request, file_id, q.after);
}

const struct q_route q__event_routes[] = {
	{"GET", "/api/jobs/{fileId}/events", Q_ROUTE_CANCEL_ON_EOF, 0, &q__documents_listen,
	 get_events},
	{0},
};
