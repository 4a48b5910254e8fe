/* A connection: bytes from the socket (deciphered where there is TLS) to the parser, and on to the
 * exchange, as far as its state allows; what may not be read yet is held. Whatever happens to a
 * connection ends in q__connection_go_on, which writes what has been gathered and decides from the
 * state what the connection waits for and until when. */
#include "net/server_internal.h"

#include "base/mem.h"
#include "net/tls_internal.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>

static const struct q_http_limits *limits_of(const struct q__connection *connection)
{
	return &connection->loop->server->limits;
}

enum { AHEAD_BYTES = 4096 /* read, and held, behind a request in hand */ };

/* ---- the end ---- */

static void on_closed(uv_handle_t *handle)
{
	struct q__connection *connection = handle->data;
	struct q__loop *loop = connection->loop;

	connection->previous->next = connection->next;
	connection->next->previous = connection->previous;
	atomic_fetch_sub(&loop->server->connection_count, 1);
	q_mem_free(connection);
	q__loop_check_end(loop);
}

static void drop_held(struct q__connection *connection)
{
	q_mem_free(connection->held.data);
	connection->held = (struct q__held){NULL, 0, 0};
}

void q__connection_close(struct q__connection *connection, bool is_hard)
{
	struct q_http_request *request = connection->request;

	if (connection->is_closed)
		return;
	connection->is_closed = true;
	connection->request = NULL;
	q__deadline_clear(&connection->deadline);
	drop_held(connection);
	q__tls_free(connection->tls);
	connection->tls = NULL;
	/* A reset is refused where a shutdown was made or is no use; a plain close does then. */
	if (!is_hard || uv_tcp_close_reset(&connection->socket, on_closed) != 0)
		uv_close((uv_handle_t *)&connection->socket, on_closed);
	if (request)
		q__exchange_client_gone(request);
}

/* The last answer is out. The client is told so, and read from for a while: a close with unread
 * input would reset the connection and could take the answer away from the client (RFC 9112 9.6).
 */
static void begin_linger(struct q__connection *connection)
{
	uv_os_fd_t fd;

	connection->is_lingering = true;
	connection->since_ms = q__loop_now_ms(connection->loop);
	if (connection->tls) {
		q__tls_shutdown(connection->tls);
		q__writer_flush(connection);
	}
	if (connection->is_closed || connection->write)
		return;
	if (connection->has_peer_ended || uv_fileno((uv_handle_t *)&connection->socket, &fd) != 0 ||
	    shutdown(fd, SHUT_WR) != 0)
		q__connection_close(connection, false);
}

/* Input that will never be looked at. */
static void discard(struct q__connection *connection, size_t length)
{
	connection->discarded += length;
	if (connection->discarded > limits_of(connection)->linger_bytes)
		q__connection_close(connection, true);
}

/* ---- input ---- */

/* Is it in another protocol's hands? */
static bool is_upgraded(const struct q__connection *connection)
{
	const struct q_http_request *request = connection->request;

	return request && request->state == Q__ANSWERING && request->answer.is_live &&
	       q__stream_is_upgraded(request->answer.stream);
}

static bool wants_input(const struct q__connection *connection)
{
	const struct q_http_request *request = connection->request;

	if (connection->is_closed || connection->is_closing)
		return false;
	if (is_upgraded(connection))
		return true;
	if (connection->write)
		return false;
	if (!request || request->state == Q__HEAD)
		return true;
	return request->state == Q__BODY && !request->intake.is_complete &&
	       !request->refusal.status && q__body_has_room(request);
}

static void refused(struct q__connection *connection)
{
	if (connection->request)
		q__exchange_refused(connection->request);
	else
		q__connection_close(connection, false);
}

/* Parses as far as the state allows and returns how much that was. */
static size_t parse(struct q__connection *connection, struct q_bytes bytes)
{
	size_t used = 0;

	while (used < bytes.length && wants_input(connection)) {
		struct q_bytes rest = {bytes.data + used, bytes.length - used};
		size_t step;

		if (is_upgraded(connection)) {
			q__stream_data(connection->request->answer.stream, rest);
			return bytes.length;
		}
		switch (q__parser_execute(connection, rest, &step)) {
		case Q__PARSED_ALL:
			if (connection->request && connection->request->state == Q__BODY)
				q__exchange_step(connection->request);
			break;
		case Q__PARSED_HEAD:
			q__exchange_check(connection->request);
			break;
		case Q__PARSED_REQUEST:
			if (connection->request->state == Q__HEAD)
				q__exchange_check(connection->request);
			else
				q__exchange_body_complete(connection->request);
			break;
		case Q__PARSED_BAD:
			refused(connection);
			return bytes.length;
		}
		used += step;
	}
	return used;
}

static void hold(struct q__connection *connection, struct q_bytes bytes)
{
	if (bytes.length == 0 || connection->is_closed || connection->is_closing)
		return;
	q_assert(!connection->held.data);
	connection->held.data = q_mem_new(bytes.length);
	if (!connection->held.data) {
		q__connection_close(connection, true);
		return;
	}
	memcpy(connection->held.data, bytes.data, bytes.length);
	connection->held.to = bytes.length;
}

static void take_plain(struct q__connection *connection, struct q_bytes bytes)
{
	size_t used = parse(connection, bytes);

	hold(connection, (struct q_bytes){bytes.data + used, bytes.length - used});
}

static void take_held(struct q__connection *connection)
{
	struct q__held *held = &connection->held;

	if (!held->data || !wants_input(connection))
		return;
	held->from +=
		parse(connection, (struct q_bytes){held->data + held->from, held->to - held->from});
	if (held->from == held->to)
		drop_held(connection);
}

static void peer_ended(struct q__connection *connection);

/* Deciphers as far as the state allows. */
static void take_tls(struct q__connection *connection)
{
	struct q__loop *loop = connection->loop;
	enum q__tls_result result = Q__TLS_DATA;
	size_t got;

	while (result == Q__TLS_DATA && !connection->held.data && wants_input(connection)) {
		result = q__tls_read(connection->tls, loop->plain, Q__PLAIN_BYTES, &got);
		if (result == Q__TLS_DATA)
			take_plain(connection, (struct q_bytes){loop->plain, got});
	}
	if (connection->is_closed)
		return;
	if (result == Q__TLS_FAILED) {
		q__writer_flush(connection); /* the alert */
		q__connection_close(connection, false);
	} else if (result == Q__TLS_ENDED) {
		peer_ended(connection);
	} else if (!q__tls_keep(connection->tls)) {
		q__connection_close(connection, true);
	}
}

static void take_input(struct q__connection *connection, struct q_bytes bytes)
{
	if (connection->is_closing) {
		discard(connection, bytes.length);
	} else if (connection->tls) {
		q__tls_lend(connection->tls, bytes);
		take_tls(connection);
	} else {
		take_plain(connection, bytes);
	}
}

/* The client sends no more; it may still read. */
static void peer_ended(struct q__connection *connection)
{
	const struct q_http_request *request = connection->request;

	connection->has_peer_ended = true;
	if (request && request->state != Q__BODY && request->match.route &&
	    request->match.route->flags & Q_ROUTE_CANCEL_ON_EOF)
		q__connection_close(connection, false);
}

static bool has_held_input(const struct q__connection *connection)
{
	return connection->held.data || (connection->tls && q__tls_has_input(connection->tls));
}

/* All that the client has sent is used: if something is missing, it will never come. */
static void use_end(struct q__connection *connection)
{
	struct q_http_request *request = connection->request;

	if (connection->is_lingering)
		q__connection_close(connection, false);
	else if (!request)
		connection->is_closing = true;
	else if (request->state == Q__HEAD ||
		 (request->state == Q__BODY && !request->intake.is_complete)) {
		q__refuse(request, 400, "bad_request", "The request ended before it was whole.");
		q__exchange_refused(request);
	}
}

/* ---- the socket ---- */

static void give_read_buffer(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer)
{
	struct q__connection *connection = handle->data;
	size_t length = wants_input(connection) ? Q__READ_BYTES : AHEAD_BYTES;

	(void)suggested;
	*buffer = uv_buf_init((char *)connection->loop->input, (unsigned)length);
}

/* libuv reports a reset that follows unread bytes as an end. */
static bool is_reset(const struct q__connection *connection)
{
	struct tcp_info info = {.tcpi_state = TCP_CLOSE};
	socklen_t length = sizeof info;
	uv_os_fd_t fd;

	if (uv_fileno((const uv_handle_t *)&connection->socket, &fd) != 0)
		return true;
	getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &length);
	return info.tcpi_state == TCP_CLOSE;
}

static void on_read(uv_stream_t *stream, ssize_t length, const uv_buf_t *buffer)
{
	struct q__connection *connection = stream->data;

	if (length == 0)
		return; /* EAGAIN */
	if (length == UV_EOF && !is_reset(connection))
		peer_ended(connection);
	else if (length < 0)
		q__connection_close(connection, false);
	else
		take_input(connection,
			   (struct q_bytes){(unsigned char *)buffer->base, (size_t)length});
	q__connection_go_on(connection);
}

static bool should_read(const struct q__connection *connection)
{
	const struct q_http_request *request = connection->request;

	if (connection->has_peer_ended || (!connection->is_closing && has_held_input(connection)))
		return false;
	/* Between a request and its answer reading goes on, so that a client that leaves is
	 * noticed; the first bytes that come are held, and stop it. */
	return !request || request->state != Q__BODY || request->intake.is_complete ||
	       q__body_has_room(request);
}

static void set_reading(struct q__connection *connection, bool is_reading)
{
	uv_stream_t *stream = (uv_stream_t *)&connection->socket;

	if (connection->is_reading == is_reading)
		return;
	connection->is_reading = is_reading;
	if (is_reading)
		uv_read_start(stream, give_read_buffer, on_read);
	else
		uv_read_stop(stream);
	if (connection->request && connection->request->state == Q__BODY)
		q__body_set_stopped(connection->request, !is_reading);
}

/* ---- what it waits for ---- */

static bool is_shaking_hands(const struct q__connection *connection)
{
	return connection->tls && !q__tls_is_established(connection->tls);
}

struct wait {
	enum q__due due; /* Q__DUE_COUNT: nothing that has a limit here; handlers have their own */
	int64_t until_ms;
};

static struct wait wait_of(const struct q__connection *connection)
{
	const struct q_http_limits *limits = limits_of(connection);
	const struct q_http_request *request = connection->request;

	if (connection->write)
		return (struct wait){Q__DUE_WRITE, connection->since_ms + limits->write_ms};
	if (connection->is_lingering)
		return (struct wait){Q__DUE_LINGER, connection->since_ms + limits->linger_ms};
	if (is_shaking_hands(connection))
		return (struct wait){Q__DUE_HANDSHAKE, connection->since_ms + limits->handshake_ms};
	if (!request)
		return (struct wait){Q__DUE_IDLE, connection->since_ms + limits->idle_ms};
	if (request->state == Q__HEAD)
		return (struct wait){Q__DUE_HEAD, request->started_ms + limits->head_ms};
	if (request->state == Q__BODY && !request->intake.is_complete)
		return (struct wait){Q__DUE_BODY, request->intake.next_look_ms};
	return (struct wait){Q__DUE_COUNT, 0};
}

static void set_deadline(struct q__connection *connection)
{
	struct wait wait = wait_of(connection);
	struct q__deadline *deadline = &connection->deadline;

	if (wait.due == Q__DUE_COUNT)
		q__deadline_clear(deadline);
	else if (!q__deadline_is_set(deadline, wait.due) || deadline->at_ms != wait.until_ms)
		q__loop_set_deadline(connection->loop, deadline, wait.due, wait.until_ms);
}

void q__connection_go_on(struct q__connection *connection)
{
	take_held(connection);
	if (connection->tls && !connection->is_closed && !connection->is_closing &&
	    q__tls_has_input(connection->tls))
		take_tls(connection);
	if (connection->has_peer_ended && !connection->is_closed && !has_held_input(connection))
		use_end(connection);
	q__writer_flush(connection);
	if (connection->is_closed)
		return;
	if (connection->is_closing && !connection->request && !connection->write &&
	    !connection->is_lingering) {
		drop_held(connection);
		begin_linger(connection);
	}
	if (connection->is_closed)
		return;
	set_reading(connection, should_read(connection));
	set_deadline(connection);
}

static void expired_write(struct q__connection *connection)
{
	size_t left = uv_stream_get_write_queue_size((uv_stream_t *)&connection->socket);

	if (left == connection->write_left) {
		if (connection->request)
			connection->request->is_too_slow = true;
		q__connection_close(connection, true);
		return;
	}
	connection->write_left = left;
	connection->since_ms = q__loop_now_ms(connection->loop);
}

void q__connection_expired(struct q__connection *connection, enum q__due due)
{
	struct q_http_request *request = connection->request;

	switch (due) {
	case Q__DUE_WRITE:
		expired_write(connection);
		break;
	case Q__DUE_HEAD:
		q__refuse(request, 408, "timeout", "The request's head did not come in time.");
		q__exchange_refused(request);
		break;
	case Q__DUE_BODY:
		q__body_look_at_speed(request);
		if (request->refusal.status)
			q__exchange_refused(request);
		break;
	case Q__DUE_IDLE:
		connection->is_closing = true;
		break;
	default:
		q__connection_close(connection, false);
	}
	q__connection_go_on(connection);
}
