/* A request's body on its way in: whole into memory, or piece by piece to a sink. A sink has two
 * buffers: the loop fills one while a thread of the pool drains the other; when both are full the
 * socket is not read. */
#include "net/server_internal.h"

#include "base/mem.h"

#include <string.h>

enum {
	SPEED_LOOK_MS = 1000,
	/* A piece is handed over when less than one read fits behind it. */
	PIECE_BYTES = Q__SINK_BYTES - Q__READ_BYTES
};

static const struct q_http_limits *limits_of(const struct q_http_request *request)
{
	return &request->loop->server->limits;
}

/* The same for all: a list of deadlines is kept in order by adding to its end. */
static int64_t look_interval_ms(const struct q_http_request *request)
{
	int64_t grace_ms = limits_of(request)->body_grace_ms;

	return grace_ms > 0 && grace_ms < SPEED_LOOK_MS ? grace_ms : SPEED_LOOK_MS;
}

static size_t body_limit(const struct q_http_request *request)
{
	return request->match.route->body_limit_bytes;
}

static void send_continue(struct q_http_request *request)
{
	if (request->expects_continue && request->connection)
		q_buf_append(&request->loop->out, Q_STR("HTTP/1.1 100 Continue\r\n\r\n"));
	request->expects_continue = false;
}

void q__body_begin(struct q_http_request *request)
{
	struct q__intake *intake = &request->intake;

	request->state = Q__BODY;
	intake->started_ms = q__loop_now_ms(request->loop);
	intake->next_look_ms = intake->started_ms + look_interval_ms(request);
	intake->is_complete = !request->has_body;
	q_buf_init(&intake->body, body_limit(request));
	if (request->has_body)
		send_continue(request);
}

static bool out_of_memory(struct q_http_request *request)
{
	return q__refuse(request, 503, "busy", "The server is out of memory: try again later.");
}

/* The first buffer of a short body is as long as it. */
static size_t buffer_size(const struct q_http_request *request)
{
	int64_t length = request->body_length;

	return length >= 0 && length < Q__SINK_BYTES ? (size_t)length : Q__SINK_BYTES;
}

static bool add_to_sink(struct q_http_request *request, struct q_bytes bytes)
{
	struct q__intake *intake = &request->intake;

	if (!intake->filling) {
		intake->capacity = buffer_size(request);
		intake->filling = q_mem_new(intake->capacity);
		if (!intake->filling)
			return out_of_memory(request);
	}
	q_assert(bytes.length <= intake->capacity - intake->filled); /* q__body_has_room said so */
	memcpy(intake->filling + intake->filled, bytes.data, bytes.length);
	intake->filled += bytes.length;
	return true;
}

bool q__body_add(struct q_http_request *request, struct q_bytes bytes)
{
	struct q__intake *intake = &request->intake;

	intake->received += bytes.length;
	if (intake->received > body_limit(request))
		return q__refuse(request, 413, "too_large",
				 "The body is larger than this route takes.");
	if (intake->sink)
		return add_to_sink(request, bytes);
	return q_buf_append_bytes(&intake->body, bytes.data, bytes.length) ||
	       out_of_memory(request);
}

bool q__body_has_room(const struct q_http_request *request)
{
	const struct q__intake *intake = &request->intake;

	/* A buffer that is as long as the body has room for all of it. */
	return !intake->sink || !intake->filling || intake->capacity < Q__SINK_BYTES ||
	       intake->filled <= PIECE_BYTES;
}

static void hand_over(struct q_http_request *request)
{
	struct q__intake *intake = &request->intake;
	unsigned char *drained = intake->draining;

	intake->draining = intake->filling;
	intake->draining_length = intake->filled;
	intake->filling = drained;
	intake->filled = 0;
	q__exchange_submit(request, Q__TASK_SINK_DATA);
}

void q__body_step(struct q_http_request *request)
{
	struct q__intake *intake = &request->intake;

	if (!intake->sink || request->task != Q__TASK_NONE)
		return;
	if (intake->filled > PIECE_BYTES || (intake->is_complete && intake->filled > 0))
		hand_over(request);
	else if (intake->is_complete)
		q__exchange_submit(request, Q__TASK_SINK_END);
}

void q__body_run_sink(struct q_http_request *request)
{
	struct q__intake *intake = &request->intake;
	struct q_bytes bytes = {intake->draining, intake->draining_length};

	request->task_error = (struct q_err){.code = Q_OK};
	intake->is_sink_failed =
		intake->sink->on_data(intake->sink, request, bytes, &request->task_error) != Q_OK;
}

/* Time in which we did not read is not the client's. */
static void leave_out_stops(struct q__intake *intake, int64_t now_ms)
{
	if (intake->stopped_ms == 0)
		return;
	intake->started_ms += now_ms - intake->stopped_ms;
	intake->stopped_ms = now_ms;
}

void q__body_set_stopped(struct q_http_request *request, bool is_stopped)
{
	struct q__intake *intake = &request->intake;
	int64_t now_ms = q__loop_now_ms(request->loop);

	leave_out_stops(intake, now_ms);
	intake->stopped_ms = is_stopped ? now_ms : 0;
}

void q__body_look_at_speed(struct q_http_request *request)
{
	struct q__intake *intake = &request->intake;
	const struct q_http_limits *limits = limits_of(request);
	int64_t now_ms = q__loop_now_ms(request->loop);
	int64_t late_ms;

	leave_out_stops(intake, now_ms);
	intake->next_look_ms = now_ms + look_interval_ms(request);
	late_ms = now_ms - intake->started_ms - limits->body_grace_ms;
	if (late_ms >= 0 &&
	    (double)intake->received <
		    (double)(late_ms + 1) / 1000 * (double)limits->body_bytes_per_second)
		q__refuse(request, 408, "timeout", "The body comes too slowly.");
}

void q__body_free(struct q_http_request *request)
{
	struct q__intake *intake = &request->intake;

	q_buf_free(&intake->body);
	q_mem_free(intake->filling);
	q_mem_free(intake->draining);
	intake->filling = intake->draining = NULL;
}
