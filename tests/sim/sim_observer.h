/* tests/sim/sim_observer.h: reads every change that the simulated processes make, and checks what
 * must always hold.
 *
 *     - a job's status takes the edges of the design alone; one that has ended moves by a new run
 *     only; - each edge and each page has one event of its run, numbered without gaps; - total =
 *     processed + failed + open, and the counts are those of the pages stored; - a page is stored
 *     once a run, and never again once it has succeeded; - a document goes only where somebody
 *     asked, and nothing is stored of it after that; - a job that has not ended has a due mark, one
 *     that has has none; - work that is not done stands among the claimable, work that is does not
 *     and lacks no page; - a claim takes the next epoch, and no lease that runs; - a document goes
 *     by request, or when it is older than its tenant keeps it, a contract never; - a tenant's
 *     usage is that of the documents and open uploads that are there; - a direct upload ends once;
 *     it becomes a job if its bytes are what was announced, and else
 *       nothing;
 *     - a notice goes when its delivery is there; a queue counts the deliveries that wait in it;
 *       one that is delivered was confirmed by its receiver; a receiver that has gone is told no
 *       more;
 *     - at the end: a manifest of the run that fits the pages, the outcome that the script says, or
 *       the one that was asked for, and nothing claimable; each end of a run announced under one
 *       id with one body; no old document kept; nothing left of what was deleted, nor of uploads
 *       that nobody completed.
 *
 * Contract:  what does not hold prints the story (seed, steps) and ends the program with 1.
 * Threads:   one. */
#ifndef Q_TESTS_SIM_OBSERVER_H
#define Q_TESTS_SIM_OBSERVER_H

#include "support/product.h"

enum {
	SIM_JOBS_MAX = 16,
	SIM_PAGES_MAX = 128,
	SIM_DIRECT_MAX = 8,
	SIM_TENANTS = 2,
	SIM_MESSAGES_MAX = 400,
	SIM_STORY_LINES = 60,
	SIM_LINE_MAX = 240
};

/* A direct upload. */
struct sim_direct {
	char id[Q_UUID_TEXT_SIZE];
	const char *tenant_id;
	bool is_known; /* its sender has been told of it */
	struct page_script script;
	size_t length;	     /* bytes */
	const char *refusal; /* the reason for which it is to be refused; NULL: it is a document */
	int64_t expires_at_ms;
	enum q_direct_upload_status status;
	bool is_gone;
};

/* The end of a run on its way to a receiver. */
struct sim_message {
	char id[Q_UUID_TEXT_SIZE + 32];
	struct sim_tenant *tenant;
	unsigned disables_before; /* of the tenant's webhook, when the notice was written */
	bool is_delivery;	  /* there is one */
	bool is_excused;	  /* the webhook was disabled meanwhile: there is none */
};

struct sim_tenant {
	const char *id;
	int64_t retention_days; /* 0: for ever */
	struct q_usage usage;	/* as it is stored */
	int64_t open_uploads;
	bool is_disabled; /* its webhook */
	unsigned disables;
	int64_t pending, queued; /* deliveries: by their own status, and by their queue */
};

struct sim_job {
	char id[Q_UUID_TEXT_SIZE];
	char tenant_id[65];
	bool is_accepted;		       /* else its sender does not know that it is there */
	bool may_be_cancelled, may_be_deleted; /* somebody asked */
	bool is_buried;			       /* a tombstone stands for it */
	bool is_removed;		       /* the tombstone says so */
	bool is_gone;			       /* the tombstone too */
	bool is_contract;
	int64_t uploaded_at_ms;
	struct page_script script;
	bool is_seen;
	enum q_job_status status;
	int64_t run, bytes, total, processed, failed, events;
	int64_t logged;		       /* number of the latest event in the log */
	struct q_str error_code;       /* in the product's arena */
	char pages[SIM_PAGES_MAX + 1]; /* 0: open, 'c': completed, 'f': failed */
};

struct sim_observer {
	struct product *product;
	uint64_t seed;
	bool is_loud;
	char position[Q_STREAM_SEQUENCE_MAX + 1];
	struct sim_job jobs[SIM_JOBS_MAX];
	size_t job_count;
	struct sim_direct directs[SIM_DIRECT_MAX];
	size_t direct_count;
	struct sim_tenant tenants[SIM_TENANTS];
	struct sim_message messages[SIM_MESSAGES_MAX];
	size_t message_count;
	char story[SIM_STORY_LINES][SIM_LINE_MAX]; /* a ring of the latest lines */
	size_t line_count;
};

void sim_observer_init(struct sim_observer *o, struct product *product, uint64_t seed,
		       bool is_loud);
void sim_observer_free(struct sim_observer *o);

/* A line of the story. */
void sim_observer_tell(struct sim_observer *o, const char *format, ...) Q_PRINTF(2, 3);
_Noreturn void sim_observer_fail(struct sim_observer *o, const char *format, ...) Q_PRINTF(2, 3);
/* For SIGABRT: tells the story of the observer made last. */
void sim_observer_on_abort(int signal_number);

/* An upload was answered with success. */
void sim_observer_accept(struct sim_observer *o, struct q_str file_id,
			 const struct page_script *script);

/* A direct upload was begun: what its sender knows of it. */
void sim_observer_begin_direct(struct sim_observer *o, const struct sim_direct *begun);

struct sim_tenant *sim_observer_tenant(struct sim_observer *o, struct q_str id);

/* Reads the changes since the last look. */
void sim_observer_look(struct sim_observer *o);
bool sim_observer_all_ended(const struct sim_observer *o);
/* Each end of a run of what was not deleted has reached the receiver of webhooks. */
bool sim_observer_all_announced(struct sim_observer *o);
/* All that was accepted has ended as its script says; had_faults: or as faults may make it. */
void sim_observer_check_ends(struct sim_observer *o, bool had_faults);
/* Somebody has asked to delete it, or it is older than its tenant keeps it. */
bool sim_observer_may_go(struct sim_observer *o, const struct sim_job *job);
/* What is older than its tenant keeps it has gone. */
void sim_observer_check_retention(struct sim_observer *o);
/* Nothing is left to claim, nor of what was deleted. */
void sim_observer_check_rest(struct sim_observer *o);

#endif
