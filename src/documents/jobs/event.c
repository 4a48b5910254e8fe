/* Doorbells: an event tells that there is something to look at, and carries no work. */
#include "documents/jobs/delete.h"
#include "documents/jobs/job.h"

#include "base/json.h"

enum { EVENT_MAX = 16 * 1024 };

void q__event_write(struct q_json_writer *w, const struct q_documents *d, const struct q_call *call,
		    const char *event_type, const struct q_job *job)
{
	q_json_begin_object(w);
	q_json_field_string(w, "eventType", q_str_from(event_type));
	q_json_name(w, "data");
	q_json_begin_object(w);
	q_json_field_string(w, "fileId", job->file_id);
	q_json_field_string(w, "tenantId", job->tenant_id);
	if (job->source_key.length > 0) { /* of a deleted document nothing is told but its ids */
		q_json_field_string(w, "s3Key", job->source_key);
		q_json_field_string(w, "bucket", d->o.documents_bucket);
		q_json_field_string(w, "fileName", job->file_name);
		q_json_field_int64(w, "fileSize", (int64_t)job->size_bytes);
	}
	q_json_end_object(w);
	q_json_field_time(w, "timestamp", q__now(d));
	q_json_name(w, "metadata");
	q_json_begin_object(w);
	q_json_field_string(w, "source", Q_STR("quire"));
	if (call->traceparent.length > 0)
		q_json_field_string(w, "traceparent", call->traceparent);
	q_json_end_object(w);
	q_json_end_object(w);
}

static enum q_code publish(struct q_documents *d, const struct q_call *call, const char *event_type,
			   const struct q_job *job, struct q_err *err)
{
	struct q_event event = {.partition_key = job->file_id};
	struct q_json_writer w;
	struct q_buf buf;
	enum q_code code;

	q_buf_init(&buf, EVENT_MAX);
	q_json_writer_init(&w, &buf);
	q__event_write(&w, d, call, event_type, job);
	event.data = q_str_bytes(q_buf_str(&buf));
	if (q_buf_failed(&buf))
		code = q_fail(err, Q_NOMEM, "documents.publish", "an event");
	else
		code = q_event_log_publish(d->o.events, call, &event, 1, err);
	q_buf_free(&buf);
	return code;
}

void q__publish(struct q_documents *d, const struct q_call *call, const char *event_type,
		const struct q_job *job)
{
	struct q_err err;

	if (publish(d, call, event_type, job, &err))
		q_log_error(d->o.log, Q_LOG_WARN, "event.publish_failed", call->request_id, &err);
}

enum q_code q__publish_deleted(struct q_documents *d, const struct q_call *call,
			       const struct q__tombstone *tombstone, struct q_err *err)
{
	struct q_job job = {.file_id = tombstone->file_id, .tenant_id = tombstone->tenant_id};

	return publish(d, call, "document.deleted", &job, err);
}
