/* net/http_client.h: blocking HTTP requests, by libcurl (which these files alone include).
 *
 * Contract:  one request, one response: no redirect is followed, no proxy variable obeyed, no
 *            cookie or .netrc used, no content decoded. http and https only, HTTP/1.1, TLS 1.2 or
 *            later with certificates verified. A client keeps its connections for the next
 *            request; what may not be sent twice (POST, PATCH, a streamed body) always takes a new
 *            one, for a kept one may be found dead after the request has gone out.
 * Units:     bytes, ms.
 * Ownership: the request is borrowed for the call; the response lives in the caller's arena.
 * Threads:   a client serves one thread at a time, a cache any.
 * Errors:    Q_INVALID (URL, method or header), Q_DENIED (may_connect), Q_TIMEOUT, Q_CANCELLED,
 *            Q_IO (name, connection, TLS, broken off), Q_TOOBIG (headers beyond 64 KiB), Q_NOMEM;
 *            what a callback returns. A response of any status is Q_OK.
 * Limits:    deadlines are kept to about 100 ms, name lookups included. */
#ifndef Q_NET_HTTP_CLIENT_H
#define Q_NET_HTTP_CLIENT_H

#include "base/arena.h"
#include "base/call.h"
#include "net/address.h"

enum { Q_HTTP_CLIENT_HEADER_MAX = 65536, Q_HTTP_CLIENT_HEADERS_MAX = 256 };

struct q_http_client_header {
	struct q_str name;
	struct q_str value;
};

/* What the client calls while a request runs; each may be NULL. An error ends the request. */
struct q_http_client_events {
	/* The body, in order: up to `capacity` bytes into `out`; *got is 0 only at its end. */
	enum q_code (*read)(struct q_http_client_events *events, unsigned char *out,
			    size_t capacity, size_t *got, struct q_err *err);
	/* The response's body, in order, whatever the status; `status` is known by then. */
	enum q_code (*write)(struct q_http_client_events *events, int status, struct q_bytes data,
			     struct q_err *err);
	/* Bytes of the bodies so far, several times a second. */
	void (*progress)(struct q_http_client_events *events, uint64_t sent, uint64_t received);
	/* Before each connection attempt. */
	bool (*may_connect)(struct q_http_client_events *events, const struct q_ip *address);
};

struct q_http_client_request {
	struct q_str method; /* "GET", "POST", ...: as it is to be sent */
	struct q_str url;
	const struct q_http_client_header *headers; /* not Host, nor those of framing */
	size_t header_count;

	struct q_bytes body;  /* sent where events->read is NULL */
	uint64_t body_length; /* of a body that events->read gives */
	size_t response_max;  /* bytes kept of the response's body, where events->write is NULL */
	int64_t timeout_ms;   /* whole request; 0: the call's deadline alone */
	int64_t stall_ms; /* in full seconds: nothing sent or received for so long is a Q_TIMEOUT, too; 0: it is not */

	struct q_http_client_events *events; /* or NULL */
	const struct q_ip *addresses;	     /* connect to these, without a name lookup */
	size_t address_count;		     /* 0: look the name up */
	bool is_repeatable; /* a POST or PATCH that may reach the server twice: kept connections serve it */
};

struct q_http_client_response {
	int status;
	struct q_http_client_header *headers;
	size_t header_count;
	struct q_bytes body; /* a NUL follows it */
	bool is_cut;	     /* there was more than response_max */
};

/* The first header of this name (case does not matter); empty when absent. */
struct q_str q_http_client_response_header(const struct q_http_client_response *response,
					   struct q_str name);

struct q_http_client_options {
	const char *user_agent; /* NULL: "quire" */
	const char *ca_file;	/* PEM; NULL: the system's authorities */
	int64_t connect_ms;	/* for name lookup, connection and TLS together; 0: 10 s */
};

struct q_http_client;

/* options may be NULL; its strings are borrowed until the close. */
Q_MUST_USE enum q_code q_http_client_open(const struct q_http_client_options *options,
					  struct q_http_client **out, struct q_err *err);

Q_MUST_USE enum q_code q_http_client_send(struct q_http_client *client, const struct q_call *call,
					  const struct q_http_client_request *request,
					  struct q_arena *arena, struct q_http_client_response *out,
					  struct q_err *err);

/* NULL is allowed. */
void q_http_client_close(struct q_http_client *client);

/* Clients for many threads: a few idle ones are kept, for their connections. */
struct q_http_client_cache;

Q_MUST_USE enum q_code q_http_client_cache_open(const struct q_http_client_options *options,
						struct q_http_client_cache **out,
						struct q_err *err);

/* As q_http_client_send, with a client of the cache. */
Q_MUST_USE enum q_code q_http_client_cache_send(struct q_http_client_cache *cache,
						const struct q_call *call,
						const struct q_http_client_request *request,
						struct q_arena *arena,
						struct q_http_client_response *out,
						struct q_err *err);

/* No request may be running. NULL is allowed. */
void q_http_client_cache_close(struct q_http_client_cache *cache);

#endif
