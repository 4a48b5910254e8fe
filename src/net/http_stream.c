/* A stream has two holders: its opener, and its request until that ends. What passes between them
 * is the queue and a few flags, under the stream's mutex. The opener's side rings at the loop's
 * inbox, which lends it the request: the loop takes the request away under the same mutex before
 * it lets go of it, and a request that is still in the inbox then is released when it comes out. */
#include "net/http_stream.h"

#include "base/mem.h"
#include "net/server_internal.h"

struct q_http_stream {
	struct q_http_stream_options o;
	atomic_uint references;

	pthread_mutex_t mutex;		/* guards what follows; of others only the inbox's is
					   taken under it */
	struct q_http_request *request; /* NULL: closed */
	struct q_buf queue;
	bool is_rung;	  /* the loop has been told, and has not looked yet */
	bool was_refused; /* something did not fit */
	bool is_finished; /* nothing may be added */
};

static struct q_http_stream *stream_new(struct q_http_request *request,
					const struct q_http_stream_options *options)
{
	struct q_http_stream *stream = q_mem_new(sizeof *stream);

	if (!stream)
		return NULL;
	stream->o = *options;
	stream->request = request;
	atomic_init(&stream->references, 2);
	pthread_mutex_init(&stream->mutex, NULL);
	q_buf_init(&stream->queue, options->queue_bytes_max + Q_HTTP_STREAM_LAST_WORDS_MAX);
	return stream;
}

void q_http_stream_unref(struct q_http_stream *stream)
{
	if (!stream || atomic_fetch_sub(&stream->references, 1) > 1)
		return;
	q_buf_free(&stream->queue);
	pthread_mutex_destroy(&stream->mutex);
	q_mem_free(stream);
}

enum q_code q_http_stream_open(struct q_http_request *request,
			       const struct q_http_stream_options *options,
			       struct q_http_stream **out, struct q_err *err)
{
	struct q_http_stream *stream = stream_new(request, options);

	q_assert(options->on_closed);
	q_assert(options->status == 101 || options->status == 200);
	if (!stream)
		return q_fail(err, Q_NOMEM, "http_stream.open", "%zu bytes", sizeof *stream);
	*out = stream;
	q__answer_with_stream(request, options->status, options->content_type, stream);
	return Q_OK;
}

/* Under the mutex. */
static void ring(struct q_http_stream *stream)
{
	if (stream->is_rung)
		return;
	stream->is_rung = true;
	q__loop_post(stream->request, Q__EVENT_STREAM);
}

/* Under the mutex. */
static enum q_code add(struct q_http_stream *stream, struct q_str bytes, size_t limit)
{
	if (!stream->request || stream->is_finished)
		return Q_CANCELLED;
	if (bytes.length > limit - stream->queue.length) {
		stream->was_refused = true;
		return Q_BUSY;
	}
	if (!q_buf_append(&stream->queue, bytes)) {
		stream->queue.failed = false; /* it keeps what it had, whole */
		return Q_NOMEM;
	}
	ring(stream);
	return Q_OK;
}

enum q_code q_http_stream_send(struct q_http_stream *stream, struct q_str bytes)
{
	enum q_code code;

	pthread_mutex_lock(&stream->mutex);
	code = add(stream, bytes, stream->o.queue_bytes_max);
	pthread_mutex_unlock(&stream->mutex);
	return code;
}

void q_http_stream_finish(struct q_http_stream *stream, struct q_str last_words)
{
	q_assert(last_words.length <= Q_HTTP_STREAM_LAST_WORDS_MAX);
	pthread_mutex_lock(&stream->mutex);
	if (stream->request && !stream->is_finished) {
		(void)add(stream, last_words, stream->queue.limit); /* only a full heap refuses */
		stream->is_finished = true;
		ring(stream);
	}
	pthread_mutex_unlock(&stream->mutex);
}

/* ---- the loop's side ---- */

bool q__stream_take(struct q_http_stream *stream, struct q_buf *out, bool *is_finished)
{
	bool has_room_again;

	q_buf_free(out);
	pthread_mutex_lock(&stream->mutex);
	*out = stream->queue;
	q_buf_init(&stream->queue, out->limit);
	*is_finished = stream->is_finished;
	has_room_again = stream->was_refused;
	stream->is_rung = stream->was_refused = false;
	pthread_mutex_unlock(&stream->mutex);
	if (has_room_again && stream->o.on_room)
		stream->o.on_room(stream->o.context);
	return out->length > 0;
}

bool q__stream_is_upgraded(const struct q_http_stream *stream)
{
	return stream->o.status == 101;
}

void q__stream_data(struct q_http_stream *stream, struct q_bytes bytes)
{
	if (stream->o.on_data)
		stream->o.on_data(stream->o.context, bytes);
}

void q__stream_stop(struct q_http_stream *stream)
{
	if (stream->o.on_stop)
		stream->o.on_stop(stream->o.context);
	q_http_stream_finish(stream, Q_STR(""));
}

void q__stream_close(struct q_http_stream *stream, enum q_http_stream_end why)
{
	pthread_mutex_lock(&stream->mutex);
	stream->request = NULL;
	q_buf_free(&stream->queue);
	pthread_mutex_unlock(&stream->mutex);
	stream->o.on_closed(stream->o.context, why);
	q_http_stream_unref(stream);
}
