/* api/live_session.h: a stream that is open, and who listens at its end: what SSE and WebSocket
 * have in common. Only src/api includes it.
 *
 * A session is held by its stream, by each of its subscriptions and by the list of open sessions,
 * and freed with the last of them. It ends when its credentials do: a token at its expiry, a key
 * within about a second of its revocation (q_api_tick). */
#ifndef Q_API_LIVE_SESSION_H
#define Q_API_LIVE_SESSION_H

#include "api/api_internal.h"
#include "net/http_stream.h"

enum {
	Q__SESSION_QUEUE_BYTES = 128 * 1024,
	Q__SESSION_SLOW_MS = 20000, /* a reader that leaves its queue full for so long is dropped */
	Q__TENANT_MAX = 64,
	Q__SUBJECT_MAX = 255
};

struct q__session;

struct q__session_kind {
	const char *name; /* for the log */
	/* Says why, where there is room for it, and finishes the stream; perhaps a second time. */
	void (*end)(struct q__session *session, const char *reason);
	/* Every second or so. */
	void (*tick)(struct q__session *session, int64_t now_ms);
	/* The session's subscriptions, when the queue has room again, and when the stream
	 * closed. */
	void (*resume)(struct q__session *session);
	void (*close)(struct q__session *session);
	void (*free)(struct q__session *session);
};

struct q__session {
	const struct q__session_kind *kind;
	struct q_api *api;
	struct q_http_stream *stream; /* owned */
	struct q_identity who;	      /* its strings: the two below */
	char tenant_id[Q__TENANT_MAX + 1];
	char subject[Q__SUBJECT_MAX + 1];
	atomic_uint references;
	atomic_int_least64_t full_since_ms; /* monotonic; 0: the queue has room */
	struct q__session *next, **link;    /* of the list */
};

/* Answers the request with a stream whose session this is: the caller's reference goes on, others
 * are its own. `session` is zeroed but for what its kind has added; where it fails it is freed by
 * its kind, and the request is answered with the problem. */
Q_MUST_USE bool q__session_open(struct q__session *session, const struct q__session_kind *kind,
				struct q_api *api, struct q_http_request *request, int status,
				void (*on_data)(void *session, struct q_bytes bytes));

struct q__session *q__session_ref(struct q__session *session);
void q__session_unref(struct q__session *session);

/* Sends; false where the queue is full, which is noted. To a stream that has closed everything is
 * sent. */
bool q__session_send(struct q__session *session, struct q_str bytes);

/* A browser may open a stream from an origin of CORS_ORIGINS, or from this server's own. False when
 * it has answered 403. */
bool q__session_origin_allowed(struct q_api *api, struct q_http_request *request);

#endif
