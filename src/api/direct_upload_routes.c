/* /api/uploads: documents whose bytes go to the blob store in parts, by signed links. */
#include "api/api_internal.h"

#include "access/idempotency.h"

enum { BODY_MAX = 64 * 1024, COMPLETE_MS = 10 * 60 * 1000 };

/* --- What is announced ------------------------------------------------------------------------ */

struct announcement {
	struct q_upload_request request;
	int64_t size_bytes;
	struct q_str sha256;
};

/* One member of the body. False when it has answered. */
static bool read_member(struct q_http_request *request, const struct q_json_walk *member,
			struct announcement *out)
{
	const struct {
		const char *name;
		struct q_str *value;
	} strings[] = {{"fileName", &out->request.file_name},
		       {"tenantId", &out->request.tenant_id},
		       {"kind", &out->request.kind},
		       {"locationId", &out->request.location_id},
		       {"callbackUrl", &out->request.callback_url},
		       {"sha256", &out->sha256}};

	if (q_str_equal(member->name, Q_STR("fileSize"))) {
		if (q_json_int64(member->value, &out->size_bytes) && out->size_bytes >= 0)
			return true;
		q__refuse_field(request, "fileSize", "is a number of bytes");
		return false;
	}
	for (size_t i = 0; i < Q_COUNT_OF(strings); i++) {
		if (!q_str_equal(member->name, q_str_from(strings[i].name)))
			continue;
		if (q_json_string(member->value, strings[i].value))
			return true;
		q__refuse_field(request, strings[i].name, "is a string");
		return false;
	}
	q_http_respond_refusal(request, 400, "invalid_request",
			       "a member of the body is not known");
	return false;
}

static bool read_announcement(struct q_http_request *request, const struct q_json *body,
			      struct announcement *out)
{
	struct q_json_walk walk;

	for (walk = q_json_walk(body); q_json_next(&walk);)
		if (!read_member(request, &walk, out))
			return false;
	if (out->request.file_name.length == 0)
		q__refuse_field(request, "fileName", "is missing");
	else if (!q_json_member(body, Q_STR("fileSize")))
		q__refuse_field(request, "fileSize", "is missing");
	else
		return true;
	return false;
}

/* --- What is answered ------------------------------------------------------------------------- */

static void write_part(struct q_api *api, struct q_http_request *request, struct q_json_writer *w,
		       const struct q_direct_upload_part *part)
{
	q_json_begin_object(w);
	q_json_field_int64(w, "number", part->number);
	q_json_field_int64(w, "size", (int64_t)part->size_bytes);
	q_json_field_bool(w, "received", part->is_received);
	if (!part->is_received) {
		q_json_field_string(w, "method", Q_STR("PUT"));
		q_json_field_string(w, "url", q__absolute(api, request, part->url));
		q_json_name(w, "headers");
		q_json_begin_object(w);
		q_json_field_string(w, "Content-Type", Q_STR(Q_DIRECT_UPLOAD_TYPE));
		q_json_end_object(w);
	}
	q_json_end_object(w);
}

static void answer_upload(struct q_api *api, struct q_http_request *request, int status,
			  const struct q_direct_upload *upload)
{
	struct q__reply answer;

	q_http_add_header(request, "Cache-Control", Q_STR("no-store"));
	q__reply_begin(&answer);
	q_json_begin_object(&answer.w);
	q_json_field_string(&answer.w, "fileId", upload->file_id);
	q_json_field_string(&answer.w, "status",
			    q_str_from(q_direct_upload_status_name(upload->status)));
	q_json_field_time(&answer.w, "expiresAt", upload->links_expire_at_ms);
	q_json_field_time(&answer.w, "uploadExpiresAt", upload->expires_at_ms);
	q_json_field_int64(&answer.w, "partSize", (int64_t)upload->part_bytes);
	q_json_name(&answer.w, "parts");
	q_json_begin_array(&answer.w);
	for (size_t i = 0; i < upload->part_count; i++)
		write_part(api, request, &answer.w, &upload->parts[i]);
	q_json_end_array(&answer.w);
	q_json_end_object(&answer.w);
	q__reply_end(&answer, request, status);
}

/* --- Routes ----------------------------------------------------------------------------------- */

/* What was announced, or, where this is a request done before, its upload as it is now. */
static enum q_code start(struct q_api *api, struct q_http_request *request,
			 const struct announcement *announced, struct q_direct_upload *upload,
			 struct q_err *err)
{
	const struct q_call *call = q_http_request_call(request);
	struct q_arena *arena = q_http_request_arena(request);
	struct q_str file_id;

	if (q_idempotency_find_answer(announced->request.once, &file_id))
		return q_direct_upload_find(api->o.documents, call, q__identity(request), file_id,
					    arena, upload, err);
	return q_direct_upload_start(api->o.documents, call, q__identity(request),
				     &announced->request, (uint64_t)announced->size_bytes,
				     announced->sha256, arena, upload, err);
}

static void start_upload(struct q_http_request *request, void *context)
{
	struct q_api *api = context;
	struct announcement announced = {0};
	struct q_direct_upload upload;
	const struct q_json *body;
	struct q_err err;

	if (!q__query(request, NULL, 0) || !q__body(request, &body) ||
	    !read_announcement(request, body, &announced) ||
	    !q__once_begin(api, request, body, &announced.request.once))
		return;
	if (start(api, request, &announced, &upload, &err)) {
		q__once_fail(request, announced.request.once, &err);
		return;
	}
	q_http_add_header(request, "Location",
			  q_arena_format(q_http_request_arena(request), "/api/uploads/%.*s",
					 Q_STR_ARG(upload.file_id)));
	answer_upload(api, request, 201, &upload);
}

static void get_upload(struct q_http_request *request, void *context)
{
	struct q_api *api = context;
	struct q_direct_upload upload;
	struct q_err err;

	if (!q__query(request, NULL, 0))
		return;
	if (q_direct_upload_find(api->o.documents, q_http_request_call(request),
				 q__identity(request), q_http_request_param(request, "fileId"),
				 q_http_request_arena(request), &upload, &err))
		q_http_respond_error(request, &err);
	else
		answer_upload(api, request, 200, &upload);
}

/* Gigabytes are joined and hashed in more than a handler's time. */
static struct q_call patient_call(const struct q_http_request *request)
{
	struct q_call call = *q_http_request_call(request);

	call.deadline_ms = 0;
	return q_call_within(&call, COMPLETE_MS);
}

/* Completing again gives the same by itself: its record holds no answer. */
static void complete_upload(struct q_http_request *request, void *context)
{
	struct q_api *api = context;
	const struct q_call call = patient_call(request);
	struct q_idempotency *once;
	struct q_job job;
	bool is_again, is_duplicate;
	struct q_err err;
	enum q_code code;

	if (!q__read_again(request, &is_again) || !q__once_begin(api, request, NULL, &once))
		return;
	code = q_direct_upload_complete(api->o.documents, &call, q__identity(request),
					q_http_request_param(request, "fileId"), is_again,
					q_http_request_arena(request), &job, &is_duplicate, &err);
	if (!code && once)
		code = q_idempotency_commit(once, &call, Q_STR(""), &err);
	if (code)
		q__once_fail(request, once, &err);
	else
		q__answer_accepted(request, job.file_id, is_duplicate);
}

const struct q_route q__direct_upload_routes[] = {
	{"POST", "/api/uploads", 0, BODY_MAX, &q__documents_write, start_upload},
	{"GET", "/api/uploads/{fileId}", 0, 0, &q__documents_write, get_upload},
	{"POST", "/api/uploads/{fileId}/complete", 0, 0, &q__documents_write, complete_upload},
	{0},
};
