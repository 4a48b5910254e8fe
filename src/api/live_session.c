#include "api/live_session.h"

#include "access/api_key.h"
#include "base/mem.h"
#include "base/time.h"

#include <stdio.h>

enum { TICK_ARENA = 64 * 1024 };

struct q__session *q__session_ref(struct q__session *session)
{
	atomic_fetch_add(&session->references, 1);
	return session;
}

void q__session_unref(struct q__session *session)
{
	if (atomic_fetch_sub(&session->references, 1) > 1)
		return;
	q_http_stream_unref(session->stream);
	session->kind->free(session);
}

/* --- The list --------------------------------------------------------------------------------- */

static void enlist(struct q__session *session)
{
	struct q__sessions *open = &session->api->sessions;

	q__session_ref(session);
	pthread_mutex_lock(&open->mutex);
	session->next = open->first;
	session->link = &open->first;
	if (session->next)
		session->next->link = &session->next;
	open->first = session;
	open->count++;
	pthread_mutex_unlock(&open->mutex);
}

static void delist(struct q__session *session)
{
	struct q__sessions *open = &session->api->sessions;

	pthread_mutex_lock(&open->mutex);
	*session->link = session->next;
	if (session->next)
		session->next->link = session->link;
	open->count--;
	pthread_mutex_unlock(&open->mutex);
	q__session_unref(session);
}

/* --- The stream's callbacks ------------------------------------------------------------------- */

static void on_room(void *context)
{
	struct q__session *session = context;

	atomic_store(&session->full_since_ms, 0);
	session->kind->resume(session);
}

static void on_stop(void *context)
{
	struct q__session *session = context;

	session->kind->end(session, "server_stopping");
}

static void on_closed(void *context, enum q_http_stream_end why)
{
	static const char *const reasons[] = {[Q_HTTP_STREAM_FINISHED] = "finished",
					      [Q_HTTP_STREAM_CLIENT_GONE] = "client_gone",
					      [Q_HTTP_STREAM_TOO_SLOW] = "too_slow"};
	struct q__session *session = context;

	q_log(session->api->o.log, Q_LOG_DEBUG, "stream.closed",
	      Q_LOG_STRING("kind", q_str_from(session->kind->name)),
	      Q_LOG_STRING("reason", q_str_from(reasons[why])));
	session->kind->close(session);
	delist(session);
	q__session_unref(session); /* the stream's */
}

static void set_identity(struct q__session *session, const struct q_identity *who)
{
	session->who = *who;
	snprintf(session->tenant_id, sizeof session->tenant_id, "%.*s", Q_STR_ARG(who->tenant_id));
	snprintf(session->subject, sizeof session->subject, "%.*s", Q_STR_ARG(who->subject));
	session->who.tenant_id = q_str_from(session->tenant_id);
	session->who.subject = q_str_from(session->subject);
}

bool q__session_open(struct q__session *session, const struct q__session_kind *kind,
		     struct q_api *api, struct q_http_request *request, int status,
		     void (*on_data)(void *session, struct q_bytes bytes))
{
	struct q_http_stream_options options = {.status = status,
						.content_type =
							status == 200 ? "text/event-stream" : NULL,
						.queue_bytes_max = Q__SESSION_QUEUE_BYTES,
						.context = session,
						.on_data = on_data,
						.on_room = on_room,
						.on_stop = on_stop,
						.on_closed = on_closed};
	struct q_err err;

	session->kind = kind;
	session->api = api;
	atomic_init(&session->references, 2); /* the caller's and the stream's */
	set_identity(session, q__identity(request));
	if (q_http_stream_open(request, &options, &session->stream, &err) == Q_OK) {
		enlist(session); /* the stream cannot close before its handler returns */
		return true;
	}
	q_http_respond_error(request, &err);
	q__session_unref(session);
	q__session_unref(session);
	return false;
}

bool q__session_send(struct q__session *session, struct q_str bytes)
{
	int_least64_t no_time = 0;

	if (q_http_stream_send(session->stream, bytes) != Q_BUSY)
		return true;
	atomic_compare_exchange_strong(&session->full_since_ms, &no_time, q_time_monotonic_ms());
	return false;
}

/* --- Origins ---------------------------------------------------------------------------------- */

bool q__session_origin_allowed(struct q_api *api, struct q_http_request *request)
{
	struct q_str origin = q_http_request_header(request, Q_STR("Origin"));
	struct q_str own = q__absolute(api, request, Q_STR("/"));

	if (origin.length == 0 || q__is_allowed_origin(api, origin) ||
	    q_str_equal(origin, q_str_slice(own, 0, own.length - 1)))
		return true;
	q_http_respond_refusal(request, 403, "origin_not_allowed",
			       "CORS_ORIGINS does not name this page's origin");
	return false;
}

/* --- Every second ----------------------------------------------------------------------------- */

/* Why the caller may not listen any more; NULL: it may. A store that does not answer ends nothing.
 */
static const char *why_over(struct q__session *session, const struct q_call *call, int64_t now_ms)
{
	const struct q_identity *who = &session->who;
	int64_t full_since_ms = atomic_load(&session->full_since_ms);
	bool is_live = true;
	struct q_err err;

	if (who->expires_at_ms != 0 && who->expires_at_ms <= now_ms)
		return "credentials_expired";
	if (full_since_ms != 0 && q_time_monotonic_ms() - full_since_ms > Q__SESSION_SLOW_MS)
		return "too_slow";
	if (who->kind == Q_IDENTITY_KEY &&
	    q_api_key_is_live(session->api->o.records, call, who->subject, now_ms, &is_live,
			      &err) != Q_OK)
		return NULL;
	return is_live ? NULL : "credentials_revoked";
}

static void tick(struct q__session *session, const struct q_call *call, int64_t now_ms)
{
	const char *reason = why_over(session, call, now_ms);

	if (reason)
		session->kind->end(session, reason);
	else
		session->kind->tick(session, q_time_monotonic_ms());
}

/* All open sessions, each with a reference; NULL: none, or no memory. */
static struct q__session **snapshot(struct q__sessions *open, size_t *count)
{
	struct q__session **all = NULL;

	*count = 0;
	pthread_mutex_lock(&open->mutex);
	if (open->count > 0)
		all = q_mem_new_array(open->count, sizeof(struct q__session *));
	for (struct q__session *session = open->first; all && session; session = session->next)
		all[(*count)++] = q__session_ref(session);
	pthread_mutex_unlock(&open->mutex);
	return all;
}

void q_api_tick(struct q_api *api, const struct q_call *call)
{
	size_t count;
	struct q__session **all = snapshot(&api->sessions, &count);

	for (size_t i = 0; i < count; i++) {
		tick(all[i], call, q_clock_now_ms(api->o.clock));
		q__session_unref(all[i]);
	}
	q_mem_free(all);
}
