/* net/resolve.h: the addresses of a host name, by getaddrinfo, within a deadline.
 *
 * Contract:  getaddrinfo itself knows no deadline, so it runs in a thread of its own; a lookup
 *            that is given up ends there, unheard.
 * Ownership: plain values.
 * Threads:   any.
 * Errors:    Q_IO (no such name, no answer, more than Q_ADDRESSES_MAX), Q_TIMEOUT, Q_CANCELLED,
 *            Q_BUSY, Q_NOMEM. */
#ifndef Q_NET_RESOLVE_H
#define Q_NET_RESOLVE_H

#include "base/call.h"
#include "net/address.h"

enum { Q_ADDRESSES_MAX = 32 };

struct q_addresses {
	struct q_ip items[Q_ADDRESSES_MAX]; /* in the order to try them (RFC 6724), each once */
	size_t count;			    /* at least 1 */
};

Q_MUST_USE enum q_code q_resolve(struct q_str host, const struct q_call *call,
				 struct q_addresses *out, struct q_err *err);

#endif
