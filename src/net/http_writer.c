/* Answers on their way out. What one event writes is gathered in the loop's buffer and handed to
 * the socket at once; what the socket does not take waits in one heap block a connection, and
 * nothing more is produced until it is gone. Long bodies go a slice at a time, so that a slow
 * reader costs no more than a slice (and a source's buffer). */
#include "net/server_internal.h"

#include "base/mem.h"
#include "net/tls_internal.h"

#include <string.h>

struct q__write {
	uv_write_t request;
	struct q__connection *connection;
	char bytes[];
};

static void on_written(uv_write_t *request, int status)
{
	struct q__write *write = request->data;
	struct q__connection *connection = write->connection;

	connection->write = NULL;
	q_mem_free(write);
	if (connection->is_closed)
		return;
	if (status < 0) {
		q__connection_close(connection, true);
		return;
	}
	if (connection->request)
		q__exchange_step(connection->request);
	q__connection_go_on(connection);
}

static bool write_later(struct q__connection *connection, struct q_str rest)
{
	struct q__write *write = q_mem_new(sizeof *write + rest.length);
	uv_buf_t buffer;

	if (!write)
		return false;
	write->connection = connection;
	write->request.data = write;
	memcpy(write->bytes, rest.data, rest.length);
	buffer = uv_buf_init(write->bytes, (unsigned)rest.length);
	if (uv_write(&write->request, (uv_stream_t *)&connection->socket, &buffer, 1, on_written) <
	    0) {
		q_mem_free(write);
		return false;
	}
	connection->write = write;
	connection->write_left = rest.length;
	connection->since_ms = q__loop_now_ms(connection->loop);
	return true;
}

/* False: the connection is of no use any more. */
static bool write_out(struct q__connection *connection, const struct q_buf *out)
{
	uv_buf_t buffer = uv_buf_init(out->data, (unsigned)out->length);
	int written;

	if (q_buf_failed(out))
		return false;
	if (out->length == 0)
		return true;
	q_assert(!connection->write); /* nothing is produced while the socket is full */
	written = uv_try_write((uv_stream_t *)&connection->socket, &buffer, 1);
	if (written == UV_EAGAIN)
		written = 0;
	if (written < 0)
		return false;
	if ((size_t)written == out->length)
		return true;
	return write_later(connection, q_str_slice(q_buf_str(out), (size_t)written, out->length));
}

static bool encipher_and_write(struct q__connection *connection)
{
	struct q__loop *loop = connection->loop;

	if (q_buf_failed(&loop->out))
		return false;
	if (!connection->tls)
		return write_out(connection, &loop->out);
	return q__tls_write(connection->tls, q_buf_str(&loop->out)) &&
	       write_out(connection, &loop->cipher);
}

void q__writer_flush(struct q__connection *connection)
{
	struct q__loop *loop = connection->loop;
	bool is_written = connection->is_closed || encipher_and_write(connection);

	q_buf_clear(&loop->out);
	q_buf_clear(&loop->cipher);
	if (!is_written)
		q__connection_close(connection, true);
}

/* ---- the head ---- */

static bool may_have_body(int status)
{
	return status >= 200 && status != 204 && status != 304;
}

static bool is_head_method(const struct q_http_request *request)
{
	return q_str_equal(request->method, Q_STR("HEAD"));
}

static void put_line(struct q_buf *out, struct q_str name, struct q_str value)
{
	q_buf_append(out, name);
	q_buf_append(out, value);
	q_buf_append(out, Q_STR("\r\n"));
}

/* Sets how the body's end will be known as well. */
static void put_length(struct q_buf *head, struct q_http_request *request)
{
	struct q__answer *answer = &request->answer;
	bool is_unknown = answer->is_live || (answer->is_streamed && answer->left < 0);

	if (!may_have_body(answer->status))
		return;
	if (!is_unknown) {
		q_buf_append(head, Q_STR("Content-Length: "));
		q_buf_append_int64(head, answer->is_streamed ? answer->left
							     : (int64_t)answer->body.length);
		q_buf_append(head, Q_STR("\r\n"));
	} else if (request->version_minor >= 1) {
		answer->is_chunked = true;
		q_buf_append(head, Q_STR("Transfer-Encoding: chunked\r\n"));
	} else {
		answer->closes = true;
	}
}

static void put_head(struct q_buf *head, struct q_http_request *request)
{
	struct q__answer *answer = &request->answer;

	q_buf_append(head, Q_STR("HTTP/1.1 "));
	q_buf_append_int64(head, answer->status);
	put_line(head, Q_STR(" "), q_str_from(q_http_status_text(answer->status)));
	put_line(head, Q_STR("Date: "), q_str_from(q__loop_date(request->loop)));
	put_line(head, Q_STR("X-Request-Id: "), q_http_request_id(request));
	if (answer->content_type[0])
		put_line(head, Q_STR("Content-Type: "), q_str_from(answer->content_type));
	put_length(head, request);
	if (answer->status == 101)
		q_buf_append(head, Q_STR("Connection: Upgrade\r\n"));
	else if (answer->closes)
		q_buf_append(head, Q_STR("Connection: close\r\n"));
	else if (request->version_minor == 0)
		q_buf_append(head, Q_STR("Connection: keep-alive\r\n"));
	q_buf_append(head, q_buf_str(&request->answer_headers));
	q_buf_append(head, Q_STR("\r\n"));
}

static bool must_close(const struct q_http_request *request)
{
	const struct q__connection *connection = request->connection;

	return !request->keeps_alive || connection->has_peer_ended ||
	       connection->loop->is_stopping || (request->has_body && !request->intake.is_complete);
}

void q__writer_start(struct q_http_request *request)
{
	struct q__answer *answer = &request->answer;
	struct q_buf *out = &request->loop->out;
	size_t before = out->length;

	request->state = Q__ANSWERING;
	answer->closes |= must_close(request);
	put_head(out, request);
	request->sent_bytes += out->length - before;
	if ((!may_have_body(answer->status) && !answer->is_live) || is_head_method(request)) {
		answer->body.length = 0;
		answer->is_at_end = true;
		answer->is_chunked = false;
	}
	if (answer->stream && request->loop->is_stopping)
		q__stream_stop(answer->stream);
	q__writer_pump(request);
}

/* ---- the body ---- */

static void put_piece(struct q_http_request *request, struct q_str piece)
{
	struct q_buf *out = &request->loop->out;

	if (request->answer.is_chunked)
		q_buf_format(out, "%zx\r\n", piece.length);
	q_buf_append(out, piece);
	if (request->answer.is_chunked)
		q_buf_append(out, Q_STR("\r\n"));
	request->sent_bytes += piece.length;
}

static size_t slice_of(size_t left)
{
	return left < Q__SLICE_BYTES ? left : Q__SLICE_BYTES;
}

void q__writer_read_source(struct q_http_request *request)
{
	struct q__answer *answer = &request->answer;
	size_t capacity = Q__SOURCE_BYTES, got = 0;

	if (answer->left >= 0 && (uint64_t)answer->left < capacity)
		capacity = (size_t)answer->left;
	request->task_error = (struct q_err){.code = Q_OK};
	answer->source_code = answer->source->read(answer->source, answer->buffer, capacity, &got,
						   &request->task_error);
	q_assert(got <= capacity);
	answer->buffer_from = 0;
	answer->buffer_to = got;
}

/* The client has been promised more than there is: it must not take what it has for the whole. */
static void cut(struct q_http_request *request)
{
	struct q_log *log = request->loop->server->log;

	if (log)
		q_log_error(log, Q_LOG_ERROR, "http.answer_cut", q_http_request_id(request),
			    &request->task_error);
	request->answer.is_cut = true;
	q__connection_close(request->connection, true);
}

/* Looks at what the last read gave; false: an error. */
static bool take_from_source(struct q_http_request *request)
{
	struct q__answer *answer = &request->answer;
	size_t got = answer->buffer_to;

	answer->was_read = false;
	if (answer->source_code != Q_OK)
		return false;
	if (answer->left >= 0)
		answer->left -= (int64_t)got;
	answer->is_at_end = got == 0 || answer->left == 0;
	if (got > 0 || answer->left <= 0)
		return true;
	q_fail(&request->task_error, Q_IO, "http.answer", "the body ended %lld bytes too early",
	       (long long)answer->left);
	return false;
}

static bool read_more(struct q_http_request *request)
{
	struct q__answer *answer = &request->answer;

	if (!answer->buffer)
		answer->buffer = q_mem_new(Q__SOURCE_BYTES);
	if (!answer->buffer) {
		q_fail(&request->task_error, Q_NOMEM, "http.answer", "no room to read the body");
		return false;
	}
	answer->was_read = true;
	q__exchange_submit(request, Q__TASK_SOURCE_READ);
	return true;
}

/* One step; false where nothing more can be done now (and `request` may be gone). */
static bool pump_source(struct q_http_request *request)
{
	struct q__answer *answer = &request->answer;
	size_t length;

	if (request->task != Q__TASK_NONE)
		return false;
	if (answer->was_read && !take_from_source(request)) {
		cut(request);
		return false;
	}
	length = slice_of(answer->buffer_to - answer->buffer_from);
	if (length > 0) {
		put_piece(
			request,
			(struct q_str){(const char *)answer->buffer + answer->buffer_from, length});
		answer->buffer_from += length;
		return true;
	}
	if (!answer->is_at_end) {
		if (!read_more(request))
			cut(request);
		return false;
	}
	if (answer->is_chunked)
		q_buf_append(&request->loop->out, Q_STR("0\r\n\r\n"));
	q__exchange_answered(request);
	return false;
}

/* False: nothing is left of the body. */
static bool put_slice(struct q_http_request *request)
{
	struct q_str *body = &request->answer.body;
	size_t length = slice_of(body->length);

	if (length == 0)
		return false;
	put_piece(request, q_str_slice(*body, 0, length));
	*body = q_str_slice(*body, length, body->length);
	return true;
}

static bool pump_memory(struct q_http_request *request)
{
	if (put_slice(request))
		return true;
	q__exchange_answered(request);
	return false;
}

static bool take_from_stream(struct q__answer *answer)
{
	if (answer->is_at_end ||
	    !q__stream_take(answer->stream, &answer->owned, &answer->is_at_end))
		return false;
	answer->body = q_buf_str(&answer->owned);
	return true;
}

static bool pump_live(struct q_http_request *request)
{
	struct q__answer *answer = &request->answer;

	if (put_slice(request) || take_from_stream(answer))
		return true;
	if (!answer->is_at_end)
		return false; /* until somebody sends */
	if (answer->is_chunked)
		q_buf_append(&request->loop->out, Q_STR("0\r\n\r\n"));
	q__exchange_answered(request);
	return false;
}

void q__writer_pump(struct q_http_request *request)
{
	struct q__connection *connection = request->connection;
	bool goes_on = true;

	/* A flush may close the connection and end the request. */
	while (goes_on && connection->request == request && !connection->write) {
		if (connection->loop->out.length >= Q__SLICE_BYTES)
			q__writer_flush(connection);
		else if (request->answer.is_live)
			goes_on = pump_live(request);
		else if (request->answer.is_streamed)
			goes_on = pump_source(request);
		else
			goes_on = pump_memory(request);
	}
}
