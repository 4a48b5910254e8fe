/* documents/jobs/job.h: jobs inside the vertical: reading and making them, their edges, their
 * log, and what others are told. Only documents/ includes it. */
#ifndef Q_DOCUMENTS_JOBS_JOB_H
#define Q_DOCUMENTS_JOBS_JOB_H

#include "documents/items.h"

/* What only this folder needs of a job. */
struct q__job {
	struct q_job view; /* first: what others see */
	int64_t event_count;
	int64_t aggregate_until_ms; /* lease of the aggregation */
	struct q_str aggregate_owner;
};

/* The job whoever asks: Q_NOTFOUND (also of a tombstone), Q_CORRUPT. */
Q_MUST_USE enum q_code q__job_read(struct q_documents *d, const struct q_call *call,
				   struct q_str file_id, struct q_arena *arena, struct q__job *out,
				   struct q_err *err);
/* What an upload tells of its job: at most Q__JOB_FACTS_MAX attributes. */
enum { Q__JOB_FACTS_MAX = 12 };
void q__set_job_facts(struct q__attributes *a, const struct q_job *job);
/* Everything but the status. */
void q__job_facts_parse(const struct q_item *item, struct q_job *out);
Q_MUST_USE enum q_code q__job_parse(const struct q_item *item, struct q_arena *arena,
				    struct q__job *out, struct q_err *err);

/* A new job: its file, its status, its plan, the tenant's mark and `more` in one transaction; then
 * the doorbell. `added` is what the tenant uses more from then on. Q_CONFLICT: a condition of
 * `more` does not hold; else as q__usage_grow. */
Q_MUST_USE enum q_code q__job_create(struct q_documents *d, const struct q_call *call,
				     const struct q_job *job, const struct q_usage *added,
				     const struct q_write *more, size_t more_count,
				     struct q_arena *arena, struct q_err *err);
enum { Q__CREATE_WRITES_MAX = 16 };

/* Only these edges exist. */
bool q__job_status_may_become(enum q_job_status from, enum q_job_status to);

/* A step from one status to another, with everything that belongs to it in one transaction: the
 * status, its due mark, its place in the index, its event and `writes`. */
struct q__edge {
	enum q_job_status to;
	int64_t due_at_ms;		/* 0: no longer due */
	const struct q_change *changes; /* more of the status item */
	size_t change_count;
	const struct q_write *writes; /* to other items */
	size_t write_count;
};
enum { Q__EDGE_CHANGES_MAX = 8, Q__EDGE_WRITES_MAX = 23 };

/* Q_CONFLICT where the job has moved since `from` was read. */
Q_MUST_USE enum q_code q__job_take_edge(struct q_documents *d, const struct q_call *call,
					const struct q__job *from, const struct q__edge *edge,
					struct q_arena *arena, struct q_err *err);

/* Ends the job as failed with `cause`'s reason and message; a job that has moved on meanwhile is
 * left alone (Q_OK). */
Q_MUST_USE enum q_code q__job_fail(struct q_documents *d, const struct q_call *call,
				   const struct q__job *job, const struct q_err *cause,
				   struct q_arena *arena, struct q_err *err);

/* The job, where the caller may change it (`who` NULL: the product itself). Q_NOTFOUND else. */
Q_MUST_USE enum q_code q__job_find_writable(struct q_documents *d, const struct q_call *call,
					    const struct q_identity *who, struct q_str file_id,
					    struct q_arena *arena, struct q__job *out,
					    struct q_err *err);

/* Reads the job and changes it, again where the change was lost to another write (Q_CONFLICT
 * without a reason): waits a little in between. Q_BUSY: lost every time. */
Q_MUST_USE enum q_code q__job_change(struct q_documents *d, const struct q_call *call,
				     const struct q_identity *who, struct q_str file_id,
				     enum q_code (*change)(struct q_documents *,
							   const struct q_call *,
							   const struct q__job *, void *context,
							   struct q_arena *, struct q_err *),
				     void *context, struct q_arena *arena, struct q_err *err);

/* The envelope of an event; of a job without a source key, which is deleted, the ids alone. */
void q__event_write(struct q_json_writer *w, const struct q_documents *d, const struct q_call *call,
		    const char *event_type, const struct q_job *job);

/* Tells the world outside this process: a doorbell. A failure is logged: the due mark makes good
 * for it. */
void q__publish(struct q_documents *d, const struct q_call *call, const char *event_type,
		const struct q_job *job);

/* What is stored as an error's code: its reason, else its code's name. */
struct q_str q__error_code(const struct q_err *err);

/* --- The log (job_log.c) ---------------------------------------------------------------------- */

/* The item of one entry. */
Q_MUST_USE bool q__event_item(struct q_arena *arena, const struct q_job *job,
			      const struct q_job_event *event, struct q_item *out);

/* As q_documents_read_events, of a job that has just been read; `after` is within its log. */
Q_MUST_USE enum q_code q__events_read(struct q_documents *d, const struct q_call *call,
				      const struct q__job *job, int64_t after, size_t limit,
				      struct q_arena *arena, struct q_job_events *out,
				      struct q_err *err);

/* Tells the hub of this process that the job's log has grown (live.c). */
void q__live_note(struct q_documents *d, struct q_str file_id);

#endif
