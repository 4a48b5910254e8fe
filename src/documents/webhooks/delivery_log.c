/* What callers ask of a webhook's deliveries: its log, a range of it sent again, a test. */
#include "documents/items.h"
#include "documents/webhooks/webhooks_internal.h"

#include <inttypes.h>

static const char where[] = "webhooks.log";

enum { TEST_BODY_MAX = 1024 };

/* The webhook, as the first thing that any of these asks. */
static enum q_code find(struct q_documents *d, const struct q_call *call,
			const struct q_webhook_caller *caller, struct q_str id,
			struct q_arena *arena, struct q__endpoint *out, struct q_err *err)
{
	struct q_str tenant_id;
	enum q_code code = q__webhook_tenant(caller, &tenant_id, err);

	return code ? code : q__endpoint_read(d, call, tenant_id, id, arena, out, err);
}

/* The index lists deliveries; what is shown is each as it is now. One that has gone since is passed
 * over. */
static enum q_code read_page(struct q_documents *d, const struct q_call *call,
			     const struct q_query *query, struct q_arena *arena,
			     struct q__delivery **out, size_t *count, struct q_str *next,
			     struct q_err *err)
{
	struct q_query_page found = {0};
	enum q_code code = q_record_store_query(d->o.records, call, query, arena, &found, err);

	*count = 0;
	if (code)
		return code;
	*out = q_arena_alloc_array(arena, found.count, sizeof **out);
	if (!*out)
		return q_fail(err, Q_NOMEM, where, "%zu deliveries", found.count);
	for (size_t i = 0; !code && i < found.count; i++) {
		struct q_item item;

		code = q_record_store_get(d->o.records, call, found.items[i].key, arena, &item,
					  err);
		if (code == Q_NOTFOUND) {
			code = Q_OK;
			continue;
		}
		if (!code)
			code = q__delivery_parse(&item, &(*out)[(*count)++], err);
	}
	*next = found.next;
	return code;
}

enum q_code q_delivery_list(struct q_documents *d, const struct q_call *call,
			    const struct q_webhook_caller *caller, struct q_str webhook_id,
			    size_t limit, struct q_str after, struct q_arena *arena,
			    struct q_delivery_page *out, struct q_err *err)
{
	struct q_query query = {.index = 1, .is_descending = true, .limit = limit, .after = after};
	struct q__endpoint endpoint;
	struct q__delivery *found = NULL;
	size_t count = 0;
	enum q_code code = find(d, call, caller, webhook_id, arena, &endpoint, err);

	*out = (struct q_delivery_page){0};
	if (code)
		return code;
	query.pk =
		q__delivery_log_key(arena, endpoint.view.tenant_id, endpoint.view.id, 0, Q_STR(""))
			.pk;
	code = read_page(d, call, &query, arena, &found, &count, &out->next, err);
	if (code)
		return code;
	out->items = q_arena_alloc_array(arena, count, sizeof *out->items);
	if (!out->items)
		return q_fail(err, Q_NOMEM, where, "%zu deliveries", count);
	for (; out->count < count; out->count++)
		out->items[out->count] = found[out->count].view;
	return Q_OK;
}

/* Sends a page of the log again, as far as the call may go. What waits is passed over. */
static enum q_code resend_page(struct q_documents *d, const struct q_call *call,
			       const struct q__delivery *page, size_t count, struct q_arena *arena,
			       struct q_webhook_replay *out, struct q_err *err)
{
	for (size_t i = 0; i < count; i++) {
		enum q_code code;

		if (out->count == Q_DELIVERIES_REPLAY_MAX) {
			out->more_since_ms = page[i].view.created_at_ms;
			return Q_OK;
		}
		code = q__delivery_resend(d, call, &page[i], arena, err);
		if (code && code != Q_CONFLICT)
			return code;
		if (!code)
			out->count++;
	}
	return Q_OK;
}

enum q_code q_webhook_replay(struct q_documents *d, const struct q_call *call,
			     const struct q_webhook_caller *caller, struct q_str id,
			     int64_t since_ms, int64_t until_ms, struct q_arena *arena,
			     struct q_webhook_replay *out, struct q_err *err)
{
	struct q_query query = {.index = 1,
				.sk_from = q__time_key(arena, since_ms),
				.sk_to = q__time_key(arena, until_ms),
				.limit = Q_DELIVERIES_LIST_MAX};
	struct q__endpoint endpoint;
	enum q_code code = find(d, call, caller, id, arena, &endpoint, err);

	*out = (struct q_webhook_replay){0};
	if (!code)
		code = q__endpoint_check_enabled(&endpoint, err);
	if (code)
		return code;
	query.pk =
		q__delivery_log_key(arena, endpoint.view.tenant_id, endpoint.view.id, 0, Q_STR(""))
			.pk;
	do {
		struct q__delivery *page = NULL;
		size_t count;

		code = read_page(d, call, &query, arena, &page, &count, &query.after, err);
		if (!code)
			code = resend_page(d, call, page, count, arena, out, err);
	} while (!code && query.after.length > 0 && out->more_since_ms == 0);
	return code;
}

static enum q_code make_test(struct q_documents *d, const struct q_webhook *webhook,
			     struct q_arena *arena, struct q__message *out, struct q_err *err)
{
	char id[Q_UUID_TEXT_SIZE];
	struct q_json_writer w;
	struct q_buf body;
	bool is_whole;

	q_random_source_uuid(d->o.random, q__now(d), id);
	q_buf_init(&body, TEST_BODY_MAX);
	q_json_writer_init(&w, &body);
	q_json_begin_object(&w);
	q_json_field_string(&w, "type", Q_STR("webhook.test"));
	q_json_field_time(&w, "timestamp", q__now(d));
	q_json_name(&w, "data");
	q_json_begin_object(&w);
	q_json_field_string(&w, "webhookId", webhook->id);
	q_json_field_string(&w, "tenantId", webhook->tenant_id);
	q_json_end_object(&w);
	q_json_end_object(&w);
	*out = (struct q__message){.id = q_arena_format(arena, "msg_%s", id),
				   .event_type = Q_STR("webhook.test"),
				   .body = q_arena_copy(arena, q_buf_str(&body))};
	is_whole = !q_buf_failed(&body) && !q_arena_failed(arena);
	q_buf_free(&body);
	return is_whole ? Q_OK : q_fail(err, Q_NOMEM, where, "a message");
}

enum q_code q_webhook_test(struct q_documents *d, const struct q_call *call,
			   const struct q_webhook_caller *caller, struct q_str id,
			   struct q_arena *arena, struct q_delivery *out, struct q_err *err)
{
	struct q_write writes[Q__DELIVERY_WRITES];
	struct q__delivery delivery = {0};
	struct q__endpoint endpoint;
	struct q__message message;
	enum q_code code = find(d, call, caller, id, arena, &endpoint, err);

	if (!code && endpoint.view.url.length == 0)
		code = q_fail_reason(err, Q_CONFLICT, "webhook_has_no_url", where,
				     "`default` signs callbacks and has no URL of its own");
	if (!code)
		code = q__endpoint_check_enabled(&endpoint, err);
	if (!code)
		code = make_test(d, &endpoint.view, arena, &message, err);
	if (!code)
		code = q__delivery_make(d, &endpoint.view, endpoint.view.url, &message, true, arena,
					&delivery, writes, err);
	if (!code)
		code = q_record_store_transact(d->o.records, call, writes, Q__DELIVERY_WRITES, NULL,
					       err);
	if (!code)
		q_bell_ring(d->send_bell);
	*out = delivery.view;
	return code;
}
