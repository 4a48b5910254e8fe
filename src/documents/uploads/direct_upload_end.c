/* The end of a direct upload. To complete it: the parts are joined, the object is copied to where
 * its sender's links do not reach, and what is checked is that copy: what happens to the object
 * afterwards does not matter. Then the job is made, in one transaction with the upload's own end.
 *
 * Two calls may do all this at once, and a crash may come anywhere: each step may be repeated, the
 * status changes once, and blobs are removed only when the upload is at its end and there is no
 * job of its id: nobody can make one any more. */
#include "documents/items.h"
#include "documents/jobs/job.h"
#include "documents/jobs/usage.h"
#include "documents/uploads/uploads_internal.h"

#include "base/mem.h"

enum { HASH_PIECE_BYTES = 256 * 1024, LOOK = 100 };

/* What can be wrong with the bytes: kept, so that a complete that is repeated is answered alike. */
struct refusal {
	enum q_code code;
	const char *reason;
	const char *message;
};

static const struct refusal wrong_size = {
	Q_INVALID, "size_mismatch", "the parts together do not have the size that was announced"};
static const struct refusal wrong_hash = {Q_INVALID, "sha256_mismatch",
					  "the bytes do not have the sha256 that was announced"};
static const struct refusal no_pdf = {
	Q_UNSUPPORTED, "unsupported_type",
	"only PDF documents are taken: the first 1,024 bytes hold no %PDF-"};
static const struct refusal *const refusals[] = {&wrong_size, &wrong_hash, &no_pdf};

/* --- The object ------------------------------------------------------------------------------- */

static bool is_whole(const struct q_direct_upload *view)
{
	for (size_t i = 0; i < view->part_count; i++)
		if (!view->parts[i].is_received)
			return false;
	return true;
}

static enum q_code join_parts(struct q_documents *d, const struct q_call *call,
			      struct q__direct_upload *upload, struct q_str key,
			      struct q_arena *arena, struct q_blob_info *info, struct q_err *err)
{
	struct q_blob_store *store = d->o.documents;
	struct q_blob_parts parts;
	enum q_code code =
		q_blob_parts_list(store, call, key, upload->blob_upload, arena, &parts, err);

	if (code == Q_NOTFOUND) /* joined by another call, or before a crash */
		return q_blob_store_stat(store, call, key, info, err);
	if (!code)
		code = q__direct_upload_plan(upload, arena, err);
	if (code)
		return code;
	q__direct_upload_mark_received(&upload->view, &parts);
	if (!is_whole(&upload->view))
		return q_fail_reason(err, Q_CONFLICT, "parts_missing", "direct_upload.complete",
				     "parts are missing: GET the upload for links to them");
	return q_blob_parts_complete(store, call, key, upload->blob_upload, parts.items,
				     parts.count, info, err);
}

/* The copy that is checked, at the document's own key. */
static enum q_code freeze(struct q_documents *d, const struct q_call *call,
			  struct q__direct_upload *upload, struct q_arena *arena,
			  struct q_blob_info *info, struct q_err *err)
{
	struct q_str key = q__incoming_key(arena, upload->job.tenant_id, upload->job.file_id);
	enum q_code code = join_parts(d, call, upload, key, arena, info, err);

	if (code)
		return code;
	return q_blob_store_copy_if_match(d->o.documents, call, key,
					  q_arena_copy(arena, q_str_from(info->etag)),
					  upload->job.source_key, info, err);
}

static enum q_code hash_reader(struct q_blob_reader *reader, const struct q_call *call,
			       struct q_sha256 *hash, unsigned char *piece, struct q_err *err)
{
	enum q_code code;
	size_t got;

	do {
		code = q_blob_reader_read(reader, call, piece, HASH_PIECE_BYTES, &got, err);
		if (!code)
			q_sha256_add(hash, (struct q_bytes){piece, got});
	} while (!code && got > 0);
	return code;
}

/* For a store that does not know the hash of an object made of parts. */
static enum q_code hash_object(struct q_documents *d, const struct q_call *call, struct q_str key,
			       char out[Q_SHA256_HEX_SIZE], struct q_err *err)
{
	unsigned char digest[Q_SHA256_SIZE], *piece = q_mem_new(HASH_PIECE_BYTES);
	struct q_sha256 *hash = q_sha256_new();
	struct q_blob_reader *reader = NULL;
	enum q_code code = piece && hash ? Q_OK
					 : q_fail(err, Q_NOMEM, "direct_upload.hash", "%d bytes",
						  HASH_PIECE_BYTES);

	if (!code)
		code = q_blob_reader_open(d->o.documents, call, key, Q_BLOB_WHOLE, &reader, NULL,
					  err);
	if (!code)
		code = hash_reader(reader, call, hash, piece, err);
	if (!code) {
		q_sha256_finish(hash, digest);
		q_sha256_to_hex(digest, out);
	}
	q_blob_reader_close(reader);
	q_sha256_free(hash);
	q_mem_free(piece);
	return code;
}

static enum q_code read_head(struct q_documents *d, const struct q_call *call,
			     const struct q_job *job, struct q_arena *arena, struct q_str *out,
			     struct q_err *err)
{
	struct q_bytes head = {0};
	enum q_code code = q_blob_store_read(d->o.documents, call, job->source_key,
					     (struct q_blob_range){0, Q__SNIFF_BYTES},
					     Q__SNIFF_BYTES, arena, &head, err);

	*out = q_bytes_str(head);
	return code;
}

/* Is the copy what was announced, and a PDF? *refusal is NULL where it is. */
static enum q_code inspect(struct q_documents *d, const struct q_call *call,
			   const struct q_job *job, struct q_blob_info *info, struct q_arena *arena,
			   const struct refusal **refusal, struct q_err *err)
{
	struct q_str head;
	enum q_code code = read_head(d, call, job, arena, &head, err);

	if (!code && info->sha256[0] == '\0')
		code = hash_object(d, call, job->source_key, info->sha256, err);
	if (code)
		return code;
	*refusal = NULL;
	if (info->size_bytes != job->size_bytes)
		*refusal = &wrong_size;
	else if (job->sha256.length > 0 && !q_str_equal(job->sha256, q_str_from(info->sha256)))
		*refusal = &wrong_hash;
	else if (!q__is_pdf(head))
		*refusal = &no_pdf;
	return Q_OK;
}

/* --- The end ---------------------------------------------------------------------------------- */

/* The write that takes an open upload to its end. What it told of the document is forgotten: from
 * now on the job knows it, and goes when it is deleted. */
static struct q_write end_write(struct q_arena *arena, const struct q__direct_upload *upload,
				enum q_direct_upload_status to)
{
	static const char *const forgotten[] = {"fileName", "sha256",	  "sourceKey",
						"kind",	    "locationId", "callbackUrl"};
	enum { SET_COUNT = 4, COUNT = SET_COUNT + Q_COUNT_OF(forgotten) };
	struct q_change *changes = q_arena_alloc_array(arena, COUNT, sizeof *changes);
	struct q_condition *is_open = q_arena_alloc(arena, sizeof *is_open);

	if (!changes || !is_open)
		return (struct q_write){.kind = Q_WRITE_CHECK};
	changes[0] = q__change_string("status", q_str_from(q_direct_upload_status_name(to)));
	changes[1] = q__change_string("jobId", upload->job_id);
	changes[2] = q__change_number("duplicate", upload->is_duplicate);
	changes[3] = q__change_string("reason", upload->reason);
	for (size_t i = SET_COUNT; i < COUNT; i++)
		changes[i] = (struct q_change){.kind = Q_REMOVE,
					       .name = q_str_from(forgotten[i - SET_COUNT])};
	*is_open = q__if_string("status",
				q_str_from(q_direct_upload_status_name(Q_DIRECT_UPLOAD_OPEN)));
	return (struct q_write){.kind = Q_WRITE_UPDATE,
				.key = q__upload_key(arena, upload->job.file_id),
				.changes = changes,
				.change_count = COUNT,
				.conditions = is_open,
				.condition_count = 1};
}

static enum q_code end_upload(struct q_documents *d, const struct q_call *call,
			      struct q__direct_upload *upload, enum q_direct_upload_status to,
			      struct q_arena *arena, struct q_err *err)
{
	struct q_write writes[2] = {end_write(arena, upload, to)};
	struct q_usage freed = {.direct_uploads = -1};

	if (q_arena_failed(arena))
		return q_fail(err, Q_NOMEM, "direct_upload.end", "the end of an upload");
	return q__usage_transact(d, call, upload->job.tenant_id, &freed, writes, 1, arena, err);
}

/* The copy that did not become a document. */
static enum q_code remove_copy(struct q_documents *d, const struct q_call *call,
			       const struct q_job *job, struct q_arena *arena, struct q_err *err)
{
	struct q_str prefix = q_arena_format(arena, "%.*s/%.*s/", Q_STR_ARG(job->tenant_id),
					     Q_STR_ARG(job->file_id));
	struct q_blob_page copies;
	enum q_code code = q_blob_store_list(d->o.documents, call, prefix, (struct q_str){0}, LOOK,
					     arena, &copies, err);

	for (size_t i = 0; !code && i < copies.count; i++)
		code = q_blob_store_remove(d->o.documents, call, copies.items[i].key, err);
	return code;
}

/* Removes what an upload at its end has left in the blob store, but for what is a job's now. */
static enum q_code remove_leftovers(struct q_documents *d, const struct q_call *call,
				    const struct q__direct_upload *upload, struct q_arena *arena,
				    struct q_err *err)
{
	struct q_str key = q__incoming_key(arena, upload->job.tenant_id, upload->job.file_id);
	struct q__job job;
	enum q_code code = q_blob_parts_abort(d->o.documents, call, key, upload->blob_upload, err);

	if (!code)
		code = q_blob_store_remove(d->o.documents, call, key, err);
	if (!code)
		code = q__job_read(d, call, upload->job.file_id, arena, &job, err);
	return code == Q_NOTFOUND ? remove_copy(d, call, &upload->job, arena, err) : code;
}

/* The same, where it does not matter if it fails: the sweeper does it again. */
static void tidy(struct q_documents *d, const struct q_call *call,
		 const struct q__direct_upload *upload, struct q_arena *arena)
{
	struct q_err err;

	if (remove_leftovers(d, call, upload, arena, &err))
		q_log_error(d->o.log, Q_LOG_WARN, "direct_upload.leftovers", call->request_id,
			    &err);
}

static enum q_code end_refused(struct q_documents *d, const struct q_call *call,
			       struct q__direct_upload *upload, const struct refusal *refusal,
			       struct q_arena *arena, struct q_err *err)
{
	upload->reason = q_str_from(refusal->reason);
	return end_upload(d, call, upload, Q_DIRECT_UPLOAD_REFUSED, arena, err);
}

/* The job and the upload's end in one transaction; a duplicate's job is there already. */
static enum q_code end_completed(struct q_documents *d, const struct q_call *call,
				 struct q__direct_upload *upload, bool is_again,
				 struct q_arena *arena, struct q_err *err)
{
	struct q_write end;
	struct q__new_job new_job = {.job = &upload->job,
				     .is_again = is_again,
				     .callback_url = upload->callback_url,
				     .was_direct = true,
				     .more = &end,
				     .more_count = 1};
	struct q_job existing;
	enum q_code code;

	upload->job.uploaded_at_ms = upload->job.updated_at_ms = q__now(d);
	upload->job_id = upload->job.file_id;
	end = end_write(arena, upload, Q_DIRECT_UPLOAD_COMPLETED);
	if (q_arena_failed(arena))
		return q_fail(err, Q_NOMEM, "direct_upload.end", "the end of an upload");
	code = q__job_create_once(d, call, &new_job, arena, &existing, &upload->is_duplicate, err);
	if (code || !upload->is_duplicate)
		return code;
	upload->job_id = existing.file_id;
	return end_upload(d, call, upload, Q_DIRECT_UPLOAD_COMPLETED, arena, err);
}

/* Takes an open upload to its end. Q_CONFLICT, Q_NOTFOUND: another call may have. */
static enum q_code settle(struct q_documents *d, const struct q_call *call,
			  struct q__direct_upload *upload, bool is_again, struct q_arena *arena,
			  struct q_err *err)
{
	const struct refusal *refusal = NULL;
	struct q_blob_info info;
	enum q_code code = freeze(d, call, upload, arena, &info, err);

	if (!code)
		code = inspect(d, call, &upload->job, &info, arena, &refusal, err);
	if (code)
		return code;
	upload->job.sha256 = q_arena_copy(arena, q_str_from(info.sha256));
	return refusal ? end_refused(d, call, upload, refusal, arena, err)
		       : end_completed(d, call, upload, is_again, arena, err);
}

/* --- Completing ------------------------------------------------------------------------------- */

static enum q_code tell_refusal(const struct q__direct_upload *upload, struct q_err *err)
{
	for (size_t i = 0; i < Q_COUNT_OF(refusals); i++)
		if (q_str_equal(upload->reason, q_str_from(refusals[i]->reason)))
			return q_fail_reason(err, refusals[i]->code, refusals[i]->reason,
					     "direct_upload.complete", "%s", refusals[i]->message);
	return q_fail(err, Q_CORRUPT, "direct_upload.complete", "a refusal without a known reason");
}

/* What an upload that is at its end came to. */
static enum q_code tell_end(struct q_documents *d, const struct q_call *call,
			    const struct q__direct_upload *upload, struct q_arena *arena,
			    struct q_job *job, bool *is_duplicate, struct q_err *err)
{
	struct q__job made;
	enum q_code code;

	if (upload->view.status == Q_DIRECT_UPLOAD_OPEN)
		return q_fail(err, Q_BUSY, "direct_upload.complete", "another call is at it");
	if (upload->view.status == Q_DIRECT_UPLOAD_REFUSED)
		return tell_refusal(upload, err);
	code = q__job_read(d, call, upload->job_id, arena, &made, err);
	if (code)
		return code;
	*job = made.view;
	*is_duplicate = upload->is_duplicate;
	return Q_OK;
}

enum q_code q_direct_upload_complete(struct q_documents *d, const struct q_call *call,
				     const struct q_identity *who, struct q_str file_id,
				     bool is_again, struct q_arena *arena, struct q_job *job,
				     bool *is_duplicate, struct q_err *err)
{
	struct q__direct_upload upload, ended;
	enum q_code code = q__direct_upload_find(d, call, who, file_id, arena, &upload, err);

	if (code)
		return code;
	if (upload.view.status != Q_DIRECT_UPLOAD_OPEN)
		return tell_end(d, call, &upload, arena, job, is_duplicate, err);
	code = settle(d, call, &upload, is_again, arena, err);
	if (code && (err->reason || (code != Q_CONFLICT && code != Q_NOTFOUND)))
		return code;
	code = q__direct_upload_find(d, call, who, file_id, arena, &ended, err);
	if (code == Q_NOTFOUND || (!code && ended.view.status != Q_DIRECT_UPLOAD_OPEN))
		tidy(d, call, &upload, arena);
	return code ? code : tell_end(d, call, &ended, arena, job, is_duplicate, err);
}

/* --- Those that nobody completed -------------------------------------------------------------- */

static enum q_code expire(struct q_documents *d, const struct q_call *call,
			  const struct q_item *item, struct q_arena *arena, struct q_err *err)
{
	struct q_write removal = {.kind = Q_WRITE_DELETE, .key = item->key};
	struct q__direct_upload upload;
	enum q_code code = q__direct_upload_parse(item, &upload, err);

	if (!code && upload.view.status == Q_DIRECT_UPLOAD_OPEN)
		code = end_upload(d, call, &upload, Q_DIRECT_UPLOAD_EXPIRED, arena, err);
	if (code == Q_CONFLICT) /* completed this instant: next time */
		return Q_OK;
	if (!code)
		code = remove_leftovers(d, call, &upload, arena, err);
	if (!code)
		code = q_record_store_write(d->o.records, call, &removal, NULL, NULL, err);
	return code;
}

enum q_code q__direct_uploads_sweep(struct q_documents *d, const struct q_call *call,
				    unsigned bucket, struct q_arena *arena, bool *did_work,
				    struct q_err *err)
{
	struct q_query query = {.index = 2,
				.pk = q__upload_expiry_bucket(arena, bucket),
				.sk_to = q__time_key(arena, q__now(d)),
				.limit = LOOK};
	struct q_query_page page;
	enum q_code result = Q_OK;
	enum q_code code = q_record_store_query(d->o.records, call, &query, arena, &page, err);

	if (code)
		return code;
	for (size_t i = 0; i < page.count; i++) {
		struct q_err failure;

		code = expire(d, call, &page.items[i], arena, &failure);
		if (code) { /* keeps no other from its turn */
			*err = failure;
			result = code;
		}
		*did_work = true;
	}
	return result;
}
