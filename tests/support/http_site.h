/* support/http_site.h: a small site in the test's own process: a route for each way in which a
 * handler may answer, and counts of what happened in it.
 *
 * GET  /hello              inline; "hello"                 GET  /things/{name}    inline; the name
 * GET  /pool               on the pool; "pooled"           GET  /rest/{path...}   inline; the rest
 * POST /echo               the body (at most ECHO_MAX)     POST /echo-inline      the same in the
 * loop POST /upload             a sink; answers the number of bytes, a space and their sum GET
 * /memory/{bytes}     from memory                     GET  /download/{bytes} from a source GET
 * /chunked/{bytes}    a source of unknown length      GET  /short/{bytes}    a source that ends
 * half way GET  /broken/{bytes}     a source that fails half way    GET  /block            on the
 * pool, until site_open_gate GET  /defer              answered by site_answer_deferred GET
 * /defer-resume       deferred, and resumed by another thread GET  /resume             resumes
 * twice after 10 ms       GET  /wait             resumes after an hour GET  /cancel             on
 * the pool until cancelled; CANCEL_ON_EOF GET  /live, /live-inline   a stream: the test sends by
 * site_stream; CANCEL_ON_EOF GET /upgrade   101, and then what comes in is sent back; CANCEL_ON_EOF
 * GET  /private, POST /private   401 without "X-Key:
 * open"; the GET is inline GET  /bad-header         adds a header with a line feed  GET  /inspect
 * what a handler is told about the request GET  /etag               "v1" with 304
 * GET  /error/{code}     q_http_respond_error POST /checked            authorize waits for the
 * gate    GET  /bad-type         a source, under a type with a line feed
 *
 * Threads:   counters are atomic; the rest belongs to the test's thread. */
#ifndef Q_TESTS_HTTP_SITE_H
#define Q_TESTS_HTTP_SITE_H

#include "base/pool.h"
#include "net/http_server.h"
#include "net/http_stream.h"
#include "net/router.h"

#include <pthread.h>
#include <stdatomic.h>

enum { ECHO_MAX = 1000, UPLOAD_MAX = 64 * 1024 * 1024 };

struct site {
	/* What the test may set before site_start; site_init gives defaults. */
	struct q_http_limits limits;
	struct q_http_server_options options;
	struct q_pool_options pool_options;
	size_t sink_fails_at; /* bytes; 0: never */
	bool sink_answers_itself;

	struct q_pool *pool;
	struct q_router *router;
	struct q_http_server *server;
	unsigned port;

	atomic_uint handled, blocked, ended, aborted, opened, closed, cancelled, completed;
	atomic_ulong sink_bytes;
	atomic_bool is_sink_held; /* on_data waits while it is set */
	_Atomic(struct q_http_request *) deferred;
	_Atomic(struct q_http_stream *) stream; /* owned: the last one opened */
	size_t stream_queue_bytes;
	atomic_uint stream_rooms, stream_stops, stream_ends[3]; /* by enum q_http_stream_end */

	pthread_mutex_t mutex; /* guards what follows */
	pthread_cond_t changed;
	bool is_gate_open;
	struct q_http_completion last; /* its strings are not kept */
};

void site_init(struct site *site);
void site_start(struct site *site);
/* Opens the gate, stops and frees. */
void site_stop(struct site *site);

void site_open_gate(struct site *site);
/* Waits for a request at /defer, and answers it. */
void site_answer_deferred(struct site *site);
/* Waits for a request at /live... or /upgrade. */
struct q_http_stream *site_stream(struct site *site);

/* Waits (10 s at most, then fails the test) until *counter is `count`. */
void site_await(atomic_uint *counter, unsigned count);
/* Until so many connections are open. */
void site_await_connections(struct site *site, unsigned count);
struct q_http_completion site_last(struct site *site);

#endif
