/* A job's log as callers read it. */
#include "documents/jobs/job.h"

#include <inttypes.h>

enum q_code q_documents_read_events(struct q_documents *d, const struct q_call *call,
				    const struct q_identity *who, struct q_str file_id,
				    int64_t after, size_t limit, struct q_arena *arena,
				    struct q_job_events *out, struct q_err *err)
{
	struct q__job job;
	enum q_code code = q__job_read(d, call, file_id, arena, &job, err);

	q_assert(limit >= 1 && limit <= Q_DOCUMENTS_EVENTS_MAX);
	if (code)
		return code;
	if (!q_policy_allows_tenant(who, Q_ACTION_DOCUMENTS_READ, job.view.tenant_id))
		return q_fail(err, Q_NOTFOUND, "documents.events", "there is no such document");
	if (after < 0 || after > job.event_count)
		return q_fail_reason(err, Q_INVALID, "bad_event_id", "documents.events",
				     "the log goes up to %" PRId64, job.event_count);
	return q__events_read(d, call, &job, after, limit, arena, out, err);
}
