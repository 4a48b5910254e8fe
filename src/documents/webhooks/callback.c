/* Callbacks: URLs that came with an upload, to be told of this one job. They are signed with the
 * tenant's secret "default". */
#include "documents/items.h"
#include "documents/jobs/job.h"
#include "documents/webhooks/notice.h"
#include "documents/webhooks/webhooks_internal.h"

#include "base/hash.h"

static const char where[] = "webhooks.callback";

/* One item a URL: the same one again changes nothing. */
static struct q_record_key callback_key(struct q_arena *arena, struct q_str file_id,
					struct q_str url)
{
	unsigned char digest[Q_SHA256_SIZE];
	char hex[Q_SHA256_HEX_SIZE];

	q_sha256_of(q_str_bytes(url), digest);
	q_sha256_to_hex(digest, hex);
	return (struct q_record_key){q__job_key(arena, file_id).pk,
				     q_arena_format(arena, "CALLBACK#%.32s", hex)};
}

bool q__callback_item(struct q_arena *arena, struct q_str file_id, struct q_str url,
		      struct q_item *out)
{
	struct q__attributes a;

	q__attributes_init(&a, arena, 1);
	q__set_string(&a, "url", url);
	*out = (struct q_item){.key = callback_key(arena, file_id, url),
			       .attributes = a.items,
			       .attribute_count = a.count};
	return !a.failed && !q_arena_failed(arena);
}

enum q_code q__callbacks_read(struct q_documents *d, const struct q_call *call,
			      struct q_str file_id, struct q_arena *arena, struct q_str **urls,
			      size_t *count, struct q_err *err)
{
	struct q_query query = {.pk = q__job_key(arena, file_id).pk,
				.sk_prefix = Q_STR("CALLBACK#"),
				.limit = Q_CALLBACKS_MAX};
	struct q_query_page found = {0};
	enum q_code code = q_record_store_query(d->o.records, call, &query, arena, &found, err);

	*count = 0;
	if (code)
		return code;
	*urls = q_arena_alloc_array(arena, found.count, sizeof **urls);
	if (!*urls)
		return q_fail(err, Q_NOMEM, where, "%zu URLs", found.count);
	for (; *count < found.count; ++*count)
		(*urls)[*count] = q_item_string(&found.items[*count], "url", (struct q_str){0});
	return Q_OK;
}

static bool is_among(struct q_str url, const struct q_str *urls, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (q_str_equal(urls[i], url))
			return true;
	return false;
}

/* The delivery of an end that has come already. */
static enum q_code make_late(struct q_documents *d, const struct q_call *call,
			     const struct q_job *job, struct q_str url, struct q_arena *arena,
			     struct q_write writes[Q__DELIVERY_WRITES], struct q_err *err)
{
	const struct q__notice notice = {.file_id = job->file_id,
					 .tenant_id = job->tenant_id,
					 .run = job->run,
					 .status = job->status,
					 .at_ms = job->updated_at_ms};
	struct q__endpoint signer;
	struct q__message message;
	struct q__delivery delivery;
	enum q_code code = q__endpoint_read_default(d, call, job->tenant_id, arena, &signer, err);

	if (!code)
		code = q__message_of_end(&notice, arena, &message, err);
	return code ? code
		    : q__delivery_make(d, &signer.view, url, &message, false, arena, &delivery,
				       writes, err);
}

/* On the condition that the job stands where it was read: so its end is told of either by the
 * notice, which finds the callback, or here. */
static enum q_code insert(struct q_documents *d, const struct q_call *call,
			  const struct q__job *job, struct q_str url, struct q_arena *arena,
			  struct q_err *err)
{
	struct q_condition same[] = {
		q__if_string("status", q_str_from(q_job_status_name(job->view.status))),
		q__if_number("run", job->view.run),
	};
	struct q_write writes[2 + Q__DELIVERY_WRITES];
	struct q_item item;
	size_t count = 2;
	enum q_code code;

	if (!q__callback_item(arena, job->view.file_id, url, &item))
		return q_fail(err, Q_NOMEM, where, "a callback");
	writes[0] = (struct q_write){.kind = Q_WRITE_CHECK,
				     .key = q__job_key(arena, job->view.file_id),
				     .conditions = same,
				     .condition_count = Q_COUNT_OF(same)};
	writes[1] = (struct q_write){.kind = Q_WRITE_PUT, .key = item.key, .item = &item};
	if (q_job_status_is_final(job->view.status)) {
		code = make_late(d, call, &job->view, url, arena, &writes[2], err);
		if (code)
			return code;
		count += Q__DELIVERY_WRITES;
	}
	code = q_record_store_transact(d->o.records, call, writes, count, NULL, err);
	if (!code)
		q_bell_ring(d->send_bell);
	return code;
}

enum q_code q__callback_add(struct q_documents *d, const struct q_call *call, struct q_str file_id,
			    struct q_str url, struct q_arena *arena, struct q_err *err)
{
	struct q__job job = {0};
	struct q_str *urls = NULL;
	size_t count = 0;
	enum q_code code = q__job_read(d, call, file_id, arena, &job, err);

	if (!code)
		code = q__callbacks_read(d, call, file_id, arena, &urls, &count, err);
	if (code || is_among(url, urls, count))
		return code;
	if (count == Q_CALLBACKS_MAX)
		return q_fail_reason(err, Q_CONFLICT, "too_many_callbacks", where,
				     "a job has at most %d callbacks: add a webhook instead",
				     Q_CALLBACKS_MAX);
	return insert(d, call, &job, url, arena, err);
}
