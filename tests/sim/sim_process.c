#include "sim.h"

#include "support/random_source_seeded.h"

#include <stdio.h>

enum { SLOW_MS_MAX = 2 * Q_WORKER_LEASE_MS, STEPS_WHILE_WAITING = 3 };

const struct q_call sim_call = {0};

unsigned sim_below(struct sim *sim, unsigned bound)
{
	return (unsigned)q_random_source_below(sim->dice, bound);
}

static void meanwhile(void *context);

void sim_start_process(struct sim *sim, struct sim_process *process, bool keeps_name)
{
	struct q_documents_options *ports = &process->ports;
	struct q_err err;
	struct port_faults *faults = &process->faults;
	struct blob_store_faults blob_faults = {.fail_per_mille = sim->fail_per_mille / 4,
						.lose_per_mille = sim->fail_per_mille / 4,
						.repeat_per_mille = sim->repeat_per_mille,
						.random = sim->dice,
						.meanwhile = meanwhile,
						.context = sim};
	struct record_store_lag lag = {.changes = sim->product.options.changes,
				       .clock = sim->product.clock,
				       .random = sim->dice,
				       .lag_per_mille = sim->lag_per_mille};
	struct event_log_faults event_faults = {.lose_per_mille = 5 * sim->stray_per_mille,
						.repeat_per_mille = sim->stray_per_mille,
						.delay_per_mille = sim->stray_per_mille};
	struct change_feed_faults change_faults = {.partition_count = sim->partition_count,
						   .repeat_per_mille = sim->stray_per_mille,
						   .delay_per_mille = 5 * sim->stray_per_mille};

	*faults = (struct port_faults){.fail_per_mille = sim->fail_per_mille,
				       .lose_per_mille = sim->fail_per_mille / 2,
				       .random = sim->dice,
				       .meanwhile = meanwhile,
				       .context = sim};
	process->sim = sim;
	event_faults.calls = change_faults.calls = *faults;
	if (!keeps_name)
		snprintf(process->owner, sizeof process->owner, "process-%u", ++sim->started);
	*ports = sim->product.options;
	ports->owner = q_str_from(process->owner);
	ports->random = sim->dice;
	process->retention = (struct q_retention){0};
	process->lagging = sim->lag_per_mille > 0 ? record_store_lagging_new(ports->records, &lag)
						  : ports->records;
	q_assert(process->lagging);
	ports->records = record_store_faulty_new(process->lagging, faults);
	ports->events = event_log_faulty_new(ports->events, &event_faults);
	ports->changes = change_feed_faulty_new(ports->changes, &change_faults);
	ports->documents = blob_store_faulty_new(ports->documents, &blob_faults);
	ports->results = blob_store_faulty_new(ports->results, &blob_faults);
	q_assert(ports->records && ports->events && ports->changes);
	q_assert(ports->documents && ports->results);
	q_assert(q_documents_new(ports, &process->documents, &err) == Q_OK);
	q_assert(q_worker_new(process->documents, &process->worker, &err) == Q_OK);
	q_assert(q_aggregator_new(process->documents, &process->aggregator, &err) == Q_OK);
}

void sim_end_process(struct sim_process *process)
{
	q_aggregator_free(process->aggregator);
	q_worker_free(process->worker);
	q_documents_free(process->documents);
	q_blob_store_close(process->ports.results);
	q_blob_store_close(process->ports.documents);
	q_change_feed_close(process->ports.changes);
	q_event_log_close(process->ports.events);
	q_record_store_close(process->ports.records);
	if (process->lagging != process->sim->product.options.records)
		q_record_store_close(process->lagging);
}

/* --- Steps */

static bool is_dead(const struct sim_process *process)
{
	return process->faults.stop_call > 0 &&
	       record_store_faulty_calls(process->ports.records) >= process->faults.stop_call;
}

void sim_run_step(struct sim *sim, struct sim_process *process, const struct sim_step *step)
{
	struct q_err err = {0};
	enum q_code code;

	if (!sim->is_midway)
		sim->at_work = process;
	code = step->run(sim, process, &err);

	sim_observer_tell(&sim->observer, "%8lld ms  %s%s: %s%s%s%s", (long long)sim->time_ms,
			  sim->is_midway ? "  meanwhile " : "", process->owner, step->name,
			  code ? ": " : "", code ? err.message : "",
			  is_dead(process) ? "; it is dead" : "");
	if (code && !q_code_is_retryable(code) && !is_dead(process))
		sim_observer_fail(&sim->observer, "a step answers %s", q_code_name(code));
	if (is_dead(process)) {
		sim_end_process(process);
		sim_start_process(sim, process, sim_below(sim, 4) == 0);
	}
	sim_observer_look(&sim->observer);
}

/* Another's step in the middle of the one that runs. */
static void interrupt(struct sim *sim)
{
	struct sim_process *other = &sim->processes[sim_below(sim, sim->process_count)];

	if (other == sim->at_work)
		return;
	sim->is_midway = true;
	sim->meanwhile_count++;
	sim_run_step(sim, other, sim_below(sim, 4) ? sim_draw_step(sim) : sim_draw_wish(sim));
	sim->is_midway = false;
}

void sim_wait(struct sim *sim, int64_t milliseconds)
{
	if (sim->is_midway)
		return;
	sim->time_ms += milliseconds;
	product_advance(&sim->product, milliseconds);
	sim_observer_tell(&sim->observer, "%8lld ms  %s waits", (long long)sim->time_ms,
			  sim->at_work->owner);
	for (unsigned i = 0; i < STEPS_WHILE_WAITING; i++)
		interrupt(sim);
}

/* Before a port call of a process: now and then another's step, or the call is slow. */
static void meanwhile(void *context)
{
	struct sim *sim = context;

	if (sim->is_midway || !sim->at_work)
		return;
	if (port_chance(sim->dice, sim->meanwhile_per_mille))
		interrupt(sim);
	if (port_chance(sim->dice, sim->slow_per_mille))
		sim_wait(sim, sim_below(sim, SLOW_MS_MAX));
}
