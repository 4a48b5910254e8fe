/* A direct upload: its client sends the parts to the blob store itself, by signed links, and then
 * completes it (direct_upload_end.c). The UPLOAD item says what was announced; which parts there
 * are, the blob store knows. */
#include "documents/items.h"
#include "documents/jobs/job.h"
#include "documents/jobs/usage.h"
#include "documents/uploads/uploads_internal.h"

#include "base/encode.h"

static const char *const status_names[] = {
	[Q_DIRECT_UPLOAD_OPEN] = "open",
	[Q_DIRECT_UPLOAD_COMPLETED] = "completed",
	[Q_DIRECT_UPLOAD_REFUSED] = "refused",
	[Q_DIRECT_UPLOAD_EXPIRED] = "expired",
};

const char *q_direct_upload_status_name(enum q_direct_upload_status status)
{
	q_assert((unsigned)status < Q_COUNT_OF(status_names));
	return status_names[status];
}

/* --- The item --------------------------------------------------------------------------------- */

/* With the record of the request that asks for it, where it is to be done once. */
static enum q_code write_item(struct q_documents *d, const struct q_call *call,
			      const struct q__direct_upload *upload, struct q_idempotency *once,
			      struct q_arena *arena, struct q_err *err)
{
	struct q_condition is_new = {.kind = Q_IF_ABSENT};
	struct q_usage added = {.direct_uploads = 1};
	struct q__attributes a;
	struct q_item item;
	struct q_write writes[3]; /* one for the usage */

	q__attributes_init(&a, arena, Q__JOB_FACTS_MAX + 4);
	q__set_job_facts(&a, &upload->job);
	q__set_string(&a, "status", q_str_from(status_names[Q_DIRECT_UPLOAD_OPEN]));
	q__set_string(&a, "blobUpload", upload->blob_upload);
	q__set_string(&a, "callbackUrl", upload->callback_url);
	q__set_number(&a, "expiresAt", upload->view.expires_at_ms);
	item = (struct q_item){.key = q__upload_key(arena, upload->job.file_id),
			       .index2 = q__upload_expiry_key(arena, upload->job.file_id,
							      upload->view.expires_at_ms),
			       .attributes = a.items,
			       .attribute_count = a.count};
	if (a.failed || q_arena_failed(arena) ||
	    (once && !q_idempotency_write(once, upload->job.file_id, &writes[1])))
		return q_fail(err, Q_NOMEM, "direct_upload.start", "the item of an upload");
	writes[0] = (struct q_write){.kind = Q_WRITE_PUT,
				     .key = item.key,
				     .item = &item,
				     .conditions = &is_new,
				     .condition_count = 1};
	return q__usage_transact(d, call, upload->job.tenant_id, &added, writes, once ? 2 : 1,
				 arena, err);
}

static bool parse_status(struct q_str word, enum q_direct_upload_status *out)
{
	for (unsigned i = 0; i < Q_COUNT_OF(status_names); i++) {
		if (q_str_equal(word, q_str_from(status_names[i]))) {
			*out = (enum q_direct_upload_status)i;
			return true;
		}
	}
	return false;
}

enum q_code q__direct_upload_parse(const struct q_item *item, struct q__direct_upload *out,
				   struct q_err *err)
{
	const struct q_str none = {0};

	*out = (struct q__direct_upload){
		.blob_upload = q_item_string(item, "blobUpload", none),
		.callback_url = q_item_string(item, "callbackUrl", none),
		.job_id = q_item_string(item, "jobId", none),
		.is_duplicate = q_item_number(item, "duplicate", 0) != 0,
		.reason = q_item_string(item, "reason", none),
		.view.expires_at_ms = q_item_number(item, "expiresAt", 0),
	};
	q__job_facts_parse(item, &out->job);
	out->job.run = out->job.version = 1;
	out->view.file_id = out->job.file_id;
	if (!parse_status(q_item_string(item, "status", none), &out->view.status) ||
	    out->job.file_id.length == 0 || out->job.tenant_id.length == 0)
		return q_fail(err, Q_CORRUPT, "direct_upload.find", "item %.*s is no upload",
			      Q_STR_ARG(item->key.pk));
	return Q_OK;
}

enum q_code q__direct_upload_find(struct q_documents *d, const struct q_call *call,
				  const struct q_identity *who, struct q_str file_id,
				  struct q_arena *arena, struct q__direct_upload *out,
				  struct q_err *err)
{
	struct q_item item;
	enum q_code code = Q_NOTFOUND;

	if (q_uuid_is_valid(file_id))
		code = q_record_store_get(d->o.records, call, q__upload_key(arena, file_id), arena,
					  &item, err);
	if (!code)
		code = q__direct_upload_parse(&item, out, err);
	if (!code &&
	    (!q_policy_allows_tenant(who, Q_ACTION_DOCUMENTS_WRITE, out->job.tenant_id) ||
	     out->view.expires_at_ms <= q__now(d) || out->view.status == Q_DIRECT_UPLOAD_EXPIRED))
		code = Q_NOTFOUND;
	if (code == Q_NOTFOUND)
		return q_fail(err, Q_NOTFOUND, "direct_upload.find", "there is no such upload");
	return code;
}

/* --- Parts ------------------------------------------------------------------------------------ */

enum q_code q__direct_upload_plan(struct q__direct_upload *upload, struct q_arena *arena,
				  struct q_err *err)
{
	struct q_direct_upload *view = &upload->view;
	uint64_t left = upload->job.size_bytes;

	view->part_bytes =
		left <= Q_DIRECT_UPLOAD_SINGLE_BYTES_MAX ? left : Q_DIRECT_UPLOAD_PART_BYTES;
	view->part_count = (size_t)((left + view->part_bytes - 1) / view->part_bytes);
	view->parts = q_arena_alloc_array(arena, view->part_count, sizeof *view->parts);
	if (!view->parts)
		return q_fail(err, Q_NOMEM, "direct_upload.parts", "%zu parts", view->part_count);
	for (size_t i = 0; i < view->part_count; i++) {
		uint64_t size_bytes = left < view->part_bytes ? left : view->part_bytes;

		view->parts[i] = (struct q_direct_upload_part){
			.number = (unsigned)i + 1, .size_bytes = size_bytes, .is_received = true};
		left -= size_bytes;
	}
	return Q_OK;
}

void q__direct_upload_mark_received(struct q_direct_upload *view, const struct q_blob_parts *there)
{
	for (size_t i = 0; i < view->part_count; i++)
		view->parts[i].is_received = false;
	for (size_t i = 0; i < there->count; i++) {
		const struct q_blob_part *part = &there->items[i];

		if (part->number <= view->part_count)
			view->parts[part->number - 1].is_received =
				part->size_bytes == view->parts[part->number - 1].size_bytes;
	}
}

/* A link to each part that is not there, good for an hour but not longer than the upload. */
static enum q_code link_parts(struct q_documents *d, const struct q_call *call,
			      struct q__direct_upload *upload, struct q_arena *arena,
			      struct q_err *err)
{
	struct q_direct_upload *view = &upload->view;
	int64_t until_ms = q__now(d) + Q_DOCUMENTS_LINK_MS;
	struct q_blob_link link = {.method = Q_BLOB_LINK_PUT,
				   .content_type = Q_STR(Q_DIRECT_UPLOAD_TYPE),
				   .upload_id = upload->blob_upload};
	struct q_str key = q__incoming_key(arena, upload->job.tenant_id, upload->job.file_id);
	enum q_code code = Q_OK;

	view->links_expire_at_ms = link.expires_at_ms =
		until_ms < view->expires_at_ms ? until_ms : view->expires_at_ms;
	if (view->part_count == 1)
		link.sha256 = upload->job.sha256;
	for (size_t i = 0; !code && i < view->part_count; i++) {
		struct q_direct_upload_part *part = &view->parts[i];

		link.part_number = part->number;
		link.content_length = (int64_t)part->size_bytes;
		if (!part->is_received)
			code = q_blob_store_presign(d->o.documents, call, key, &link, arena,
						    &part->url, err);
	}
	return code;
}

/* --- Starting, and going on ------------------------------------------------------------------- */

static enum q_code check_announced(struct q_documents *d, uint64_t size_bytes, struct q_str sha256,
				   struct q_err *err)
{
	unsigned char digest[Q_SHA256_SIZE];

	if (size_bytes == 0)
		return q_fail_reason(err, Q_INVALID, "empty_file", "direct_upload.start",
				     "the file is empty");
	if (size_bytes > d->o.file_bytes_max)
		return q_fail_reason(err, Q_TOOBIG, "file_too_large", "direct_upload.start",
				     "a document has at most %llu bytes",
				     (unsigned long long)d->o.file_bytes_max);
	if (sha256.length > 0 && !q_decode_hex(sha256, digest, sizeof digest))
		return q_fail_reason(err, Q_INVALID, "bad_sha256", "direct_upload.start",
				     "sha256 is 64 lower-case hex digits");
	return Q_OK;
}

static enum q_code start_parts(struct q_documents *d, const struct q_call *call,
			       struct q__direct_upload *upload, struct q_idempotency *once,
			       struct q_arena *arena, struct q_err *err)
{
	struct q_str key = q__incoming_key(arena, upload->job.tenant_id, upload->job.file_id);
	/* The blob store forgets what nobody sends parts to: so also where this process dies before
	 * the item is written. No link to a part has been given to anyone then. */
	struct q_err ignored;
	enum q_code code =
		q_blob_parts_start(d->o.documents, call, key, arena, &upload->blob_upload, err);

	if (code)
		return code;
	q__direct_upload_mark_received(&upload->view, &(struct q_blob_parts){0});
	code = write_item(d, call, upload, once, arena, err);
	if (code && code != Q_TIMEOUT && code != Q_IO)
		(void)!q_blob_parts_abort(d->o.documents, call, key, upload->blob_upload, &ignored);
	return code;
}

enum q_code q_direct_upload_start(struct q_documents *d, const struct q_call *call,
				  const struct q_identity *who,
				  const struct q_upload_request *request, uint64_t size_bytes,
				  struct q_str sha256, struct q_arena *arena,
				  struct q_direct_upload *out, struct q_err *err)
{
	struct q__direct_upload upload = {0};
	struct q_usage announced = {
		.documents = 1, .bytes = (int64_t)size_bytes, .direct_uploads = 1};
	enum q_code code = check_announced(d, size_bytes, sha256, err);

	if (!code)
		code = q__upload_check(d, call, who, request, arena, err);
	if (code)
		return code;
	q__upload_begin(d, arena, &upload.job);
	upload.job.size_bytes = size_bytes;
	upload.job.sha256 = sha256;
	upload.callback_url = request->callback_url;
	upload.job.uploaded_at_ms = q__now(d);
	upload.view.file_id = upload.job.file_id;
	upload.view.expires_at_ms = upload.job.uploaded_at_ms + Q_DIRECT_UPLOAD_LIFE_MS;
	code = q__upload_describe(who, request, arena, &upload.job, err);
	if (!code)
		code = q__quota_check(d, call, upload.job.tenant_id, &announced, arena, err);
	if (!code)
		code = q__direct_upload_plan(&upload, arena, err);
	if (!code)
		code = start_parts(d, call, &upload, request->once, arena, err);
	if (!code)
		code = link_parts(d, call, &upload, arena, err);
	*out = upload.view;
	return code;
}

enum q_code q_direct_upload_find(struct q_documents *d, const struct q_call *call,
				 const struct q_identity *who, struct q_str file_id,
				 struct q_arena *arena, struct q_direct_upload *out,
				 struct q_err *err)
{
	struct q__direct_upload upload;
	struct q_blob_parts there;
	enum q_code code = q__direct_upload_find(d, call, who, file_id, arena, &upload, err);

	if (!code)
		code = q__direct_upload_plan(&upload, arena, err);
	if (!code && upload.view.status == Q_DIRECT_UPLOAD_OPEN) {
		code = q_blob_parts_list(
			d->o.documents, call,
			q__incoming_key(arena, upload.job.tenant_id, upload.job.file_id),
			upload.blob_upload, arena, &there, err);
		if (!code)
			q__direct_upload_mark_received(&upload.view, &there);
		else if (code == Q_NOTFOUND) /* all were: they are being joined */
			code = Q_OK;
	}
	if (!code)
		code = link_parts(d, call, &upload, arena, err);
	*out = upload.view;
	return code;
}
