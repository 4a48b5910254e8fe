/* POST /api/upload: a form is parsed as it comes in; its file goes straight to the blob store. The
 * form's fields may stand before or after the file. A small document is waited for, without a
 * thread: the request is looked at again after a while. */
#include "api/api_internal.h"

#include "base/mem.h"
#include "base/time.h"
#include "net/http_field.h"
#include "net/multipart.h"

enum { FIELD_MAX = Q_WEBHOOK_URL_MAX, WAIT_MS = 25000, RESULTS_MAX = 16 << 20 };

/* One upload in flight; freed when the body has ended or gone. */
struct form {
	struct q_http_body_sink body; /* first: the server's view */
	struct q_multipart_sink parts;
	struct q_api *api;
	struct q_http_request *request;
	struct q_multipart *parser;
	struct q_upload *upload;
	bool has_file;
	bool is_in_file;
	struct q_str *field; /* the one that is being read, or NULL */
	struct q_buf value;
	struct q_upload_request known;
};

static void form_free(struct form *form)
{
	q_multipart_free(form->parser);
	q_upload_abort(form->upload);
	q_buf_free(&form->value);
	q_mem_free(form);
}

static const struct q_call *call_of(const struct form *form)
{
	return q_http_request_call(form->request);
}

/* --- The parts -------------------------------------------------------------------------------- */

static enum q_code begin_file(struct form *form, const struct q_multipart_part *part,
			      struct q_err *err)
{
	struct q_arena *arena = q_http_request_arena(form->request);

	if (form->has_file)
		return q_fail_reason(err, Q_INVALID, "bad_multipart", "upload",
				     "the form has two files: send one a request");
	form->has_file = form->is_in_file = true;
	form->known.file_name = q_arena_copy(arena, part->filename);
	return q_upload_open(form->api->o.documents, call_of(form), q__identity(form->request),
			     &form->known, &form->upload, err);
}

static enum q_code part_begin(struct q_multipart_sink *sink, const struct q_multipart_part *part,
			      struct q_err *err)
{
	struct form *form = q_container_of(sink, struct form, parts);

	if (q_str_equal(part->name, Q_STR("file"))) {
		if (part->is_file)
			return begin_file(form, part, err);
		return q_fail_reason(err, Q_INVALID, "bad_multipart", "upload",
				     "the part `file` has no filename: send a file");
	}
	if (q_str_equal(part->name, Q_STR("tenantId")))
		form->field = &form->known.tenant_id;
	else if (q_str_equal(part->name, Q_STR("kind")))
		form->field = &form->known.kind;
	else if (q_str_equal(part->name, Q_STR("locationId")))
		form->field = &form->known.location_id;
	else if (q_str_equal(part->name, Q_STR("callbackUrl")))
		form->field = &form->known.callback_url;
	else
		return q_fail_reason(
			err, Q_INVALID, "unknown_field", "upload",
			"the form takes file, tenantId, kind, locationId and callbackUrl; not "
			"`%.*s`",
			Q_STR_ARG(q_str_slice(part->name, 0, 100)));
	if (form->field->data)
		return q_fail_reason(err, Q_INVALID, "bad_multipart", "upload",
				     "`%.*s` is given twice", Q_STR_ARG(part->name));
	q_buf_clear(&form->value);
	return Q_OK;
}

static enum q_code part_data(struct q_multipart_sink *sink, struct q_bytes data, struct q_err *err)
{
	struct form *form = q_container_of(sink, struct form, parts);

	if (form->is_in_file)
		return q_upload_add(form->upload, call_of(form), data, err);
	if (!q_buf_append(&form->value, q_bytes_str(data)))
		return q_fail(err, Q_NOMEM, "upload", "a field of the form");
	return Q_OK;
}

static enum q_code part_end(struct q_multipart_sink *sink, struct q_err *err)
{
	struct form *form = q_container_of(sink, struct form, parts);

	if (form->field) {
		*form->field =
			q_arena_copy(q_http_request_arena(form->request), q_buf_str(&form->value));
		if (!form->field->data)
			return q_fail(err, Q_NOMEM, "upload", "a field of the form");
	}
	form->field = NULL;
	form->is_in_file = false;
	return Q_OK;
}

/* --- The answer ------------------------------------------------------------------------------- */

/* A small document that is waited for; lives in the request's arena. */
struct waiting {
	struct q_api *api;
	struct q_str file_id;
	bool is_duplicate;
	struct q__wait wait;
};

void q__answer_accepted(struct q_http_request *request, struct q_str file_id, bool is_duplicate)
{
	struct q_arena *arena = q_http_request_arena(request);
	struct q__reply answer;

	q_http_add_header(request, "Location",
			  q_arena_format(arena, "/api/jobs/%.*s", Q_STR_ARG(file_id)));
	q__reply_begin(&answer);
	q_json_begin_object(&answer.w);
	q_json_field_string(&answer.w, "message",
			    Q_STR("the document is stored and will be worked through"));
	q_json_field_string(&answer.w, "fileId", file_id);
	q_json_field_string(&answer.w, "status", Q_STR("uploaded"));
	q_json_field_string(&answer.w, "processingType", Q_STR("async"));
	if (is_duplicate)
		q_json_field_bool(&answer.w, "duplicate", true);
	q_json_end_object(&answer.w);
	q__reply_end(&answer, request, 202);
}

/* The manifest as it stands, or null where the job has none. */
static enum q_code read_results(struct q_api *api, struct q_http_request *request,
				const struct q_job *job, struct q_str *out, struct q_err *err)
{
	struct q_bytes bytes = {0};
	enum q_code code;

	*out = Q_STR("null");
	if (job->result_key.length == 0)
		return Q_OK;
	code = q_blob_store_read(api->o.result_blobs, q_http_request_call(request), job->result_key,
				 Q_BLOB_WHOLE, RESULTS_MAX, q_http_request_arena(request), &bytes,
				 err);
	if (!code)
		*out = q_bytes_str(bytes);
	return code;
}

static void answer_ended(struct q_api *api, struct q_http_request *request, const struct q_job *job,
			 bool is_duplicate)
{
	struct q__reply answer;
	struct q__link link = {0};
	struct q_str results = {0};
	struct q_err err;
	enum q_code code = read_results(api, request, job, &results, &err);

	if (!code)
		code = q__job_link(api, request, job, &link, &err);
	if (code) { /* it is all there to be asked for: the upload itself has not failed */
		q__answer_accepted(request, job->file_id, is_duplicate);
		return;
	}
	q__reply_begin(&answer);
	q_json_begin_object(&answer.w);
	q_json_field_string(&answer.w, "message",
			    job->status == Q_JOB_COMPLETED
				    ? Q_STR("the document has been worked through")
				    : Q_STR("the document could not be worked through"));
	q_json_field_string(&answer.w, "fileId", job->file_id);
	q_json_field_string(&answer.w, "status", q_str_from(q_job_status_name(job->status)));
	q_json_field_string(&answer.w, "processingType", Q_STR("sync"));
	if (is_duplicate)
		q_json_field_bool(&answer.w, "duplicate", true);
	q_json_name(&answer.w, "job");
	q__write_job(&answer.w, job, link.url);
	q_json_field_raw(&answer.w, "results", results);
	q_json_end_object(&answer.w);
	q__reply_end(&answer, request, 200);
}

static void look_again(struct q_http_request *request, void *context)
{
	struct waiting *waiting = context;
	struct q_job job = {0};
	struct q_err err;
	enum q_code code = q_documents_find_job(
		waiting->api->o.documents, q_http_request_call(request), q__identity(request),
		waiting->file_id, q_http_request_arena(request), &job, &err);

	if (!code && q_job_status_is_final(job.status)) {
		answer_ended(waiting->api, request, &job, waiting->is_duplicate);
	} else if (code || !q__wait_again(&waiting->wait, request, look_again, waiting)) {
		q__answer_accepted(request, waiting->file_id, waiting->is_duplicate);
	}
}

/* A small document is waited for; one that was here before may have ended long ago. */
static void answer_stored(struct q_api *api, struct q_http_request *request,
			  const struct q_job *job, bool is_duplicate)
{
	struct waiting *waiting = NULL;

	if (is_duplicate && q_job_status_is_final(job->status)) {
		answer_ended(api, request, job, is_duplicate);
		return;
	}
	if (q_documents_is_small(api->o.documents, job->size_bytes))
		waiting = q_arena_alloc(q_http_request_arena(request), sizeof *waiting);
	if (!waiting) {
		q__answer_accepted(request, job->file_id, is_duplicate);
		return;
	}
	*waiting =
		(struct waiting){.api = api, .file_id = job->file_id, .is_duplicate = is_duplicate};
	q__wait_begin(&waiting->wait, WAIT_MS);
	if (!q__wait_again(&waiting->wait, request, look_again, waiting))
		q__answer_accepted(request, job->file_id, is_duplicate);
}

/* --- The body --------------------------------------------------------------------------------- */

static enum q_code on_data(struct q_http_body_sink *sink, struct q_http_request *request,
			   struct q_bytes bytes, struct q_err *err)
{
	struct form *form = q_container_of(sink, struct form, body);
	struct q_idempotency *once = form->known.once;
	enum q_code code =
		once ? q_idempotency_keep(once, q_http_request_call(request), err) : Q_OK;

	return code ? code : q_multipart_feed(form->parser, bytes, err);
}

static enum q_code finish(struct form *form, struct q_job *job, bool *is_duplicate,
			  struct q_err *err)
{
	struct q_upload *upload = form->upload;
	enum q_code code = q_multipart_finish(form->parser, err);

	if (code)
		return code;
	if (!upload)
		return q_fail_reason(err, Q_INVALID, "bad_multipart", "upload",
				     "the form has no part `file`");
	form->upload = NULL;
	return q_upload_finish(upload, call_of(form), q__identity(form->request), &form->known,
			       q_http_request_arena(form->request), job, is_duplicate, err);
}

static void on_end(struct q_http_body_sink *sink, struct q_http_request *request)
{
	struct form *form = q_container_of(sink, struct form, body);
	struct q_idempotency *once = form->known.once;
	struct q_api *api = form->api;
	struct q_job job = {0};
	bool is_duplicate = false;
	struct q_err err;
	enum q_code code = finish(form, &job, &is_duplicate, &err);

	form_free(form);
	if (code)
		q__once_fail(request, once, &err);
	else
		answer_stored(api, request, &job, is_duplicate);
}

static void on_abort(struct q_http_body_sink *sink, struct q_http_request *request)
{
	struct form *form = q_container_of(sink, struct form, body);

	(void)request;
	q_idempotency_release(form->known.once);
	form_free(form);
}

static enum q_code form_new(struct q_api *api, struct q_http_request *request, struct form **out,
			    struct q_err *err)
{
	struct q_http_media_type type;
	struct q_str boundary;
	struct form *form;
	enum q_code code;

	if (!q_http_media_type_parse(q_http_request_header(request, Q_STR("Content-Type")),
				     &type) ||
	    !q_http_media_type_is(&type, Q_STR("multipart/form-data")) ||
	    !q_http_parameter_find(type.parameters, Q_STR("boundary"), &boundary))
		return q_fail_reason(err, Q_INVALID, "bad_multipart", "upload",
				     "send multipart/form-data with a boundary");
	form = q_mem_new(sizeof *form);
	if (!form)
		return q_fail(err, Q_NOMEM, "upload", "%zu bytes", sizeof *form);
	form->body = (struct q_http_body_sink){on_data, on_end, on_abort};
	form->parts = (struct q_multipart_sink){part_begin, part_data, part_end};
	form->api = api;
	form->request = request;
	q_buf_init(&form->value, FIELD_MAX);
	code = q_multipart_new(boundary, FIELD_MAX, &form->parts, &form->parser, err);
	if (code)
		form_free(form);
	else
		*out = form;
	return code;
}

bool q__read_again(struct q_http_request *request, bool *is_again)
{
	struct q_str again = {0};
	const struct q__parameter parameters[] = {{"again", &again}};

	if (!q__query(request, parameters, Q_COUNT_OF(parameters)))
		return false;
	*is_again = q_str_equal(again, Q_STR("1"));
	if (again.data && !*is_again)
		q__refuse_field(request, "again", "is 1, or left out");
	return !again.data || *is_again;
}

void q__upload(struct q_http_request *request, void *context)
{
	struct form *form = NULL;
	struct q_upload_request known = {0};
	struct q_err err;

	if (!q__read_again(request, &known.is_again) ||
	    !q__once_take(context, request, &known.once))
		return;
	if (form_new(context, request, &form, &err)) {
		q__once_fail(request, known.once, &err);
		return;
	}
	form->known = known;
	q_http_request_set_body_sink(request, &form->body);
}
