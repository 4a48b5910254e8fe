/* Finished pages on their way into the store: each is an item, its count in the job and its event,
 * in one transaction. They all write the job's item, so pages of one job that finish at the same
 * time go in together: the first thread leads, those that come meanwhile wait and are its next
 * batch. Other processes are met by the condition on the job's count of events. */
#include "documents/items.h"
#include "documents/jobs/job.h"
#include "documents/work/page.h"
#include "documents/work/work.h"

#include <string.h>

enum {
	BATCH_MAX = (Q_RECORD_TRANSACTION_MAX - 1) / 2, /* the job's item; a page's and its event */
	ATTEMPTS_MAX = 20
};

/* What one thread commits; the thread's own, and in the list of leaders meanwhile. */
struct q__page_batch {
	struct q__finished_page *pages[BATCH_MAX];
	size_t count;
	const struct q__work *range; /* names the job and the run */
	struct q__page_batch *next;
};

void q__page_commits_init(struct q__page_commits *commits)
{
	pthread_mutex_init(&commits->mutex, NULL);
	pthread_cond_init(&commits->changed, NULL);
}

void q__page_commits_free(struct q__page_commits *commits)
{
	pthread_cond_destroy(&commits->changed);
	pthread_mutex_destroy(&commits->mutex);
}

static bool is_same_run(const struct q__work *a, const struct q__work *b)
{
	return a->run == b->run && q_str_equal(a->file_id, b->file_id);
}

/* --- One transaction -------------------------------------------------------------------------- */

/* The job's item after the batch. */
struct q__page_totals {
	int64_t processed, failed, events;
};

static void count_page(struct q__page_totals *totals, const struct q__finished_page *page)
{
	totals->events++;
	if (page->is_completed)
		totals->processed++;
	else
		totals->failed++;
}

static bool make_event(struct q_documents *d, const struct q_job *job,
		       const struct q__finished_page *page, const struct q__page_totals *totals,
		       struct q_arena *arena, struct q_item *out)
{
	struct q_job_event event = {
		.id = totals->events,
		.type = Q_STR("page"),
		.status = page->is_completed ? Q_STR("completed") : Q_STR("failed"),
		.run = page->range->run,
		.at_ms = q__now(d),
		.page = page->number,
		.total_pages = job->total_pages,
		.processed_pages = totals->processed,
		.failed_pages = totals->failed,
	};

	return q__event_item(arena, job, &event, out);
}

static struct q_write put(const struct q_item *item, const struct q_condition *condition)
{
	return (struct q_write){.kind = Q_WRITE_PUT,
				.key = item->key,
				.item = item,
				.conditions = condition,
				.condition_count = 1};
}

/* Write 0 is the job's, then come two for each page: itself and its event. */
static enum q_code make_page_writes(struct q_documents *d, const struct q_job *job,
				    const struct q__page_batch *batch,
				    struct q__page_totals *totals, struct q_arena *arena,
				    struct q_write *writes, struct q_err *err)
{
	struct q_condition *conditions = q_arena_alloc_array(arena, 2, sizeof *conditions);
	struct q_item *events = q_arena_alloc_array(arena, batch->count, sizeof *events);

	if (!conditions || !events)
		return q_fail(err, Q_NOMEM, "documents.page", "a transaction");
	/* of a page: it is new in the run; of an event: nobody else has its number */
	conditions[0] = (struct q_condition){Q_IF_NOT_EQUAL, Q_STR("run"),
					     q_value_number(batch->range->run)};
	conditions[1] = (struct q_condition){.kind = Q_IF_ABSENT};
	for (size_t i = 0; i < batch->count; i++) {
		const struct q__finished_page *page = batch->pages[i];

		count_page(totals, page);
		if (!make_event(d, job, page, totals, arena, &events[i]))
			return q_fail(err, Q_NOMEM, "documents.page", "an event");
		writes[1 + 2 * i] = put(page->item, &conditions[0]);
		writes[2 + 2 * i] = put(&events[i], &conditions[1]);
	}
	return Q_OK;
}

/* All on condition that the job is as it was read. Q_CONFLICT: it is not, or page *stored of the
 * batch is in the store already (else *stored is past the last). */
static enum q_code commit(struct q_documents *d, const struct q_call *call,
			  const struct q__job *job, const struct q__page_batch *batch,
			  struct q_arena *arena, size_t *stored, struct q_err *err)
{
	struct q__page_totals totals = {job->view.processed_pages, job->view.failed_pages,
					job->event_count};
	struct q_write writes[1 + 2 * BATCH_MAX];
	enum q_code code = make_page_writes(d, &job->view, batch, &totals, arena, writes, err);
	struct q_change counts[] = {q__change_number("processedPages", totals.processed),
				    q__change_number("failedPages", totals.failed),
				    q__change_number("eventCount", totals.events),
				    q__change_add("version", 1)};
	struct q_condition as_read[] = {q__if_string("status", Q_STR("processing")),
					q__if_number("run", batch->range->run),
					q__if_number("eventCount", job->event_count)};
	size_t failed = 0;

	*stored = batch->count;
	if (code)
		return code;
	writes[0] = (struct q_write){.kind = Q_WRITE_UPDATE,
				     .key = q__job_key(arena, batch->range->file_id),
				     .changes = counts,
				     .change_count = Q_COUNT_OF(counts),
				     .conditions = as_read,
				     .condition_count = Q_COUNT_OF(as_read)};
	code = q_record_store_transact(d->o.records, call, writes, 1 + 2 * batch->count, &failed,
				       err);
	if (code == Q_CONFLICT && failed % 2 == 1)
		*stored = failed / 2;
	if (!code)
		q__live_note(d, batch->range->file_id);
	return code;
}

/* --- A batch ---------------------------------------------------------------------------------- */

/* The job, if the run still goes on; else Q_CONFLICT. */
static enum q_code read_job(struct q_documents *d, const struct q_call *call,
			    const struct q__work *range, struct q_arena *arena, struct q__job *job,
			    struct q_err *err)
{
	enum q_code code = q__job_read(d, call, range->file_id, arena, job, err);

	if (code == Q_NOTFOUND ||
	    (!code && (job->view.status != Q_JOB_PROCESSING || job->view.run != range->run)))
		return q_fail(err, Q_CONFLICT, "documents.page", "the job's run is over");
	return code;
}

/* It needs nothing more: one that another has stored in this run is as good. */
static void drop(struct q__page_batch *batch, size_t index)
{
	batch->pages[index]->code = Q_OK;
	batch->count--;
	memmove(&batch->pages[index], &batch->pages[index + 1],
		(batch->count - index) * sizeof(struct q__finished_page *));
}

static enum q_code commit_batch(struct q_documents *d, const struct q_call *call,
				struct q__page_batch *batch, struct q_arena *arena,
				struct q_err *err)
{
	for (unsigned attempt = 1; batch->count > 0; attempt++) {
		struct q__job job;
		size_t stored = batch->count;
		enum q_code code = read_job(d, call, batch->range, arena, &job, err);

		if (code)
			return code;
		code = commit(d, call, &job, batch, arena, &stored, err);
		if (code != Q_CONFLICT)
			return code;
		if (stored < batch->count)
			drop(batch, stored);
		else if (attempt < ATTEMPTS_MAX)
			q__pause(d,
				 attempt + 1); /* another process was first with the job's item */
		else
			return q_fail(err, Q_BUSY, "documents.page", "too many write the job");
	}
	return Q_OK;
}

/* --- Who leads ---------------------------------------------------------------------------------
 * All under the mutex. */

static bool is_led(const struct q__page_commits *commits, const struct q__work *range)
{
	for (const struct q__page_batch *batch = commits->leaders; batch; batch = batch->next)
		if (is_same_run(batch->range, range))
			return true;
	return false;
}

/* Pages of the run that wait, oldest first. */
static void fill_batch(struct q__page_commits *commits, struct q__page_batch *batch)
{
	struct q__finished_page **at = &commits->waiting;

	while (*at && batch->count < BATCH_MAX) {
		struct q__finished_page *page = *at;

		if (!is_same_run(page->range, batch->range)) {
			at = &page->next;
			continue;
		}
		*at = page->next;
		page->state = Q__FINISHED_TAKEN;
		batch->pages[batch->count++] = page;
	}
}

static void remove_leader(struct q__page_commits *commits, struct q__page_batch *batch)
{
	struct q__page_batch **at = &commits->leaders;

	while (*at != batch)
		at = &(*at)->next;
	*at = batch->next;
}

/* Lets the mutex go while it commits. */
static void lead(struct q_documents *d, const struct q_call *call, const struct q__work *range,
		 struct q_arena *arena)
{
	struct q__page_commits *commits = &d->commits;
	struct q__page_batch batch = {.range = range, .next = commits->leaders};
	struct q__finished_page *taken[BATCH_MAX];
	struct q_err err = {0};
	enum q_code code;
	size_t count;

	commits->leaders = &batch;
	fill_batch(commits, &batch);
	count = batch.count;
	memcpy(taken, batch.pages, count * sizeof(struct q__finished_page *));
	pthread_mutex_unlock(&commits->mutex);
	code = commit_batch(d, call, &batch, arena, &err);
	pthread_mutex_lock(&commits->mutex);
	for (size_t i = 0; i < batch.count; i++) {
		batch.pages[i]->code = code;
		batch.pages[i]->err = err;
	}
	for (size_t i = 0; i < count; i++)
		taken[i]->state = Q__FINISHED_SETTLED;
	remove_leader(commits, &batch);
	pthread_cond_broadcast(&commits->changed);
}

static void append(struct q__page_commits *commits, struct q__finished_page *page)
{
	struct q__finished_page **at = &commits->waiting;

	while (*at)
		at = &(*at)->next;
	*at = page;
}

enum q_code q__page_commit(struct q_documents *d, const struct q_call *call,
			   struct q__finished_page *page, struct q_arena *arena, struct q_err *err)
{
	struct q__page_commits *commits = &d->commits;

	pthread_mutex_lock(&commits->mutex);
	append(commits, page);
	while (page->state != Q__FINISHED_SETTLED) {
		if (page->state == Q__FINISHED_TAKEN || is_led(commits, page->range))
			pthread_cond_wait(&commits->changed, &commits->mutex);
		else
			lead(d, call, page->range, arena);
	}
	pthread_mutex_unlock(&commits->mutex);
	if (page->code)
		*err = page->err;
	return page->code;
}
