/* documents/work/worker_internal.h: what worker.c and worker_claim.c share. Nobody else includes
 * it.
 *
 * The lock guards the schedule alone and is never held across a call of a port. */
#ifndef Q_DOCUMENTS_WORK_WORKER_INTERNAL_H
#define Q_DOCUMENTS_WORK_WORKER_INTERNAL_H

#include "documents/work/listener.h"
#include "documents/work/schedule.h"

#include <pthread.h>
#include <stdatomic.h>

struct q_worker {
	struct q_documents *d;
	pthread_mutex_t lock; /* guards schedule, analysing and tenant_turn */
	struct q__schedule schedule;
	unsigned analysing;	   /* pages, at most o.workers */
	size_t tenant_turn;	   /* feeding: with which tenant the next look begins */
	atomic_bool is_first_look; /* looks at all work, also what is leased: an earlier life of
				      this owner may have left it, or the clock was set back */
	atomic_llong latest_ms;	   /* wall time of the latest look */
	struct q_bell *feed_bell, *page_bell;
	struct q__listener listener; /* the listening thread's own */
};

/* Goes round the tenants that have ready work, from a new one each time, until one piece is
 * claimed; *held stays NULL where there is none. The caller is its first user. */
Q_MUST_USE enum q_code q__worker_claim(struct q_worker *worker, const struct q_call *call,
				       struct q_arena *arena, struct q__held **held,
				       struct q_err *err);

/* A user leaves; the last one of a range that is done or lost takes it off the schedule. */
void q__worker_leave(struct q_worker *worker, struct q__held *held, bool is_over);

/* A tenant is fed while it has fewer open pages than could start at once. */
bool q__worker_is_hungry(struct q_worker *worker, struct q_str tenant_id);

#endif
