/* The same bytes again: every job leaves a mark under its tenant that says which bytes it is of.
 * The mark is written in the transaction that makes the job, on the condition that it is as it was
 * read: of two equal uploads at once one makes the job, and the other finds it. */
#include "documents/items.h"
#include "documents/jobs/job.h"
#include "documents/uploads/uploads_internal.h"
#include "documents/webhooks/notice.h"

enum { ATTEMPTS_MAX = 10 };

static struct q_record_key digest_key(struct q_arena *arena, const struct q_job *job)
{
	return (struct q_record_key){
		q_arena_format(arena, "DIGEST#%.*s", Q_STR_ARG(job->tenant_id)),
		q_arena_format(arena, "%.*s#%.*s#%.*s", Q_STR_ARG(job->sha256),
			       Q_STR_ARG(job->kind), Q_STR_ARG(job->location_id))};
}

/* The file id of the mark; empty where there is none. */
static enum q_code read_mark(struct q_documents *d, const struct q_call *call,
			     const struct q_job *job, struct q_arena *arena, struct q_str *file_id,
			     struct q_err *err)
{
	struct q_item item;
	enum q_code code =
		q_record_store_get(d->o.records, call, digest_key(arena, job), arena, &item, err);

	*file_id = (struct q_str){0};
	if (code == Q_NOTFOUND)
		return Q_OK;
	if (!code)
		*file_id = q_item_string(&item, "fileId", *file_id);
	return code;
}

/* Is the marked job one that the same bytes need not be worked through again for? */
static enum q_code read_equal(struct q_documents *d, const struct q_call *call,
			      struct q_str file_id, struct q_arena *arena, struct q_job *out,
			      bool *is_equal, struct q_err *err)
{
	struct q__job job;
	enum q_code code = q__job_read(d, call, file_id, arena, &job, err);

	*is_equal = false;
	if (code == Q_NOTFOUND)
		return Q_OK;
	if (code)
		return code;
	*out = job.view;
	*is_equal = out->status != Q_JOB_FAILED && out->status != Q_JOB_CANCELLED;
	return Q_OK;
}

/* Makes the job with its mark. `marked` is what the mark says now; NULL: whatever it says. */
static enum q_code create(struct q_documents *d, const struct q_call *call,
			  const struct q__new_job *new_job, const struct q_str *marked,
			  struct q_arena *arena, struct q_err *err)
{
	const struct q_job *job = new_job->job;
	struct q_attribute file_id = {Q_STR("fileId"), q_value_string(job->file_id)};
	struct q_item mark = {
		.key = digest_key(arena, job), .attributes = &file_id, .attribute_count = 1};
	struct q_condition as_read = {.kind = Q_IF_ABSENT};
	struct q_write writes[Q__CREATE_WRITES_MAX];
	struct q_usage added = {.documents = 1,
				.bytes = (int64_t)job->size_bytes,
				.direct_uploads = -(int64_t)new_job->was_direct};
	struct q_item callback;
	size_t count = 1;

	q_assert(new_job->more_count < Q__CREATE_WRITES_MAX - 1);
	if (marked && marked->length > 0)
		as_read = q__if_string("fileId", *marked);
	writes[0] = (struct q_write){.kind = Q_WRITE_PUT,
				     .key = mark.key,
				     .item = &mark,
				     .conditions = &as_read,
				     .condition_count = marked ? 1 : 0};
	if (new_job->callback_url.length > 0) {
		if (!q__callback_item(arena, job->file_id, new_job->callback_url, &callback))
			return q_fail(err, Q_NOMEM, "documents.create", "a callback");
		writes[count++] = (struct q_write){
			.kind = Q_WRITE_PUT, .key = callback.key, .item = &callback};
	}
	for (size_t i = 0; i < new_job->more_count; i++)
		writes[count++] = new_job->more[i];
	return q__job_create(d, call, job, &added, writes, count, arena, err);
}

/* As long as other equal uploads come in between, the mark is another one each time. */
static enum q_code create_once(struct q_documents *d, const struct q_call *call,
			       const struct q__new_job *new_job, struct q_arena *arena,
			       struct q_job *existing, bool *is_duplicate, struct q_err *err)
{
	struct q_str marked, before = {0};
	enum q_code code;

	for (int attempt = 0; attempt < ATTEMPTS_MAX; attempt++, before = marked) {
		code = read_mark(d, call, new_job->job, arena, &marked, err);
		if (!code && attempt > 0 && q_str_equal(marked, before))
			return q_fail(err, Q_CONFLICT, "documents.create",
				      "what belongs to the job has changed meanwhile");
		if (!code && marked.length > 0)
			code = read_equal(d, call, marked, arena, existing, is_duplicate, err);
		if (code || *is_duplicate)
			return q__not_written(code, err);
		code = create(d, call, new_job, &marked, arena, err);
		if (code != Q_CONFLICT)
			return code;
	}
	return q_fail(err, Q_BUSY, "documents.create", "equal uploads come too fast");
}

enum q_code q__job_create_once(struct q_documents *d, const struct q_call *call,
			       const struct q__new_job *new_job, struct q_arena *arena,
			       struct q_job *existing, bool *is_duplicate, struct q_err *err)
{
	enum q_code code;

	*is_duplicate = false;
	if (new_job->is_again)
		return create(d, call, new_job, NULL, arena, err);
	code = create_once(d, call, new_job, arena, existing, is_duplicate, err);
	if (!code && *is_duplicate && new_job->callback_url.length > 0)
		code = q__callback_add(d, call, existing->file_id, new_job->callback_url, arena,
				       err);
	return code;
}

enum q_code q__digest_remove(struct q_documents *d, const struct q_call *call,
			     const struct q_job *job, struct q_arena *arena, struct q_err *err)
{
	struct q_condition is_ours = q__if_string("fileId", job->file_id);
	struct q_write write = {.kind = Q_WRITE_DELETE,
				.key = digest_key(arena, job),
				.conditions = &is_ours,
				.condition_count = 1};
	enum q_code code = q_record_store_write(d->o.records, call, &write, NULL, NULL, err);

	return code == Q_CONFLICT ? Q_OK : code;
}
