/* The statuses of a job, and which may follow which. */
#include "documents/jobs/job.h"

static const char *const status_names[Q_JOB_STATUS_COUNT] = {
	[Q_JOB_PENDING] = "pending",	   [Q_JOB_CHUNKING] = "chunking",
	[Q_JOB_PROCESSING] = "processing", [Q_JOB_AGGREGATING] = "aggregating",
	[Q_JOB_COMPLETED] = "completed",   [Q_JOB_FAILED] = "failed",
	[Q_JOB_CANCELLED] = "cancelled",
};

/* edges[from] has the bit of every status that may follow. */
static const unsigned edges[Q_JOB_STATUS_COUNT] = {
	[Q_JOB_PENDING] = 1 << Q_JOB_CHUNKING | 1 << Q_JOB_FAILED | 1 << Q_JOB_CANCELLED,
	[Q_JOB_CHUNKING] = 1 << Q_JOB_PROCESSING | 1 << Q_JOB_FAILED | 1 << Q_JOB_CANCELLED,
	[Q_JOB_PROCESSING] = 1 << Q_JOB_AGGREGATING | 1 << Q_JOB_FAILED | 1 << Q_JOB_CANCELLED,
	[Q_JOB_AGGREGATING] = 1 << Q_JOB_COMPLETED | 1 << Q_JOB_FAILED | 1 << Q_JOB_CANCELLED,
	/* A retry: a new run. */
	[Q_JOB_COMPLETED] = 1 << Q_JOB_PROCESSING,
	[Q_JOB_FAILED] = 1 << Q_JOB_PROCESSING | 1 << Q_JOB_PENDING,
	[Q_JOB_CANCELLED] = 1 << Q_JOB_PROCESSING | 1 << Q_JOB_PENDING,
};

const char *q_job_status_name(enum q_job_status status)
{
	q_assert(status < Q_JOB_STATUS_COUNT);
	return status_names[status];
}

bool q_job_status_parse(struct q_str word, enum q_job_status *out)
{
	for (size_t i = 0; i < Q_JOB_STATUS_COUNT; i++) {
		if (q_str_equal(word, q_str_from(status_names[i]))) {
			*out = (enum q_job_status)i;
			return true;
		}
	}
	return false;
}

bool q_job_status_is_final(enum q_job_status status)
{
	return status == Q_JOB_COMPLETED || status == Q_JOB_FAILED || status == Q_JOB_CANCELLED;
}

bool q__job_status_may_become(enum q_job_status from, enum q_job_status to)
{
	return edges[from] & 1u << to;
}
