/* tests/sim/sim.h: several processes on simulated time, and what they may do.
 *
 * sim_documents.c   a seed from its start to its end
 * sim_process.c     a process: its ports and their faults, and what others do meanwhile
 * sim_steps.c       what is drawn: steps of the roles, callers, time, crashes
 * sim_uploads.c     those who send documents, and retention
 * sim_receiver.c    the tenants' own server, which is told of the ends
 *
 * Threads:   one. */
#ifndef Q_TESTS_SIM_H
#define Q_TESTS_SIM_H

#include "sim_observer.h"

#include "documents/documents_internal.h"
#include "support/blob_store_faulty.h"
#include "support/change_feed_faulty.h"
#include "support/event_log_faulty.h"
#include "support/record_store_faulty.h"
#include "support/record_store_lagging.h"

enum { SIM_PROCESSES_MAX = 3, SIM_UPLOADS_MAX = 6 };

/* One process: its ports fail apart from those of the others. It dies when its record store stops;
 * what it does after that to other ports is as if it had died a little later. */
struct sim_process {
	struct sim *sim;
	char owner[32];
	struct port_faults faults;
	struct q_record_store *lagging;
	struct q_documents_options ports;
	struct q_documents *documents;
	struct q_worker *worker;
	struct q_aggregator *aggregator;
	struct q_retention retention;
};

struct sim {
	struct product product;
	struct q_random_source *dice;
	struct sim_observer observer;
	struct sim_process processes[SIM_PROCESSES_MAX];
	unsigned process_count, started, upload_count, uploads_wanted, directs_wanted;
	unsigned fail_per_mille, stray_per_mille, meanwhile_per_mille, partition_count;
	unsigned slow_per_mille, lag_per_mille, repeat_per_mille, refuse_per_mille;
	struct sim_process *at_work; /* whose step runs, or ran last */
	bool is_midway;		     /* a process's step is interrupted by another's */
	unsigned meanwhile_count;    /* steps that have interrupted another */
	bool has_crashes, has_deletions, has_days;
	char webhook_ids[SIM_TENANTS][Q_UUID_TEXT_SIZE]; /* as the observer's tenants */
	int64_t time_ms;
};

struct sim_step {
	const char *name;
	unsigned weight;
	enum q_code (*run)(struct sim *, struct sim_process *, struct q_err *);
};

extern const struct q_call sim_call; /* without limits */

unsigned sim_below(struct sim *sim, unsigned bound);

/* --- Processes */

/* keeps_name: it is the same in leases as before. */
void sim_start_process(struct sim *sim, struct sim_process *process, bool keeps_name);
/* As kill -9 does. */
void sim_end_process(struct sim_process *process);
/* Runs it, tells of it, lets the observer look; who dies of it starts again. */
void sim_run_step(struct sim *sim, struct sim_process *process, const struct sim_step *step);

/* Time goes on, and the others with it, in the middle of a process's step. */
void sim_wait(struct sim *sim, int64_t milliseconds);

/* --- Steps */

const struct sim_step *sim_draw_step(struct sim *sim);
enum q_code sim_let_time_pass(struct sim *sim, struct sim_process *process, struct q_err *err);
/* What is most likely to go wrong in the middle of another's step. */
const struct sim_step *sim_draw_wish(struct sim *sim);

/* --- Uploads and retention (sim_uploads.c) */

enum q_code sim_upload(struct sim *sim, struct sim_process *process, struct q_err *err);
enum q_code sim_begin_direct(struct sim *sim, struct sim_process *process, struct q_err *err);
enum q_code sim_send_part(struct sim *sim, struct sim_process *process, struct q_err *err);
enum q_code sim_complete_direct(struct sim *sim, struct sim_process *process, struct q_err *err);
/* Without faults: sends every second one that is open, and completes it. */
void sim_complete_half(struct sim *sim);
/* Uploads of a tenant go after so many days. */
void sim_keep_days(struct sim *sim, const char *tenant_id, int64_t days);
enum q_code sim_retain(struct sim *sim, struct sim_process *process, struct q_err *err);
enum q_code sim_let_days_pass(struct sim *sim, struct sim_process *process, struct q_err *err);

/* --- Receivers (sim_receiver.c) */

/* Both tenants have one. */
void sim_add_receivers(struct sim *sim);
/* One that was disabled is told of everything once more. */
enum q_code sim_enable_webhook(struct sim *sim, struct sim_process *process, struct q_err *err);
/* The same for all, without faults: also of what was given up. */
void sim_replay_all(struct sim *sim);

#endif
