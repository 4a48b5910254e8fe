/* The webhooks of a tenant stand in its own partition, so that another tenant's cannot even be
 * named. Their number is bounded by a counter beside them. */
#include "documents/items.h"
#include "documents/webhooks/webhooks_internal.h"

#include "access/idempotency.h"

#include <string.h>

static const char where[] = "webhooks";

static const char *const event_names[] = {"document.completed", "document.failed",
					  "document.cancelled"};

const char *q_webhook_event_name(enum q_webhook_event event)
{
	return event_names[event == Q_WEBHOOK_COMPLETED ? 0 : event == Q_WEBHOOK_FAILED ? 1 : 2];
}

bool q_webhook_event_parse(struct q_str name, enum q_webhook_event *out)
{
	for (size_t i = 0; i < Q_COUNT_OF(event_names); i++) {
		if (q_str_equal(name, q_str_from(event_names[i]))) {
			*out = (enum q_webhook_event)(1 << i);
			return true;
		}
	}
	return false;
}

/* --- Items */

static struct q_record_key endpoint_key(struct q_arena *arena, struct q_str tenant_id,
					struct q_str id)
{
	return (struct q_record_key){q_arena_format(arena, "TENANT#%.*s", Q_STR_ARG(tenant_id)),
				     q_arena_format(arena, "WEBHOOK#%.*s", Q_STR_ARG(id))};
}

static struct q_record_key counter_key(struct q_arena *arena, struct q_str tenant_id)
{
	return (struct q_record_key){q_arena_format(arena, "TENANT#%.*s", Q_STR_ARG(tenant_id)),
				     Q_STR("WEBHOOKS")};
}

static enum q_code parse(const struct q_item *item, struct q__endpoint *out, struct q_err *err)
{
	const struct q_str none = {0};

	*out = (struct q__endpoint){
		.view = {.id = q_item_string(item, "webhookId", none),
			 .tenant_id = q_item_string(item, "tenantId", none),
			 .url = q_item_string(item, "url", none),
			 .events = (unsigned)q_item_number(item, "events", 0),
			 .created_at_ms = q_item_number(item, "createdAt", 0),
			 .overlap_until_ms = q_item_number(item, "overlapUntil", 0),
			 .failing_since_ms = q_item_number(item, "failingSince", 0),
			 .disabled_at_ms = q_item_number(item, "disabledAt", 0),
			 .disabled_reason = q_item_string(item, "disabledReason", none)},
		.secret = q_item_string(item, "secret", none),
		.previous = q_item_string(item, "previousSecret", none),
	};
	if (out->view.id.length == 0 || out->view.tenant_id.length == 0 || out->secret.length == 0)
		return q_fail(err, Q_CORRUPT, where, "item %.*s %.*s is no webhook",
			      Q_STR_ARG(item->key.pk), Q_STR_ARG(item->key.sk));
	return Q_OK;
}

/* The item of a new webhook, and its secret as text. */
static enum q_code make(struct q_documents *d, const struct q_webhook *webhook,
			struct q_arena *arena, struct q_item *item, struct q_str *secret,
			struct q_err *err)
{
	struct q__attributes a;
	struct q_str sealed;
	enum q_code code = q__secret_new(d, webhook, arena, secret, &sealed, err);

	if (code)
		return code;
	q__attributes_init(&a, arena, 6);
	q__set_string(&a, "webhookId", webhook->id);
	q__set_string(&a, "tenantId", webhook->tenant_id);
	q__set_string(&a, "url", webhook->url);
	q__set_number(&a, "events", webhook->events);
	q__set_number(&a, "createdAt", webhook->created_at_ms);
	q__set_string(&a, "secret", sealed);
	*item = (struct q_item){.key = endpoint_key(arena, webhook->tenant_id, webhook->id),
				.attributes = a.items,
				.attribute_count = a.count};
	return a.failed || q_arena_failed(arena) ? q_fail(err, Q_NOMEM, where, "a webhook") : Q_OK;
}

enum q_code q__endpoint_read(struct q_documents *d, const struct q_call *call,
			     struct q_str tenant_id, struct q_str id, struct q_arena *arena,
			     struct q__endpoint *out, struct q_err *err)
{
	struct q_item item;
	enum q_code code = Q_NOTFOUND;

	if (q_uuid_is_valid(id) || q_str_equal(id, Q_STR("default")))
		code = q_record_store_get(d->o.records, call, endpoint_key(arena, tenant_id, id),
					  arena, &item, err);
	if (code == Q_NOTFOUND)
		return q_fail(err, Q_NOTFOUND, where, "there is no such webhook");
	return code ? code : parse(&item, out, err);
}

enum q_code q__endpoint_read_all(struct q_documents *d, const struct q_call *call,
				 struct q_str tenant_id, struct q_arena *arena,
				 struct q__endpoint **out, size_t *count, struct q_err *err)
{
	struct q_query query = {.pk = endpoint_key(arena, tenant_id, Q_STR("")).pk,
				.sk_prefix = Q_STR("WEBHOOK#"),
				.limit = Q_WEBHOOKS_MAX + 1};
	struct q_query_page found = {0};
	enum q_code code = q_record_store_query(d->o.records, call, &query, arena, &found, err);

	*count = 0;
	if (code)
		return code;
	*out = q_arena_alloc_array(arena, found.count, sizeof **out);
	if (!*out)
		return q_fail(err, Q_NOMEM, where, "%zu webhooks", found.count);
	for (; !code && *count < found.count; ++*count)
		code = parse(&found.items[*count], &(*out)[*count], err);
	return code;
}

enum q_code q__endpoint_change(struct q_documents *d, const struct q_call *call,
			       const struct q_webhook *webhook, const struct q_change *changes,
			       size_t count, struct q_arena *arena, struct q_err *err)
{
	struct q_condition is_there = {.kind = Q_IF_EXISTS};
	struct q_write write = {.kind = Q_WRITE_UPDATE,
				.key = endpoint_key(arena, webhook->tenant_id, webhook->id),
				.changes = changes,
				.change_count = count,
				.conditions = &is_there,
				.condition_count = 1};
	enum q_code code = q_record_store_write(d->o.records, call, &write, NULL, NULL, err);

	if (code == Q_CONFLICT)
		return q_fail(err, Q_NOTFOUND, where, "there is no such webhook");
	return code;
}

enum q_code q__endpoint_check_enabled(const struct q__endpoint *endpoint, struct q_err *err)
{
	if (endpoint->view.disabled_at_ms == 0)
		return Q_OK;
	return q_fail_reason(err, Q_CONFLICT, "webhook_disabled", where,
			     "the webhook is disabled (%.*s): enable it first",
			     Q_STR_ARG(endpoint->view.disabled_reason));
}

/* --- "default": made when it is first needed */

static enum q_code make_default(struct q_documents *d, const struct q_call *call,
				struct q_str tenant_id, struct q_arena *arena, struct q_str *secret,
				struct q_err *err)
{
	const struct q_webhook webhook = {.id = Q_STR("default"),
					  .tenant_id = tenant_id,
					  .events = Q_WEBHOOK_ALL,
					  .created_at_ms = q__now(d)};
	struct q_condition is_new = {.kind = Q_IF_ABSENT};
	struct q_item item;
	struct q_write write = {
		.kind = Q_WRITE_PUT, .item = &item, .conditions = &is_new, .condition_count = 1};
	enum q_code code = make(d, &webhook, arena, &item, secret, err);

	write.key = item.key;
	return code ? code : q_record_store_write(d->o.records, call, &write, NULL, NULL, err);
}

enum q_code q__endpoint_read_default(struct q_documents *d, const struct q_call *call,
				     struct q_str tenant_id, struct q_arena *arena,
				     struct q__endpoint *out, struct q_err *err)
{
	struct q_str id = Q_STR("default"), secret;
	enum q_code code = q__endpoint_read(d, call, tenant_id, id, arena, out, err);

	if (code != Q_NOTFOUND)
		return code;
	code = make_default(d, call, tenant_id, arena, &secret, err);
	if (code && code != Q_CONFLICT) /* another was first */
		return code;
	return q__endpoint_read(d, call, tenant_id, id, arena, out, err);
}

/* --- What callers ask for */

enum q_code q__webhook_tenant(const struct q_webhook_caller *caller, struct q_str *out,
			      struct q_err *err)
{
	*out = caller->tenant_id.length ? caller->tenant_id : caller->who->tenant_id;
	if (q_policy_allows_tenant(caller->who, Q_ACTION_DOCUMENTS_WRITE, *out))
		return q_tenant_id_is_valid(*out)
			       ? Q_OK
			       : q_fail_reason(err, Q_INVALID, "bad_tenant", where,
					       "tenantId is 1 to 64 letters, digits, '_' or '-'");
	return q_fail_reason(err, Q_DENIED, "wrong_tenant", where,
			     "tenantId is not the caller's own");
}

enum q_code q_webhook_check_url(struct q_documents *d, struct q_str url, struct q_err *err)
{
	struct q_err cause;
	enum q_code code;

	if (url.length == 0 || url.length > Q_WEBHOOK_URL_MAX)
		return q_fail_reason(err, Q_INVALID, "bad_webhook_url", where,
				     "a URL has 1 to %d bytes", Q_WEBHOOK_URL_MAX);
	code = q_http_fetch_check(d->o.fetch, url, &cause);
	if (code == Q_OK)
		return Q_OK;
	if (code != Q_INVALID && code != Q_DENIED) {
		*err = cause;
		return code;
	}
	return q_fail_reason(err, Q_INVALID, "bad_webhook_url", where, "%s", cause.message);
}

/* Every webhook but "default" is counted. */
static struct q_write count_write(struct q_arena *arena, struct q_str tenant_id,
				  const struct q_change *change)
{
	return (struct q_write){.kind = Q_WRITE_UPDATE,
				.key = counter_key(arena, tenant_id),
				.changes = change,
				.change_count = 1};
}

/* A condition on a number does not hold where there is none: it is made first. */
static enum q_code make_counter(struct q_documents *d, const struct q_call *call,
				struct q_str tenant_id, struct q_arena *arena, struct q_err *err)
{
	struct q_change no_more = q__change_add("count", 0);
	struct q_write write = count_write(arena, tenant_id, &no_more);

	return q_record_store_write(d->o.records, call, &write, NULL, NULL, err);
}

/* `record` may be NULL. */
static enum q_code insert(struct q_documents *d, const struct q_call *call,
			  const struct q_item *item, struct q_str tenant_id,
			  const struct q_write *record, struct q_arena *arena, struct q_err *err)
{
	struct q_change one_more = q__change_add("count", 1);
	struct q_condition is_new = {.kind = Q_IF_ABSENT};
	struct q_condition has_room = {Q_IF_AT_MOST, Q_STR("count"),
				       q_value_number(Q_WEBHOOKS_MAX - 1)};
	struct q_write writes[3] = {count_write(arena, tenant_id, &one_more),
				    {.kind = Q_WRITE_PUT,
				     .key = item->key,
				     .item = item,
				     .conditions = &is_new,
				     .condition_count = 1}};
	size_t failed = 0;
	enum q_code code = make_counter(d, call, tenant_id, arena, err);

	if (code)
		return code;
	writes[0].conditions = &has_room;
	writes[0].condition_count = 1;
	if (record)
		writes[2] = *record;
	code = q_record_store_transact(d->o.records, call, writes, record ? 3 : 2, &failed, err);
	if (code == Q_CONFLICT && failed == 0)
		return q_fail_reason(err, Q_CONFLICT, "too_many_webhooks", where,
				     "a tenant has at most %d webhooks: delete one first",
				     Q_WEBHOOKS_MAX);
	return code;
}

/* What is recorded of the answer holds the secret sealed, as the webhook does. */
static bool make_record(struct q_idempotency *once, const struct q_item *item,
			struct q_arena *arena, struct q_write *out)
{
	const struct q_str none = {0};

	return q_idempotency_write(once,
				   q_arena_format(arena, "%.*s %.*s",
						  Q_STR_ARG(q_item_string(item, "webhookId", none)),
						  Q_STR_ARG(q_item_string(item, "secret", none))),
				   out);
}

static enum q_code add(struct q_documents *d, const struct q_call *call,
		       const struct q_webhook_new *wanted, struct q_arena *arena,
		       struct q_webhook *out, struct q_str *secret, struct q_err *err)
{
	char id[Q_UUID_TEXT_SIZE];
	struct q_write record;
	struct q_item item;
	enum q_code code;

	q_random_source_uuid(d->o.random, out->created_at_ms, id);
	out->id = q_arena_copy(arena, q_str_from(id));
	code = make(d, out, arena, &item, secret, err);
	if (code)
		return code;
	if (wanted->once && !make_record(wanted->once, &item, arena, &record))
		return q_fail(err, Q_NOMEM, where, "a record");
	return insert(d, call, &item, out->tenant_id, wanted->once ? &record : NULL, arena, err);
}

/* The webhook of a request that has been done before, with the secret it was answered with. */
static enum q_code add_again(struct q_documents *d, const struct q_call *call, struct q_str answer,
			     struct q_arena *arena, struct q_webhook *out, struct q_str *secret,
			     struct q_err *err)
{
	struct q__endpoint endpoint;
	struct q_str id, sealed;
	struct q_bytes bytes = {0};
	enum q_code code;

	q_str_cut(answer, ' ', &id, &sealed);
	code = q__endpoint_read(d, call, out->tenant_id, id, arena, &endpoint, err);
	if (!code)
		code = q__secret_open(d, &endpoint.view, sealed, arena, &bytes, err);
	if (code)
		return code;
	*out = endpoint.view;
	return q__secret_text(bytes.data, arena, secret, err);
}

enum q_code q_webhook_add(struct q_documents *d, const struct q_call *call,
			  const struct q_webhook_caller *caller, const struct q_webhook_new *wanted,
			  struct q_arena *arena, struct q_webhook *out, struct q_str *secret,
			  struct q_err *err)
{
	struct q_str answer;
	enum q_code code;

	*out = (struct q_webhook){
		.url = wanted->url, .events = wanted->events, .created_at_ms = q__now(d)};
	code = q__webhook_tenant(caller, &out->tenant_id, err);
	if (!code)
		code = q_webhook_check_url(d, wanted->url, err);
	if (code)
		return code;
	if (q_idempotency_find_answer(wanted->once, &answer))
		return add_again(d, call, answer, arena, out, secret, err);
	return add(d, call, wanted, arena, out, secret, err);
}

enum q_code q_webhook_find(struct q_documents *d, const struct q_call *call,
			   const struct q_webhook_caller *caller, struct q_str id,
			   struct q_arena *arena, struct q_webhook *out, struct q_err *err)
{
	struct q__endpoint endpoint = {0};
	struct q_str tenant_id;
	enum q_code code = q__webhook_tenant(caller, &tenant_id, err);

	if (!code)
		code = q__endpoint_read(d, call, tenant_id, id, arena, &endpoint, err);
	*out = endpoint.view;
	return code;
}

enum q_code q_webhook_list(struct q_documents *d, const struct q_call *call,
			   const struct q_webhook_caller *caller, size_t limit, struct q_str after,
			   struct q_arena *arena, struct q_webhook_page *out, struct q_err *err)
{
	struct q_query query = {.sk_prefix = Q_STR("WEBHOOK#"), .limit = limit, .after = after};
	struct q_query_page found = {0};
	struct q_str tenant_id;
	enum q_code code = q__webhook_tenant(caller, &tenant_id, err);

	*out = (struct q_webhook_page){0};
	if (code)
		return code;
	query.pk = endpoint_key(arena, tenant_id, Q_STR("")).pk;
	code = q_record_store_query(d->o.records, call, &query, arena, &found, err);
	if (code)
		return code;
	out->items = q_arena_alloc_array(arena, found.count, sizeof *out->items);
	if (!out->items)
		return q_fail(err, Q_NOMEM, where, "%zu webhooks", found.count);
	for (; !code && out->count < found.count; out->count++) {
		struct q__endpoint endpoint = {0};

		code = parse(&found.items[out->count], &endpoint, err);
		out->items[out->count] = endpoint.view;
	}
	out->next = found.next;
	return code;
}

enum q_code q_webhook_remove(struct q_documents *d, const struct q_call *call,
			     const struct q_webhook_caller *caller, struct q_str id,
			     struct q_arena *arena, struct q_err *err)
{
	struct q_change one_less = q__change_add("count", -1);
	struct q_condition is_there = {.kind = Q_IF_EXISTS};
	struct q_webhook webhook;
	struct q_write writes[2];
	size_t count = 1;
	enum q_code code = q_webhook_find(d, call, caller, id, arena, &webhook, err);

	if (code)
		return code;
	writes[0] = (struct q_write){.kind = Q_WRITE_DELETE,
				     .key = endpoint_key(arena, webhook.tenant_id, webhook.id),
				     .conditions = &is_there,
				     .condition_count = 1};
	if (webhook.url.length > 0) /* "default" is not counted */
		writes[count++] = count_write(arena, webhook.tenant_id, &one_less);
	code = q_record_store_transact(d->o.records, call, writes, count, NULL, err);
	if (code == Q_CONFLICT)
		return q_fail(err, Q_NOTFOUND, where, "there is no such webhook");
	return code;
}

/* --- Rotation */

static enum q_code replace_secret(struct q_documents *d, const struct q_call *call,
				  struct q__endpoint *endpoint, struct q_str sealed,
				  struct q_arena *arena, struct q_err *err)
{
	struct q_webhook *webhook = &endpoint->view;
	int64_t until_ms = q__now(d) + Q_WEBHOOK_OVERLAP_MS;
	struct q_condition same = q__if_string("secret", endpoint->secret);
	struct q_change changes[] = {
		q__change_string("secret", sealed),
		q__change_string("previousSecret", endpoint->secret),
		q__change_number("overlapUntil", until_ms),
	};
	struct q_write write = {.kind = Q_WRITE_UPDATE,
				.key = endpoint_key(arena, webhook->tenant_id, webhook->id),
				.changes = changes,
				.change_count = Q_COUNT_OF(changes),
				.conditions = &same,
				.condition_count = 1};

	webhook->overlap_until_ms = until_ms;
	return q_record_store_write(d->o.records, call, &write, NULL, NULL, err);
}

static enum q_code rotate(struct q_documents *d, const struct q_call *call,
			  struct q__endpoint *endpoint, struct q_arena *arena, struct q_str *secret,
			  struct q_err *err)
{
	struct q_str sealed;
	enum q_code code = q__secret_new(d, &endpoint->view, arena, secret, &sealed, err);

	return code ? code : replace_secret(d, call, endpoint, sealed, arena, err);
}

enum q_code q_webhook_rotate(struct q_documents *d, const struct q_call *call,
			     const struct q_webhook_caller *caller, struct q_str id,
			     struct q_arena *arena, struct q_webhook *out, struct q_str *secret,
			     struct q_err *err)
{
	struct q__endpoint endpoint = {0};
	struct q_str tenant_id;
	enum q_code code = q__webhook_tenant(caller, &tenant_id, err);

	if (!code && q_str_equal(id, Q_STR("default")))
		code = q__endpoint_read_default(d, call, tenant_id, arena, &endpoint, err);
	else if (!code)
		code = q__endpoint_read(d, call, tenant_id, id, arena, &endpoint, err);
	if (!code)
		code = rotate(d, call, &endpoint, arena, secret, err);
	*out = endpoint.view;
	return code;
}

enum q_code q_webhook_enable(struct q_documents *d, const struct q_call *call,
			     const struct q_webhook_caller *caller, struct q_str id,
			     struct q_arena *arena, struct q_webhook *out, struct q_err *err)
{
	struct q_change changes[] = {{.kind = Q_REMOVE, .name = Q_STR("disabledAt")},
				     {.kind = Q_REMOVE, .name = Q_STR("disabledReason")},
				     {.kind = Q_REMOVE, .name = Q_STR("failingSince")}};
	enum q_code code = q_webhook_find(d, call, caller, id, arena, out, err);

	if (!code)
		code = q__endpoint_change(d, call, out, changes, Q_COUNT_OF(changes), arena, err);
	out->disabled_at_ms = out->failing_since_ms = 0;
	out->disabled_reason = (struct q_str){0};
	return code;
}
