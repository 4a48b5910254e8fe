/* Simulates several processes at work on documents of two tenants: every order of their steps is
 * drawn from a seed, down to what others do between two port calls of a step, and so are failing,
 * slow and repeated calls, lost answers, indexes that lag, late, repeated and missing events,
 * crashes in the middle of a step, callers who cancel, retry and delete, direct uploads that are
 * left at any point, receivers that refuse, are slow or have gone, retention, and time. What must
 * always hold (sim_observer.h) is checked after each step; at the end, with faults off, each
 * accepted document has ended as its script says, what faults have spoilt is mended by a new run,
 * and what is too old goes.
 *
 *     sim_documents          2,000 seeds or 60 s (QUIRE_LONG=1: 100,000 seeds)
 *     sim_documents SEED     that one, with its story */
#include "sim.h"

#include "base/time.h"
#include "support/random_source_seeded.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum {
	STEPS = 500,
	SEEDS = 2000,
	SEEDS_LONG = 100000,
	SECONDS_MAX = Q_SANITIZED ? 20 : 60,
	END_ROUNDS_MAX = 3000, /* 1,500 s of simulated time */
	END_STEPS_MAX = 5000,
	DAYS_MS = 4 * 24 * 3600 * 1000 /* longer than any tenant keeps a document */
};

static void start(struct sim *sim, uint64_t seed, bool is_loud)
{
	static const unsigned levels[] = {0, 4, 30}, slow_levels[] = {0, 0, 3};

	*sim = (struct sim){0};
	product_make(&sim->product, seed, (struct analyst_script){0});
	sim->dice = random_source_seeded_new(seed);
	q_assert(sim->dice);
	sim_observer_init(&sim->observer, &sim->product, seed, is_loud);
	sim_add_receivers(sim);
	sim->fail_per_mille = levels[sim_below(sim, Q_COUNT_OF(levels))];
	sim->stray_per_mille = levels[sim_below(sim, Q_COUNT_OF(levels))];
	sim->meanwhile_per_mille = 5 * levels[sim_below(sim, Q_COUNT_OF(levels))];
	sim->refuse_per_mille = 10 * levels[sim_below(sim, Q_COUNT_OF(levels))];
	sim->repeat_per_mille = levels[sim_below(sim, Q_COUNT_OF(levels))];
	sim->slow_per_mille = slow_levels[sim_below(sim, Q_COUNT_OF(slow_levels))];
	sim->lag_per_mille = sim_below(sim, 3) ? 0 : 700;
	sim->partition_count = 1 + sim_below(sim, 4);
	sim->has_crashes = sim_below(sim, 3) > 0;
	sim->has_deletions = sim_below(sim, 3) == 0;
	sim->has_days = sim_below(sim, 3) == 0;
	if (sim->has_days)
		sim_keep_days(sim, "tenant-a", 1 + sim_below(sim, 3));
	sim->uploads_wanted = 1 + sim_below(sim, SIM_UPLOADS_MAX);
	sim->directs_wanted = sim_below(sim, SIM_DIRECT_MAX / 2);
	sim->process_count = 1 + sim_below(sim, SIM_PROCESSES_MAX);
	for (unsigned i = 0; i < sim->process_count; i++)
		sim_start_process(sim, &sim->processes[i], false);
}

static void calm(struct sim *sim)
{
	sim->fail_per_mille = sim->stray_per_mille = sim->meanwhile_per_mille = 0;
	sim->slow_per_mille = sim->lag_per_mille = sim->repeat_per_mille = 0;
	sim->refuse_per_mille = 0;
	sim->has_crashes = false;
	for (unsigned i = 0; i < sim->process_count; i++) {
		sim_end_process(&sim->processes[i]);
		sim_start_process(sim, &sim->processes[i], false);
	}
}

/* Feeds and pages until there is nothing to do at this time. */
static bool work_off(struct sim_process *process)
{
	bool did_any = false, fed = true, paged = true;

	for (int i = 0; (fed || paged) && i < END_STEPS_MAX; i++) {
		struct q_err err;

		q_assert(q_worker_feed(process->worker, &sim_call, &fed, &err) == Q_OK);
		q_assert(q_worker_page(process->worker, &sim_call, &paged, &err) == Q_OK);
		did_any |= fed || paged;
	}
	return did_any;
}

/* Steps all roles until every job has ended. */
static void settle(struct sim *sim)
{
	static const struct sim_step time_passes = {"a round of all", 0, sim_let_time_pass};

	for (int round = 0;
	     !sim_observer_all_ended(&sim->observer) || !sim_observer_all_announced(&sim->observer);
	     round++) {
		if (round == END_ROUNDS_MAX)
			sim_observer_fail(&sim->observer, "%s",
					  sim_observer_all_ended(&sim->observer)
						  ? "an end is not announced"
						  : "a document does not end");
		for (unsigned i = 0; i < sim->process_count; i++) {
			struct sim_process *process = &sim->processes[i];
			struct q_err err;
			bool did_work;

			work_off(process);
			q_assert(q_aggregator_step(process->aggregator, &sim_call, 0, &did_work,
						   &err) == Q_OK);
			q_assert(q_sweeper_step(process->documents, &sim_call, &did_work, &err) ==
				 Q_OK);
			q_assert(q_worker_keep(process->worker, &sim_call, &err) == Q_OK);
			q_assert(q_webhooks_announce(process->documents, &sim_call, &did_work,
						     &err) == Q_OK);
			q_assert(q_webhooks_send(process->documents, &sim_call, &did_work, &err) ==
				 Q_OK);
		}
		sim_run_step(sim, &sim->processes[0], &time_passes);
	}
}

/* A new run of every job that has one to gain. */
static void retry_all(struct sim *sim)
{
	for (size_t i = 0; i < sim->observer.job_count; i++) {
		const struct sim_job *ended = &sim->observer.jobs[i];
		struct q_identity who = product_admin_of(ended->tenant_id);
		struct q_job job;
		struct q_err err;
		enum q_code code = q_documents_retry_job(sim->processes[0].documents, &sim_call,
							 &who, q_str_from(ended->id), NULL,
							 sim->product.arena, &job, &err);

		if (ended->is_buried)
			continue;
		if (code && (code != Q_CONFLICT || ended->status != Q_JOB_COMPLETED))
			sim_observer_fail(&sim->observer, "%s can be retried: %s", ended->id,
					  err.message);
	}
	sim_observer_look(&sim->observer);
}

/* A pass over what is too old by now. */
static void retain(struct sim *sim)
{
	struct q_retention pass = {0};
	bool did_work = true;
	struct q_err err;

	product_advance(&sim->product, DAYS_MS);
	while (did_work)
		q_assert(q_retention_step(sim->processes[0].documents, &sim_call, &pass, &did_work,
					  &err) == Q_OK);
	sim_observer_look(&sim->observer);
	sim_observer_check_retention(&sim->observer);
	settle(sim);
}

/* What has ended leaves nothing to claim, once leases have run out; tombstones and uploads do not
 * stay. */
static void rest(struct sim *sim)
{
	product_advance(&sim->product, Q_DIRECT_UPLOAD_LIFE_MS);
	for (unsigned i = 0; i < sim->process_count; i++) {
		struct q_err err;
		bool did_work;

		work_off(&sim->processes[i]);
		q_assert(q_sweeper_step(sim->processes[i].documents, &sim_call, &did_work, &err) ==
			 Q_OK);
	}
}

static void finish(struct sim *sim)
{
	bool had_faults = sim->fail_per_mille > 0 || sim->slow_per_mille > 0 || sim->has_crashes;

	calm(sim);
	sim_complete_half(sim);
	sim_replay_all(sim);
	settle(sim);
	sim_observer_check_ends(&sim->observer, had_faults);
	retry_all(sim);
	settle(sim);
	sim_observer_check_ends(&sim->observer, false);
	retain(sim);
	rest(sim);
	sim_observer_look(&sim->observer);
	sim_observer_check_rest(&sim->observer);
}

static void run_seed(uint64_t seed, bool is_loud)
{
	static struct sim sim;

	start(&sim, seed, is_loud);
	for (int i = 0; i < STEPS; i++)
		sim_run_step(&sim, &sim.processes[sim_below(&sim, sim.process_count)],
			     sim_draw_step(&sim));
	finish(&sim);
	for (unsigned i = 0; i < sim.process_count; i++)
		sim_end_process(&sim.processes[i]);
	sim_observer_free(&sim.observer);
	q_random_source_close(sim.dice);
	product_remove(&sim.product);
}

int main(int argc, char **argv)
{
	const char *is_long = getenv("QUIRE_LONG");
	int64_t until_ms = is_long ? INT64_MAX : q_time_monotonic_ms() + SECONDS_MAX * 1000;
	uint64_t seed = 1, last = is_long ? SEEDS_LONG : SEEDS;

	/* Flushes to a disk would be most of the time, and prove nothing here. */
	if (access("/dev/shm", W_OK) == 0)
		setenv("TMPDIR", "/dev/shm", 0);
	signal(SIGABRT, sim_observer_on_abort);
	if (argc > 1) {
		run_seed(strtoull(argv[1], NULL, 10), true);
		return 0;
	}
	for (; seed <= last && q_time_monotonic_ms() < until_ms; seed++)
		run_seed(seed, false);
	printf("1..1\nok 1 - what must always hold does, through %llu seeds\n",
	       (unsigned long long)(seed - 1));
	return 0;
}
