#include "cmd/roles.h"

#include "base/mem.h"
#include "base/pool.h"
#include "base/time.h"

#include <stdatomic.h>

enum {
	FEEDERS = 2,
	OTHER_THREADS = 5, /* listener, aggregator, announcer, upkeep, housekeeper */
	SENDERS = 8,	   /* webhooks that are sent at once: each to another receiver */
	WORKERS_MAX = 512,
	STACK_BYTES = 512 * 1024,
	IDLE_WAIT_MS = 1000,
	LISTEN_WAIT_MS = 30000,
	AGGREGATOR_WAIT_MS = 300, /* what it waits for cannot be cut short without what it does */
	SWEEP_EVERY_MS = 1000,
	MAINTAIN_EVERY_MS = 60000,
	HOUSEKEEPING_EVERY_MS = 60000,
	PURGE_STEPS_MAX = 60, /* a second apart */
	ERROR_PAUSE_MS = 200,
	STEP_DEADLINE_MS = 10 * 60 * 1000
};

struct q_roles {
	struct q_wiring *wiring;
	struct q_documents *documents;
	struct q_worker *worker;
	struct q_aggregator *aggregator;
	atomic_bool is_stopping;  /* no new step */
	atomic_bool is_cancelled; /* nor may a running one go on */
	atomic_uint running;	  /* threads that have not ended */
	struct q_bell *stop_bell; /* rung when stopping, and when a thread ends */
	unsigned long threads[2 * WORKERS_MAX + FEEDERS + SENDERS + OTHER_THREADS];
	size_t thread_count;
};

/* The call of a step that works: it may finish when the roles stop. */
static struct q_call step_call(struct q_roles *roles)
{
	return (struct q_call){.deadline_ms = q_time_monotonic_ms() + STEP_DEADLINE_MS,
			       .is_cancelled = &roles->is_cancelled};
}

/* The call of a step that waits for something to happen: stopping ends it at once. */
static struct q_call wait_call(struct q_roles *roles)
{
	return (struct q_call){.is_cancelled = &roles->is_stopping};
}

/* A step's failure is logged and followed by a pause: the work stays due. */
static void report(struct q_roles *roles, const char *event, const struct q_err *err)
{
	uint64_t seen = q_bell_count(roles->stop_bell);

	if (err->code == Q_CANCELLED || atomic_load(&roles->is_stopping))
		return;
	q_log_error(roles->wiring->log, Q_LOG_WARN, event, (struct q_str){0}, err);
	q_bell_wait(roles->stop_bell, seen, ERROR_PAUSE_MS);
}

static void end_thread(struct q_roles *roles)
{
	atomic_fetch_sub(&roles->running, 1);
	q_bell_ring(roles->stop_bell);
}

/* Steps as long as there is work, then waits for the bell. */
static void step_on_bell(struct q_roles *roles, const char *event, struct q_bell *bell,
			 enum q_code (*step)(struct q_worker *, const struct q_call *, bool *,
					     struct q_err *))
{
	while (!atomic_load(&roles->is_stopping)) {
		uint64_t seen = q_bell_count(bell);
		struct q_call call = step_call(roles);
		struct q_err err;
		bool did_work = false;

		if (step(roles->worker, &call, &did_work, &err))
			report(roles, event, &err);
		else if (!did_work && !atomic_load(&roles->is_stopping))
			q_bell_wait(bell, seen, IDLE_WAIT_MS);
	}
}

static void *run_feeder(void *argument)
{
	struct q_roles *roles = argument;

	step_on_bell(roles, "worker.feed_failed", q_worker_feed_bell(roles->worker), q_worker_feed);
	end_thread(roles);
	return NULL;
}

static void *run_pager(void *argument)
{
	struct q_roles *roles = argument;

	step_on_bell(roles, "worker.page_failed", q_worker_page_bell(roles->worker), q_worker_page);
	end_thread(roles);
	return NULL;
}

static void *run_listener(void *argument)
{
	struct q_roles *roles = argument;

	while (!atomic_load(&roles->is_stopping)) {
		struct q_call call = wait_call(roles);
		struct q_err err;

		if (q_worker_listen(roles->worker, &call, LISTEN_WAIT_MS, &err))
			report(roles, "worker.listen_failed", &err);
	}
	end_thread(roles);
	return NULL;
}

static void *run_aggregator(void *argument)
{
	struct q_roles *roles = argument;

	while (!atomic_load(&roles->is_stopping)) {
		struct q_call call = step_call(roles);
		struct q_err err;
		bool did_work;

		if (q_aggregator_step(roles->aggregator, &call, AGGREGATOR_WAIT_MS, &did_work,
				      &err))
			report(roles, "aggregator.failed", &err);
	}
	end_thread(roles);
	return NULL;
}

/* As step_on_bell, of the webhooks role. */
static void webhooks_on_bell(struct q_roles *roles, const char *event, struct q_bell *bell,
			     enum q_code (*step)(struct q_documents *, const struct q_call *,
						 bool *, struct q_err *))
{
	while (!atomic_load(&roles->is_stopping)) {
		uint64_t seen = q_bell_count(bell);
		struct q_call call = step_call(roles);
		struct q_err err;
		bool did_work = false;

		if (step(roles->documents, &call, &did_work, &err))
			report(roles, event, &err);
		else if (!did_work && !atomic_load(&roles->is_stopping))
			q_bell_wait(bell, seen, IDLE_WAIT_MS);
	}
}

static void *run_announcer(void *argument)
{
	struct q_roles *roles = argument;

	webhooks_on_bell(roles, "webhooks.announce_failed",
			 q_webhooks_announce_bell(roles->documents), q_webhooks_announce);
	end_thread(roles);
	return NULL;
}

static void *run_sender(void *argument)
{
	struct q_roles *roles = argument;

	webhooks_on_bell(roles, "webhooks.send_failed", q_webhooks_send_bell(roles->documents),
			 q_webhooks_send);
	end_thread(roles);
	return NULL;
}

static void sweep(struct q_roles *roles)
{
	struct q_call call = step_call(roles);
	struct q_err err;
	bool did_work;

	if (q_sweeper_step(roles->documents, &call, &did_work, &err))
		report(roles, "sweeper.failed", &err);
}

static void keep(struct q_roles *roles)
{
	struct q_call call = step_call(roles);
	struct q_err err;

	if (q_worker_keep(roles->worker, &call, &err))
		report(roles, "worker.keep_failed", &err);
}

static void maintain(struct q_roles *roles)
{
	struct q_wiring *w = roles->wiring;
	bool has_more = true;

	while (has_more && !atomic_load(&roles->is_stopping)) {
		struct q_call call = step_call(roles);
		struct q_err err;

		if (q_sqlite_database_maintain(w->database, &call, q_clock_now_ms(w->clock),
					       &has_more, &err)) {
			report(roles, "database.maintain_failed", &err);
			return;
		}
	}
}

/* What is done by the clock: sweeping, keeping leases, upkeep of the database. */
static void *run_upkeep(void *argument)
{
	struct q_roles *roles = argument;
	int64_t kept_at = q_time_monotonic_ms(), maintained_at = kept_at;

	while (!atomic_load(&roles->is_stopping)) {
		uint64_t seen = q_bell_count(roles->stop_bell);
		int64_t now = q_time_monotonic_ms();

		sweep(roles);
		if (now - kept_at >= Q_WORKER_KEEP_MS) {
			keep(roles);
			kept_at = now;
		}
		if (now - maintained_at >= MAINTAIN_EVERY_MS) {
			maintain(roles);
			maintained_at = now;
		}
		if (!atomic_load(&roles->is_stopping))
			q_bell_wait(roles->stop_bell, seen, SWEEP_EVERY_MS);
	}
	end_thread(roles);
	return NULL;
}

static void pause_until_stopping(struct q_roles *roles, int64_t wait_ms)
{
	uint64_t seen = q_bell_count(roles->stop_bell);

	if (!atomic_load(&roles->is_stopping))
		q_bell_wait(roles->stop_bell, seen, wait_ms);
}

/* A whole pass; what it could not do is left to the next. */
static void delete_old_documents(struct q_roles *roles)
{
	struct q_retention retention = {0};
	bool did_work = true;

	while (did_work && !atomic_load(&roles->is_stopping)) {
		struct q_call call = step_call(roles);
		struct q_err err;

		if (q_retention_step(roles->documents, &call, &retention, &did_work, &err))
			report(roles, "retention.failed", &err);
	}
}

static void purge_when_due(struct q_roles *roles)
{
	struct q_purge purge = {0};
	struct q_call call = step_call(roles);
	struct q_err err;
	bool is_due, is_done = false;
	enum q_code code = q_purge_is_due(roles->documents, &call, &is_due, &err);

	for (int i = 0; !code && is_due && !is_done && i < PURGE_STEPS_MAX; i++) {
		if (i > 0)
			pause_until_stopping(roles, 1000);
		if (atomic_load(&roles->is_stopping))
			return;
		call = step_call(roles);
		code = q_purge_step(roles->documents, &call, &purge, &is_done, &err);
	}
	if (code)
		report(roles, "purge.failed", &err);
}

/* What may take long and is in no hurry. */
static void *run_housekeeper(void *argument)
{
	struct q_roles *roles = argument;

	while (!atomic_load(&roles->is_stopping)) {
		delete_old_documents(roles);
		purge_when_due(roles);
		pause_until_stopping(roles, HOUSEKEEPING_EVERY_MS);
	}
	end_thread(roles);
	return NULL;
}

static enum q_code start(struct q_roles *roles, const char *name, void *(*run)(void *),
			 struct q_err *err)
{
	enum q_code code;

	atomic_fetch_add(&roles->running, 1);
	code = q_thread_start(name, STACK_BYTES, run, roles, &roles->threads[roles->thread_count],
			      err);
	if (code)
		atomic_fetch_sub(&roles->running, 1);
	else
		roles->thread_count++;
	return code;
}

static enum q_code start_all(struct q_roles *roles, unsigned workers, struct q_err *err)
{
	enum q_code code = start(roles, "listener", run_listener, err);

	if (!code)
		code = start(roles, "aggregator", run_aggregator, err);
	if (!code)
		code = start(roles, "upkeep", run_upkeep, err);
	if (!code)
		code = start(roles, "housekeeper", run_housekeeper, err);
	if (!code)
		code = start(roles, "announcer", run_announcer, err);
	for (unsigned i = 0; i < SENDERS && !code; i++)
		code = start(roles, "sender", run_sender, err);
	for (unsigned i = 0; i < FEEDERS && !code; i++)
		code = start(roles, "feeder", run_feeder, err);
	/* Half as many more than pages are analysed at once: they store what has been analysed. */
	for (unsigned i = 0; i < workers + (workers + 1) / 2 && !code; i++)
		code = start(roles, "pager", run_pager, err);
	return code;
}

enum q_code q_roles_start(struct q_wiring *wiring, struct q_documents *documents, unsigned workers,
			  struct q_roles **out, struct q_err *err)
{
	struct q_roles *roles = q_mem_new(sizeof *roles);
	enum q_code code;

	q_assert(workers >= 1 && workers <= WORKERS_MAX);
	if (!roles)
		return q_fail(err, Q_NOMEM, "roles.start", "%zu bytes", sizeof *roles);
	roles->wiring = wiring;
	roles->documents = documents;
	roles->stop_bell = q_bell_new();
	code = roles->stop_bell ? q_worker_new(documents, &roles->worker, err)
				: q_fail(err, Q_NOMEM, "roles.start", "a bell");
	if (!code)
		code = q_aggregator_new(documents, &roles->aggregator, err);
	if (!code)
		code = start_all(roles, workers, err);
	if (code) {
		q_roles_stop(roles, 0);
		return code;
	}
	*out = roles;
	return Q_OK;
}

static void wake_all(struct q_roles *roles)
{
	q_bell_ring(roles->stop_bell);
	q_bell_ring(q_webhooks_announce_bell(roles->documents));
	q_bell_ring(q_webhooks_send_bell(roles->documents));
	if (roles->worker) {
		q_bell_ring(q_worker_feed_bell(roles->worker));
		q_bell_ring(q_worker_page_bell(roles->worker));
	}
}

static void give_leases_back(struct q_roles *roles)
{
	struct q_call call = {0};
	struct q_err err;

	if (q_worker_release(roles->worker, &call, &err))
		q_log_error(roles->wiring->log, Q_LOG_WARN, "worker.release_failed",
			    (struct q_str){0}, &err);
}

void q_roles_stop(struct q_roles *roles, int64_t grace_ms)
{
	int64_t until = q_time_monotonic_ms() + grace_ms;

	if (!roles)
		return;
	atomic_store(&roles->is_stopping, true);
	if (roles->stop_bell) {
		wake_all(roles);
		while (atomic_load(&roles->running) > 0 && q_time_monotonic_ms() < until)
			q_bell_wait(roles->stop_bell, q_bell_count(roles->stop_bell), 50);
	}
	atomic_store(&roles->is_cancelled, true);
	for (size_t i = 0; i < roles->thread_count; i++)
		q_thread_join(roles->threads[i]);
	if (roles->worker)
		give_leases_back(roles);
	q_aggregator_free(roles->aggregator);
	q_worker_free(roles->worker);
	q_bell_free(roles->stop_bell);
	q_mem_free(roles);
}
