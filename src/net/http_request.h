/* net/http_request.h: one HTTP request, as its handler sees it, and how the handler may take its
 * time.
 *
 * Contract:  a handler does exactly one of: answer (http_response.h, problem.h);
 *            q_http_request_defer; q_http_request_resume_after; q_http_request_set_body_sink
 *            (Q_ROUTE_STREAM only). Returning without one of them, or a second answer, is a bug
 *            (q_assert). An answer may come from any thread; nobody waits on a thread for it to be
 *            sent.
 * Units:     ms, bytes.
 * Ownership: every string and the arena live until the request ends: when it has been answered, the
 *            answer has been sent (or the client is gone) and no handler or sink runs in it.
 *            Whoever answers a deferred request does not touch it afterwards.
 * Threads:   a request has one owner at a time: the running handler; after defer, whoever it was
 *            handed to. The cancel flag of q_http_request_call may be read from anywhere. */
#ifndef Q_NET_HTTP_REQUEST_H
#define Q_NET_HTTP_REQUEST_H

#include "base/arena.h"
#include "base/call.h"
#include "base/error.h"
#include "base/str.h"

struct q_http_request;
struct q_route;

struct q_str q_http_request_method(const struct q_http_request *request);

/* As sent: percent-encoded, the query without its '?'. The query is never logged. */
struct q_str q_http_request_path(const struct q_http_request *request);
struct q_str q_http_request_query(const struct q_http_request *request);

/* NULL before routing and where no route was found. The template (route->path) is what logs and
 * metrics name. */
const struct q_route *q_http_request_route(const struct q_http_request *request);

/* A parameter of the path, decoded. A name that the template does not have is a bug. */
struct q_str q_http_request_param(const struct q_http_request *request, const char *name);

/* The first field of this name (case does not matter), without outer spaces; empty when absent. */
struct q_str q_http_request_header(const struct q_http_request *request, struct q_str name);

/* How many fields have this name: where more than one is an error, ask. */
size_t q_http_request_header_count(const struct q_http_request *request, struct q_str name);

/* Field number `index` in the order sent; false beyond the last. */
bool q_http_request_header_at(const struct q_http_request *request, size_t index,
			      struct q_str *name, struct q_str *value);

/* The whole body, at most the route's limit; a NUL follows it. Empty on Q_ROUTE_STREAM routes. */
struct q_bytes q_http_request_body(const struct q_http_request *request);

/* Content-Length, or -1 (none, or chunked). */
int64_t q_http_request_body_length(const struct q_http_request *request);

struct q_arena *q_http_request_arena(struct q_http_request *request);

/* The taken X-Request-Id or a new UUIDv7; every answer carries it. */
struct q_str q_http_request_id(const struct q_http_request *request);

/* For port calls: deadline (renewed each time a handler or sink callback starts), cancel flag (set
 * when the client goes away or the server is forced to stop), request id, traceparent (validated,
 * else empty). */
const struct q_call *q_http_request_call(const struct q_http_request *request);

/* The connection's other end, "192.0.2.1" or "2001:db8::1"; and the client: the same, or, where the
 * peer is a trusted proxy, the last address of X-Forwarded-For that is not one. */
struct q_str q_http_request_peer(const struct q_http_request *request);
struct q_str q_http_request_client(const struct q_http_request *request);

bool q_http_request_is_peer_loopback(const struct q_http_request *request);
bool q_http_request_is_peer_trusted_proxy(const struct q_http_request *request);

/* Any of Forwarded, X-Forwarded-For, X-Forwarded-Proto, X-Forwarded-Host, Via, X-Real-IP, believed
 * or not. */
bool q_http_request_has_forwarding_headers(const struct q_http_request *request);

/* TLS here, or a trusted proxy says "X-Forwarded-Proto: https". */
bool q_http_request_is_secure(const struct q_http_request *request);

/* If-None-Match holds this entity tag (given with its quotes; weak comparison, RFC 9110 13.1.2), or
 * is "*". */
bool q_http_request_matches_etag(const struct q_http_request *request, struct q_str etag);

/* Who asks, set by authorize; opaque. Lives at least as long as the request (its arena will do). */
void q_http_request_set_identity(struct q_http_request *request, void *identity);
void *q_http_request_identity(const struct q_http_request *request);

/* A pointer for a handler that comes back (resume_after): NULL at first. Freed by its owner, e.g.
 * with the arena. */
void q_http_request_set_state(struct q_http_request *request, void *state);
void *q_http_request_state(const struct q_http_request *request);

/* The handler will return without an answer and hands the request to someone who answers, or calls
 * q_http_request_resume_after. To be called before it is handed over. When the client leaves, the
 * cancel flag is set; the answer is owed all the same, and goes nowhere. */
void q_http_request_defer(struct q_http_request *request);

/* Runs `handle(request, context)` on the pool after delay_ms, sooner when the client leaves or the
 * server is forced to stop (look at the cancel flag); no thread is held meanwhile. It may do so
 * again. A full pool delays it. */
void q_http_request_resume_after(struct q_http_request *request, int64_t delay_ms,
				 void (*handle)(struct q_http_request *request, void *context),
				 void *context);

/* Where the body of a Q_ROUTE_STREAM request goes, piece by piece (up to 256 KiB each), on pool
 * threads, never two calls at once. Exactly one of on_end and on_abort is called, last. While one
 * piece is worked on the next is read; then the socket waits.
 *
 *  on_data:  Q_OK to go on. Anything else ends the upload: unless on_data has answered itself, *err
 *            is the answer (q_http_respond_error); the rest of the body is discarded for a short
 *            while; on_abort follows.
 *  on_end:   the body is whole. It owes what a handler owes: an answer, defer or resume_after.
 *  on_abort: the client went away, the body was refused (too long, too slow, malformed) or on_data
 *            failed. Releases; does not answer. */
struct q_http_body_sink {
	enum q_code (*on_data)(struct q_http_body_sink *sink, struct q_http_request *request,
			       struct q_bytes bytes, struct q_err *err);
	void (*on_end)(struct q_http_body_sink *sink, struct q_http_request *request);
	void (*on_abort)(struct q_http_body_sink *sink, struct q_http_request *request);
};

/* From the handler of a Q_ROUTE_STREAM route, once. The sink is borrowed until on_end or on_abort
 * returns. Without a body, on_end comes at once. */
void q_http_request_set_body_sink(struct q_http_request *request, struct q_http_body_sink *sink);

#endif
