/* Upload: bytes go straight to the blob store, hashed on their way; when they are durable, one
 * transaction makes the file, its job with its due mark, and its plan. The doorbell after it may be
 * lost. */
#include "documents/jobs/job.h"
#include "documents/uploads/uploads_internal.h"

#include "base/mem.h"

#include <string.h>

enum { UPLOAD_ARENA = 64 * 1024 };

struct q_upload {
	struct q_documents *d;
	struct q_arena *arena;
	struct q_job job; /* strings in `arena` */
	struct q__open_upload open;
	struct q_blob_writer *writer;
	unsigned char head[Q__SNIFF_BYTES]; /* the first bytes, as far as they have come */
	size_t head_length;
	bool is_pdf;
};

/* It counts as one of its tenant's until it is freed. */
static enum q_code enter(struct q_upload *upload, const struct q_call *call, struct q_err *err)
{
	struct q_documents *d = upload->d;
	struct q_tenant tenant;
	enum q_code code = q_tenant_find(d->o.records, call, upload->job.tenant_id, upload->arena,
					 &tenant, err);

	if (code)
		return code;
	return q__open_upload_enter(&d->open_uploads, &upload->open, upload->job.tenant_id,
				    tenant.quotas.concurrent_uploads, err);
}

enum q_code q_upload_open(struct q_documents *d, const struct q_call *call,
			  const struct q_identity *who, const struct q_upload_request *request,
			  struct q_upload **out, struct q_err *err)
{
	struct q_upload *upload = q_mem_new(sizeof *upload);
	enum q_code code;

	if (!upload)
		return q_fail(err, Q_NOMEM, "upload.open", "%zu bytes", sizeof *upload);
	upload->d = d;
	upload->arena = q_arena_new(UPLOAD_ARENA);
	code = upload->arena ? q__upload_check(d, call, who, request, upload->arena, err)
			     : q_fail(err, Q_NOMEM, "upload.open", "an arena");
	if (!code) {
		q__upload_begin(d, upload->arena, &upload->job);
		code = q__upload_describe(who, request, upload->arena, &upload->job, err);
	}
	if (!code)
		code = enter(upload, call, err);
	if (!code)
		code = q_blob_writer_open(d->o.documents, call, upload->job.source_key,
					  &upload->writer, err);
	if (code) {
		q_upload_abort(upload);
		return code;
	}
	*out = upload;
	return Q_OK;
}

/* "%PDF-" somewhere in the first 1,024 bytes. */
static enum q_code sniff(struct q_upload *upload, struct q_bytes bytes, bool is_end,
			 struct q_err *err)
{
	size_t room = Q__SNIFF_BYTES - upload->head_length;
	size_t take = bytes.length < room ? bytes.length : room;
	struct q_str head;

	if (upload->is_pdf)
		return Q_OK;
	if (take > 0)
		memcpy(upload->head + upload->head_length, bytes.data, take);
	upload->head_length += take;
	head = (struct q_str){(const char *)upload->head, upload->head_length};
	upload->is_pdf = q__is_pdf(head);
	if (upload->is_pdf || (upload->head_length < Q__SNIFF_BYTES && !is_end))
		return Q_OK;
	return q_fail_reason(err, Q_UNSUPPORTED, "unsupported_type", "upload.add",
			     "only PDF documents are taken: the first 1,024 bytes hold no %%PDF-");
}

enum q_code q_upload_add(struct q_upload *upload, const struct q_call *call, struct q_bytes bytes,
			 struct q_err *err)
{
	struct q_documents *d = upload->d;
	enum q_code code;

	if (bytes.length > d->o.file_bytes_max - upload->job.size_bytes)
		return q_fail_reason(err, Q_TOOBIG, "file_too_large", "upload.add",
				     "a document has at most %llu bytes",
				     (unsigned long long)d->o.file_bytes_max);
	code = sniff(upload, bytes, false, err);
	if (!code)
		code = q_blob_writer_add(upload->writer, call, bytes, err);
	if (!code)
		upload->job.size_bytes += bytes.length;
	return code;
}

/* The blob under `key` has no job and will have none. */
static void remove_blob(struct q_documents *d, const struct q_call *call, struct q_str key)
{
	struct q_err err;

	if (q_blob_store_remove(d->o.documents, call, key, &err))
		q_log_error(d->o.log, Q_LOG_WARN, "upload.orphan", call->request_id, &err);
}

/* The blob of a job that was not made. Where the transaction may have been written after all, the
 * blob stays: nothing may be lost. */
static void drop_blob(struct q_documents *d, const struct q_call *call, const struct q_job *job,
		      enum q_code cause)
{
	if (cause != Q_TIMEOUT && cause != Q_IO)
		remove_blob(d, call, job->source_key);
}

static enum q_code copy_job(struct q_arena *arena, const struct q_job *job, struct q_job *out,
			    struct q_err *err)
{
	*out = *job;
	out->file_id = q_arena_copy(arena, job->file_id);
	out->file_name = q_arena_copy(arena, job->file_name);
	out->tenant_id = q_arena_copy(arena, job->tenant_id);
	out->kind = q_arena_copy(arena, job->kind);
	out->location_id = q_arena_copy(arena, job->location_id);
	out->sha256 = q_arena_copy(arena, job->sha256);
	out->source_key = q_arena_copy(arena, job->source_key);
	return q_arena_failed(arena) ? q_fail(err, Q_NOMEM, "upload.finish", "the answer") : Q_OK;
}

/* A tenant that was named after the file: the blob moves to that tenant's keys. */
static enum q_code move_blob(struct q_upload *upload, const struct q_call *call, struct q_str from,
			     const char *etag, struct q_err *err)
{
	struct q_blob_store *store = upload->d->o.documents;
	struct q_blob_info info;
	enum q_code code;

	if (q_str_equal(from, upload->job.source_key))
		return Q_OK;
	code = q_blob_store_copy_if_match(store, call, from, q_str_from(etag),
					  upload->job.source_key, &info, err);
	remove_blob(upload->d, call, from);
	return code;
}

/* --- A request that is done once --------------------------------------------------------------
 * Its record says "ID", or "duplicate:ID". */

static const char duplicate_mark[] = "duplicate:";

static enum q_code identify(const struct q_upload *upload, const struct q_upload_request *request,
			    struct q_err *err)
{
	const struct q_job *job = &upload->job;
	const struct q_str parts[] = {job->tenant_id,
				      job->file_name,
				      job->kind,
				      job->location_id,
				      job->sha256,
				      request->callback_url,
				      request->is_again ? Q_STR("again") : Q_STR("")};

	if (!request->once)
		return Q_OK;
	return q_idempotency_identify(request->once, parts, Q_COUNT_OF(parts), err);
}

/* The job that the record names. */
static enum q_code read_recorded(struct q_documents *d, const struct q_call *call,
				 struct q_str answer, struct q_arena *arena, struct q_job *job,
				 bool *is_duplicate, struct q_err *err)
{
	struct q__job found;
	struct q_str file_id = answer;
	enum q_code code;

	*is_duplicate = q_str_starts_with(answer, q_str_from(duplicate_mark));
	if (*is_duplicate)
		file_id = q_str_slice(answer, sizeof duplicate_mark - 1, answer.length);
	code = q__job_read(d, call, file_id, arena, &found, err);
	if (!code)
		*job = found.view;
	return code;
}

static enum q_code record_duplicate(const struct q_call *call, struct q_idempotency *once,
				    const struct q_job *job, struct q_arena *arena,
				    struct q_err *err)
{
	if (!once)
		return Q_OK;
	return q_idempotency_commit(
		once, call,
		q_arena_format(arena, "%s%.*s", duplicate_mark, Q_STR_ARG(job->file_id)), err);
}

/* --- The end ---------------------------------------------------------------------------------- */

/* Makes the job of these bytes, or, with *is_duplicate, gives the one that the tenant has. */
static enum q_code create_job(struct q_upload *upload, const struct q_call *call,
			      const struct q_upload_request *request, struct q_arena *arena,
			      struct q_job *job, bool *is_duplicate, struct q_err *err)
{
	struct q_job *made = &upload->job;
	struct q_write record;
	struct q__new_job new_job = {.job = made,
				     .is_again = request->is_again,
				     .callback_url = request->callback_url,
				     .more = &record,
				     .more_count = request->once ? 1 : 0};
	enum q_code code;

	made->uploaded_at_ms = made->updated_at_ms = q__now(upload->d);
	if (request->once && !q_idempotency_write(request->once, made->file_id, &record))
		return q_fail(err, Q_NOMEM, "upload.finish", "a record");
	code = q__job_create_once(upload->d, call, &new_job, arena, job, is_duplicate, err);
	if (code || !*is_duplicate)
		return code;
	return record_duplicate(call, request->once, job, arena, err);
}

/* The job to answer with. The blob stays only where it is of that job. */
static enum q_code settle(struct q_upload *upload, const struct q_call *call,
			  const struct q_upload_request *request, struct q_arena *arena,
			  struct q_job *job, bool *is_duplicate, struct q_err *err)
{
	struct q_str recorded;
	enum q_code code = identify(upload, request, err);

	if (!code && q_idempotency_find_answer(request->once, &recorded)) {
		code = read_recorded(upload->d, call, recorded, arena, job, is_duplicate, err);
		remove_blob(upload->d, call, upload->job.source_key);
		return code;
	}
	if (!code)
		code = create_job(upload, call, request, arena, job, is_duplicate, err);
	if (*is_duplicate)
		remove_blob(upload->d, call, upload->job.source_key);
	else if (code)
		drop_blob(upload->d, call, &upload->job, code);
	else
		code = copy_job(arena, &upload->job, job, err);
	return code;
}

/* Ends the blob; it is durable then. */
static enum q_code commit(struct q_upload *upload, const struct q_call *call,
			  struct q_str written_key, struct q_err *err)
{
	struct q_blob_info info;
	enum q_code code = q_blob_writer_commit(upload->writer, call, &info, err);

	upload->writer = NULL;
	if (code)
		return code;
	upload->job.sha256 = q_arena_copy(upload->arena, q_str_from(info.sha256));
	return move_blob(upload, call, written_key, info.etag, err);
}

enum q_code q_upload_finish(struct q_upload *upload, const struct q_call *call,
			    const struct q_identity *who, const struct q_upload_request *request,
			    struct q_arena *arena, struct q_job *job, bool *is_duplicate,
			    struct q_err *err)
{
	struct q_documents *d = upload->d;
	struct q_job *made = &upload->job;
	struct q_str written_key = made->source_key;
	bool ignored = false;
	enum q_code code = Q_OK;

	if (made->size_bytes == 0)
		code = q_fail_reason(err, Q_INVALID, "empty_file", "upload.finish",
				     "the file is empty");
	if (!code)
		code = sniff(upload, (struct q_bytes){0}, true, err);
	if (!code)
		code = q__upload_check(d, call, who, request, upload->arena, err);
	if (!code)
		code = q__upload_describe(who, request, upload->arena, &upload->job, err);
	if (!code)
		code = commit(upload, call, written_key, err);
	if (!code)
		code = settle(upload, call, request, arena, job,
			      is_duplicate ? is_duplicate : &ignored, err);
	q_upload_abort(upload);
	return code;
}

void q_upload_abort(struct q_upload *upload)
{
	if (!upload)
		return;
	q__open_upload_leave(&upload->d->open_uploads, &upload->open);
	q_blob_writer_abort(upload->writer);
	q_arena_free(upload->arena);
	q_mem_free(upload);
}
