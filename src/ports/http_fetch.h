/* ports/http_fetch.h: one outbound HTTP request.
 *
 * Contract:  no redirect is followed, no proxy variable is obeyed, no cookie kept. TLS
 *            certificates are verified. Q_FETCH_CONFIGURED: the URL comes from a setting; any
 *            address. Q_FETCH_PUBLIC_ONLY: the URL comes from a user: https (http only to allowed
 *            networks); every address the name resolves to is checked (loopback, private,
 *            link-local, multicast, mapped and other non-public ones are refused), and the
 *            connection goes to an address that was checked.
 * Units:     ms, bytes; a response body is cut off at body_max with is_cut set.
 * Ownership: arguments are borrowed for the call; the response lives in the caller's arena.
 * Threads:   any.
 * Errors:    Q_INVALID (URL), Q_DENIED (address or scheme not allowed), Q_TIMEOUT, Q_CANCELLED,
 *            Q_IO (DNS, connection, TLS), Q_TOOBIG (headers), Q_NOMEM. A response of any status is
 *            Q_OK.
 * Idempotency: the request's own. */
#ifndef Q_PORTS_HTTP_FETCH_H
#define Q_PORTS_HTTP_FETCH_H

#include "base/arena.h"
#include "base/call.h"

enum q_fetch_policy { Q_FETCH_CONFIGURED, Q_FETCH_PUBLIC_ONLY };

struct q_fetch_header {
	struct q_str name;
	struct q_str value;
};

struct q_fetch_request {
	enum q_fetch_policy policy;
	struct q_str method; /* "GET", "POST", ... */
	struct q_str url;
	const struct q_fetch_header *headers;
	size_t header_count;
	struct q_bytes body;
	size_t body_max; /* of the response */
	int64_t timeout_ms; /* whole request; the call's deadline counts too, and alone where this is 0 */
};

struct q_fetch_response {
	int status;
	struct q_fetch_header *headers;
	size_t header_count;
	struct q_bytes body;
	bool is_cut;
};

struct q_http_fetch {
	const struct q_http_fetch_ops *ops;
};

struct q_http_fetch_ops {
	const char *name; /* "curl" */
	enum q_code (*fetch)(struct q_http_fetch *, const struct q_call *,
			     const struct q_fetch_request *, struct q_arena *,
			     struct q_fetch_response *, struct q_err *);
	enum q_code (*check)(struct q_http_fetch *, struct q_str url, struct q_err *);
	void (*close)(struct q_http_fetch *);
};

Q_MUST_USE enum q_code q_http_fetch_send(struct q_http_fetch *fetch, const struct q_call *call,
					 const struct q_fetch_request *request,
					 struct q_arena *arena, struct q_fetch_response *out,
					 struct q_err *err);

/* Would Q_FETCH_PUBLIC_ONLY let a request go to this URL, as far as can be told without looking a
 * name up? Q_INVALID, Q_DENIED. */
Q_MUST_USE enum q_code q_http_fetch_check(struct q_http_fetch *fetch, struct q_str url,
					  struct q_err *err);

/* The first header of this name (case does not matter); empty when absent. */
struct q_str q_fetch_response_header(const struct q_fetch_response *response, struct q_str name);

void q_http_fetch_close(struct q_http_fetch *fetch);

#endif
