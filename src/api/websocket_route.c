/* GET /api/ws: many jobs' events over one WebSocket. The client says {"subscribe": fileId or "*"}
 * and {"unsubscribe": ...}; it is sent the events, and an answer to each command. A subscription is
 * the connection's and the hub's: it goes when both have let it go. */
#include "api/live_session.h"

#include "base/mem.h"
#include "base/time.h"
#include "net/websocket.h"

#include <stdio.h>
#include <string.h>

enum {
	MESSAGE_BYTES_MAX = 64 * 1024,
	COMMAND_ARENA = 4 << 20,
	BATCH_BYTES_MAX = Q__SESSION_QUEUE_BYTES,
	SUBSCRIPTIONS_MAX = 100,
	POSITIONS_MAX = 1500, /* as many as a message may name */
	NAME_SIZE = 40,
	PING_MS = 20000,
	SILENCE_MS = 50000 /* two pings without an answer */
};

static const struct q_json_limits command_limits = {MESSAGE_BYTES_MAX, 4, true};

struct connection {
	struct q__session base;	       /* first */
	struct q_websocket *websocket; /* the loop's */
	atomic_int_least64_t heard_ms; /* monotonic: the latest bytes from the client */
	int64_t pinged_ms;	       /* the tick's */
	pthread_mutex_t mutex; /* guards what follows; held over sends and the hub's calls */
	struct subscription *subscriptions;
	size_t subscription_count;
	bool is_closed;
};

struct subscription {
	struct connection *connection; /* referenced */
	char name[NAME_SIZE];	       /* a file id, or "*" */
	struct q_live_subscription *live;
	struct subscription *next;
	bool is_over; /* unsubscribed: nothing more is sent */
};

static struct connection *connection_of(struct q__session *session)
{
	return q_container_of(session, struct connection, base);
}

/* --- What is sent ----------------------------------------------------------------------------- */

static void send_message(struct connection *c, const struct q_buf *json)
{
	struct q_buf frame;

	q_buf_init(&frame, BATCH_BYTES_MAX);
	if (!q_buf_failed(json) && q_websocket_put_text(&frame, q_buf_str(json)) &&
	    !q__session_send(&c->base, q_buf_str(&frame)))
		c->base.kind->end(&c->base, "too_slow"); /* it asks, and does not read */
	q_buf_free(&frame);
}

/* {"error": {"code", "detail"}, "fileId"?} */
static void send_error(struct connection *c, struct q_str name, const char *code,
		       const char *detail)
{
	struct q_json_writer w;
	struct q_buf json;

	q_buf_init(&json, MESSAGE_BYTES_MAX);
	q_json_writer_init(&w, &json);
	q_json_begin_object(&w);
	q_json_name(&w, "error");
	q_json_begin_object(&w);
	q_json_field_string(&w, "code", q_str_from(code));
	q_json_field_string(&w, "detail", q_str_from(detail));
	q_json_end_object(&w);
	if (name.length > 0)
		q_json_field_string(&w, "fileId", name);
	q_json_end_object(&w);
	send_message(c, &json);
	q_buf_free(&json);
}

/* {"subscribed": name} or {"unsubscribed": name}; for all jobs with the time they are told
 * since. */
static void send_done(struct connection *c, const char *what, struct q_str name, int64_t since_ms)
{
	struct q_json_writer w;
	struct q_buf json;

	q_buf_init(&json, MESSAGE_BYTES_MAX);
	q_json_writer_init(&w, &json);
	q_json_begin_object(&w);
	q_json_field_string(&w, what, name);
	if (since_ms >= 0)
		q_json_field_time(&w, "since", since_ms);
	q_json_end_object(&w);
	send_message(c, &json);
	q_buf_free(&json);
}

static enum q_websocket_code close_code(const char *reason)
{
	if (strcmp(reason, "server_stopping") == 0)
		return Q_WEBSOCKET_GOING_AWAY;
	if (strcmp(reason, "too_slow") == 0)
		return Q_WEBSOCKET_TRY_LATER;
	return Q_WEBSOCKET_POLICY;
}

static void end_connection(struct q__session *session, const char *reason)
{
	struct q_buf frame;

	q_buf_init(&frame, Q_WEBSOCKET_CLOSE_BYTES_MAX);
	q_websocket_put_close(&frame, close_code(reason), q_str_from(reason));
	q_http_stream_finish(session->stream, q_buf_str(&frame));
	q_buf_free(&frame);
}

/* --- Subscriptions ---------------------------------------------------------------------------- */

static bool on_events(void *context, struct q_str file_id, const struct q_job_events *events)
{
	struct subscription *s = context;
	struct connection *c = s->connection;
	struct q_buf frames, json;
	bool is_taken = true;

	q_buf_init(&frames, BATCH_BYTES_MAX);
	q_buf_init(&json, MESSAGE_BYTES_MAX);
	for (size_t i = 0; i < events->count; i++) {
		struct q_json_writer w;

		q_buf_clear(&json);
		q_json_writer_init(&w, &json);
		q__write_event(&w, file_id, &events->items[i]);
		q_websocket_put_text(&frames, q_buf_str(&json));
	}
	pthread_mutex_lock(&c->mutex);
	if (!s->is_over)
		is_taken = !q_buf_failed(&frames) && !q_buf_failed(&json) &&
			   q__session_send(&c->base, q_buf_str(&frames));
	pthread_mutex_unlock(&c->mutex);
	q_buf_free(&json);
	q_buf_free(&frames);
	return is_taken;
}

static struct subscription **find(struct connection *c, struct q_str name)
{
	struct subscription **at = &c->subscriptions;

	while (*at && !q_str_equal(q_str_from((*at)->name), name))
		at = &(*at)->next;
	return at;
}

/* Under the mutex: the hub releases it. */
static void drop(struct connection *c, struct subscription **at)
{
	struct subscription *s = *at;

	*at = s->next;
	c->subscription_count--;
	s->is_over = true;
	q_live_cancel(s->live);
}

static void on_failed(void *context, struct q_str file_id, const struct q_err *why)
{
	struct subscription *s = context;
	struct connection *c = s->connection;
	struct q_problem problem = q_problem_from_error(why);

	(void)file_id;
	pthread_mutex_lock(&c->mutex);
	if (!s->is_over) {
		send_error(c, q_str_from(s->name), problem.code, why->message);
		drop(c, find(c, q_str_from(s->name)));
	}
	pthread_mutex_unlock(&c->mutex);
}

static void on_release(void *context)
{
	struct subscription *s = context;

	q__session_unref(&s->connection->base);
	q_mem_free(s);
}

/* --- Commands --------------------------------------------------------------------------------- */

struct command {
	struct q_str name;
	bool is_all;
	int64_t since_ms;
	struct q_live_position *positions;
	size_t position_count;
};

static bool is_position(const struct q_json *value, int64_t *out)
{
	return q_json_int64(value, out) && *out >= 0;
}

/* "after": {fileId: number, ...}, and "since". */
static bool read_all(struct q_api *api, const struct q_json *json, struct q_arena *arena,
		     struct command *out)
{
	const struct q_json *after = q_json_member(json, Q_STR("after"));
	struct q_json_walk walk = q_json_walk(after);
	struct q_str since;

	out->since_ms = q_clock_now_ms(api->o.clock);
	if (q_json_member(json, Q_STR("since")) &&
	    (!q_json_string(q_json_member(json, Q_STR("since")), &since) ||
	     !q_time_parse_rfc3339(since, &out->since_ms) || out->since_ms < 0))
		return false;
	if (!after)
		return true;
	out->positions = q_arena_alloc_array(arena, POSITIONS_MAX, sizeof *out->positions);
	if (!out->positions || q_json_type_of(after) != Q_JSON_OBJECT)
		return false;
	while (q_json_next(&walk)) {
		struct q_live_position *position = &out->positions[out->position_count++];

		position->file_id = walk.name;
		if (!is_position(walk.value, &position->after) ||
		    out->position_count == POSITIONS_MAX)
			return false;
	}
	return true;
}

static bool read_one(const struct q_json *json, struct q_arena *arena, struct command *out)
{
	const struct q_json *after = q_json_member(json, Q_STR("after"));

	out->position_count = 1;
	out->positions = q_arena_alloc(arena, sizeof *out->positions);
	if (!out->positions || q_json_member(json, Q_STR("since")))
		return false;
	*out->positions = (struct q_live_position){out->name, 0};
	return !after || is_position(after, &out->positions->after);
}

/* Why this cannot be subscribed to now; NULL: it can. Under the mutex. */
static const char *why_not(struct connection *c, const struct command *command)
{
	if (c->subscription_count == SUBSCRIPTIONS_MAX)
		return "too_many_subscriptions";
	/* The same event would come twice. */
	if (*find(c, command->name) || *find(c, Q_STR("*")) ||
	    (command->is_all && c->subscriptions))
		return "already_subscribed";
	return NULL;
}

static enum q_code ask_hub(struct connection *c, const struct command *command,
			   struct subscription *s, struct q_err *err)
{
	const struct q_live_subscriber subscriber = {s, on_events, on_failed, on_release};
	struct q_live *live = c->base.api->o.live;

	if (command->is_all)
		return q_live_subscribe_all(live, &c->base.who, command->since_ms,
					    command->positions, command->position_count,
					    &subscriber, &s->live, err);
	return q_live_subscribe(live, &c->base.who, command->name, command->positions->after,
				&subscriber, &s->live, err);
}

/* Under the mutex, so that the answer comes before the first event. */
static enum q_code add_subscription(struct connection *c, const struct command *command,
				    struct q_err *err)
{
	struct subscription *s = q_mem_new(sizeof *s);
	enum q_code code;

	if (!s)
		return q_fail(err, Q_NOMEM, "api.subscribe", "%zu bytes", sizeof *s);
	s->connection = c;
	snprintf(s->name, sizeof s->name, "%.*s", Q_STR_ARG(command->name));
	code = ask_hub(c, command, s, err);
	if (code) {
		q_mem_free(s);
		return code;
	}
	q__session_ref(&c->base);
	s->next = c->subscriptions;
	c->subscriptions = s;
	c->subscription_count++;
	return Q_OK;
}

static void subscribe(struct connection *c, const struct q_json *json, struct q_arena *arena,
		      struct command *command)
{
	const char *refusal;
	struct q_err err;

	command->is_all = q_str_equal(command->name, Q_STR("*"));
	if (!(command->is_all ? read_all(c->base.api, json, arena, command)
			      : read_one(json, arena, command))) {
		send_error(c, command->name, "invalid_request",
			   "after is an event's number (for *: one for each fileId), since a time");
		return;
	}
	refusal = why_not(c, command);
	if (refusal)
		send_error(c, command->name, refusal, "unsubscribe from another first");
	else if (add_subscription(c, command, &err) != Q_OK)
		send_error(c, command->name, q_problem_from_error(&err).code, err.message);
	else
		send_done(c, "subscribed", command->name, command->is_all ? command->since_ms : -1);
}

static void unsubscribe(struct connection *c, struct q_str name)
{
	struct subscription **at = find(c, name);

	if (!*at) {
		send_error(c, name, "not_found", "there is no such subscription");
		return;
	}
	drop(c, at);
	send_done(c, "unsubscribed", name, -1);
}

static void obey(struct connection *c, const struct q_json *json, struct q_arena *arena)
{
	struct command command = {.since_ms = -1};

	if (q_json_string(q_json_member(json, Q_STR("subscribe")), &command.name) &&
	    command.name.length < NAME_SIZE)
		subscribe(c, json, arena, &command);
	else if (q_json_string(q_json_member(json, Q_STR("unsubscribe")), &command.name))
		unsubscribe(c, command.name);
	else
		send_error(c, (struct q_str){0}, "invalid_request",
			   "say {\"subscribe\": fileId or \"*\"} or {\"unsubscribe\": ...}");
}

static void on_text(void *context, struct q_str message)
{
	struct connection *c = context;
	struct q_arena *arena = q_arena_new(COMMAND_ARENA);
	const struct q_json *json = NULL;
	struct q_err err;

	if (arena)
		(void)!q_json_parse(arena, q_str_bytes(message), &command_limits, &json, &err);
	pthread_mutex_lock(&c->mutex);
	if (!c->is_closed)
		obey(c, json, arena);
	pthread_mutex_unlock(&c->mutex);
	q_arena_free(arena);
}

/* --- The connection --------------------------------------------------------------------------- */

static void on_data(void *context, struct q_bytes bytes)
{
	struct connection *c = context;
	struct q_str reply;
	bool goes_on = q_websocket_receive(c->websocket, bytes, &reply);

	atomic_store(&c->heard_ms, q_time_monotonic_ms());
	if (reply.length > 0 && !q__session_send(&c->base, reply))
		end_connection(&c->base, "too_slow");
	else if (!goes_on)
		q_http_stream_finish(c->base.stream, Q_STR(""));
}

static void tick_connection(struct q__session *session, int64_t now_ms)
{
	struct connection *c = connection_of(session);
	struct q_buf ping;

	if (now_ms - atomic_load(&c->heard_ms) > SILENCE_MS) {
		end_connection(session, "pong_timeout");
		return;
	}
	if (now_ms - c->pinged_ms < PING_MS)
		return;
	c->pinged_ms = now_ms;
	q_buf_init(&ping, Q_WEBSOCKET_CLOSE_BYTES_MAX);
	if (q_websocket_put_ping(&ping))
		(void)q__session_send(session, q_buf_str(&ping));
	q_buf_free(&ping);
}

static void resume_connection(struct q__session *session)
{
	struct connection *c = connection_of(session);

	pthread_mutex_lock(&c->mutex);
	for (struct subscription *s = c->subscriptions; s; s = s->next)
		q_live_resume(s->live);
	pthread_mutex_unlock(&c->mutex);
}

static void close_connection(struct q__session *session)
{
	struct connection *c = connection_of(session);

	pthread_mutex_lock(&c->mutex);
	c->is_closed = true;
	while (c->subscriptions)
		drop(c, &c->subscriptions);
	pthread_mutex_unlock(&c->mutex);
}

static void free_connection(struct q__session *session)
{
	struct connection *c = connection_of(session);

	q_websocket_free(c->websocket);
	pthread_mutex_destroy(&c->mutex);
	q_mem_free(c);
}

static const struct q__session_kind connection_kind = {
	.name = "websocket",
	.end = end_connection,
	.tick = tick_connection,
	.resume = resume_connection,
	.close = close_connection,
	.free = free_connection,
};

static enum q_code connection_new(struct connection **out, struct q_err *err)
{
	struct connection *c = q_mem_new(sizeof *c);
	const struct q_websocket_options options = {MESSAGE_BYTES_MAX, c, on_text};
	enum q_code code;

	if (!c)
		return q_fail(err, Q_NOMEM, "api.websocket", "%zu bytes", sizeof *c);
	code = q_websocket_new(&options, &c->websocket, err);
	if (code) {
		q_mem_free(c);
		return code;
	}
	pthread_mutex_init(&c->mutex, NULL);
	c->pinged_ms = q_time_monotonic_ms();
	atomic_init(&c->heard_ms, c->pinged_ms);
	*out = c;
	return Q_OK;
}

static void get_websocket(struct q_http_request *request, void *context)
{
	struct q_api *api = context;
	struct connection *c = NULL;
	struct q_str ticket = {0};
	const struct q__parameter parameters[] = {{"ticket", &ticket}};
	struct q_err err;

	if (!q__query(request, parameters, Q_COUNT_OF(parameters)) ||
	    !q__session_origin_allowed(api, request) || !q_websocket_accept(request))
		return;
	if (connection_new(&c, &err)) {
		q_http_respond_error(request, &err);
		return;
	}
	if (q__session_open(&c->base, &connection_kind, api, request, 101, on_data))
		q__session_unref(&c->base);
}

const struct q_route q__websocket_routes[] = {
	{"GET", "/api/ws", Q_ROUTE_CANCEL_ON_EOF, 0, &q__documents_listen, get_websocket},
	{0},
};
