/* A request's way: route, before, authorize, body, handler, answer, end.
 *
 * What happens to a request (a task comes back, the client leaves, a refusal, an answer of a
 * deferred one) is noted in it; q__exchange_step then looks at all that is noted and does what is
 * next. While a task is on the pool nothing is done: the thread may be anywhere in the request. A
 * step may end and release the request: its callers do not touch it afterwards. */
#include "net/server_internal.h"

#include "net/problem.h"

static const struct q_http_hooks *hooks_of(const struct q_http_request *request)
{
	return &request->loop->server->hooks;
}

/* ---- on the pool ---- */

static void start_clock(struct q_http_request *request)
{
	request->call.deadline_ms =
		q_time_monotonic_ms() + request->loop->server->limits.handler_ms;
}

/* A handler that returns owes an answer, unless it has said who will give it. */
static void check_owed(const struct q_http_request *request)
{
	q_assert(request->is_deferred || atomic_load(&request->is_answered) || request->resume ||
		 request->offered_sink);
}

static void run_authorize(struct q_http_request *request)
{
	const struct q_http_hooks *hooks = hooks_of(request);

	request->is_authorized =
		hooks->authorize(request, request->match.route->access, hooks->context);
	q_assert(request->is_authorized != atomic_load(&request->is_answered));
}

static void run_handler(struct q_http_request *request)
{
	request->match.route->handle(request, request->match.context);
	check_owed(request);
}

static bool waits_for_body(const struct q_http_request *request)
{
	return request->has_body && !(request->match.route->flags & Q_ROUTE_STREAM);
}

static void run_resumed(struct q_http_request *request)
{
	void (*handle)(struct q_http_request *, void *) = request->resume;

	request->resume = NULL;
	handle(request, request->resume_context);
	check_owed(request);
}

static void run_task(void *argument)
{
	struct q_http_request *request = argument;
	struct q_http_body_sink *sink = request->intake.sink;

	start_clock(request);
	switch (request->task) {
	case Q__TASK_NONE:
		break;
	case Q__TASK_AUTHORIZE:
		run_authorize(request);
		if (request->is_authorized && !waits_for_body(request))
			run_handler(request);
		break;
	case Q__TASK_HANDLE:
		run_handler(request);
		break;
	case Q__TASK_RESUME:
		run_resumed(request);
		break;
	case Q__TASK_SINK_DATA:
		q__body_run_sink(request);
		break;
	case Q__TASK_SINK_END:
		sink->on_end(sink, request);
		check_owed(request);
		break;
	case Q__TASK_SINK_ABORT:
		sink->on_abort(sink, request);
		break;
	case Q__TASK_SOURCE_READ:
		q__writer_read_source(request);
		break;
	case Q__TASK_SOURCE_CLOSE:
		request->answer.source->close(request->answer.source);
		break;
	}
	q__loop_post(request, Q__EVENT_TASK_DONE); /* the last that this thread does with it */
}

/* ---- in the loop ---- */

static bool try_submit(struct q_http_request *request, enum q__task task)
{
	struct q_err err;

	request->task = task;
	if (q_pool_submit(request->loop->server->pool, run_task, request, &err) == Q_OK)
		return true;
	request->task = Q__TASK_NONE;
	return false;
}

/* What must run some time: offered again until the pool has room. */
void q__exchange_submit(struct q_http_request *request, enum q__task task)
{
	if (try_submit(request, task))
		return;
	request->task = task;
	q__loop_set_deadline(request->loop, &request->deadline, Q__DUE_POOL,
			     q__loop_now_ms(request->loop) + Q__POOL_RETRY_MS);
}

/* What may be refused. */
static void submit_or_refuse(struct q_http_request *request, enum q__task task)
{
	struct q_err full;

	if (try_submit(request, task))
		return;
	q_fail(&full, Q_BUSY, "http.request", "the pool is full");
	q_http_respond_error(request, &full);
	request->is_answer_ready = true;
}

static void complete(struct q_http_request *request)
{
	const struct q_http_hooks *hooks = hooks_of(request);
	struct q_http_completion completion = {
		.route = request->match.route,
		.method = request->method,
		.request_id = q_http_request_id(request),
		.status = request->answer.status,
		.received_bytes = request->intake.received,
		.sent_bytes = request->sent_bytes,
		.is_cut = request->answer.is_cut,
	};

	if (!hooks->complete)
		return;
	completion.client = q_http_request_client(request);
	completion.duration_us = (int64_t)((uv_hrtime() - request->started_ns) / 1000);
	hooks->complete(&completion, hooks->context);
}

static void close_stream(struct q_http_request *request)
{
	enum q_http_stream_end why = Q_HTTP_STREAM_CLIENT_GONE;

	if (!request->answer.stream)
		return;
	if (request->connection)
		why = Q_HTTP_STREAM_FINISHED;
	else if (request->is_too_slow)
		why = Q_HTTP_STREAM_TOO_SLOW;
	q__stream_close(request->answer.stream, why);
	request->answer.stream = NULL;
}

/* Nothing more is read or sent for it. What it still holds is given back by tasks. */
static void end(struct q_http_request *request)
{
	close_stream(request);
	if (request->connection)
		request->connection->request = NULL;
	request->connection = NULL;
	request->state = Q__ENDED;
	complete(request);
}

void q__exchange_answered(struct q_http_request *request)
{
	struct q__connection *connection = request->connection;

	if (request->answer.closes || request->loop->is_stopping)
		connection->is_closing = true;
	connection->since_ms = q__loop_now_ms(request->loop);
	end(request);
	q__exchange_step(request);
}

/* In an inline handler or authorize, or in a hook, or by the loop itself. */
static void note_answer(struct q_http_request *request)
{
	if (!request->is_deferred && atomic_load(&request->is_answered))
		request->is_answer_ready = true;
}

static void take_sink(struct q_http_request *request)
{
	request->intake.sink = request->offered_sink;
	request->offered_sink = NULL;
	q__body_begin(request);
}

static void handler_returned(struct q_http_request *request)
{
	request->state = Q__HANDLING;
	if (request->is_deferred)
		return;
	if (request->offered_sink)
		take_sink(request);
	else if (request->resume)
		request->is_resume_ready = true;
	else
		request->is_answer_ready = true;
}

static void handle_inline(struct q_http_request *request)
{
	start_clock(request);
	run_handler(request);
	handler_returned(request);
}

static bool is_inline(const struct q_http_request *request)
{
	return request->match.route->flags & Q_ROUTE_INLINE;
}

static void authorized(struct q_http_request *request)
{
	if (!request->is_authorized)
		request->is_answer_ready = true;
	else if (waits_for_body(request))
		q__body_begin(request);
	else if (is_inline(request))
		handle_inline(request);
	else
		handler_returned(request); /* it ran in the same task */
}

/* A problem or an answer that no route gives. */
static void answer_unrouted(struct q_http_request *request)
{
	switch (request->routed) {
	case Q_ROUTE_UNKNOWN_METHOD:
		q_http_add_header(request, "Allow", request->match.allow);
		if (q_str_equal(request->method, Q_STR("OPTIONS")))
			q_http_respond_empty(request, 204);
		else
			q_http_respond_refusal(request, 405, NULL, "Allowed here: %.*s.",
					       Q_STR_ARG(request->match.allow));
		break;
	case Q_ROUTE_NO_MEMORY:
		q_http_respond_refusal(request, 503, NULL,
				       "The server is out of memory: try again later.");
		break;
	default:
		if (q_str_equal(request->path, Q_STR("*")))
			q_http_respond_empty(request, 204);
		else
			q_http_respond_refusal(request, 404, NULL,
					       "There is nothing at this path.");
	}
}

static bool is_body_too_large(const struct q_http_request *request)
{
	return request->body_length > 0 &&
	       (uint64_t)request->body_length > request->match.route->body_limit_bytes;
}

/* What is decided before authorize; true: it has been answered. */
static bool answer_early(struct q_http_request *request)
{
	const struct q_http_hooks *hooks = hooks_of(request);

	if (hooks->before && !hooks->before(request, hooks->context)) {
		q_assert(atomic_load(&request->is_answered));
		return true;
	}
	if (!request->match.route) {
		answer_unrouted(request);
		return true;
	}
	if (is_body_too_large(request)) {
		q_http_respond_refusal(request, 413, NULL, "This takes at most %zu bytes.",
				       request->match.route->body_limit_bytes);
		return true;
	}
	return false;
}

static void check(struct q_http_request *request)
{
	request->state = Q__CHECKING;
	request->routed = q_router_match(request->loop->server->router, request->method,
					 request->path, request->arena, &request->match);
	if (request->routed != Q_ROUTE_FOUND)
		request->match.route = NULL;
	if (answer_early(request)) {
		note_answer(request);
	} else if (is_inline(request)) {
		start_clock(request);
		run_authorize(request);
		authorized(request);
	} else {
		submit_or_refuse(request, Q__TASK_AUTHORIZE);
	}
}

void q__exchange_check(struct q_http_request *request)
{
	check(request);
	q__exchange_step(request);
}

void q__exchange_body_complete(struct q_http_request *request)
{
	request->intake.is_complete = true;
	if (!(request->match.route->flags & Q_ROUTE_STREAM)) {
		request->state = Q__HANDLING;
		if (is_inline(request))
			handle_inline(request);
		else
			submit_or_refuse(request, Q__TASK_HANDLE);
	}
	q__exchange_step(request);
}

static void sink_took_data(struct q_http_request *request)
{
	note_answer(request);
	if (!request->intake.is_sink_failed || request->is_answer_ready)
		return;
	q_http_respond_error(request, &request->task_error);
	request->is_answer_ready = true;
}

static void task_done(struct q_http_request *request)
{
	enum q__task task = request->task;

	request->task = Q__TASK_NONE;
	switch (task) {
	case Q__TASK_AUTHORIZE:
		authorized(request);
		break;
	case Q__TASK_HANDLE:
	case Q__TASK_RESUME:
		handler_returned(request);
		break;
	case Q__TASK_SINK_END:
		request->intake.sink = NULL;
		handler_returned(request);
		break;
	case Q__TASK_SINK_ABORT:
		request->intake.sink = NULL;
		break;
	case Q__TASK_SOURCE_CLOSE:
		request->answer.source = NULL;
		break;
	case Q__TASK_SINK_DATA:
		sink_took_data(request);
		break;
	default:
		break;
	}
}

void q__exchange_events(struct q_http_request *request, unsigned events)
{
	if (events & Q__EVENT_TASK_DONE)
		task_done(request);
	if (events & Q__EVENT_ANSWERED)
		request->is_answer_ready = true;
	if (events & Q__EVENT_RESUME)
		request->is_resume_ready = true;
	q__exchange_step(request);
}

/* ---- what is next ---- */

static void answer_refusal(struct q_http_request *request)
{
	const struct q__refusal *refusal = &request->refusal;

	q_http_close_after(request);
	q_http_respond_problem(
		request, &(struct q_problem){.status = refusal->status,
					     .code = refusal->code,
					     .detail = q_str_from(refusal->detail),
					     .retry_after_ms = refusal->status == 503 ? 1000 : 0});
	request->is_answer_ready = true;
}

static void schedule_resume(struct q_http_request *request)
{
	int64_t delay_ms = request->connection ? request->resume_delay_ms : 0;

	request->is_resume_ready = false;
	request->is_deferred = false;
	if (delay_ms > 0)
		q__loop_set_deadline(request->loop, &request->deadline, Q__DUE_RESUME,
				     q__loop_now_ms(request->loop) + delay_ms);
	else
		q__exchange_submit(request, Q__TASK_RESUME);
}

/* The client is gone: does anybody still have to answer? */
static bool is_owed(const struct q_http_request *request)
{
	return request->state == Q__HANDLING && !request->is_answer_ready;
}

/* Nobody reads or writes for it: gives back what it holds, then itself. */
static void give_back(struct q_http_request *request)
{
	if (request->answer.source)
		q__exchange_submit(request, Q__TASK_SOURCE_CLOSE);
	else if (!q__loop_is_posted(request)) /* else it comes here again out of the inbox */
		q__loop_release_request(request);
}

static bool is_sink_over(const struct q_http_request *request)
{
	return request->is_answer_ready || request->refusal.status || !request->connection;
}

void q__exchange_step(struct q_http_request *request)
{
	if (request->task != Q__TASK_NONE)
		return;
	if (request->intake.sink && is_sink_over(request)) {
		q__exchange_submit(request, Q__TASK_SINK_ABORT);
		return;
	}
	if (request->is_resume_ready) {
		schedule_resume(request);
		return;
	}
	if (request->state == Q__ENDED) {
		give_back(request);
		return;
	}
	if (!request->connection) {
		if (!is_owed(request)) {
			end(request);
			give_back(request);
		}
		return;
	}
	if (request->connection->write)
		return; /* the socket is full: what comes next would have no place */
	if (request->refusal.status && !request->is_answer_ready)
		answer_refusal(request);
	if (request->is_answer_ready && request->state != Q__ANSWERING)
		q__writer_start(request);
	else if (request->state == Q__ANSWERING)
		q__writer_pump(request);
	else if (request->state == Q__BODY)
		q__body_step(request);
}

void q__exchange_refused(struct q_http_request *request)
{
	q__head_set_id(request);
	q__exchange_step(request);
}

void q__exchange_expired(struct q_http_request *request, enum q__due due)
{
	q__exchange_submit(request, due == Q__DUE_POOL ? request->task : Q__TASK_RESUME);
}

void q__exchange_client_gone(struct q_http_request *request)
{
	request->connection = NULL;
	atomic_store(&request->is_cancelled, true);
	if (q__deadline_is_set(&request->deadline, Q__DUE_RESUME)) {
		q__deadline_clear(&request->deadline);
		q__exchange_submit(request, Q__TASK_RESUME);
		return;
	}
	q__exchange_step(request);
}
