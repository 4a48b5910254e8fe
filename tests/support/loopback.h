/* support/loopback.h: a server on 127.0.0.1 that misbehaves as a test wants it to, for tests of
 * clients.
 *
 * Contract:  each connection is served in a thread of its own by `serve`, and closed when that
 *            returns. loopback_pages is such a function, with a page for each way to answer.
 * Ownership: it uses no memory of base/mem, so that tests may make that fail.
 * Threads:   counters are atomic; start and stop belong to the test's thread. */
#ifndef Q_TESTS_LOOPBACK_H
#define Q_TESTS_LOOPBACK_H

#include "base/str.h"

#include <pthread.h>
#include <stdatomic.h>

enum { LOOPBACK_CONNECTIONS_MAX = 256 };

struct loopback;
struct ssl_st;

struct loopback_connection {
	struct loopback *server;
	int fd;		    /* -1 once closed; guarded by the server's mutex */
	struct ssl_st *tls; /* or NULL */
	char *received;	    /* begins with the last request, of `taken` bytes */
	size_t received_length, taken;
	pthread_t thread;
};

struct loopback {
	/* What the test sets. */
	void (*serve)(struct loopback_connection *connection);
	const char *certificate_file; /* PEM; NULL: no TLS */
	const char *key_file;

	unsigned port;
	atomic_uint connection_count, request_count;

	pthread_mutex_t mutex;
	int listener;
	struct ssl_ctx_st *tls_context;
	pthread_t thread;
	struct loopback_connection connections[LOOPBACK_CONNECTIONS_MAX];
};

void loopback_start(struct loopback *server);
/* Ends all connections. */
void loopback_stop(struct loopback *server);

struct loopback_request {
	struct q_str head; /* request line and fields, with the empty line */
	struct q_str body;
	struct q_str path;
};

/* The next request, its body by Content-Length; both live until the next call. False when the
 * client has left. */
bool loopback_read(struct loopback_connection *connection, struct loopback_request *out);

/* False when the client has left. */
bool loopback_send(struct loopback_connection *connection, struct q_str bytes);
bool loopback_send_text(struct loopback_connection *connection, const char *text);

/* Until the client leaves, or the server is stopped. */
void loopback_await_end(struct loopback_connection *connection);

/* The connection will end with a reset. */
void loopback_reset(struct loopback_connection *connection);

/* Serves the pages below, over kept connections: /hello       200, two fields, "hello"
 * /head        the request's head as it came /echo        the request's body
 * /status/NNN  that status, with a body /empty       204                               /redirect
 * 302 to /hello /interim     103 first, then /hello            /trailers    chunked, with a
 * trailer /silent      no answer                         /drip        half a body, then nothing
 * /close       closes at once                    /reset       resets /cut         closes in the
 * middle of a body    /endless     a body without end /many        fields of 100 KB together
 * /line        a field of 200 KB /fields      300 fields                        /garbage     no
 * HTTP /refuse      413 before the body is read       /once        closes after a good answer,
 * unannounced /gzip        a body that says it is gzip       /bytes/N     N bytes */
void loopback_pages(struct loopback_connection *connection);

#endif
