/* net/router.h: one immutable table from method and path to a route.
 *
 * Contract:  a template is literal segments, "{name}" for one segment and, last only, "{name...}"
 *            for all the rest of the path (at least one byte, '/' included). A literal segment wins
 *            over a parameter, a parameter over a rest. Parameters are percent-decoded and must be
 *            UTF-8 without NUL; "{name}" holds no '/', decoded or not, and is never empty. A rest
 *            keeps its '/' and its dots: whoever maps it to files refuses ".." himself.
 *            GET routes serve HEAD too. Paths are compared as sent: no case folding, no merging of
 *            slashes.
 * Ownership: the router borrows the routes and contexts, for ever; parameters live in the arena
 *            given to q_router_match.
 * Threads:   read-only once made: any.
 * Errors:    q_router_new: Q_INVALID, naming the route, for one without an access rule or handler,
 *            a bad template or method, or two routes of one method that match the same paths;
 *            Q_NOMEM (also for a table of several thousand routes). */
#ifndef Q_NET_ROUTER_H
#define Q_NET_ROUTER_H

#include "base/arena.h"
#include "base/error.h"
#include "base/str.h"

struct q_http_request;

enum { Q_ROUTE_PARAMS_MAX = 6 };

enum q_route_flags {
	/* authorize and handle run in the loop: they never wait for a disk flush, a lock that is
	 * held long, or another machine. */
	Q_ROUTE_INLINE = 1 << 0,
	/* The handler is called once the head is read; it answers, or sets a body sink
	 * (http_request.h). Never with INLINE. */
	Q_ROUTE_STREAM = 1 << 1,
	/* A client that closes its sending side is taken for gone: the request is cancelled and not
	 * answered. For work that costs money. Elsewhere such a client is answered (it may be
	 * half-closed), and only a reset or a failed write counts as gone. */
	Q_ROUTE_CANCEL_ON_EOF = 1 << 2
};

struct q_route {
	const char *method; /* "GET", "POST", ... */
	const char *path;   /* "/api/jobs/{fileId}/pages/{n}" */
	unsigned flags;
	size_t body_limit_bytes; /* 0: the request may have no body */
	const void *access;	 /* what authorize is to check; opaque here; never NULL */
	void (*handle)(struct q_http_request *request, void *context);
};

struct q_route_group {
	const struct q_route *routes;
	size_t count;
	void *context; /* given to the handlers of this group */
};

struct q_route_param {
	struct q_str name;
	struct q_str value; /* decoded; a NUL follows */
};

enum q_route_result {
	Q_ROUTE_FOUND,
	Q_ROUTE_UNKNOWN_PATH,	/* 404; also a parameter that does not decode */
	Q_ROUTE_UNKNOWN_METHOD, /* 405, or the answer to OPTIONS: see `allow` */
	Q_ROUTE_NO_MEMORY	/* the arena is full */
};

struct q_route_match {
	const struct q_route *route;
	void *context;
	struct q_route_param params[Q_ROUTE_PARAMS_MAX];
	size_t param_count;
	struct q_str allow; /* UNKNOWN_METHOD: "GET, HEAD, OPTIONS", in the arena */
};

struct q_router;

Q_MUST_USE enum q_code q_router_new(const struct q_route_group *groups, size_t group_count,
				    struct q_router **out, struct q_err *err);
void q_router_free(struct q_router *router);

/* `path` as sent, without the query. *match is filled for FOUND and UNKNOWN_METHOD. */
enum q_route_result q_router_match(const struct q_router *router, struct q_str method,
				   struct q_str path, struct q_arena *arena,
				   struct q_route_match *match);

#endif
