/* net/http_server.h: an HTTP/1.1 server: event loops, connections, limits and deadlines.
 *
 * Contract:  every request is parsed strictly, routed, authorized; only then is its body read, and
 *            its handler called. Answers go out in the order of the requests. What breaks a rule of
 *            HTTP or a limit is answered with a problem and the connection closed: 400 syntax,
 *            Host; 408 too slow; 413 body; 414 request line; 417 expectation; 431 headers; 501
 *            coding; 505 version. 404, 405 and 503 (the pool is full) leave it open.
 *            Beyond limits.connections a new connection gets a bare 503 (with TLS: nothing) and is
 *            closed. OPTIONS on a known path is answered 204 with Allow, unless `before` does.
 * Units:     ms, bytes.
 * Ownership: options are borrowed for the call; what they point to (router, pool, log, contexts)
 *            until q_http_server_free.
 * Threads:   start, stop and free from one thread; the rest from any.
 * Errors:    start: Q_INVALID (address, files), Q_CONFLICT (port in use), Q_DENIED, Q_NOMEM,
 *            Q_IO. */
#ifndef Q_NET_HTTP_SERVER_H
#define Q_NET_HTTP_SERVER_H

#include "base/error.h"
#include "base/log.h"
#include "base/str.h"

#include <stdint.h>

struct q_cidr_list;
struct q_http_request;
struct q_pool;
struct q_route;
struct q_router;

/* Times and sizes; the comments tell q_http_default_limits and what a breach is answered with. */
struct q_http_limits {
	size_t request_line_bytes; /* 8 KiB: method, target and version; 414 */
	size_t header_bytes;	   /* 64 KiB: sum of name + value + 4 over all fields; 431 */
	unsigned header_count;	   /* 100, which is also the most it may be; 431 */
	size_t arena_bytes;	   /* 2 MiB: a request's arena */
	unsigned connections;	   /* 10,000: all loops together */

	int64_t handshake_ms;	      /* 10 s: TLS */
	int64_t head_ms;	      /* 10 s: a request's head, from its first byte; 408 */
	int64_t body_grace_ms;	      /* 10 s: from then on a body must keep ... */
	size_t body_bytes_per_second; /* 1 KiB: ... this pace on average; 408 */
	int64_t idle_ms;	      /* 60 s: between requests */
	int64_t write_ms;	      /* 60 s: without the client reading anything */
	int64_t linger_ms;	      /* 2 s: reading on after a last answer, ... */
	size_t linger_bytes;	      /* 1 MiB: ... so that the client sees it */
	int64_t handler_ms;	      /* 30 s: the deadline of each handler or sink call */
};

extern const struct q_http_limits q_http_default_limits;

/* A finished request, for metrics and the access log. */
struct q_http_completion {
	const struct q_route *route; /* NULL: none was found, or the request did not parse */
	struct q_str method;	     /* empty where it did not parse */
	struct q_str request_id;
	struct q_str client;
	int status;		 /* 0: the client left before there was an answer */
	int64_t duration_us;	 /* from its first byte to the last one handed to the socket */
	uint64_t received_bytes; /* of the body */
	uint64_t sent_bytes;	 /* head and body */
	bool is_cut;		 /* the answer's source failed on the way */
};

struct q_http_hooks {
	void *context;

	/* Each request with a valid head, before authorize, in the loop: must not block. May add
	 * headers to the answer, or answer (CORS preflight, redirect to https...) and return false:
	 * then nothing more happens to it. What the server itself will answer (404, 405, OPTIONS)
	 * passes here as well, without a route. May be NULL. */
	bool (*before)(struct q_http_request *request, void *context);

	/* True: the handler may run (q_http_request_set_identity). False: it has answered (401,
	 * 403, 429...). In the loop for Q_ROUTE_INLINE, else on the pool. Never NULL. */
	bool (*authorize)(struct q_http_request *request, const void *access, void *context);

	/* In the loop, once for each request: must not block. May be NULL. */
	void (*complete)(const struct q_http_completion *completion, void *context);
};

struct q_http_server_options {
	const char *host;				 /* numeric address: "127.0.0.1", "::" */
	unsigned port;					 /* 0: any */
	const char *tls_certificate_file, *tls_key_file; /* both, or both NULL: no TLS */
	unsigned loop_count;				 /* 0: one a core */
	const struct q_cidr_list *trusted_proxies; /* believed in X-Forwarded-*; NULL: nobody */
	const struct q_http_limits *limits;	   /* NULL: the defaults */
	const struct q_router *router;
	struct q_pool *pool; /* for all that is not inline */
	struct q_log *log;   /* or NULL */
	struct q_http_hooks hooks;
};

struct q_http_server;

/* Listens and serves when it returns. */
Q_MUST_USE enum q_code q_http_server_start(const struct q_http_server_options *options,
					   struct q_http_server **out, struct q_err *err);

unsigned q_http_server_port(const struct q_http_server *server);

/* Open connections, now. */
unsigned q_http_server_connections(const struct q_http_server *server);

/* Reads the certificate and key files again; new connections use them. An error leaves the old ones
 * in use. Without TLS: Q_OK. */
Q_MUST_USE enum q_code q_http_server_reload_tls(struct q_http_server *server, struct q_err *err);

/* Stops accepting, closes idle connections, lets requests in flight finish until `grace_ms` have
 * passed, then sets their cancel flags and closes their connections. Waits until every handler has
 * given its request back (they have deadlines); Q_TIMEOUT where one has not after another
 * limits.handler_ms: the server must not be freed then, but q_http_server_stop may be
 * called again, to go on waiting. */
Q_MUST_USE enum q_code q_http_server_stop(struct q_http_server *server, int64_t grace_ms,
					  struct q_err *err);

/* After stop has succeeded. NULL is allowed. */
void q_http_server_free(struct q_http_server *server);

#endif
