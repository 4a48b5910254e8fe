#include "sim.h"

/* --- Roles */

static enum q_code feed(struct sim *sim, struct sim_process *process, struct q_err *err)
{
	bool did_work;

	(void)sim;
	return q_worker_feed(process->worker, &sim_call, &did_work, err);
}

static enum q_code page(struct sim *sim, struct sim_process *process, struct q_err *err)
{
	bool did_work;

	(void)sim;
	return q_worker_page(process->worker, &sim_call, &did_work, err);
}

static enum q_code keep(struct sim *sim, struct sim_process *process, struct q_err *err)
{
	(void)sim;
	return q_worker_keep(process->worker, &sim_call, err);
}

static enum q_code hear(struct sim *sim, struct sim_process *process, struct q_err *err)
{
	(void)sim;
	return q_worker_listen(process->worker, &sim_call, 0, err);
}

static enum q_code aggregate(struct sim *sim, struct sim_process *process, struct q_err *err)
{
	bool did_work;

	(void)sim;
	return q_aggregator_step(process->aggregator, &sim_call, 0, &did_work, err);
}

static enum q_code sweep(struct sim *sim, struct sim_process *process, struct q_err *err)
{
	bool did_work;

	(void)sim;
	return q_sweeper_step(process->documents, &sim_call, &did_work, err);
}

static enum q_code announce(struct sim *sim, struct sim_process *process, struct q_err *err)
{
	bool did_work;

	(void)sim;
	return q_webhooks_announce(process->documents, &sim_call, &did_work, err);
}

static enum q_code deliver(struct sim *sim, struct sim_process *process, struct q_err *err)
{
	bool did_work;

	(void)sim;
	return q_webhooks_send(process->documents, &sim_call, &did_work, err);
}

/* --- Callers who want something of a job */

static struct sim_job *draw_job(struct sim *sim)
{
	size_t count = sim->observer.job_count;

	return count > 0 ? &sim->observer.jobs[sim_below(sim, (unsigned)count)] : NULL;
}

/* A conflict with a reason is an answer, and so is that it was deleted, if only this instant. */
static enum q_code answer(struct sim *sim, const struct sim_job *job, enum q_code code,
			  const struct q_err *err)
{
	if (code == Q_NOTFOUND && (job->is_buried || sim_observer_may_go(&sim->observer, job)))
		return Q_OK;
	return code == Q_CONFLICT && err->reason ? Q_OK : code;
}

static enum q_code cancel(struct sim *sim, struct sim_process *process, struct q_err *err)
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
	code = q_documents_cancel_job(process->documents, &sim_call, &who, q_str_from(wanted->id),
				      sim->product.arena, &job, err);
	if (!code && job.status != Q_JOB_CANCELLED && sim->meanwhile_count == meanwhile_count)
		sim_observer_fail(&sim->observer, "%s is cancelled as was answered", wanted->id);
	return answer(sim, wanted, code, err);
}

static enum q_code retry(struct sim *sim, struct sim_process *process, struct q_err *err)
{
	struct sim_job *wanted = draw_job(sim);
	struct q_identity who;
	struct q_job job;
	unsigned meanwhile_count = sim->meanwhile_count;
	enum q_code code;

	if (!wanted)
		return Q_OK;
	who = product_admin_of(wanted->tenant_id);
	code = q_documents_retry_job(process->documents, &sim_call, &who, q_str_from(wanted->id),
				     NULL, sim->product.arena, &job, err);
	if (!code && job.run != wanted->run + 1 && sim->meanwhile_count == meanwhile_count)
		sim_observer_fail(&sim->observer, "%s has a new run as was answered", wanted->id);
	return answer(sim, wanted, code, err);
}

static enum q_code delete_document(struct sim *sim, struct sim_process *process, struct q_err *err)
{
	struct sim_job *wanted = draw_job(sim);
	struct q_identity who;

	if (!wanted || !sim->has_deletions)
		return Q_OK;
	wanted->may_be_deleted = true;
	who = product_admin_of(wanted->tenant_id);
	return answer(sim, wanted,
		      q_documents_delete_job(process->documents, &sim_call, &who,
					     q_str_from(wanted->id), sim->product.arena, err),
		      err);
}

static enum q_code meddle(struct sim *sim, struct sim_process *process, struct q_err *err)
{
	struct q_identity who = product_admin_of("tenant-c");
	struct sim_job *wanted = draw_job(sim);
	struct q_arena *arena = sim->product.arena;
	struct q_job job;
	enum q_code code;

	if (!wanted)
		return Q_OK;
	code = sim_below(sim, 2)
		       ? q_documents_cancel_job(process->documents, &sim_call, &who,
						q_str_from(wanted->id), arena, &job, err)
		       : q_documents_retry_job(process->documents, &sim_call, &who,
					       q_str_from(wanted->id), NULL, arena, &job, err);
	if (code != Q_NOTFOUND && !q_code_is_retryable(code))
		sim_observer_fail(&sim->observer, "%s is unknown to strangers", wanted->id);
	return Q_OK;
}

/* --- The world */

enum q_code sim_let_time_pass(struct sim *sim, struct sim_process *process, struct q_err *err)
{
	unsigned milliseconds = sim_below(sim, 10) ? sim_below(sim, 3000) : sim_below(sim, 40000);

	(void)process;
	(void)err;
	sim->time_ms += milliseconds;
	product_advance(&sim->product, milliseconds);
	return Q_OK;
}

static enum q_code doom(struct sim *sim, struct sim_process *process, struct q_err *err)
{
	(void)err;
	if (!sim->has_crashes)
		return Q_OK;
	process->faults.stop_call = 1 + sim_below(sim, 30);
	process->faults.stop_is_lost = sim_below(sim, 2);
	record_store_faulty_set(process->ports.records, &process->faults);
	return Q_OK;
}

static enum q_code stop(struct sim *sim, struct sim_process *process, struct q_err *err)
{
	enum q_code code = q_worker_release(process->worker, &sim_call, err);

	sim_end_process(process);
	sim_start_process(sim, process, sim_below(sim, 2));
	return code;
}

static const struct sim_step steps[] = {
	{"feed", 25, feed},
	{"page", 45, page},
	{"keep", 4, keep},
	{"hear", 1, hear},
	{"sweep", 5, sweep},
	{"aggregate", 12, aggregate},
	{"upload", 4, sim_upload},
	{"doom", 1, doom},
	{"let time pass", 10, sim_let_time_pass},
	{"stop and start", 1, stop},
	{"cancel", 2, cancel},
	{"retry", 3, retry},
	{"meddle", 1, meddle},
	{"delete", 1, delete_document},
	{"announce", 3, announce},
	{"deliver", 5, deliver},
	{"begin a direct upload", 2, sim_begin_direct},
	{"send a part", 3, sim_send_part},
	{"complete a direct upload", 4, sim_complete_direct},
	{"let days pass", 1, sim_let_days_pass},
	{"retain", 3, sim_retain},
	{"enable a webhook", 1, sim_enable_webhook},
};

/* What is most likely to go wrong in the middle of another's step. */
static const struct sim_step wishes[] = {
	{"cancel", 1, cancel},		{"retry", 2, retry},
	{"delete", 1, delete_document}, {"complete a direct upload", 2, sim_complete_direct},
	{"deliver", 1, deliver},
};

static const struct sim_step *draw_of(struct sim *sim, const struct sim_step *table, size_t count)
{
	unsigned sum = 0, drawn;
	size_t i = 0;

	for (size_t j = 0; j < count; j++)
		sum += table[j].weight;
	drawn = sim_below(sim, sum);
	while (drawn >= table[i].weight)
		drawn -= table[i++].weight;
	return &table[i];
}

const struct sim_step *sim_draw_step(struct sim *sim)
{
	return draw_of(sim, steps, Q_COUNT_OF(steps));
}

const struct sim_step *sim_draw_wish(struct sim *sim)
{
	return draw_of(sim, wishes, Q_COUNT_OF(wishes));
}
