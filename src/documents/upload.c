/* Upload: bytes go straight to the blob store, hashed on their way; when they are durable, one
 * transaction makes the file, its job with its due mark, and its plan. The doorbell after it may be
 * lost. */
#include "documents/documents_internal.h"

#include "access/tenant.h"
#include "base/mem.h"
#include "base/utf8.h"

#include <string.h>

enum { SNIFF_BYTES = 1024, NAME_BYTES_MAX = 255, UPLOAD_ARENA = 64 * 1024 };

struct q_upload {
	struct q_documents *d;
	struct q_arena *arena;
	struct q_job job; /* strings in `arena` */
	struct q_blob_writer *writer;
	unsigned char head[SNIFF_BYTES]; /* the first bytes, as far as they have come */
	size_t head_length;
	bool is_pdf;
};

/* The name as people see it: valid UTF-8, at most Q_DOCUMENTS_NAME_MAX bytes. */
static struct q_str display_name(struct q_arena *arena, struct q_str given)
{
	struct q_buf buf;
	struct q_str name;

	q_buf_init(&buf, 4 * Q_DOCUMENTS_NAME_MAX);
	given = q_str_slice(given, 0, Q_DOCUMENTS_NAME_MAX);
	for (size_t offset = 0; offset < given.length;) {
		char text[4];

		q_buf_append_bytes(&buf, text, q_utf8_encode(q_utf8_next(given, &offset), text));
	}
	name = q_arena_copy(arena, q_utf8_cut(q_buf_str(&buf), Q_DOCUMENTS_NAME_MAX));
	q_buf_free(&buf);
	return name.length > 0 ? name : Q_STR("document.pdf");
}

static bool is_safe(char c)
{
	return (unsigned char)c >= 0x20 && c != 0x7f && c != '/' && c != '\\';
}

/* The name as a part of a key: its last path component, without control characters or leading dots,
 * cut at its front. */
static struct q_str key_name(struct q_arena *arena, struct q_str name)
{
	char *out = q_arena_alloc(arena, name.length + 1);
	size_t start = 0, length = 0;

	if (!out)
		return (struct q_str){0};
	for (size_t i = 0; i < name.length; i++)
		if (name.data[i] == '/' || name.data[i] == '\\')
			start = i + 1;
	for (size_t i = start; i < name.length; i++)
		if (is_safe(name.data[i]) && !(length == 0 && name.data[i] == '.'))
			out[length++] = name.data[i];
	if (length == 0)
		return Q_STR("document.pdf");
	if (length > NAME_BYTES_MAX) { /* the end holds the extension */
		start = length - NAME_BYTES_MAX;
		while (((unsigned char)out[start] & 0xc0) == 0x80)
			start++;
		return (struct q_str){out + start, length - start};
	}
	return (struct q_str){out, length};
}

static enum q_code check_kind(struct q_str kind, struct q_err *err)
{
	if (kind.length == 0 || q_str_equal(kind, Q_STR("document")) ||
	    q_str_equal(kind, Q_STR("contract")))
		return Q_OK;
	return q_fail_reason(err, Q_INVALID, "bad_kind", "upload.open",
			     "kind is `document` or `contract`");
}

static enum q_code check_location(struct q_documents *d, const struct q_call *call,
				  struct q_str tenant_id, struct q_str location_id,
				  struct q_arena *arena, struct q_err *err)
{
	struct q_tenant tenant;
	enum q_code code;

	if (location_id.length == 0)
		return Q_OK;
	code = q_tenant_find(d->o.records, call, tenant_id, arena, &tenant, err);
	if (code)
		return code;
	if (!q_tenant_has_location(&tenant, location_id))
		return q_fail_reason(err, Q_DENIED, "bad_location", "upload.open",
				     "locationId is not one of the tenant's locations");
	return Q_OK;
}

static struct q_str tenant_of(const struct q_identity *who, const struct q_upload_request *request)
{
	return request->tenant_id.length ? request->tenant_id : who->tenant_id;
}

/* May the caller upload this, as far as the request is known? */
static enum q_code check(struct q_documents *d, const struct q_call *call,
			 const struct q_identity *who, const struct q_upload_request *request,
			 struct q_arena *arena, struct q_err *err)
{
	struct q_str tenant_id = tenant_of(who, request);
	enum q_code code;

	if (!q_policy_allows_tenant(who, Q_ACTION_DOCUMENTS_WRITE, tenant_id))
		return q_fail_reason(err, Q_DENIED, "wrong_tenant", "upload.open",
				     "tenantId is not the caller's own");
	if (!q_tenant_id_is_valid(tenant_id))
		return q_fail_reason(err, Q_INVALID, "bad_tenant", "upload.open",
				     "tenantId is 1 to 64 letters, digits, '_' or '-'");
	code = check_kind(request->kind, err);
	return code ? code : check_location(d, call, tenant_id, request->location_id, arena, err);
}

/* What the request says of the job, also where it says it again. */
static enum q_code describe(struct q_upload *upload, const struct q_identity *who,
			    const struct q_upload_request *request, struct q_err *err)
{
	struct q_arena *arena = upload->arena;
	struct q_job *job = &upload->job;

	job->tenant_id = q_arena_copy(arena, tenant_of(who, request));
	job->file_name = display_name(arena, request->file_name);
	job->kind = request->kind.length ? q_arena_copy(arena, request->kind) : Q_STR("document");
	job->location_id = q_arena_copy(arena, request->location_id);
	job->source_key =
		q_arena_format(arena, "%.*s/%.*s/%.*s", Q_STR_ARG(job->tenant_id),
			       Q_STR_ARG(job->file_id), Q_STR_ARG(key_name(arena, job->file_name)));
	if (q_arena_failed(arena))
		return q_fail(err, Q_NOMEM, "upload.open", "an upload");
	return Q_OK;
}

static void begin_job(struct q_documents *d, struct q_arena *arena, struct q_job *job)
{
	char id[Q_UUID_TEXT_SIZE];

	q_random_source_uuid(d->o.random, q__now(d), id);
	*job = (struct q_job){.file_id = q_arena_copy(arena, q_str_from(id)),
			      .status = Q_JOB_PENDING,
			      .run = 1,
			      .version = 1};
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
	code = upload->arena ? check(d, call, who, request, upload->arena, err)
			     : q_fail(err, Q_NOMEM, "upload.open", "an arena");
	if (!code) {
		begin_job(d, upload->arena, &upload->job);
		code = describe(upload, who, request, err);
	}
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
	size_t room = SNIFF_BYTES - upload->head_length;
	size_t take = bytes.length < room ? bytes.length : room;
	struct q_str head;
	size_t at;

	if (upload->is_pdf)
		return Q_OK;
	if (take > 0)
		memcpy(upload->head + upload->head_length, bytes.data, take);
	upload->head_length += take;
	head = (struct q_str){(const char *)upload->head, upload->head_length};
	upload->is_pdf = q_str_find(head, Q_STR("%PDF-"), &at);
	if (upload->is_pdf || (upload->head_length < SNIFF_BYTES && !is_end))
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

/* The job of these bytes: a new one, or, with *is_duplicate, the one that the tenant has. */
static enum q_code make_job(struct q_upload *upload, const struct q_call *call, bool is_again,
			    struct q_arena *arena, struct q_job *job, bool *is_duplicate,
			    struct q_err *err)
{
	struct q_documents *d = upload->d;
	struct q_job *made = &upload->job;
	struct q__new_job new_job = {.job = made, .is_again = is_again};
	enum q_code code;

	made->uploaded_at_ms = made->updated_at_ms = q__now(d);
	code = q__job_create_once(d, call, &new_job, arena, job, is_duplicate, err);
	if (code)
		drop_blob(d, call, made, code);
	else if (*is_duplicate)
		remove_blob(d, call, made->source_key);
	else
		code = copy_job(arena, made, job, err);
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
	bool ignored;
	enum q_code code = Q_OK;

	if (made->size_bytes == 0)
		code = q_fail_reason(err, Q_INVALID, "empty_file", "upload.finish",
				     "the file is empty");
	if (!code)
		code = sniff(upload, (struct q_bytes){0}, true, err);
	if (!code)
		code = check(d, call, who, request, upload->arena, err);
	if (!code)
		code = describe(upload, who, request, err);
	if (!code)
		code = commit(upload, call, written_key, err);
	if (!code)
		code = make_job(upload, call, request->is_again, arena, job,
				is_duplicate ? is_duplicate : &ignored, err);
	q_upload_abort(upload);
	return code;
}

void q_upload_abort(struct q_upload *upload)
{
	if (!upload)
		return;
	q_blob_writer_abort(upload->writer);
	q_arena_free(upload->arena);
	q_mem_free(upload);
}
