/* documents/live.h: a job's events told as they happen: one hub a process, many subscribers.
 *
 * Contract:  a subscriber gets the events of a job's log after the number it names, in order, each
 *            once, for as long as it likes. The log is where they come from, always: one that has
 *            no room is told later from where it was, and one that comes back after a day, too.
 *            What this process commits is told at once; what another commits within
 *            Q_LIVE_LOOK_MS, when the hub looks at the jobs that are subscribed to.
 * Ownership: a subscription is the subscriber's until it cancels it. `context` must live until
 *            `release` has returned. The hub borrows the q_documents, and is freed before it.
 * Threads:   q_live_step from one thread, which makes all calls to subscribers; the rest from any.
 *            No thread is held by a subscription.
 * Errors:    subscribe: Q_BUSY (Q_LIVE_SUBSCRIPTIONS_MAX), Q_NOMEM. step: those of the record store;
 *            what was not told is told by a later step. */
#ifndef Q_DOCUMENTS_LIVE_H
#define Q_DOCUMENTS_LIVE_H

#include "documents/documents.h"

enum {
	Q_LIVE_LOOK_MS = 500,
	Q_LIVE_SUBSCRIPTIONS_MAX = 20000,
	Q_LIVE_JOBS_MAX = 20000 /* of one subscription to a tenant */
};

struct q_live;
struct q_live_subscription;

struct q_live_subscriber {
	void *context;
	/* The next events of a job. False: there is no room; nothing of it was taken, and nothing
	 * more comes before q_live_resume. */
	bool (*on_events)(void *context, struct q_str file_id, const struct q_job_events *events);
	/* Nothing more comes of this job (Q_NOTFOUND: it is unknown to this caller, or was
	 * deleted), or of the whole subscription (file_id is empty). */
	void (*on_failed)(void *context, struct q_str file_id, const struct q_err *why);
	/* After q_live_cancel: the last call. */
	void (*release)(void *context);
};

Q_MUST_USE enum q_code q_live_new(struct q_documents *d, struct q_live **out, struct q_err *err);
/* Releases every subscriber. No other thread may use the hub or write events any more. NULL is
 * allowed. */
void q_live_free(struct q_live *live);

/* Waits up to wait_ms for something to tell, and tells it. */
Q_MUST_USE enum q_code q_live_step(struct q_live *live, const struct q_call *call, int64_t wait_ms,
				   struct q_err *err);

/* To one job's events after number `after`. Whether `who` may read it is found out by the step. */
Q_MUST_USE enum q_code q_live_subscribe(struct q_live *live, const struct q_identity *who,
					struct q_str file_id, int64_t after,
					const struct q_live_subscriber *subscriber,
					struct q_live_subscription **out, struct q_err *err);

/* How far a subscriber has read one job's log. */
struct q_live_position {
	struct q_str file_id;
	int64_t after;
};

/* To all jobs of the caller's own tenant: those named in `positions` after the number given, those
 * uploaded at or after since_ms from their first event, others that are at work now from now on. */
Q_MUST_USE enum q_code q_live_subscribe_all(struct q_live *live, const struct q_identity *who,
					    int64_t since_ms,
					    const struct q_live_position *positions, size_t count,
					    const struct q_live_subscriber *subscriber,
					    struct q_live_subscription **out, struct q_err *err);

/* There is room again. */
void q_live_resume(struct q_live_subscription *subscription);
/* `release` follows. */
void q_live_cancel(struct q_live_subscription *subscription);

#endif
