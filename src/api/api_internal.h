/* api/api_internal.h: what the files of this folder share. Nobody else includes it. */
#ifndef Q_API_API_INTERNAL_H
#define Q_API_API_INTERNAL_H

#include "api/api.h"
#include "base/json.h"
#include "net/http_request.h"
#include "net/http_response.h"
#include "net/problem.h"

#include <pthread.h>
#include <stdatomic.h>

enum { Q__STATUS_LOW = 100, Q__STATUS_HIGH = 600, Q__ANSWER_MAX = 64 << 20 };

/* The access rule of a route. Every route has one; there is no default. */
enum q__rule_kind {
	Q__RULE_PUBLIC,	 /* anybody */
	Q__RULE_SIGNED,	 /* whoever has the link: the handler checks its signature */
	Q__RULE_METRICS, /* METRICS_TOKEN, or a loopback peer without forwarding headers */
	Q__RULE_ACTION,	 /* a caller whom the access table lets do `action` */
	Q__RULE_TICKET	 /* the same, or ?ticket= of such a caller */
};

struct q__rule {
	const char *name; /* for `quire policy` */
	enum q__rule_kind kind;
	enum q_action action;
};

extern const struct q__rule q__public, q__signed, q__metrics, q__documents_read, q__documents_write,
	q__documents_listen, q__admin;

/* A route's series, made when they are first needed. */
struct q__route_series {
	struct q_series *duration;
	_Atomic(struct q_series *) by_status[Q__STATUS_HIGH - Q__STATUS_LOW];
};

/* The open streams (live_session.c). */
struct q__session;
struct q__sessions {
	pthread_mutex_t mutex; /* guards what follows; a leaf */
	struct q__session *first;
	size_t count;
};

struct q_api {
	struct q_api_options o; /* strings in `arena` */
	struct q_arena *arena;
	struct q_route *routes;		/* all groups' in one array */
	struct q__route_series *series; /* one a route, and one for requests without a route */
	size_t route_count;
	struct q_router *router;
	struct q_metric *requests;
	struct q__sessions sessions;
};

/* The groups (documents_routes.c, ...): tables that end in an entry without a method. */
extern const struct q_route q__documents_routes[], q__job_routes[], q__admin_routes[],
	q__tenant_routes[], q__operations_routes[], q__blob_routes[], q__direct_upload_routes[],
	q__event_routes[], q__ticket_routes[], q__webhook_routes[], q__websocket_routes[];

/* --- Who asks (identity.c) -------------------------------------------------------------------- */

bool q__authorize(struct q_http_request *request, const void *access, void *context);
const struct q_identity *q__identity(const struct q_http_request *request);

/* May the caller see details of operations: the rule METRICS. */
bool q__is_operator(const struct q_api *api, const struct q_http_request *request);

/* --- Tickets (ticket.c) ----------------------------------------------------------------------- */

/* The query's ?ticket=; false: there is none. */
bool q__ticket_of(struct q_http_request *request, struct q_str *out);

/* Uses it up for this request. Q_DENIED with reason "invalid_ticket". */
Q_MUST_USE enum q_code q__ticket_redeem(struct q_api *api, struct q_http_request *request,
					struct q_str text, struct q_identity *out,
					struct q_err *err);

/* --- Before and after (hooks.c) --------------------------------------------------------------- */

/* Is the origin one of the exact ones of CORS_ORIGINS? */
bool q__is_allowed_origin(const struct q_api *api, struct q_str origin);

bool q__before(struct q_http_request *request, void *context);
void q__complete(const struct q_http_completion *completion, void *context);
Q_MUST_USE enum q_code q__series_new(struct q_api *api, struct q_err *err);

/* --- Parameters (parameters.c) ---------------------------------------------------------------- */

/* A parameter of the query that a route takes. */
struct q__parameter {
	const char *name;
	struct q_str *value; /* left alone when it is not given */
};

/* Fills the parameters. False when it has answered 400: one that is unknown, given twice or
 * malformed. */
bool q__query(struct q_http_request *request, const struct q__parameter *parameters, size_t count);

/* limit=1..100, 20 when not given. False when it has answered 400. */
bool q__limit(struct q_http_request *request, struct q_str text, size_t *out);

/* The whole body as a JSON object. False when it has answered. */
bool q__body(struct q_http_request *request, const struct q_json **out);

/* Answers 400 with the one field that is wrong. */
void q__refuse_field(struct q_http_request *request, const char *field, const char *reason);

/* --- Idempotency-Key (once.c) ----------------------------------------------------------------- */

struct q_idempotency;

/* Takes the request's key; *out is NULL where it has none. False when it has answered: another
 * request is at it, or the key is malformed. Whoever takes it commits or fails. */
bool q__once_take(struct q_api *api, struct q_http_request *request, struct q_idempotency **out);

/* The same, and says what the request is; `body` may be NULL. Also answers where the key was used
 * for another request. */
bool q__once_begin(struct q_api *api, struct q_http_request *request, const struct q_json *body,
		   struct q_idempotency **out);

/* Answers with the error, and gives the key (may be NULL) back. */
void q__once_fail(struct q_http_request *request, struct q_idempotency *once,
		  const struct q_err *err);

/* --- Cursors (cursor.c): a store's position, signed and bound to the caller and to what is listed
 * ---- */

struct q_str q__cursor_write(const struct q_api *api, struct q_http_request *request,
			     struct q_str scope, struct q_str position);
/* False when it has answered 400 `bad_cursor`. An empty text is the start. */
bool q__cursor_read(const struct q_api *api, struct q_http_request *request, struct q_str scope,
		    struct q_str text, struct q_str *position);

struct q__reply;

/* limit and cursor of a list, and nothing else in the query. False when it has answered. */
bool q__list_query(struct q_api *api, struct q_http_request *request, struct q_str scope,
		   size_t *limit, struct q_str *after);
/* An answer of items, and its end with the cursor of what follows; `next` may be empty. */
void q__items_begin(struct q__reply *answer);
void q__items_end(struct q_api *api, struct q_http_request *request, struct q__reply *answer,
		  struct q_str scope, struct q_str next);

/* --- Answers (answer.c) ----------------------------------------------------------------------- */

/* A buffer and a writer for a JSON answer. */
struct q__reply {
	struct q_buf buf;
	struct q_json_writer w;
};
void q__reply_begin(struct q__reply *answer);
void q__reply_end(struct q__reply *answer, struct q_http_request *request, int status);
void q__reply_end_as(struct q__reply *answer, struct q_http_request *request, int status,
		     const char *content_type);

/* An absolute URL for a path of this server, or the URL itself where it is absolute. */
struct q_str q__absolute(const struct q_api *api, struct q_http_request *request, struct q_str url);

/* Sends what a reader of the blob store gives; takes the reader. */
void q__respond_reader(struct q_http_request *request, int status, const char *content_type,
		       int64_t length, struct q_blob_reader *reader);

/* --- Waiting without a thread (wait.c) -------------------------------------------------------- */

/* Lives in the request's arena. */
struct q__wait {
	int64_t until_ms; /* monotonic */
	int64_t look_ms;  /* until the next look: longer each time, up to 250 ms */
};
void q__wait_begin(struct q__wait *wait, int64_t for_ms);

/* Looks again later: the handler returns. False: the time is over, or nobody waits any more. */
bool q__wait_again(struct q__wait *wait, struct q_http_request *request,
		   void (*look)(struct q_http_request *, void *), void *context);

/* --- Jobs as JSON (job_json.c) ---------------------------------------------------------------- */

/* `download_url` may be empty. */
void q__write_job(struct q_json_writer *w, const struct q_job *job, struct q_str download_url);
void q__write_page_state(struct q_json_writer *w, const struct q_page *page);
void q__write_page(struct q_json_writer *w, const struct q_job *job, const struct q_page *page);

/* The job's link to its manifest, absolute; empty where it has none. */
struct q__link {
	struct q_str url;
	int64_t expires_at_ms;
};
Q_MUST_USE enum q_code q__job_link(struct q_api *api, struct q_http_request *request,
				   const struct q_job *job, struct q__link *out, struct q_err *err);

/* The member `progress`, of a job and of its events alike. */
void q__write_progress(struct q_json_writer *w, int64_t processed, int64_t total, int64_t failed);

/* An event of a job, as every channel tells it (event_json.c). */
void q__write_event(struct q_json_writer *w, struct q_str file_id, const struct q_job_event *event);

/* --- Upload (upload_route.c) ------------------------------------------------------------------ */

void q__upload(struct q_http_request *request, void *context);

/* --- Purge (purge_route.c) -------------------------------------------------------------------- */

void q__purge(struct q_http_request *request, void *context);

/* again=1, the only parameter: a new job also for bytes that the tenant has a job of. False when it
 * has answered. */
bool q__read_again(struct q_http_request *request, bool *is_again);

/* 202: the document is stored and will be worked through. */
void q__answer_accepted(struct q_http_request *request, struct q_str file_id, bool is_duplicate);

#endif
