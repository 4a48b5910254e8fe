/* net/url.h: http and https URLs, and the query strings of requests.
 *
 * Contract:  strict where parsers differ: what passes here can be read in one way only. No
 * userinfo, fragment, backslash, or byte outside of printable ASCII; a host is letters, digits,
 *            '-', '_' and '.', or an address in its one text form (net/address.h).
 * Ownership: results are views into the text; decoded ones live in the arena.
 * Threads:   any.
 * Errors:    Q_INVALID with what to change; Q_NOMEM. */
#ifndef Q_NET_URL_H
#define Q_NET_URL_H

#include "base/arena.h"
#include "base/error.h"
#include "net/address.h"

enum { Q_URL_MAX = 8192, Q_URL_HOST_MAX = 253 };

struct q_url {
	bool is_https;
	bool is_address; /* the host is `address` */
	struct q_ip address;
	struct q_str host;   /* without brackets; a final dot stays */
	uint16_t port;	     /* the scheme's, where none is given */
	struct q_str origin; /* scheme, host and port as given */
	struct q_str target; /* path and query; may be empty */
};

Q_MUST_USE enum q_code q_url_parse(struct q_str text, struct q_url *out, struct q_err *err);

/* "https://app.example.org:8443": a URL with nothing after the host and port. */
bool q_url_is_origin(struct q_str text);

struct q_query_item {
	struct q_str name;
	struct q_str value; /* empty without '=' too */
};

/* Takes the next name and value, decoded ('+' is a space), off the front of *rest. Two of one name
 * come as two. Q_NOTFOUND at the end (*err is left alone); Q_INVALID: a bad escape, a NUL or text
 * that is not UTF-8. */
Q_MUST_USE enum q_code q_query_next(struct q_str *rest, struct q_arena *arena,
				    struct q_query_item *out, struct q_err *err);

#endif
