/* remote/http_fetch_curl.h: the http_fetch port on net/http_client.
 *
 * Q_FETCH_PUBLIC_ONLY in detail: the URL passes net/url.h (no userinfo, one notation for
 * addresses) and has no final dot; the name is looked up once; each address it has must be public
 * or in `allowed`, or nothing is sent; the connection is a new one, to one of these addresses, and
 * is checked again when its socket opens. http needs every address to be in `allowed`. */
#ifndef Q_REMOTE_HTTP_FETCH_CURL_H
#define Q_REMOTE_HTTP_FETCH_CURL_H

#include "net/resolve.h"
#include "ports/http_fetch.h"

struct q_http_fetch_curl_options {
	struct q_cidr_list allowed; /* networks that a user's URL may lead to, public or not */
	const char *ca_file;	    /* PEM; NULL: the system's authorities */
	const char *user_agent;	    /* NULL: "quire" */
	/* NULL: q_resolve. Tests give names the addresses that they are about. */
	enum q_code (*resolve)(struct q_str host, const struct q_call *call,
			       struct q_addresses *out, struct q_err *err);
};

/* options may be NULL; its strings are borrowed until the close. */
Q_MUST_USE enum q_code q_http_fetch_curl_open(const struct q_http_fetch_curl_options *options,
					      struct q_http_fetch **out, struct q_err *err);

#endif
