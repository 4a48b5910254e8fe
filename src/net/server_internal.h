/* net/server_internal.h: what the files of the HTTP server share. Only src/net includes it.
 *
 * How it works. Each loop is a thread with its own listening socket (SO_REUSEPORT), its connections
 * and their requests. Nothing of a loop is touched by another thread, with two exceptions: what of
 * a request belongs to whoever handles it, and the loop's inbox, by which requests come back.
 *
 *   http_server.c      options, start, stop
 *   http_loop.c        a loop: inbox, deadlines, requests that are free
 *   http_accept.c      new connections
 *   http_connection.c  a socket: read, hold back, wait, close
 *   http_parser.c      llhttp: from bytes to a request; http_head.c: what llhttp does not check
 *   http_exchange.c    a request's way: route, authorize, handle, answer, end; its pool tasks
 *   http_body.c        its body, into memory or to a sink
 *   http_writer.c      its answer, from memory, a source or a stream, to the socket
 *   http_stream.c      an answer that goes on: what others send, on its way to the loop
 *   http_request.c, http_response.c, problem.c: what handlers call
 *
 * A connection has at most one request; what comes behind it waits. A request has at most one task
 * on the pool; while it has one, the loop only notes what happens (the client left...) and acts
 * when the task is back: q__exchange_step. */
#ifndef Q_NET_SERVER_INTERNAL_H
#define Q_NET_SERVER_INTERNAL_H

#include "base/buf.h"
#include "base/call.h"
#include "base/pool.h"
#include "base/time.h"
#include "base/uuid.h"
#include "net/address.h"
#include "net/deadlines.h"
#include "net/http_request.h"
#include "net/http_response.h"
#include "net/http_server.h"
#include "net/http_stream.h"
#include "net/router.h"

#include <llhttp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <uv.h>

struct q__tls;
struct q_tls_context;

enum {
	Q__READ_BYTES = 64 * 1024,    /* one read of a socket */
	Q__SLICE_BYTES = 64 * 1024,   /* of a body that is sent: what one write adds at most */
	Q__SINK_BYTES = 256 * 1024,   /* each of the two buffers of a streamed request body */
	Q__SOURCE_BYTES = 256 * 1024, /* one read of a streamed answer */
	Q__PLAIN_BYTES = 16 * 1024,   /* a TLS record */
	Q__FIELDS_MAX = 100,
	Q__ID_MAX = 128,
	Q__CONTENT_TYPE_MAX = 128,
	Q__ANSWER_HEADERS_MAX = 32 * 1024,
	Q__ENTROPY_BYTES = 640,
	Q__POOL_RETRY_MS = 10
};

/* ---- the request ---- */

enum q__state {
	Q__HEAD,      /* its head is being received */
	Q__CHECKING,  /* authorize runs, or a streaming route's handler */
	Q__BODY,      /* its body is being received */
	Q__HANDLING,  /* its handler runs, waits to run again, or owes an answer */
	Q__ANSWERING, /* the answer is being sent */
	Q__ENDED      /* sent, or nobody is there to send it to */
};

/* What a thread of the pool does for a request. */
enum q__task {
	Q__TASK_NONE,
	Q__TASK_AUTHORIZE, /* and, where there is no body to wait for, handle */
	Q__TASK_HANDLE,
	Q__TASK_RESUME,
	Q__TASK_SINK_DATA,
	Q__TASK_SINK_END,
	Q__TASK_SINK_ABORT,
	Q__TASK_SOURCE_READ,
	Q__TASK_SOURCE_CLOSE
};

/* What the inbox tells of a request; bits. */
enum q__event {
	Q__EVENT_TASK_DONE = 1 << 0,
	Q__EVENT_ANSWERED = 1 << 1, /* deferred ones */
	Q__EVENT_RESUME = 1 << 2,   /* deferred ones */
	Q__EVENT_STREAM = 1 << 3    /* its stream has something */
};

/* A header field, as offsets in `head`, which moves while it grows. */
struct q__field {
	uint32_t name_at, name_length, value_at, value_length;
};

/* Why a request is refused before it was understood or whole. */
struct q__refusal {
	int status; /* 0: it is not */
	const char *code;
	const char *detail;
};

/* A request's body on its way in (http_body.c). */
struct q__intake {
	struct q_buf body;    /* of routes that take it whole */
	uint64_t received;    /* bytes of the body so far */
	uint64_t consumed;    /* the same with chunk headers and trailers */
	int64_t started_ms;   /* moved on by the time in which we did not read */
	int64_t stopped_ms;   /* since when we do not read; 0: we do */
	int64_t next_look_ms; /* at the speed */
	bool is_complete;
	bool is_sink_failed;
	struct q_http_body_sink *sink; /* NULL: none, or it has had its last call */
	unsigned char *filling;	       /* heap, `capacity` bytes */
	unsigned char *draining;       /* heap; the task's while it runs */
	size_t capacity, filled, draining_length;
};

/* An answer on its way out (http_writer.c). */
struct q__answer {
	int status;
	bool closes;	/* the connection, once sent */
	bool is_failed; /* a header was refused or found no memory */
	bool is_chunked;
	bool was_read;	/* the source, and nobody has looked yet */
	bool is_at_end; /* of the source */
	bool is_cut;
	char content_type[Q__CONTENT_TYPE_MAX]; /* empty: none */
	struct q_buf owned; /* the body's bytes, where it was given in a buffer or a stream */
	struct q_str body;  /* what is left to send of it */
	bool is_streamed;   /* the body is the source's */
	struct q_http_body_source *source; /* to be closed; NULL: none, or it is */
	int64_t left;	       /* bytes of the source that are still owed; -1: unknown */
	unsigned char *buffer; /* heap, Q__SOURCE_BYTES */
	size_t buffer_from, buffer_to;
	enum q_code source_code;      /* of the last read */
	bool is_live;		      /* the body is the stream's */
	struct q_http_stream *stream; /* to be closed at the end; NULL: none */
};

struct q_http_request {
	/* The loop's. */
	struct q__loop *loop;
	struct q__connection *connection; /* NULL: the client is gone */
	enum q__state state;
	enum q__task task; /* also read by the thread that runs it */
	bool is_answer_ready;
	bool is_resume_ready;
	bool is_too_slow; /* the client, in reading */
	struct q__refusal refusal;
	struct q__deadline deadline; /* RESUME or POOL */
	uint64_t started_ns;
	int64_t started_ms;
	uint64_t sent_bytes;
	size_t raw_head_bytes;
	struct q_http_request *next_free;

	/* The inbox's: guarded by its mutex. */
	struct q_http_request *next_posted;
	unsigned posted; /* q__event bits */

	/* Written in the loop before a handler sees the request; read-only then. */
	struct q_str method;
	size_t target_length; /* the target is the start of `head` */
	struct q_str path, query;
	unsigned char version_minor;
	bool is_in_field; /* the last field may go on */
	bool keeps_alive, has_body, has_coding, is_chunked, expects_continue, is_tls;
	int64_t body_length; /* declared, or -1 */
	struct q_ip peer;
	char peer_text[Q_IP_TEXT_SIZE];
	enum q_route_result routed;
	struct q_route_match match;
	char id[Q__ID_MAX + 1];
	struct q_call call;

	/* The owner's: whoever handles the request (http_request.h), else the loop. */
	bool is_authorized, is_deferred;
	void *identity, *handler_state;
	void (*resume)(struct q_http_request *request, void *context); /* NULL: not asked for */
	void *resume_context;
	int64_t resume_delay_ms;
	struct q__intake intake;
	struct q__answer answer;
	struct q_http_body_sink *offered_sink; /* by the handler, for the loop to take */

	/* Anybody's. */
	atomic_bool is_answered, is_cancelled;

	/* Kept from one request to the next: all before is zeroed. */
	struct q_arena *arena;
	struct q_buf head;	     /* the target, then names and values, without separators */
	struct q_buf answer_headers; /* "Name: value\r\n"... added by handlers */
	struct q_err task_error;     /* of SINK_DATA and SOURCE_READ */
	size_t field_count;
	struct q__field fields[Q__FIELDS_MAX];
};

/* ---- connections and loops ---- */

/* Input that waits for its turn. */
struct q__held {
	unsigned char *data; /* heap; NULL: nothing */
	size_t from, to;
};

struct q__write; /* bytes that libuv writes when the socket has room */

struct q__connection {
	uv_tcp_t socket;
	struct q__loop *loop;
	struct q__connection *next, *previous; /* all of the loop */
	struct q__tls *tls;		       /* NULL: plain */
	struct q_http_request *request;	       /* NULL: between requests */
	llhttp_t parser;
	struct q__deadline deadline;
	struct q__held held;	/* behind the request in hand */
	struct q__write *write; /* NULL: the socket has room */
	size_t write_left;	/* of it, when we last looked */
	int64_t since_ms; /* opened, last request ended, last progress of a write, lingering */
	size_t discarded;
	struct q_ip peer;
	char peer_text[Q_IP_TEXT_SIZE];
	bool is_reading;
	bool is_closing; /* no further request; closed once all is written */
	bool is_lingering;
	bool is_closed;
	bool has_peer_ended; /* half-closed by the client */
};

struct q__loop {
	struct q_http_server *server;
	uv_loop_t uv;
	uv_tcp_t listener;
	uv_async_t bell;  /* the inbox has something */
	uv_timer_t timer; /* rings at timer_at_ms */
	int64_t timer_at_ms;
	unsigned long thread;
	bool is_made, is_started, is_stopping, is_ending;
	struct q__deadlines deadlines;
	struct q__deadline force;	  /* STOP */
	struct q__deadline accept_again;  /* ACCEPT */
	struct q__connection connections; /* sentinel */
	struct q_http_request *free_requests;
	unsigned free_count;
	size_t request_count; /* not released */
	struct q_buf out;     /* what the connection in hand will write; empty between events */
	struct q_buf cipher;  /* the same enciphered */
	unsigned char *input; /* Q__READ_BYTES: what a socket gave */
	unsigned char *plain; /* Q__PLAIN_BYTES: deciphered; NULL without TLS */
	char date[Q_TIME_HTTP_SIZE];
	int64_t date_second;
	unsigned char entropy[Q__ENTROPY_BYTES];
	size_t entropy_left;

	pthread_mutex_t mutex; /* guards what follows, next_posted and posted of requests; a leaf */
	struct q_http_request *inbox, **inbox_end;
	bool is_stop_asked;
	int64_t stop_grace_ms;
};

struct q_http_server {
	struct q_http_limits limits;
	const struct q_router *router;
	struct q_pool *pool;
	struct q_log *log;
	struct q_http_hooks hooks;
	struct q_cidr_list trusted;
	unsigned port;
	atomic_uint connection_count;
	struct q__loop *loops;
	unsigned loop_count;

	char *certificate_file, *key_file; /* NULL: no TLS */
	pthread_mutex_t mutex;		   /* guards what follows; a leaf */
	pthread_cond_t loop_ended;
	unsigned live_loops;
	struct q_tls_context *tls;
};

/* ---- http_loop.c ---- */

Q_MUST_USE enum q_code q__loop_init(struct q__loop *loop, struct q_http_server *server,
				    struct q_err *err);
/* Takes the socket, which is bound. */
Q_MUST_USE enum q_code q__loop_listen(struct q__loop *loop, int socket_fd, struct q_err *err);
void q__loop_run(struct q__loop *loop); /* until it has stopped */
/* One that has run to its end, or never ran, or was never made. */
void q__loop_destroy(struct q__loop *loop);

/* Any thread. */
void q__loop_post(struct q_http_request *request, unsigned event);
bool q__loop_is_posted(struct q_http_request *request);
void q__loop_ask_to_stop(struct q__loop *loop, int64_t grace_ms);

/* The loop's thread, as all that follows unless it says otherwise. */
int64_t q__loop_now_ms(const struct q__loop *loop);
const char *q__loop_date(struct q__loop *loop);
void q__loop_entropy(struct q__loop *loop, unsigned char out[10]);
void q__loop_set_deadline(struct q__loop *loop, struct q__deadline *deadline, enum q__due due,
			  int64_t at_ms);
/* Ends a loop that is stopping and has nothing left. */
void q__loop_check_end(struct q__loop *loop);

/* A fresh request; NULL when the heap is full. */
struct q_http_request *q__loop_take_request(struct q__loop *loop);
void q__loop_release_request(struct q_http_request *request);

/* ---- http_accept.c ---- */

void q__connection_accept(struct q__loop *loop);

/* ---- http_connection.c ---- */

/* Lets the connection read, write and wait as its state asks: the end of whatever happened to it.
 */
void q__connection_go_on(struct q__connection *connection);
/* is_hard: the client gets a reset, so that it cannot take what it has for the whole. */
void q__connection_close(struct q__connection *connection, bool is_hard);
void q__connection_expired(struct q__connection *connection, enum q__due due);

/* ---- http_parser.c, http_head.c ---- */

enum q__parsed {
	Q__PARSED_ALL,	   /* more is needed */
	Q__PARSED_HEAD,	   /* of a request with a body */
	Q__PARSED_REQUEST, /* its end */
	Q__PARSED_BAD	   /* request->refusal says why; without a request: close */
};
void q__parser_init(struct q__connection *connection);
enum q__parsed q__parser_execute(struct q__connection *connection, struct q_bytes bytes,
				 size_t *used);
/* Checks a whole head and fills what follows from it. False: request->refusal says why. */
bool q__head_check(struct q_http_request *request);
/* Makes an id where the request has none yet. */
void q__head_set_id(struct q_http_request *request);
/* Notes the first reason; returns false. */
bool q__refuse(struct q_http_request *request, int status, const char *code, const char *detail);
struct q_str q__field_name(const struct q_http_request *request, size_t index);
struct q_str q__field_value(const struct q_http_request *request, size_t index);

/* ---- http_body.c ---- */

void q__body_begin(struct q_http_request *request);
/* False: refused. */
bool q__body_add(struct q_http_request *request, struct q_bytes bytes);
/* Room for one more read. */
bool q__body_has_room(const struct q_http_request *request);
/* Gives the sink its next piece or its end, when it is time. */
void q__body_step(struct q_http_request *request);
/* Whether the socket is read: time in which it is not does not count as slowness. */
void q__body_set_stopped(struct q_http_request *request, bool is_stopped);
void q__body_look_at_speed(struct q_http_request *request);
void q__body_free(struct q_http_request *request);
void q__body_run_sink(struct q_http_request *request); /* on the pool: SINK_DATA */

/* ---- http_exchange.c ---- */

void q__exchange_check(struct q_http_request *request);
void q__exchange_body_complete(struct q_http_request *request);
void q__exchange_refused(struct q_http_request *request);
void q__exchange_events(struct q_http_request *request, unsigned events);
void q__exchange_step(struct q_http_request *request);
void q__exchange_expired(struct q_http_request *request, enum q__due due);
void q__exchange_client_gone(struct q_http_request *request);
void q__exchange_answered(struct q_http_request *request); /* all of the answer is written */
void q__exchange_submit(struct q_http_request *request, enum q__task task);

/* ---- http_response.c: any thread ---- */

/* A second answer is a bug. */
void q__answer_begin(struct q_http_request *request, int status, const char *content_type);
void q__answer_end(struct q_http_request *request);
/* Takes a reference; the stream is closed when the request ends. */
void q__answer_with_stream(struct q_http_request *request, int status, const char *content_type,
			   struct q_http_stream *stream);

/* ---- http_stream.c: the loop's side of a stream ---- */

/* What is queued, in place of *out; false: nothing. *is_finished: nothing will follow. */
bool q__stream_take(struct q_http_stream *stream, struct q_buf *out, bool *is_finished);
/* The connection speaks another protocol from here on: what comes in is q__stream_data's. */
bool q__stream_is_upgraded(const struct q_http_stream *stream);
void q__stream_data(struct q_http_stream *stream, struct q_bytes bytes);
void q__stream_stop(struct q_http_stream *stream);
/* Lets go of the request and gives the reference back. */
void q__stream_close(struct q_http_stream *stream, enum q_http_stream_end why);

/* ---- http_writer.c ---- */

/* Hands loop->out to the socket; the rest waits in connection->write. May close the connection. */
void q__writer_flush(struct q__connection *connection);
void q__writer_start(struct q_http_request *request);
/* Goes on with the answer where the socket and the source let it. */
void q__writer_pump(struct q_http_request *request);
void q__writer_read_source(struct q_http_request *request); /* on the pool: SOURCE_READ */

#endif
