/* net/http_stream.h: an answer that goes on for as long as both sides like: server-sent events, or
 * what follows a 101 (WebSocket).
 *
 * Contract:  opening the stream is the request's one answer. From then on any thread may send: what
 *            is sent is queued, whole or not at all, and goes out in order. A queue that is full
 *            refuses (Q_BUSY), and on_room tells when it has been emptied: a client that reads
 *            slowly costs its queue and no more. One that reads nothing for limits.write_ms is
 *            cut off. A stream ends by q_http_stream_finish, with the client, or with the server;
 *            on_closed comes exactly once. No thread is held by a stream.
 * Units:     bytes.
 * Ownership: the opener owns one reference and gives it back with q_http_stream_unref, before or
 *            after on_closed; `context` must live until on_closed has returned.
 * Threads:   the functions: any. The callbacks: the loop's; they must not block, and may send and
 *            finish. Nobody calls with a lock held that a callback takes: on_closed may come at any
 *            time, also before q_http_stream_open has returned to its caller.
 * Errors:    open: Q_NOMEM (the request is not answered then). send: Q_BUSY, Q_CANCELLED (it has
 *            been finished or closed), Q_NOMEM. */
#ifndef Q_NET_HTTP_STREAM_H
#define Q_NET_HTTP_STREAM_H

#include "base/error.h"
#include "base/str.h"

struct q_http_request;
struct q_http_stream;

enum q_http_stream_end {
	Q_HTTP_STREAM_FINISHED,	   /* as it was asked for, and all is sent */
	Q_HTTP_STREAM_CLIENT_GONE, /* or the server was forced to stop */
	Q_HTTP_STREAM_TOO_SLOW	   /* the client stopped reading */
};

struct q_http_stream_options {
	int status;		  /* 101, which adds "Connection: Upgrade", or 200 */
	const char *content_type; /* of 200 */
	size_t queue_bytes_max;

	void *context;
	/* Bytes of the client: after a 101. NULL: there are none. */
	void (*on_data)(void *context, struct q_bytes bytes);
	/* The queue, which had refused bytes, is empty. NULL: nobody asks. */
	void (*on_room)(void *context);
	/* The server stops: time for last words. NULL: the stream is finished without any. */
	void (*on_stop)(void *context);
	/* The last call. Never NULL. */
	void (*on_closed)(void *context, enum q_http_stream_end why);
};

/* Answers the request. Further headers go before (q_http_add_header). */
Q_MUST_USE enum q_code q_http_stream_open(struct q_http_request *request,
					  const struct q_http_stream_options *options,
					  struct q_http_stream **out, struct q_err *err);

Q_MUST_USE enum q_code q_http_stream_send(struct q_http_stream *stream, struct q_str bytes);

/* Queues `last_words` (which may be empty; at most Q_HTTP_STREAM_LAST_WORDS_MAX, beyond the limit
 * of the queue) and ends the stream once all that is queued is sent. A second call does nothing. */
enum { Q_HTTP_STREAM_LAST_WORDS_MAX = 1024 };
void q_http_stream_finish(struct q_http_stream *stream, struct q_str last_words);

/* NULL is allowed. */
void q_http_stream_unref(struct q_http_stream *stream);

#endif
