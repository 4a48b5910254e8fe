/* Simulates several processes at work on documents of two tenants: every order of their steps is
 * drawn from a seed, down to what others do between two port calls of a step, and so are failing calls, lost answers, late, repeated and missing events,
 * crashes in the middle of a step, callers who cancel, retry and delete, and time. What must always hold
 * (sim_observer.h) is checked after each step; at the end, with faults off, each accepted document
 * has ended as its script says, and what faults have spoilt is mended by a new run.
 *
 *     sim_documents          2,000 seeds or 20 s (QUIRE_LONG=1: 100,000 seeds)
 *     sim_documents SEED     that one, with its story */
#include "sim_observer.h"

#include "base/time.h"
#include "documents/documents_internal.h"
#include "support/blob_store_faulty.h"
#include "support/change_feed_faulty.h"
#include "support/event_log_faulty.h"
#include "support/product.h"
#include "support/random_source_seeded.h"
#include "support/record_store_faulty.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum {
	PROCESSES_MAX = 3,
	UPLOADS_MAX = 6,
	STEPS = 500,
	SEEDS = 2000,
	SEEDS_LONG = 100000,
	SECONDS_MAX = Q_SANITIZED ? 20 : 60,
	END_ROUNDS_MAX = 3000, /* 1,500 s of simulated time */
	END_STEPS_MAX = 5000,
	TOMBSTONE_MS = 20 * 60 * 1000 /* longer than any stays */
};

/* One process: its ports fail apart from those of the others. It dies when its record store stops;
 * what it does after that to other ports is as if it had died a little later. */
struct process {
	struct sim *sim;
	char owner[32];
	struct port_faults faults;
	struct q_documents_options ports;
	struct q_documents *documents;
	struct q_worker *worker;
	struct q_aggregator *aggregator;
};

struct sim {
	struct product product;
	struct q_random_source *dice;
	struct sim_observer observer;
	struct process processes[PROCESSES_MAX];
	unsigned process_count, started, upload_count, uploads_wanted;
	unsigned fail_per_mille, stray_per_mille, meanwhile_per_mille, partition_count;
	bool is_midway;		  /* a process's step is interrupted by another's */
	unsigned meanwhile_count; /* steps that have interrupted another */
	bool has_crashes, has_deletions;
	int64_t time_ms;
};

static const struct q_call no_call = {0};

static unsigned below(struct sim *sim, unsigned bound)
{
	return (unsigned)q_random_source_below(sim->dice, bound);
}

static void meanwhile(void *context);

static void start_process(struct sim *sim, struct process *process, bool keeps_name)
{
	struct q_documents_options *ports = &process->ports;
	struct q_err err;
	struct port_faults *faults = &process->faults;
	struct blob_store_faults blob_faults = {.fail_per_mille = sim->fail_per_mille / 4,
						.lose_per_mille = sim->fail_per_mille / 4,
						.random = sim->dice,
						.meanwhile = meanwhile,
						.context = process};
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
				       .context = process};
	process->sim = sim;
	event_faults.calls = change_faults.calls = *faults;
	if (!keeps_name)
		snprintf(process->owner, sizeof process->owner, "process-%u", ++sim->started);
	*ports = sim->product.options;
	ports->owner = q_str_from(process->owner);
	ports->random = sim->dice;
	ports->records = record_store_faulty_new(ports->records, faults);
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

static void end_process(struct process *process)
{
	q_aggregator_free(process->aggregator);
	q_worker_free(process->worker);
	q_documents_free(process->documents);
	q_blob_store_close(process->ports.results);
	q_blob_store_close(process->ports.documents);
	q_change_feed_close(process->ports.changes);
	q_event_log_close(process->ports.events);
	q_record_store_close(process->ports.records);
}

/* --- Steps: each answers its code, and says what it is */

struct step {
	const char *name;
	unsigned weight;
	enum q_code (*run)(struct sim *, struct process *, struct q_err *);
};

static enum q_code feed(struct sim *sim, struct process *process, struct q_err *err)
{
	bool did_work;

	(void)sim;
	return q_worker_feed(process->worker, &no_call, &did_work, err);
}

static enum q_code page(struct sim *sim, struct process *process, struct q_err *err)
{
	bool did_work;

	(void)sim;
	return q_worker_page(process->worker, &no_call, &did_work, err);
}

static enum q_code keep(struct sim *sim, struct process *process, struct q_err *err)
{
	(void)sim;
	return q_worker_keep(process->worker, &no_call, err);
}

static enum q_code hear(struct sim *sim, struct process *process, struct q_err *err)
{
	(void)sim;
	return q_worker_listen(process->worker, &no_call, 0, err);
}

static enum q_code aggregate(struct sim *sim, struct process *process, struct q_err *err)
{
	bool did_work;

	(void)sim;
	return q_aggregator_step(process->aggregator, &no_call, 0, &did_work, err);
}

static enum q_code sweep(struct sim *sim, struct process *process, struct q_err *err)
{
	bool did_work;

	(void)sim;
	return q_sweeper_step(process->documents, &no_call, &did_work, err);
}

static enum q_code announce(struct sim *sim, struct process *process, struct q_err *err)
{
	bool did_work;

	(void)sim;
	return q_webhooks_announce(process->documents, &no_call, &did_work, err);
}

static enum q_code deliver(struct sim *sim, struct process *process, struct q_err *err)
{
	bool did_work;

	(void)sim;
	return q_webhooks_send(process->documents, &no_call, &did_work, err);
}

static struct page_script draw_script(struct sim *sim)
{
	static const char *const refusals[] = {"malformed_pdf", "password_required",
					       "too_many_pages"};
	struct page_script script = {.pages = 1 + below(sim, below(sim, 4) ? 8 : 120)};

	if (below(sim, 4) == 0) {
		script.failing_page = 1 + below(sim, script.pages);
		script.failure = "page_crashed";
	}
	if (below(sim, 10) == 0)
		script.refusal = refusals[below(sim, Q_COUNT_OF(refusals))];
	if (below(sim, 12) == 0)
		script.range_refusal = "too_large";
	return script;
}

static enum q_code upload(struct sim *sim, struct process *process, struct q_err *err)
{
	struct q_identity who = product_admin_of(below(sim, 2) ? "tenant-a" : "tenant-b");
	struct q_upload_request request = {.file_name = Q_STR("report.pdf"), .is_again = true};
	struct page_script script = draw_script(sim);
	char document[PRODUCT_SYNC_BYTES] = {0};
	size_t length = page_script_write(&script, document);
	struct q_job job;
	enum q_code code;

	if (sim->upload_count == sim->uploads_wanted)
		return Q_OK;
	sim->upload_count++;
	if (below(sim, 2))
		length = sizeof document;
	code = product_upload_bytes(process->documents, &who, &request,
				    (struct q_bytes){(unsigned char *)document, length},
				    sim->product.arena, &job, err);
	if (!code)
		sim_observer_accept(&sim->observer, job.file_id, &script);
	return code;
}

/* --- Callers who want something of a job */

static struct sim_job *draw_job(struct sim *sim)
{
	size_t count = sim->observer.job_count;

	return count > 0 ? &sim->observer.jobs[below(sim, (unsigned)count)] : NULL;
}

/* A conflict with a reason is an answer, and so is that it was deleted. */
static enum q_code answer(const struct sim_job *job, enum q_code code, const struct q_err *err)
{
	if (code == Q_NOTFOUND && job->may_be_deleted)
		return Q_OK;
	return code == Q_CONFLICT && err->reason ? Q_OK : code;
}

static enum q_code cancel(struct sim *sim, struct process *process, struct q_err *err)
{
	struct sim_job *wanted = draw_job(sim);
	struct q_identity who;
	struct q_job job;
	unsigned meanwhile_count = sim->meanwhile_count;
	enum q_code code;

	if (!wanted)
		return Q_OK;
	wanted->may_be_cancelled = true;
	who = product_admin_of(wanted->tenant_id);
	code = q_documents_cancel_job(process->documents, &no_call, &who, q_str_from(wanted->id),
				      sim->product.arena, &job, err);
	if (!code && job.status != Q_JOB_CANCELLED && sim->meanwhile_count == meanwhile_count)
		sim_observer_fail(&sim->observer, "%s is cancelled as was answered", wanted->id);
	return answer(wanted, code, err);
}

static enum q_code retry(struct sim *sim, struct process *process, struct q_err *err)
{
	struct sim_job *wanted = draw_job(sim);
	struct q_identity who;
	struct q_job job;
	unsigned meanwhile_count = sim->meanwhile_count;
	enum q_code code;

	if (!wanted)
		return Q_OK;
	who = product_admin_of(wanted->tenant_id);
	code = q_documents_retry_job(process->documents, &no_call, &who, q_str_from(wanted->id),
				     NULL, sim->product.arena, &job, err);
	if (!code && job.run != wanted->run + 1 && sim->meanwhile_count == meanwhile_count)
		sim_observer_fail(&sim->observer, "%s has a new run as was answered", wanted->id);
	return answer(wanted, code, err);
}

static enum q_code delete_document(struct sim *sim, struct process *process, struct q_err *err)
{
	struct sim_job *wanted = draw_job(sim);
	struct q_identity who;

	if (!wanted || !sim->has_deletions)
		return Q_OK;
	wanted->may_be_deleted = true;
	who = product_admin_of(wanted->tenant_id);
	return answer(wanted,
		      q_documents_delete_job(process->documents, &no_call, &who,
					     q_str_from(wanted->id), sim->product.arena, err),
		      err);
}

static enum q_code meddle(struct sim *sim, struct process *process, struct q_err *err)
{
	struct q_identity who = product_admin_of("tenant-c");
	struct sim_job *wanted = draw_job(sim);
	struct q_arena *arena = sim->product.arena;
	struct q_job job;
	enum q_code code;

	if (!wanted)
		return Q_OK;
	code = below(sim, 2)
		       ? q_documents_cancel_job(process->documents, &no_call, &who,
						q_str_from(wanted->id), arena, &job, err)
		       : q_documents_retry_job(process->documents, &no_call, &who,
					       q_str_from(wanted->id), NULL, arena, &job, err);
	if (code != Q_NOTFOUND && !q_code_is_retryable(code))
		sim_observer_fail(&sim->observer, "%s is unknown to strangers", wanted->id);
	return Q_OK;
}

static enum q_code let_time_pass(struct sim *sim, struct process *process, struct q_err *err)
{
	unsigned milliseconds = below(sim, 10) ? below(sim, 3000) : below(sim, 40000);

	(void)process;
	(void)err;
	sim->time_ms += milliseconds;
	product_advance(&sim->product, milliseconds);
	return Q_OK;
}

static enum q_code doom(struct sim *sim, struct process *process, struct q_err *err)
{
	(void)err;
	if (!sim->has_crashes)
		return Q_OK;
	process->faults.stop_call = 1 + below(sim, 30);
	process->faults.stop_is_lost = below(sim, 2);
	record_store_faulty_set(process->ports.records, &process->faults);
	return Q_OK;
}

static enum q_code stop(struct sim *sim, struct process *process, struct q_err *err)
{
	enum q_code code = q_worker_release(process->worker, &no_call, err);

	end_process(process);
	start_process(sim, process, below(sim, 2));
	return code;
}

static const struct step steps[] = {
	{"feed", 25, feed},
	{"page", 45, page},
	{"keep", 4, keep},
	{"hear", 1, hear},
	{"sweep", 5, sweep},
	{"aggregate", 12, aggregate},
	{"upload", 4, upload},
	{"doom", 1, doom},
	{"let time pass", 10, let_time_pass},
	{"stop and start", 1, stop},
	{"cancel", 2, cancel},
	{"retry", 3, retry},
	{"meddle", 1, meddle},
	{"delete", 1, delete_document},
	{"announce", 3, announce},
	{"deliver", 5, deliver},
};

/* What is most likely to go wrong in the middle of another's step. */
static const struct step wishes[] = {
	{"cancel", 1, cancel},
	{"retry", 2, retry},
	{"delete", 1, delete_document},
};

static const struct step *draw_of(struct sim *sim, const struct step *table, size_t count)
{
	unsigned sum = 0, drawn;
	size_t i = 0;

	for (size_t j = 0; j < count; j++)
		sum += table[j].weight;
	drawn = below(sim, sum);
	while (drawn >= table[i].weight)
		drawn -= table[i++].weight;
	return &table[i];
}

static const struct step *draw_step(struct sim *sim)
{
	return draw_of(sim, steps, Q_COUNT_OF(steps));
}

static bool is_dead(const struct process *process)
{
	return process->faults.stop_call > 0 &&
	       record_store_faulty_calls(process->ports.records) >= process->faults.stop_call;
}

static void run_step(struct sim *sim, struct process *process, const struct step *step)
{
	struct q_err err = {0};
	enum q_code code = step->run(sim, process, &err);

	sim_observer_tell(&sim->observer, "%8lld ms  %s%s: %s%s%s%s", (long long)sim->time_ms,
			  sim->is_midway ? "  meanwhile " : "", process->owner, step->name,
			  code ? ": " : "", code ? err.message : "",
			  is_dead(process) ? "; it is dead" : "");
	if (code && !q_code_is_retryable(code) && !is_dead(process))
		sim_observer_fail(&sim->observer, "a step answers %s", q_code_name(code));
	if (is_dead(process)) {
		end_process(process);
		start_process(sim, process, below(sim, 4) == 0);
	}
	sim_observer_look(&sim->observer);
}

/* Before a port call of a process: now and then another's step. */
static void meanwhile(void *context)
{
	struct process *process = context, *other;
	struct sim *sim = process->sim;

	if (sim->is_midway || !port_chance(sim->dice, sim->meanwhile_per_mille))
		return;
	other = &sim->processes[below(sim, sim->process_count)];
	if (other == process)
		return;
	sim->is_midway = true;
	sim->meanwhile_count++;
	run_step(sim, other,
		 below(sim, 4) ? draw_step(sim) : draw_of(sim, wishes, Q_COUNT_OF(wishes)));
	sim->is_midway = false;
}

/* --- The whole */

static void add_webhook(struct sim *sim, const char *tenant_id)
{
	struct q_identity who = product_admin_of(tenant_id);
	struct q_webhook_caller caller = {.who = &who};
	struct q_webhook_new wanted = {.url = Q_STR("https://receiver.example/"),
				       .events = Q_WEBHOOK_ALL};
	struct q_webhook made;
	struct q_str secret;
	struct q_err err;

	q_assert(q_webhook_add(sim->product.documents, &no_call, &caller, &wanted,
			       sim->product.arena, &made, &secret, &err) == Q_OK);
}

static void start(struct sim *sim, uint64_t seed, bool is_loud)
{
	static const unsigned levels[] = {0, 4, 30};

	*sim = (struct sim){0};
	product_make(&sim->product, seed, (struct analyst_script){0});
	sim->dice = random_source_seeded_new(seed);
	q_assert(sim->dice);
	add_webhook(sim, "tenant-a");
	add_webhook(sim, "tenant-b");
	sim_observer_init(&sim->observer, &sim->product, seed, is_loud);
	sim->fail_per_mille = levels[below(sim, Q_COUNT_OF(levels))];
	sim->stray_per_mille = levels[below(sim, Q_COUNT_OF(levels))];
	sim->meanwhile_per_mille = 5 * levels[below(sim, Q_COUNT_OF(levels))];
	sim->partition_count = 1 + below(sim, 4);
	sim->has_crashes = below(sim, 3) > 0;
	sim->has_deletions = below(sim, 3) == 0;
	sim->uploads_wanted = 1 + below(sim, UPLOADS_MAX);
	sim->process_count = 1 + below(sim, PROCESSES_MAX);
	for (unsigned i = 0; i < sim->process_count; i++)
		start_process(sim, &sim->processes[i], false);
}

static void calm(struct sim *sim)
{
	sim->fail_per_mille = sim->stray_per_mille = sim->meanwhile_per_mille = 0;
	sim->has_crashes = false;
	for (unsigned i = 0; i < sim->process_count; i++) {
		end_process(&sim->processes[i]);
		start_process(sim, &sim->processes[i], false);
	}
}

/* Feeds and pages until there is nothing to do at this time. */
static bool work_off(struct process *process)
{
	bool did_any = false, fed = true, paged = true;

	for (int i = 0; (fed || paged) && i < END_STEPS_MAX; i++) {
		struct q_err err;

		q_assert(q_worker_feed(process->worker, &no_call, &fed, &err) == Q_OK);
		q_assert(q_worker_page(process->worker, &no_call, &paged, &err) == Q_OK);
		did_any |= fed || paged;
	}
	return did_any;
}

/* Steps all roles until every job has ended. */
static void settle(struct sim *sim)
{
	static const struct step time_passes = {"a round of all", 0, let_time_pass};

	for (int round = 0;
	     !sim_observer_all_ended(&sim->observer) || !sim_observer_all_announced(&sim->observer);
	     round++) {
		if (round == END_ROUNDS_MAX)
			sim_observer_fail(&sim->observer, "%s",
					  sim_observer_all_ended(&sim->observer)
						  ? "an end is not announced"
						  : "a document does not end");
		for (unsigned i = 0; i < sim->process_count; i++) {
			struct process *process = &sim->processes[i];
			struct q_err err;

			work_off(process);
			q_assert(aggregate(sim, process, &err) == Q_OK);
			q_assert(sweep(sim, process, &err) == Q_OK);
			q_assert(keep(sim, process, &err) == Q_OK);
			q_assert(announce(sim, process, &err) == Q_OK);
			q_assert(deliver(sim, process, &err) == Q_OK);
		}
		run_step(sim, &sim->processes[0], &time_passes);
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
		enum q_code code = q_documents_retry_job(sim->processes[0].documents, &no_call,
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

/* What has ended leaves nothing to claim, once leases have run out, and tombstones do not stay. */
static void rest(struct sim *sim)
{
	product_advance(&sim->product, TOMBSTONE_MS);
	for (unsigned i = 0; i < sim->process_count; i++) {
		struct q_err err;

		work_off(&sim->processes[i]);
		q_assert(sweep(sim, &sim->processes[i], &err) == Q_OK);
	}
}

static void finish(struct sim *sim)
{
	bool had_faults = sim->fail_per_mille > 0 || sim->has_crashes;

	calm(sim);
	settle(sim);
	sim_observer_check_ends(&sim->observer, had_faults);
	retry_all(sim);
	settle(sim);
	sim_observer_check_ends(&sim->observer, false);
	rest(sim);
	sim_observer_look(&sim->observer);
	sim_observer_check_rest(&sim->observer);
}

static void run_seed(uint64_t seed, bool is_loud)
{
	static struct sim sim;

	start(&sim, seed, is_loud);
	for (int i = 0; i < STEPS; i++)
		run_step(&sim, &sim.processes[below(&sim, sim.process_count)], draw_step(&sim));
	finish(&sim);
	for (unsigned i = 0; i < sim.process_count; i++)
		end_process(&sim.processes[i]);
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
