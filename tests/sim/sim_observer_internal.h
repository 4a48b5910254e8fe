/* tests/sim/sim_observer_internal.h: what the observer's files share. Nobody else includes it.
 *
 * sim_observer.c            its story, and the reading of changes
 * sim_observer_jobs.c       jobs, their pages, logs and work
 * sim_observer_uploads.c    direct uploads and usage
 * sim_observer_webhooks.c   notices, deliveries and their queues
 * sim_observer_end.c        what holds at the end
 *
 * A note_... is called with each change of its items, in order; a check_... after each step. */
#ifndef Q_TESTS_SIM_OBSERVER_INTERNAL_H
#define Q_TESTS_SIM_OBSERVER_INTERNAL_H

#include "sim_observer.h"

#include "documents/documents_internal.h"

extern const struct q_call sim_observer_call; /* without limits */

/* Made where it is not there yet. */
struct sim_job *sim_job_of(struct sim_observer *o, struct q_str id);
/* Of the key's second part. */
struct q_str sim_id_of(struct q_record_key key);

void sim_note_job(struct sim_observer *o, const struct q_change_record *change);
void sim_check_jobs(struct sim_observer *o);

/* NULL: its sender has not been told of it, or there is none. */
const struct sim_direct *sim_direct_find(const struct sim_observer *o, const char *id);
void sim_note_upload(struct sim_observer *o, const struct q_change_record *change);
void sim_note_usage(struct sim_observer *o, const struct q_change_record *change);
void sim_check_uploads(struct sim_observer *o);
void sim_check_usage(struct sim_observer *o);

void sim_note_webhook(struct sim_observer *o, const struct q_change_record *change);
void sim_note_notice(struct sim_observer *o, const struct q_change_record *change);
void sim_note_delivery(struct sim_observer *o, const struct q_change_record *change);
void sim_note_queue(struct sim_observer *o, const struct q_change_record *change);
void sim_check_webhooks(struct sim_observer *o);

#endif
