/* Webhooks and their deliveries. A secret is in the answer that makes it, and in no other. */
#include "api/api_internal.h"

#include "base/time.h"

enum { BODY_MAX = 16 * 1024 };

static const enum q_webhook_event events[] = {Q_WEBHOOK_COMPLETED, Q_WEBHOOK_FAILED,
					      Q_WEBHOOK_CANCELLED};

/* --- JSON ------------------------------------------------------------------------------------- */

static void field_time_where_set(struct q_json_writer *w, const char *name, int64_t wall_ms)
{
	if (wall_ms > 0)
		q_json_field_time(w, name, wall_ms);
}

static void field_where_set(struct q_json_writer *w, const char *name, struct q_str value)
{
	if (value.length > 0)
		q_json_field_string(w, name, value);
}

/* `secret` is empty where it is not to be shown. */
static void write_webhook(struct q_json_writer *w, const struct q_webhook *webhook,
			  struct q_str secret)
{
	q_json_begin_object(w);
	q_json_field_string(w, "id", webhook->id);
	q_json_field_string(w, "tenantId", webhook->tenant_id);
	field_where_set(w, "url", webhook->url);
	q_json_name(w, "events");
	q_json_begin_array(w);
	for (size_t i = 0; i < Q_COUNT_OF(events); i++)
		if (webhook->events & events[i])
			q_json_put_string(w, q_str_from(q_webhook_event_name(events[i])));
	q_json_end_array(w);
	field_where_set(w, "secret", secret);
	q_json_field_time(w, "createdAt", webhook->created_at_ms);
	field_time_where_set(w, "previousSecretUntil", webhook->overlap_until_ms);
	field_time_where_set(w, "failingSince", webhook->failing_since_ms);
	field_time_where_set(w, "disabledAt", webhook->disabled_at_ms);
	field_where_set(w, "disabledReason", webhook->disabled_reason);
	q_json_end_object(w);
}

static void write_delivery(struct q_json_writer *w, const struct q_delivery *delivery)
{
	q_json_begin_object(w);
	q_json_field_string(w, "id", delivery->id);
	q_json_field_string(w, "messageId", delivery->message_id);
	q_json_field_string(w, "webhookId", delivery->webhook_id);
	q_json_field_string(w, "tenantId", delivery->tenant_id);
	q_json_field_string(w, "url", delivery->url);
	q_json_field_string(w, "type", delivery->event_type);
	field_where_set(w, "fileId", delivery->file_id);
	q_json_field_string(w, "status", q_str_from(q_delivery_status_name(delivery->status)));
	q_json_field_int64(w, "attempts", delivery->attempts);
	if (delivery->response_status > 0)
		q_json_field_int64(w, "responseStatus", delivery->response_status);
	field_where_set(w, "response", delivery->response);
	field_where_set(w, "error", delivery->error);
	q_json_field_time(w, "createdAt", delivery->created_at_ms);
	field_time_where_set(w, "attemptedAt", delivery->attempted_at_ms);
	field_time_where_set(w, "nextAttemptAt", delivery->next_attempt_at_ms);
	q_json_field_raw(w, "payload", delivery->payload);
	q_json_end_object(w);
}

static void answer_webhook(struct q_http_request *request, int status,
			   const struct q_webhook *webhook, struct q_str secret)
{
	struct q__reply answer;

	if (secret.length > 0)
		q_http_add_header(request, "Cache-Control", Q_STR("no-store"));
	q__reply_begin(&answer);
	write_webhook(&answer.w, webhook, secret);
	q__reply_end(&answer, request, status);
}

static void answer_delivery(struct q_http_request *request, int status,
			    const struct q_delivery *delivery)
{
	struct q__reply answer;

	q__reply_begin(&answer);
	write_delivery(&answer.w, delivery);
	q__reply_end(&answer, request, status);
}

/* --- Webhooks --------------------------------------------------------------------------------- */

/* Who asks, about the tenant of `?tenantId=`. False when it has answered. */
static bool read_caller(struct q_http_request *request, struct q_webhook_caller *out)
{
	const struct q__parameter parameters[] = {{"tenantId", &out->tenant_id}};

	*out = (struct q_webhook_caller){.who = q__identity(request)};
	return q__query(request, parameters, Q_COUNT_OF(parameters));
}

static struct q_str id_of(const struct q_http_request *request)
{
	return q_http_request_param(request, "id");
}

static bool read_events(struct q_http_request *request, const struct q_json *array, unsigned *out)
{
	struct q_json_walk walk;

	*out = 0;
	for (walk = q_json_walk(array); q_json_next(&walk);) {
		enum q_webhook_event event;
		struct q_str name;

		if (!q_json_string(walk.value, &name) || !q_webhook_event_parse(name, &event)) {
			*out = 0;
			break;
		}
		*out |= event;
	}
	if (q_json_type_of(array) == Q_JSON_ARRAY && *out != 0)
		return true;
	q__refuse_field(request, "events",
			"is a list of document.completed, document.failed and document.cancelled");
	return false;
}

struct wish {
	struct q_webhook_caller caller;
	struct q_webhook_new webhook;
};

static bool read_wish_field(struct q_http_request *request, const struct q_json_walk *member,
			    struct wish *out)
{
	if (q_str_equal(member->name, Q_STR("events")))
		return read_events(request, member->value, &out->webhook.events);
	if (q_str_equal(member->name, Q_STR("url")) &&
	    q_json_string(member->value, &out->webhook.url))
		return true;
	if (q_str_equal(member->name, Q_STR("tenantId")) &&
	    q_json_string(member->value, &out->caller.tenant_id))
		return true;
	q_http_respond_refusal(request, 400, "invalid_request",
			       "the body takes url and tenantId, strings, and events, a list");
	return false;
}

/* The body of POST /api/webhooks. False when it has answered. */
static bool read_wish(struct q_api *api, struct q_http_request *request, struct wish *out)
{
	const struct q_json *body;
	struct q_json_walk walk;

	*out = (struct wish){.caller.who = q__identity(request), .webhook.events = Q_WEBHOOK_ALL};
	if (!q__query(request, NULL, 0) || !q__body(request, &body))
		return false;
	for (walk = q_json_walk(body); q_json_next(&walk);)
		if (!read_wish_field(request, &walk, out))
			return false;
	return q__once_begin(api, request, body, &out->webhook.once);
}

static void create_webhook(struct q_http_request *request, void *context)
{
	struct q_api *api = context;
	struct q_webhook webhook;
	struct q_str secret = {0};
	struct wish wish;
	struct q_err err;

	if (!read_wish(api, request, &wish))
		return;
	if (q_webhook_add(api->o.documents, q_http_request_call(request), &wish.caller,
			  &wish.webhook, q_http_request_arena(request), &webhook, &secret, &err))
		q__once_fail(request, wish.webhook.once, &err);
	else
		answer_webhook(request, 201, &webhook, secret);
}

/* The parameters of a list. */
struct list {
	struct q_webhook_caller caller;
	struct q_str scope; /* what the cursor is bound to */
	size_t limit;
	struct q_str after;
};

/* False when it has answered. */
static bool read_list(struct q_api *api, struct q_http_request *request, const char *what,
		      struct q_str id, struct list *out)
{
	struct q_str limit = {0}, cursor = {0};
	const struct q__parameter parameters[] = {
		{"tenantId", &out->caller.tenant_id}, {"limit", &limit}, {"cursor", &cursor}};

	*out = (struct list){.caller.who = q__identity(request)};
	if (!q__query(request, parameters, Q_COUNT_OF(parameters)) ||
	    !q__limit(request, limit, &out->limit))
		return false;
	out->scope = q_arena_format(q_http_request_arena(request), "%s:%.*s:%.*s", what,
				    Q_STR_ARG(out->caller.tenant_id), Q_STR_ARG(id));
	return q__cursor_read(api, request, out->scope, cursor, &out->after);
}

static void list_webhooks(struct q_http_request *request, void *context)
{
	struct q_api *api = context;
	struct q_webhook_page page;
	struct q__reply answer;
	struct list list;
	struct q_err err;

	if (!read_list(api, request, "webhooks", Q_STR(""), &list))
		return;
	if (q_webhook_list(api->o.documents, q_http_request_call(request), &list.caller, list.limit,
			   list.after, q_http_request_arena(request), &page, &err)) {
		q_http_respond_error(request, &err);
		return;
	}
	q__items_begin(&answer);
	for (size_t i = 0; i < page.count; i++)
		write_webhook(&answer.w, &page.items[i], (struct q_str){0});
	q__items_end(api, request, &answer, list.scope, page.next);
}

/* Answers with the webhook that `act` gives: as it is, or as it has become. */
static void answer_about(struct q_http_request *request, struct q_api *api,
			 enum q_code (*act)(struct q_documents *, const struct q_call *,
					    const struct q_webhook_caller *, struct q_str,
					    struct q_arena *, struct q_webhook *, struct q_err *))
{
	struct q_webhook_caller caller;
	struct q_webhook webhook;
	struct q_err err;

	if (!read_caller(request, &caller))
		return;
	if (act(api->o.documents, q_http_request_call(request), &caller, id_of(request),
		q_http_request_arena(request), &webhook, &err))
		q_http_respond_error(request, &err);
	else
		answer_webhook(request, 200, &webhook, (struct q_str){0});
}

static void get_webhook(struct q_http_request *request, void *context)
{
	answer_about(request, context, q_webhook_find);
}

static void delete_webhook(struct q_http_request *request, void *context)
{
	struct q_api *api = context;
	struct q_webhook_caller caller;
	struct q_err err;

	if (!read_caller(request, &caller))
		return;
	if (q_webhook_remove(api->o.documents, q_http_request_call(request), &caller,
			     id_of(request), q_http_request_arena(request), &err))
		q_http_respond_error(request, &err);
	else
		q_http_respond_empty(request, 204);
}

static void rotate_webhook(struct q_http_request *request, void *context)
{
	struct q_api *api = context;
	struct q_webhook_caller caller;
	struct q_webhook webhook;
	struct q_str secret = {0};
	struct q_err err;

	if (!read_caller(request, &caller))
		return;
	if (q_webhook_rotate(api->o.documents, q_http_request_call(request), &caller,
			     id_of(request), q_http_request_arena(request), &webhook, &secret,
			     &err))
		q_http_respond_error(request, &err);
	else
		answer_webhook(request, 200, &webhook, secret);
}

static void enable_webhook(struct q_http_request *request, void *context)
{
	answer_about(request, context, q_webhook_enable);
}

/* --- Deliveries ------------------------------------------------------------------------------- */

static void list_deliveries(struct q_http_request *request, void *context)
{
	struct q_api *api = context;
	struct q_delivery_page page;
	struct q__reply answer;
	struct list list;
	struct q_err err;

	if (!read_list(api, request, "deliveries", id_of(request), &list))
		return;
	if (q_delivery_list(api->o.documents, q_http_request_call(request), &list.caller,
			    id_of(request), list.limit, list.after, q_http_request_arena(request),
			    &page, &err)) {
		q_http_respond_error(request, &err);
		return;
	}
	q__items_begin(&answer);
	for (size_t i = 0; i < page.count; i++)
		write_delivery(&answer.w, &page.items[i]);
	q__items_end(api, request, &answer, list.scope, page.next);
}

/* Answers with the delivery that `act` gives. */
static void answer_delivery_of(struct q_http_request *request, struct q_api *api, int status,
			       const struct q_webhook_caller *caller,
			       enum q_code (*act)(struct q_documents *, const struct q_call *,
						  const struct q_webhook_caller *, struct q_str,
						  struct q_arena *, struct q_delivery *,
						  struct q_err *))
{
	struct q_delivery delivery;
	struct q_err err;

	if (act(api->o.documents, q_http_request_call(request), caller, id_of(request),
		q_http_request_arena(request), &delivery, &err))
		q_http_respond_error(request, &err);
	else
		answer_delivery(request, status, &delivery);
}

static void test_webhook(struct q_http_request *request, void *context)
{
	struct q_webhook_caller caller;

	if (read_caller(request, &caller))
		answer_delivery_of(request, context, 202, &caller, q_webhook_test);
}

static bool read_time(struct q_http_request *request, const struct q_json *body, const char *name,
		      int64_t *wall_ms)
{
	const struct q_json *member = q_json_member(body, q_str_from(name));
	struct q_str text = {0};

	if (!member || (q_json_string(member, &text) && q_time_parse_rfc3339(text, wall_ms)))
		return true;
	q__refuse_field(request, name, "is a time as in RFC 3339");
	return false;
}

/* The body of a replay: {since, until}, the second optional. False when it has answered. */
static bool read_range(struct q_http_request *request, int64_t *since_ms, int64_t *until_ms)
{
	const struct q_json *body;
	struct q_json_walk walk;

	if (!q__body(request, &body))
		return false;
	for (walk = q_json_walk(body); q_json_next(&walk);) {
		if (!q_str_equal(walk.name, Q_STR("since")) &&
		    !q_str_equal(walk.name, Q_STR("until"))) {
			q_http_respond_refusal(request, 400, "invalid_request",
					       "the body takes since and until");
			return false;
		}
	}
	if (!read_time(request, body, "since", since_ms) ||
	    !read_time(request, body, "until", until_ms))
		return false;
	if (*since_ms >= 0 && *since_ms < *until_ms)
		return true;
	q__refuse_field(request, "since", "is a time before `until`");
	return false;
}

static void replay_webhook(struct q_http_request *request, void *context)
{
	struct q_api *api = context;
	int64_t since_ms = -1, until_ms = q_clock_now_ms(api->o.clock) + 1;
	struct q_webhook_caller caller;
	struct q_webhook_replay replay;
	struct q__reply answer;
	struct q_err err;

	if (!read_caller(request, &caller) || !read_range(request, &since_ms, &until_ms))
		return;
	if (q_webhook_replay(api->o.documents, q_http_request_call(request), &caller,
			     id_of(request), since_ms, until_ms, q_http_request_arena(request),
			     &replay, &err)) {
		q_http_respond_error(request, &err);
		return;
	}
	q__reply_begin(&answer);
	q_json_begin_object(&answer.w);
	q_json_field_int64(&answer.w, "replayed", (int64_t)replay.count);
	field_time_where_set(&answer.w, "moreSince", replay.more_since_ms);
	q_json_end_object(&answer.w);
	q__reply_end(&answer, request, 202);
}

static void get_delivery(struct q_http_request *request, void *context)
{
	const struct q_webhook_caller caller = {.who = q__identity(request)};

	if (q__query(request, NULL, 0))
		answer_delivery_of(request, context, 200, &caller, q_delivery_find);
}

static void replay_delivery(struct q_http_request *request, void *context)
{
	const struct q_webhook_caller caller = {.who = q__identity(request)};

	if (q__query(request, NULL, 0))
		answer_delivery_of(request, context, 202, &caller, q_delivery_replay);
}

const struct q_route q__webhook_routes[] = {
	{"POST", "/api/webhooks", 0, BODY_MAX, &q__documents_write, create_webhook},
	{"GET", "/api/webhooks", 0, 0, &q__documents_write, list_webhooks},
	{"GET", "/api/webhooks/{id}", 0, 0, &q__documents_write, get_webhook},
	{"DELETE", "/api/webhooks/{id}", 0, 0, &q__documents_write, delete_webhook},
	{"POST", "/api/webhooks/{id}/rotate", 0, 0, &q__documents_write, rotate_webhook},
	{"POST", "/api/webhooks/{id}/enable", 0, 0, &q__documents_write, enable_webhook},
	{"POST", "/api/webhooks/{id}/test", 0, 0, &q__documents_write, test_webhook},
	{"POST", "/api/webhooks/{id}/replay", 0, BODY_MAX, &q__documents_write, replay_webhook},
	{"GET", "/api/webhooks/{id}/deliveries", 0, 0, &q__documents_write, list_deliveries},
	{"GET", "/api/deliveries/{id}", 0, 0, &q__documents_write, get_delivery},
	{"POST", "/api/deliveries/{id}/replay", 0, 0, &q__documents_write, replay_delivery},
	{0},
};
