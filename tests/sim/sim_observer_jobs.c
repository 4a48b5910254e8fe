#include "sim_observer_internal.h"

#include <stdio.h>

#define DAY_MS ((int64_t)24 * 3600 * 1000)

struct sim_job *sim_job_of(struct sim_observer *o, struct q_str id)
{
	for (size_t i = 0; i < o->job_count; i++)
		if (q_str_equal(q_str_from(o->jobs[i].id), id))
			return &o->jobs[i];
	q_assert(o->job_count < SIM_JOBS_MAX);
	snprintf(o->jobs[o->job_count].id, sizeof o->jobs[0].id, "%.*s", Q_STR_ARG(id));
	return &o->jobs[o->job_count++];
}

void sim_observer_accept(struct sim_observer *o, struct q_str file_id,
			 const struct page_script *script)
{
	struct sim_job *job = sim_job_of(o, file_id);

	job->is_accepted = true;
	job->script = *script;
}

bool sim_observer_all_ended(const struct sim_observer *o)
{
	for (size_t i = 0; i < o->job_count; i++) {
		const struct sim_job *job = &o->jobs[i];

		if (!job->is_seen ||
		    (job->is_buried ? !job->is_removed : !q_job_status_is_final(job->status)))
			return false;
	}
	return true;
}

/* Within a run. */
static bool is_edge(enum q_job_status from, enum q_job_status to)
{
	if (to == Q_JOB_FAILED || to == Q_JOB_CANCELLED)
		return !q_job_status_is_final(from);
	return (from == Q_JOB_PENDING && to == Q_JOB_CHUNKING) ||
	       (from == Q_JOB_CHUNKING && to == Q_JOB_PROCESSING) ||
	       (from == Q_JOB_PROCESSING && to == Q_JOB_AGGREGATING) ||
	       (from == Q_JOB_AGGREGATING && to == Q_JOB_COMPLETED);
}

/* Pages that are counted since the last look. */
static int64_t new_pages(const struct sim_job *job, const struct q_item *item)
{
	return q_item_number(item, "processedPages", 0) + q_item_number(item, "failedPages", 0) -
	       job->processed - job->failed;
}

static void begin_job(struct sim_observer *o, struct sim_job *job, const struct q_item *item,
		      enum q_job_status status)
{
	struct q_str tenant_id = q_item_string(item, "tenantId", (struct q_str){0});
	const struct sim_direct *direct = sim_direct_find(o, job->id);

	if (status != Q_JOB_PENDING)
		sim_observer_fail(o, "%s begins as pending", job->id);
	snprintf(job->tenant_id, sizeof job->tenant_id, "%.*s", Q_STR_ARG(tenant_id));
	job->is_seen = true;
	job->is_contract =
		q_str_equal(q_item_string(item, "kind", (struct q_str){0}), Q_STR("contract"));
	job->uploaded_at_ms = q_item_number(item, "uploadedAt", 0);
	job->status = status;
	job->run = 1;
	if (direct && direct->refusal)
		sim_observer_fail(o, "%s is refused: %s", job->id, direct->refusal);
	if (direct) {
		job->is_accepted = true;
		job->script = direct->script;
	}
}

/* What failed is open again; what succeeded stands. */
static void begin_run(struct sim_observer *o, struct sim_job *job, enum q_job_status status)
{
	if (!q_job_status_is_final(job->status) ||
	    (status != Q_JOB_PROCESSING && status != Q_JOB_PENDING))
		sim_observer_fail(o, "%s: %s -> %s begins a run", job->id,
				  q_job_status_name(job->status), q_job_status_name(status));
	for (size_t page = 1; page <= SIM_PAGES_MAX; page++)
		if (job->pages[page] == 'f')
			job->pages[page] = 0;
	job->failed = 0;
	job->run++;
}

static bool is_too_old(struct sim_observer *o, const struct sim_job *job)
{
	const struct sim_tenant *tenant = sim_observer_tenant(o, q_str_from(job->tenant_id));

	return tenant->retention_days > 0 && !job->is_contract &&
	       job->uploaded_at_ms + tenant->retention_days * DAY_MS <=
		       q_clock_now_ms(o->product->options.clock);
}

bool sim_observer_may_go(struct sim_observer *o, const struct sim_job *job)
{
	return job->may_be_deleted || is_too_old(o, job);
}

static void note_tombstone(struct sim_observer *o, const struct q_item *item)
{
	struct sim_job *job = sim_job_of(o, q_item_string(item, "fileId", (struct q_str){0}));

	if (!sim_observer_may_go(o, job))
		sim_observer_fail(o, "%s: somebody has asked to delete it", job->id);
	job->is_buried = true;
	job->is_removed = q_item_number(item, "removed", 0) != 0;
}

static void note_job(struct sim_observer *o, const struct q_item *item)
{
	struct sim_job *job = sim_job_of(o, q_item_string(item, "fileId", (struct q_str){0}));
	int64_t events = q_item_number(item, "eventCount", -1);
	int64_t run = q_item_number(item, "run", 0);
	enum q_job_status status;

	if (job->is_buried)
		sim_observer_fail(o, "%s has been deleted", job->id);
	if (!q_job_status_parse(q_item_string(item, "status", (struct q_str){0}), &status))
		sim_observer_fail(o, "%s has a status", job->id);
	if (!job->is_seen)
		begin_job(o, job, item, status);
	if (run == job->run + 1)
		begin_run(o, job, status);
	else if (status != job->status && !is_edge(job->status, status))
		sim_observer_fail(o, "%s: %s -> %s is an edge", job->id,
				  q_job_status_name(job->status), q_job_status_name(status));
	if (run != job->run)
		sim_observer_fail(o, "%s: run %lld follows %lld", job->id, (long long)run,
				  (long long)job->run);
	if (status == Q_JOB_CANCELLED && !job->may_be_cancelled)
		sim_observer_fail(o, "%s: somebody has asked to cancel it", job->id);
	if (events != job->events + (status != job->status) + new_pages(job, item))
		sim_observer_fail(o, "%s: each edge and each page has one event", job->id);
	if ((item->index2.pk.length == 0) != q_job_status_is_final(status))
		sim_observer_fail(o, "%s: a due mark until the end", job->id);
	job->status = status;
	job->bytes = q_item_number(item, "sizeBytes", 0);
	job->events = events;
	job->total = q_item_number(item, "totalPages", 0);
	job->processed = q_item_number(item, "processedPages", 0);
	job->failed = q_item_number(item, "failedPages", 0);
	job->error_code = q_arena_copy(o->product->arena,
				       q_item_string(item, "errorCode", (struct q_str){0}));
}

static void note_page(struct sim_observer *o, const struct q_change_record *change)
{
	struct sim_job *job = sim_job_of(o, sim_id_of(change->key));
	int64_t number = q_item_number(change->after, "page", 0);

	q_assert(number >= 1 && number <= SIM_PAGES_MAX);
	if (job->is_buried || job->pages[number] ||
	    q_item_number(change->after, "run", 0) != job->run)
		sim_observer_fail(o, "%s: page %lld is stored once, in the job's run", job->id,
				  (long long)number);
	job->pages[number] =
		q_item_string(change->after, "status", (struct q_str){0}).data[0] == 'c' ? 'c'
											 : 'f';
}

static void note_event(struct sim_observer *o, const struct q_change_record *change)
{
	struct sim_job *job = sim_job_of(o, sim_id_of(change->key));
	int64_t number = 0;

	q_assert(q_str_to_int64(q_str_slice(change->key.sk, 6, change->key.sk.length), &number));
	if (job->is_buried || change->before || number != job->logged + 1)
		sim_observer_fail(o, "%s: event %lld follows %lld", job->id, (long long)number,
				  (long long)job->logged);
	if (q_item_number(change->after, "run", 0) != job->run)
		sim_observer_fail(o, "%s: event %lld is of the job's run", job->id,
				  (long long)number);
	job->logged = number;
}

/* A claim is the next epoch, and takes no lease that runs; nothing else changes whose it is. */
static void check_claim(struct sim_observer *o, const struct q_item *before,
			const struct q_item *after)
{
	int64_t epoch = q_item_number(before, "epoch", 0);
	struct q_str owner = q_item_string(before, "owner", (struct q_str){0});
	struct q_str next_owner = q_item_string(after, "owner", (struct q_str){0});
	bool is_claim = q_item_number(after, "epoch", 0) == epoch + 1;
	bool is_free =
		owner.length == 0 || q_str_equal(owner, next_owner) ||
		q_item_number(before, "leaseUntil", 0) <= q_clock_now_ms(o->product->options.clock);

	if (is_claim ? !is_free
		     : q_item_number(after, "epoch", 0) != epoch ||
			       (next_owner.length > 0 && !q_str_equal(owner, next_owner)))
		sim_observer_fail(o, "%.*s %.*s: epoch %lld has one owner",
				  Q_STR_ARG(after->key.pk), Q_STR_ARG(after->key.sk),
				  (long long)epoch);
}

/* While its run goes on. */
static void check_pages_of_done_range(struct sim_observer *o, const struct q_item *item)
{
	struct sim_job *job = sim_job_of(o, q_item_string(item, "fileId", (struct q_str){0}));
	int64_t last = q_item_number(item, "last", 0);

	if (job->is_buried || job->status != Q_JOB_PROCESSING ||
	    q_item_number(item, "run", 0) != job->run)
		return;
	for (int64_t page = q_item_number(item, "first", 1); page <= last; page++)
		if (!job->pages[page])
			sim_observer_fail(o, "%s: a range that is done has page %lld", job->id,
					  (long long)page);
}

static void note_work(struct sim_observer *o, const struct q_change_record *change)
{
	const struct q_item *before = change->before, *after = change->after;
	bool is_done = q_item_number(after, "done", 0) != 0;

	if ((after->index1.pk.length == 0) != is_done)
		sim_observer_fail(o, "%.*s is claimable until it is done",
				  Q_STR_ARG(after->key.pk));
	if (before && q_item_number(before, "run", 0) == q_item_number(after, "run", 0))
		check_claim(o, before, after);
	if (is_done && q_item_number(after, "range", 0) > 0)
		check_pages_of_done_range(o, after);
}

/* Of documents only what was asked for goes. */
static void note_removal(struct sim_observer *o, struct q_record_key key)
{
	struct sim_job *job = sim_job_of(o, sim_id_of(key));

	if (!job->is_buried)
		sim_observer_fail(o, "%.*s %.*s is not deleted", Q_STR_ARG(key.pk),
				  Q_STR_ARG(key.sk));
	job->is_gone |= q_str_equal(key.sk, Q_STR("STATUS"));
}

static void note_status(struct sim_observer *o, const struct q_item *item)
{
	if (q_item_number(item, "deletedAt", 0) > 0)
		note_tombstone(o, item);
	else
		note_job(o, item);
}

void sim_note_job(struct sim_observer *o, const struct q_change_record *change)
{
	if (!change->after)
		note_removal(o, change->key);
	else if (q_str_equal(change->key.sk, Q_STR("STATUS")))
		note_status(o, change->after);
	else if (q_str_starts_with(change->key.sk, Q_STR("PAGE#")))
		note_page(o, change);
	else if (q_str_starts_with(change->key.sk, Q_STR("EVENT#")))
		note_event(o, change);
	else if (q_str_starts_with(change->key.sk, Q_STR("RANGE#")) ||
		 q_str_equal(change->key.sk, Q_STR("PLAN")))
		note_work(o, change);
}

void sim_check_jobs(struct sim_observer *o)
{
	for (size_t i = 0; i < o->job_count; i++) {
		const struct sim_job *job = &o->jobs[i];
		int64_t completed = 0, failed = 0;

		if (job->is_buried)
			continue;
		for (size_t page = 1; page <= SIM_PAGES_MAX; page++) {
			completed += job->pages[page] == 'c';
			failed += job->pages[page] == 'f';
		}
		if (job->logged != job->events)
			sim_observer_fail(o, "%s: %lld events are counted, %lld logged", job->id,
					  (long long)job->events, (long long)job->logged);
		if (completed != job->processed || failed != job->failed ||
		    completed + failed > job->total)
			sim_observer_fail(o,
					  "%s: of %lld pages %lld + %lld are counted, %lld + %lld "
					  "stored",
					  job->id, (long long)job->total, (long long)job->processed,
					  (long long)job->failed, (long long)completed,
					  (long long)failed);
	}
}

void sim_observer_check_retention(struct sim_observer *o)
{
	for (size_t i = 0; i < o->job_count; i++) {
		const struct sim_job *job = &o->jobs[i];

		if (is_too_old(o, job) && !job->is_buried)
			sim_observer_fail(o, "%s is too old to be kept", job->id);
	}
}
