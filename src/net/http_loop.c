#include "net/server_internal.h"

#include "base/hash.h"
#include "base/mem.h"

#include <string.h>
#include <unistd.h>

enum {
	BACKLOG = 4096,
	FREE_REQUESTS_MAX = 64,
	KEPT_HEAD_BYTES = 16 * 1024, /* what a free request keeps of its buffers */
	KEPT_ANSWER_HEADERS_BYTES = 4 * 1024,
	KEPT_ARENA_BYTES = 64 * 1024,
	OUT_BYTES_MAX = 1024 * 1024 /* more than a slice, heads and ciphers ever need */
};

/* ---- time ---- */

int64_t q__loop_now_ms(const struct q__loop *loop)
{
	return (int64_t)uv_now(&loop->uv);
}

const char *q__loop_date(struct q__loop *loop)
{
	int64_t now_ms = q_time_now_ms();

	if (now_ms / 1000 != loop->date_second) {
		loop->date_second = now_ms / 1000;
		q_time_format_http(now_ms, loop->date);
	}
	return loop->date;
}

/* What grace has left. */
static void force_end(struct q__loop *loop)
{
	struct q__connection *connection, *next;

	for (connection = loop->connections.next; connection != &loop->connections;
	     connection = next) {
		next = connection->next;
		q__connection_close(connection, true);
	}
}

/* A deadline is a member of a connection, a request or the loop itself. */
static void expire(struct q__loop *loop, struct q__deadline *deadline)
{
	struct q_http_request *request;
	struct q__connection *connection;

	switch (deadline->due) {
	case Q__DUE_STOP:
		force_end(loop);
		return;
	case Q__DUE_ACCEPT:
		q__connection_accept(loop);
		return;
	case Q__DUE_RESUME:
	case Q__DUE_POOL:
		request = q_container_of(deadline, struct q_http_request, deadline);
		q__exchange_expired(request, deadline->due);
		return;
	default:
		connection = q_container_of(deadline, struct q__connection, deadline);
		q__connection_expired(connection, deadline->due);
	}
}

static void set_timer(struct q__loop *loop, int64_t at_ms);

static void on_timer(uv_timer_t *timer)
{
	struct q__loop *loop = timer->data;
	struct q__deadline *deadline;

	loop->timer_at_ms = INT64_MAX;
	while ((deadline = q__deadlines_take(&loop->deadlines, q__loop_now_ms(loop))))
		expire(loop, deadline);
	set_timer(loop, q__deadlines_next_ms(&loop->deadlines));
}

/* The timer never rings too late; it may ring too early, where a deadline has moved: then it is set
 * anew. */
static void set_timer(struct q__loop *loop, int64_t at_ms)
{
	int64_t wait_ms = at_ms - q__loop_now_ms(loop);

	if (at_ms >= loop->timer_at_ms || loop->is_ending)
		return;
	loop->timer_at_ms = at_ms;
	uv_timer_start(&loop->timer, on_timer, wait_ms > 0 ? (uint64_t)wait_ms : 0, 0);
}

void q__loop_set_deadline(struct q__loop *loop, struct q__deadline *deadline, enum q__due due,
			  int64_t at_ms)
{
	q__deadline_set(&loop->deadlines, deadline, due, at_ms);
	set_timer(loop, at_ms);
}

/* ---- requests ---- */

void q__loop_entropy(struct q__loop *loop, unsigned char out[10])
{
	if (loop->entropy_left < 10) {
		q_random_bytes(loop->entropy, sizeof loop->entropy);
		loop->entropy_left = sizeof loop->entropy;
	}
	loop->entropy_left -= 10;
	memcpy(out, loop->entropy + loop->entropy_left, 10);
}

static struct q_http_request *request_new(struct q__loop *loop)
{
	const struct q_http_limits *limits = &loop->server->limits;
	struct q_http_request *request = q_mem_new(sizeof *request);

	if (!request)
		return NULL;
	request->arena = q_arena_new(limits->arena_bytes);
	if (!request->arena) {
		q_mem_free(request);
		return NULL;
	}
	q_buf_init(&request->head, limits->request_line_bytes + limits->header_bytes);
	q_buf_init(&request->answer_headers, Q__ANSWER_HEADERS_MAX);
	return request;
}

static void request_free(struct q_http_request *request)
{
	q_arena_free(request->arena);
	q_buf_free(&request->head);
	q_buf_free(&request->answer_headers);
	q_mem_free(request);
}

struct q_http_request *q__loop_take_request(struct q__loop *loop)
{
	struct q_http_request *request = loop->free_requests;

	if (request) {
		loop->free_requests = request->next_free;
		loop->free_count--;
		memset(request, 0, offsetof(struct q_http_request, arena));
	} else {
		request = request_new(loop);
		if (!request)
			return NULL;
	}
	loop->request_count++;
	request->loop = loop;
	request->started_ns = uv_hrtime();
	request->started_ms = q__loop_now_ms(loop);
	request->body_length = -1;
	request->field_count = 0;
	request->call.is_cancelled = &request->is_cancelled;
	return request;
}

static void clear_or_free(struct q_buf *buf, size_t kept)
{
	if (buf->capacity > kept || q_buf_failed(buf))
		q_buf_free(buf);
	else
		q_buf_clear(buf);
}

void q__loop_release_request(struct q_http_request *request)
{
	struct q__loop *loop = request->loop;

	q_assert(request->task == Q__TASK_NONE && !request->connection && !request->deadline.next);
	loop->request_count--;
	q__body_free(request);
	q_buf_free(&request->answer.owned);
	q_mem_free(request->answer.buffer);
	if (loop->free_count == FREE_REQUESTS_MAX ||
	    q_arena_used(request->arena) > KEPT_ARENA_BYTES) {
		request_free(request);
	} else {
		q_arena_reset(request->arena);
		clear_or_free(&request->head, KEPT_HEAD_BYTES);
		clear_or_free(&request->answer_headers, KEPT_ANSWER_HEADERS_BYTES);
		request->next_free = loop->free_requests;
		loop->free_requests = request;
		loop->free_count++;
	}
	q__loop_check_end(loop);
}

static void free_requests(struct q__loop *loop)
{
	while (loop->free_requests) {
		struct q_http_request *request = loop->free_requests;

		loop->free_requests = request->next_free;
		request_free(request);
	}
	loop->free_count = 0;
}

/* ---- the inbox ---- */

void q__loop_post(struct q_http_request *request, unsigned event)
{
	struct q__loop *loop = request->loop;

	pthread_mutex_lock(&loop->mutex);
	if (request->posted == 0) {
		request->next_posted = NULL;
		*loop->inbox_end = request;
		loop->inbox_end = &request->next_posted;
	}
	request->posted |= event;
	/* Inside the lock: once the loop has taken the last request, it may close the bell. */
	uv_async_send(&loop->bell);
	pthread_mutex_unlock(&loop->mutex);
}

bool q__loop_is_posted(struct q_http_request *request)
{
	bool is_posted;

	pthread_mutex_lock(&request->loop->mutex);
	is_posted = request->posted != 0;
	pthread_mutex_unlock(&request->loop->mutex);
	return is_posted;
}

/* NULL when the inbox is empty. */
static struct q_http_request *take_posted(struct q__loop *loop, unsigned *events)
{
	struct q_http_request *request;

	pthread_mutex_lock(&loop->mutex);
	request = loop->inbox;
	if (request) {
		*events = request->posted;
		request->posted = 0;
		loop->inbox = request->next_posted;
		if (!loop->inbox)
			loop->inbox_end = &loop->inbox;
	}
	pthread_mutex_unlock(&loop->mutex);
	return request;
}

void q__loop_ask_to_stop(struct q__loop *loop, int64_t grace_ms)
{
	pthread_mutex_lock(&loop->mutex);
	if (!loop->is_stop_asked) {
		loop->is_stop_asked = true;
		loop->stop_grace_ms = grace_ms;
		uv_async_send(&loop->bell);
	}
	pthread_mutex_unlock(&loop->mutex);
}

static void begin_stop(struct q__loop *loop);

static bool is_stop_asked(struct q__loop *loop)
{
	bool is_asked;

	pthread_mutex_lock(&loop->mutex);
	is_asked = loop->is_stop_asked;
	pthread_mutex_unlock(&loop->mutex);
	return is_asked;
}

static void on_bell(uv_async_t *bell)
{
	struct q__loop *loop = bell->data;
	struct q_http_request *request;
	unsigned events;

	while ((request = take_posted(loop, &events))) {
		struct q__connection *connection = request->connection;

		q__exchange_events(request, events); /* which may release it */
		if (connection)
			q__connection_go_on(connection);
		q_assert(loop->out.length == 0); /* it would go to the next connection */
	}
	if (!loop->is_stopping && is_stop_asked(loop))
		begin_stop(loop);
}

/* ---- beginning and end ---- */

static void on_connection(uv_stream_t *listener, int status)
{
	if (status == 0)
		q__connection_accept(listener->data);
}

static bool is_idle(const struct q__connection *connection)
{
	return !connection->request && !connection->write && !connection->is_closing;
}

static bool is_streaming(const struct q__connection *connection)
{
	const struct q_http_request *request = connection->request;

	return request && request->state == Q__ANSWERING && request->answer.stream;
}

static void begin_stop(struct q__loop *loop)
{
	struct q__connection *connection, *next;

	loop->is_stopping = true;
	q__deadline_clear(&loop->accept_again);
	uv_close((uv_handle_t *)&loop->listener, NULL);
	for (connection = loop->connections.next; connection != &loop->connections;
	     connection = next) {
		next = connection->next;
		if (is_idle(connection))
			q__connection_close(connection, false);
		else if (is_streaming(connection))
			q__stream_stop(connection->request->answer.stream);
	}
	q__loop_set_deadline(loop, &loop->force, Q__DUE_STOP,
			     q__loop_now_ms(loop) + loop->stop_grace_ms);
	q__loop_check_end(loop);
}

/* With its last handle closed uv_run returns. */
void q__loop_check_end(struct q__loop *loop)
{
	if (!loop->is_stopping || loop->is_ending || loop->request_count > 0 ||
	    loop->connections.next != &loop->connections)
		return;
	loop->is_ending = true;
	q__deadline_clear(&loop->force);
	uv_close((uv_handle_t *)&loop->timer, NULL);
	uv_close((uv_handle_t *)&loop->bell, NULL);
}

static bool init_memory(struct q__loop *loop)
{
	struct q_http_server *server = loop->server;

	q_buf_init(&loop->out, OUT_BYTES_MAX);
	q_buf_init(&loop->cipher, OUT_BYTES_MAX);
	loop->input = q_mem_new(Q__READ_BYTES);
	if (!loop->input)
		return false;
	if (!server->certificate_file)
		return true;
	loop->plain = q_mem_new(Q__PLAIN_BYTES);
	return loop->plain != NULL;
}

static void free_memory(struct q__loop *loop)
{
	free_requests(loop);
	q_buf_free(&loop->out);
	q_buf_free(&loop->cipher);
	q_mem_free(loop->input);
	q_mem_free(loop->plain);
	pthread_mutex_destroy(&loop->mutex);
}

static int init_handles(struct q__loop *loop)
{
	int error = uv_async_init(&loop->uv, &loop->bell, on_bell);

	if (error)
		return error;
	uv_timer_init(&loop->uv, &loop->timer); /* these two cannot fail */
	uv_tcp_init(&loop->uv, &loop->listener);
	loop->bell.data = loop->timer.data = loop->listener.data = loop;
	return 0;
}

enum q_code q__loop_init(struct q__loop *loop, struct q_http_server *server, struct q_err *err)
{
	int error;

	loop->server = server;
	loop->timer_at_ms = INT64_MAX;
	loop->date_second = -1;
	loop->inbox_end = &loop->inbox;
	loop->connections.next = loop->connections.previous = &loop->connections;
	pthread_mutex_init(&loop->mutex, NULL);
	q__deadlines_init(&loop->deadlines);
	if (!init_memory(loop)) {
		free_memory(loop);
		return q_fail(err, Q_NOMEM, "http_server.start", "no memory for a loop");
	}
	error = uv_loop_init(&loop->uv);
	if (error == 0) {
		error = init_handles(loop);
		if (error)
			uv_loop_close(&loop->uv);
	}
	if (error) {
		free_memory(loop);
		return q_fail_os(err, -error, "http_server.start", "cannot make an event loop");
	}
	loop->is_made = true;
	return Q_OK;
}

enum q_code q__loop_listen(struct q__loop *loop, int socket_fd, struct q_err *err)
{
	int error = uv_tcp_open(&loop->listener, socket_fd);

	if (error) {
		close(socket_fd);
		return q_fail_os(err, -error, "http_server.start", "cannot open the socket");
	}
	error = uv_listen((uv_stream_t *)&loop->listener, BACKLOG, on_connection);
	return error ? q_fail_os(err, -error, "http_server.start", "cannot listen") : Q_OK;
}

void q__loop_run(struct q__loop *loop)
{
	uv_run(&loop->uv, UV_RUN_DEFAULT);
}

void q__loop_destroy(struct q__loop *loop)
{
	if (!loop->is_made)
		return;
	if (!loop->is_ending) { /* it never ran */
		uv_close((uv_handle_t *)&loop->listener, NULL);
		uv_close((uv_handle_t *)&loop->timer, NULL);
		uv_close((uv_handle_t *)&loop->bell, NULL);
		uv_run(&loop->uv, UV_RUN_DEFAULT);
	}
	q_assert(uv_loop_close(&loop->uv) == 0);
	free_memory(loop);
}
