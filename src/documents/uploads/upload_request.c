/* What is asked of every document before it is taken in, and what its request says of its job. */
#include "documents/jobs/usage.h"
#include "documents/uploads/uploads_internal.h"

#include "access/tenant.h"
#include "base/utf8.h"

enum { NAME_BYTES_MAX = 255 };

bool q__is_pdf(struct q_str head)
{
	size_t at;

	return q_str_find(q_str_slice(head, 0, Q__SNIFF_BYTES), Q_STR("%PDF-"), &at);
}

void q__upload_begin(struct q_documents *d, struct q_arena *arena, struct q_job *job)
{
	char id[Q_UUID_TEXT_SIZE];

	q_random_source_uuid(d->o.random, q__now(d), id);
	*job = (struct q_job){.file_id = q_arena_copy(arena, q_str_from(id)),
			      .status = Q_JOB_PENDING,
			      .run = 1,
			      .version = 1};
}

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

enum q_code q__upload_check(struct q_documents *d, const struct q_call *call,
			    const struct q_identity *who, const struct q_upload_request *request,
			    struct q_arena *arena, struct q_err *err)
{
	struct q_str tenant_id = tenant_of(who, request);
	struct q_usage least = {.documents = 1, .bytes = 1};
	enum q_code code;

	if (!q_policy_allows_tenant(who, Q_ACTION_DOCUMENTS_WRITE, tenant_id))
		return q_fail_reason(err, Q_DENIED, "wrong_tenant", "upload.open",
				     "tenantId is not the caller's own");
	if (!q_tenant_id_is_valid(tenant_id))
		return q_fail_reason(err, Q_INVALID, "bad_tenant", "upload.open",
				     "tenantId is 1 to 64 letters, digits, '_' or '-'");
	code = check_kind(request->kind, err);
	if (!code && request->callback_url.length > 0)
		code = q_webhook_check_url(d, request->callback_url, err);
	if (!code)
		code = check_location(d, call, tenant_id, request->location_id, arena, err);
	return code ? code : q__quota_check(d, call, tenant_id, &least, arena, err);
}

enum q_code q__upload_describe(const struct q_identity *who, const struct q_upload_request *request,
			       struct q_arena *arena, struct q_job *job, struct q_err *err)
{
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
