/* From a notice to deliveries. A crash in between repeats the deliveries that are there already,
 * which changes nothing. */
#include "documents/webhooks/webhooks_internal.h"

enum { NOTICES_LOOK = 50 };

static bool is_wanted(const struct q_webhook *webhook, struct q_str event_type)
{
	enum q_webhook_event event;

	return webhook->url.length > 0 && webhook->disabled_at_ms == 0 &&
	       q_webhook_event_parse(event_type, &event) && webhook->events & event;
}

static enum q_code tell_webhooks(struct q_documents *d, const struct q_call *call,
				 const struct q__notice *notice, const struct q__message *message,
				 struct q_arena *arena, struct q_err *err)
{
	struct q__endpoint *endpoints = NULL;
	size_t count;
	enum q_code code =
		q__endpoint_read_all(d, call, notice->tenant_id, arena, &endpoints, &count, err);

	for (size_t i = 0; !code && i < count; i++)
		if (is_wanted(&endpoints[i].view, message->event_type))
			code = q__delivery_add(d, call, &endpoints[i].view, endpoints[i].view.url,
					       message, arena, err);
	return code;
}

static enum q_code tell_callbacks(struct q_documents *d, const struct q_call *call,
				  const struct q__notice *notice, const struct q__message *message,
				  struct q_arena *arena, struct q_err *err)
{
	struct q__endpoint signer;
	struct q_str *urls;
	size_t count;
	enum q_code code = q__callbacks_read(d, call, notice->file_id, arena, &urls, &count, err);

	if (code || count == 0)
		return code;
	code = q__endpoint_read_default(d, call, notice->tenant_id, arena, &signer, err);
	for (size_t i = 0; !code && i < count; i++)
		code = q__delivery_add(d, call, &signer.view, urls[i], message, arena, err);
	return code;
}

static enum q_code announce(struct q_documents *d, const struct q_call *call,
			    const struct q_item *item, struct q_arena *arena, struct q_err *err)
{
	struct q_write removal = {.kind = Q_WRITE_DELETE, .key = item->key};
	struct q__message message;
	struct q__notice notice;
	enum q_code code = q__notice_parse(item, &notice, err);

	if (!code)
		code = q__message_of_end(&notice, arena, &message, err);
	if (!code)
		code = tell_webhooks(d, call, &notice, &message, arena, err);
	if (!code)
		code = tell_callbacks(d, call, &notice, &message, arena, err);
	return code ? code : q_record_store_write(d->o.records, call, &removal, NULL, NULL, err);
}

static enum q_code announce_bucket(struct q_documents *d, const struct q_call *call,
				   unsigned bucket, struct q_arena *arena, bool *did_work,
				   struct q_err *err)
{
	struct q_query query = {
		.index = 2, .pk = q__notices_bucket(arena, bucket), .limit = NOTICES_LOOK};
	struct q_query_page found;
	enum q_code result = Q_OK;
	enum q_code code = q_record_store_query(d->o.records, call, &query, arena, &found, err);

	if (code)
		return code;
	for (size_t i = 0; i < found.count; i++) {
		struct q_err failure;

		/* One notice's trouble keeps no other from being announced. */
		code = announce(d, call, &found.items[i], arena, &failure);
		if (code) {
			*err = failure;
			result = code;
		}
		*did_work = true;
	}
	return result;
}

enum q_code q_webhooks_announce(struct q_documents *d, const struct q_call *call, bool *did_work,
				struct q_err *err)
{
	struct q_arena *arena = q_arena_new(Q__WEBHOOKS_ARENA);
	enum q_code result = Q_OK;

	*did_work = false;
	if (!arena)
		return q_fail(err, Q_NOMEM, "webhooks.announce", "an arena");
	for (unsigned bucket = 0; bucket < Q__DUE_BUCKETS; bucket++) {
		struct q_err failure;
		enum q_code code = announce_bucket(d, call, bucket, arena, did_work, &failure);

		if (code) {
			*err = failure;
			result = code;
		}
		q_arena_reset(arena);
	}
	q_arena_free(arena);
	return result;
}

struct q_bell *q_webhooks_announce_bell(struct q_documents *d)
{
	return d->announce_bell;
}
