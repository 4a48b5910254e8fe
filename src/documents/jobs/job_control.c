/* What a caller may ask of a job: to stop, or to begin again with what failed or is missing.
 *
 * Both are edges, taken under the condition that the job is as it was read. A job that is worked on
 * moves with every page, so that an edge may be lost to another write: then it is tried again on
 * the job as it is now. */
#include "documents/items.h"
#include "documents/jobs/job.h"

enum { ATTEMPTS_MAX = 12 };

enum q_code q__job_find_writable(struct q_documents *d, const struct q_call *call,
				 const struct q_identity *who, struct q_str file_id,
				 struct q_arena *arena, struct q__job *out, struct q_err *err)
{
	enum q_code code = q__job_read(d, call, file_id, arena, out, err);

	if (code)
		return code;
	if (who && !q_policy_allows_tenant(who, Q_ACTION_DOCUMENTS_WRITE, out->view.tenant_id))
		return q_fail(err, Q_NOTFOUND, "documents.job", "there is no such document");
	return Q_OK;
}

/* A conflict with a reason is an answer; one without was lost to another write. */
static bool is_lost(enum q_code code, const struct q_err *err)
{
	return (code == Q_CONFLICT && !err->reason) || code == Q_BUSY;
}

enum q_code q__job_change(struct q_documents *d, const struct q_call *call,
			  const struct q_identity *who, struct q_str file_id,
			  enum q_code (*change)(struct q_documents *, const struct q_call *,
						const struct q__job *, void *context,
						struct q_arena *, struct q_err *),
			  void *context, struct q_arena *arena, struct q_err *err)
{
	struct q__job job;
	enum q_code code = Q_OK;

	for (unsigned attempt = 1; attempt <= ATTEMPTS_MAX; attempt++) {
		if (attempt > 1)
			q__pause(d, attempt);
		code = q_call_check(call, "documents.change", err);
		if (!code)
			code = q__job_find_writable(d, call, who, file_id, arena, &job, err);
		if (!code)
			code = change(d, call, &job, context, arena, err);
		if (!code || !is_lost(code, err))
			return code;
	}
	return q_fail(err, Q_BUSY, "documents.change", "the job moves too fast: try again");
}

/* --- Cancel ----------------------------------------------------------------------------------- */

static enum q_code cancel(struct q_documents *d, const struct q_call *call,
			  const struct q__job *job, void *context, struct q_arena *arena,
			  struct q_err *err)
{
	struct q_change ended = q__change_number("completedAt", q__now(d));
	struct q__edge edge = {.to = Q_JOB_CANCELLED, .changes = &ended, .change_count = 1};
	enum q_code code;

	(void)context;
	if (job->view.status == Q_JOB_CANCELLED)
		return Q_OK;
	if (q_job_status_is_final(job->view.status))
		return q_fail_reason(err, Q_CONFLICT, "job_ended", "documents.cancel",
				     "the job has ended as %s: there is nothing to cancel",
				     q_job_status_name(job->view.status));
	code = q__job_take_edge(d, call, job, &edge, arena, err);
	if (!code)
		q_log(d->o.log, Q_LOG_INFO, "job.cancelled",
		      Q_LOG_STRING("fileId", job->view.file_id), Q_LOG_INT("run", job->view.run));
	return code;
}

enum q_code q_documents_cancel_job(struct q_documents *d, const struct q_call *call,
				   const struct q_identity *who, struct q_str file_id,
				   struct q_arena *arena, struct q_job *out, struct q_err *err)
{
	enum q_code code = q__job_change(d, call, who, file_id, cancel, NULL, arena, err);

	return code ? code : q_documents_find_job(d, call, who, file_id, arena, out, err);
}
