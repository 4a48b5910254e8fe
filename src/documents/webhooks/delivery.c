/* A delivery is one message to one receiver: its item is both the work that is left and the log of
 * what came of it. */
#include "documents/items.h"
#include "documents/webhooks/webhooks_internal.h"

#include "base/hash.h"

#include <inttypes.h>
#include <string.h>

static const char where[] = "webhooks.delivery";

enum { ID_HEX = 32 };

static const char *const status_names[] = {
	[Q_DELIVERY_PENDING] = "pending",
	[Q_DELIVERY_DELIVERED] = "delivered",
	[Q_DELIVERY_FAILED] = "failed",
};

const char *q_delivery_status_name(enum q_delivery_status status)
{
	return status_names[status];
}

/* --- Keys */

struct q_record_key q__delivery_key(struct q_arena *arena, struct q_str id)
{
	return (struct q_record_key){q_arena_format(arena, "DELIVERY#%.*s", Q_STR_ARG(id)),
				     Q_STR("METADATA")};
}

struct q_record_key q__delivery_log_key(struct q_arena *arena, struct q_str tenant_id,
					struct q_str webhook_id, int64_t created_at_ms,
					struct q_str id)
{
	return (struct q_record_key){
		q_arena_format(arena, "TENANT#%.*s#WEBHOOK#%.*s", Q_STR_ARG(tenant_id),
			       Q_STR_ARG(webhook_id)),
		q_arena_format(arena, "%013" PRId64 "#%.*s", created_at_ms, Q_STR_ARG(id))};
}

struct q_record_key q__delivery_due_key(struct q_arena *arena, const struct q__delivery *delivery,
					int64_t due_at_ms)
{
	struct q_record_key queue = q__queue_key(arena, delivery->view.tenant_id, delivery->queue);

	return (struct q_record_key){queue.pk,
				     q_arena_format(arena, "%013" PRId64 "#%013" PRId64 "#%.*s",
						    due_at_ms, delivery->view.created_at_ms,
						    Q_STR_ARG(delivery->view.id))};
}

/* Made of the message and its receiver, so that making it twice gives one. */
static struct q_str make_id(const struct q__message *message, const struct q_webhook *webhook,
			    struct q_str url, struct q_arena *arena)
{
	struct q_str both = q_arena_format(arena, "%.*s\n%.*s\n%.*s", Q_STR_ARG(message->id),
					   Q_STR_ARG(webhook->id), Q_STR_ARG(url));
	unsigned char digest[Q_SHA256_SIZE];
	char hex[Q_SHA256_HEX_SIZE];

	q_sha256_of(q_str_bytes(both), digest);
	q_sha256_to_hex(digest, hex);
	return q_arena_format(arena, "dlv_%.*s", ID_HEX, hex);
}

static bool id_is_valid(struct q_str id)
{
	if (id.length != 4 + ID_HEX || !q_str_starts_with(id, Q_STR("dlv_")))
		return false;
	for (size_t i = 4; i < id.length; i++)
		if (!id.data[i] || !strchr("0123456789abcdef", id.data[i]))
			return false;
	return true;
}

/* --- Items */

static bool make_item(struct q_arena *arena, const struct q__delivery *delivery, struct q_item *out)
{
	const struct q_delivery *view = &delivery->view;
	struct q__attributes a;

	q__attributes_init(&a, arena, 14);
	q__set_string(&a, "deliveryId", view->id);
	q__set_string(&a, "messageId", view->message_id);
	q__set_string(&a, "webhookId", view->webhook_id);
	q__set_string(&a, "tenantId", view->tenant_id);
	q__set_string(&a, "url", view->url);
	q__set_string(&a, "queue", delivery->queue);
	q__set_string(&a, "eventType", view->event_type);
	q__set_string(&a, "fileId", view->file_id);
	q__set_string(&a, "payload", view->payload);
	q__set_string(&a, "status", q_str_from(q_delivery_status_name(view->status)));
	q__set_number(&a, "attempts", 0);
	q__set_number(&a, "round", 0);
	q__set_number(&a, "createdAt", view->created_at_ms);
	q__set_number(&a, "nextAttemptAt", view->next_attempt_at_ms);
	*out = (struct q_item){
		.key = q__delivery_key(arena, view->id),
		.index1 = q__delivery_log_key(arena, view->tenant_id, view->webhook_id,
					      view->created_at_ms, view->id),
		.index2 = q__delivery_due_key(arena, delivery, view->next_attempt_at_ms),
		.attributes = a.items,
		.attribute_count = a.count};
	return !a.failed && !q_arena_failed(arena);
}

static bool parse_status(struct q_str word, enum q_delivery_status *out)
{
	for (size_t i = 0; i < Q_COUNT_OF(status_names); i++) {
		if (q_str_equal(word, q_str_from(status_names[i]))) {
			*out = (enum q_delivery_status)i;
			return true;
		}
	}
	return false;
}

enum q_code q__delivery_parse(const struct q_item *item, struct q__delivery *out, struct q_err *err)
{
	const struct q_str none = {0};

	*out = (struct q__delivery){
		.view = {.id = q_item_string(item, "deliveryId", none),
			 .message_id = q_item_string(item, "messageId", none),
			 .webhook_id = q_item_string(item, "webhookId", none),
			 .tenant_id = q_item_string(item, "tenantId", none),
			 .url = q_item_string(item, "url", none),
			 .event_type = q_item_string(item, "eventType", none),
			 .file_id = q_item_string(item, "fileId", none),
			 .payload = q_item_string(item, "payload", none),
			 .attempts = q_item_number(item, "attempts", 0),
			 .response_status = q_item_number(item, "responseStatus", 0),
			 .response = q_item_string(item, "response", none),
			 .error = q_item_string(item, "error", none),
			 .created_at_ms = q_item_number(item, "createdAt", 0),
			 .attempted_at_ms = q_item_number(item, "attemptedAt", 0),
			 .next_attempt_at_ms = q_item_number(item, "nextAttemptAt", 0)},
		.queue = q_item_string(item, "queue", none),
		.round = q_item_number(item, "round", 0),
	};
	if (!parse_status(q_item_string(item, "status", none), &out->view.status) ||
	    out->view.id.length == 0 || out->view.tenant_id.length == 0 || out->queue.length == 0)
		return q_fail(err, Q_CORRUPT, where, "item %.*s is no delivery",
			      Q_STR_ARG(item->key.pk));
	return Q_OK;
}

enum q_code q__deliveries_read_due(struct q_documents *d, const struct q_call *call,
				   const struct q__queue *queue, size_t limit,
				   struct q_arena *arena, struct q__delivery **out, size_t *count,
				   struct q_err *err)
{
	struct q_query query = {.index = 2,
				.pk = q__queue_key(arena, queue->tenant_id, queue->name).pk,
				.sk_to = q__time_key(arena, q__now(d) + 1),
				.limit = limit};
	struct q_query_page found = {0};
	enum q_code code = q_record_store_query(d->o.records, call, &query, arena, &found, err);

	*count = 0;
	if (code)
		return code;
	*out = q_arena_alloc_array(arena, found.count, sizeof **out);
	if (!*out)
		return q_fail(err, Q_NOMEM, where, "%zu deliveries", found.count);
	for (; !code && *count < found.count; ++*count)
		code = q__delivery_parse(&found.items[*count], &(*out)[*count], err);
	return code;
}

/* --- Making */

enum q_code q__delivery_make(struct q_documents *d, const struct q_webhook *webhook,
			     struct q_str url, const struct q__message *message, bool ends_pause,
			     struct q_arena *arena, struct q__delivery *out,
			     struct q_write writes[Q__DELIVERY_WRITES], struct q_err *err)
{
	static const struct q_condition is_new = {.kind = Q_IF_ABSENT};
	struct q_item *item = q_arena_alloc(arena, sizeof *item);
	int64_t now = q__now(d);

	*out = (struct q__delivery){
		.view = {.id = make_id(message, webhook, url, arena),
			 .message_id = message->id,
			 .webhook_id = webhook->id,
			 .tenant_id = webhook->tenant_id,
			 .url = url,
			 .event_type = message->event_type,
			 .file_id = message->file_id,
			 .payload = message->body,
			 .created_at_ms = now,
			 .next_attempt_at_ms = now},
		.queue = q__queue_name(webhook, url, arena),
	};
	if (!item || !make_item(arena, out, item))
		return q_fail(err, Q_NOMEM, where, "a delivery");
	writes[0] = (struct q_write){.kind = Q_WRITE_PUT,
				     .key = item->key,
				     .item = item,
				     .conditions = &is_new,
				     .condition_count = 1};
	writes[1] = q__queue_add_write(d, webhook->tenant_id, out->queue, ends_pause, arena);
	return q_arena_failed(arena) ? q_fail(err, Q_NOMEM, where, "a delivery") : Q_OK;
}

enum q_code q__delivery_add(struct q_documents *d, const struct q_call *call,
			    const struct q_webhook *webhook, struct q_str url,
			    const struct q__message *message, struct q_arena *arena,
			    struct q_err *err)
{
	struct q_write writes[Q__DELIVERY_WRITES];
	struct q__delivery delivery;
	enum q_code code =
		q__delivery_make(d, webhook, url, message, false, arena, &delivery, writes, err);

	if (!code)
		code = q_record_store_transact(d->o.records, call, writes, Q__DELIVERY_WRITES, NULL,
					       err);
	if (code == Q_CONFLICT)
		return Q_OK;
	if (!code)
		q_bell_ring(d->send_bell);
	return code;
}

/* --- Sending again */

enum q_code q__delivery_resend(struct q_documents *d, const struct q_call *call,
			       const struct q__delivery *delivery, struct q_arena *arena,
			       struct q_err *err)
{
	static const int64_t never = 0;
	int64_t now = q__now(d);
	struct q_record_key due = q__delivery_due_key(arena, delivery, now);
	struct q_condition is_over[] = {
		{.kind = Q_IF_EXISTS},
		{Q_IF_NOT_EQUAL, Q_STR("status"), q_value_string(Q_STR("pending"))},
	};
	struct q_change changes[] = {
		q__change_string("status", Q_STR("pending")),
		q__change_number("round", 0),
		q__change_number("nextAttemptAt", now),
	};
	struct q_write writes[] = {
		{.kind = Q_WRITE_UPDATE,
		 .key = q__delivery_key(arena, delivery->view.id),
		 .changes = changes,
		 .change_count = Q_COUNT_OF(changes),
		 .index2 = &due,
		 .expires_at_ms = &never,
		 .conditions = is_over,
		 .condition_count = Q_COUNT_OF(is_over)},
		q__queue_add_write(d, delivery->view.tenant_id, delivery->queue, true, arena),
	};
	enum q_code code;

	if (q_arena_failed(arena))
		return q_fail(err, Q_NOMEM, where, "a delivery");
	code = q_record_store_transact(d->o.records, call, writes, Q_COUNT_OF(writes), NULL, err);
	if (!code)
		q_bell_ring(d->send_bell);
	return code;
}

static enum q_code read_own(struct q_documents *d, const struct q_call *call,
			    const struct q_webhook_caller *caller, struct q_str id,
			    struct q_arena *arena, struct q__delivery *out, struct q_err *err)
{
	struct q_item item;
	enum q_code code = Q_NOTFOUND;

	if (id_is_valid(id))
		code = q_record_store_get(d->o.records, call, q__delivery_key(arena, id), arena,
					  &item, err);
	if (!code)
		code = q__delivery_parse(&item, out, err);
	if (!code &&
	    !q_policy_allows_tenant(caller->who, Q_ACTION_DOCUMENTS_WRITE, out->view.tenant_id))
		code = Q_NOTFOUND;
	if (code == Q_NOTFOUND)
		return q_fail(err, Q_NOTFOUND, where, "there is no such delivery");
	return code;
}

enum q_code q_delivery_find(struct q_documents *d, const struct q_call *call,
			    const struct q_webhook_caller *caller, struct q_str id,
			    struct q_arena *arena, struct q_delivery *out, struct q_err *err)
{
	struct q__delivery delivery = {0};
	enum q_code code = read_own(d, call, caller, id, arena, &delivery, err);

	*out = delivery.view;
	return code;
}

enum q_code q_delivery_replay(struct q_documents *d, const struct q_call *call,
			      const struct q_webhook_caller *caller, struct q_str id,
			      struct q_arena *arena, struct q_delivery *out, struct q_err *err)
{
	struct q__delivery delivery = {0};
	struct q__endpoint endpoint;
	enum q_code code = read_own(d, call, caller, id, arena, &delivery, err);

	if (!code)
		code = q__endpoint_read(d, call, delivery.view.tenant_id, delivery.view.webhook_id,
					arena, &endpoint, err);
	if (!code)
		code = q__endpoint_check_enabled(&endpoint, err);
	if (!code)
		code = q__delivery_resend(d, call, &delivery, arena, err);
	if (code && code != Q_CONFLICT)
		return code;
	if (code == Q_CONFLICT && err->reason) /* disabled; else it waits to be sent already */
		return code;
	return q_delivery_find(d, call, caller, id, arena, out, err);
}
