/* The worker role. Feeding turns claimable work of the record store into open pages of the
 * schedule; paging works them off. Claims are in worker_claim.c.
 *
 *     READY items --claim--> plan: count pages, write ranges
 *                        \-> range: extract text --> open pages --turns--> analyse, store, count
 */
#include "documents/jobs/job.h"
#include "documents/work/page.h"
#include "documents/work/work.h"
#include "documents/work/worker_internal.h"

#include "base/mem.h"

#include <string.h>

enum { BACKOFF_BASE_MS = 500, BACKOFF_MAX_MS = 30000, BACKOFF_ADVISED_MAX_MS = 5 * 60 * 1000 };

enum q_code q_worker_new(struct q_documents *d, struct q_worker **out, struct q_err *err)
{
	struct q_worker *worker = q_mem_new(sizeof *worker);

	if (!worker)
		return q_fail(err, Q_NOMEM, "worker.new", "%zu bytes", sizeof *worker);
	worker->d = d;
	worker->feed_bell = q_bell_new();
	worker->page_bell = q_bell_new();
	pthread_mutex_init(&worker->lock, NULL);
	atomic_init(&worker->is_first_look, true);
	q__listener_init(&worker->listener);
	if (!worker->feed_bell || !worker->page_bell) {
		q_worker_free(worker);
		return q_fail(err, Q_NOMEM, "worker.new", "bells");
	}
	*out = worker;
	return Q_OK;
}

void q_worker_free(struct q_worker *worker)
{
	if (!worker)
		return;
	q__schedule_clear(&worker->schedule);
	q__listener_free(&worker->listener);
	q_bell_free(worker->feed_bell);
	q_bell_free(worker->page_bell);
	pthread_mutex_destroy(&worker->lock);
	q_mem_free(worker);
}

struct q_bell *q_worker_feed_bell(struct q_worker *worker)
{
	return worker->feed_bell;
}

struct q_bell *q_worker_page_bell(struct q_worker *worker)
{
	return worker->page_bell;
}

/* --- Feeding ---------------------------------------------------------------------------------- */

static int64_t backoff_ms(struct q_documents *d, int64_t attempts, int64_t advised_ms)
{
	int64_t most = BACKOFF_BASE_MS;

	for (int64_t i = 1; i < attempts && most < BACKOFF_MAX_MS; i++)
		most *= 2;
	if (most > BACKOFF_MAX_MS)
		most = BACKOFF_MAX_MS;
	if (advised_ms > most)
		return advised_ms < BACKOFF_ADVISED_MAX_MS ? advised_ms : BACKOFF_ADVISED_MAX_MS;
	return (int64_t)q_random_source_below(d->o.random, (uint64_t)most) + 1; /* full jitter */
}

/* What is missing of a range that has been claimed too often fails: something about it ends its
 * workers. */
static enum q_code give_up(struct q_documents *d, const struct q_call *call,
			   const struct q__work *range, const bool *done, struct q_arena *arena,
			   struct q_err *err)
{
	for (unsigned page = range->first; page <= range->last; page++) {
		enum q_code code;

		if (done[page - range->first])
			continue;
		code = q__page_store_failed(
			d, call, range, page, range->epoch, Q_STR("worker_lost"),
			Q_STR("every worker that took up this page was lost"), arena, err);
		if (code)
			return code;
	}
	return q__work_finish(d, call, range, arena, err);
}

static void open_pages(struct q_worker *worker, struct q__held *held, const struct q__work *range,
		       const struct q__page_place *places, const bool *done)
{
	pthread_mutex_lock(&worker->lock);
	held->work = *range;
	held->places = places;
	for (unsigned page = held->work.first; page <= held->work.last; page++)
		q__held_slot(held, page)->state =
			done[page - held->work.first] ? Q__SLOT_DONE : Q__SLOT_OPEN;
	pthread_mutex_unlock(&worker->lock);
	q_bell_ring(worker->page_bell);
}

/* Extracts the range, where no earlier claim did, and opens its pages. */
static enum q_code extract_and_open(struct q_worker *worker, const struct q_call *call,
				    struct q__held *held, struct q__work *range, const bool *done,
				    struct q_err *err)
{
	struct q_documents *d = worker->d;
	struct q__page_place *places = NULL;
	int64_t started = q_clock_monotonic_ms(d->o.clock);
	enum q_code code = Q_OK;

	if (range->text_key.length == 0) {
		code = q__range_extract(d, call, range, held->arena, err);
		q_series_observe(d->extract_seconds,
				 (double)(q_clock_monotonic_ms(d->o.clock) - started) / 1000.0);
	}
	if (!code)
		code = q__range_places(range, held->arena, &places, err);
	if (!code)
		open_pages(worker, held, range, places, done);
	return code;
}

/* A claimed range becomes open pages. *is_over: there is nothing left to hold it for. */
static enum q_code feed_range(struct q_worker *worker, const struct q_call *call,
			      struct q__held *held, struct q__work *range, struct q_arena *arena,
			      bool *is_over, struct q_err *err)
{
	struct q_documents *d = worker->d;
	bool done[Q_DOCUMENTS_RANGE_PAGES] = {false};
	enum q_code code = q__range_is_over(d, call, range, arena, is_over, err);

	if (code)
		return code;
	if (*is_over)
		return q__work_finish(d, call, range, arena, err);
	if (range->epoch > 1 || range->run > 1)
		code = q__pages_done(d, call, range, arena, done, err);
	if (code)
		return code;
	*is_over = range->epoch > Q__CLAIMS_MAX ||
		   !memchr(done, false, range->last - range->first + 1);
	if (*is_over)
		return give_up(d, call, range, done, arena, err);
	return extract_and_open(worker, call, held, range, done, err);
}

/* The work could not be done now: it is claimable again after a while. Where even this fails, the
 * lease runs out by itself. */
static void give_back(struct q_documents *d, const struct q_call *call, const struct q__work *work,
		      const struct q_err *cause, struct q_arena *arena)
{
	int64_t delay_ms = backoff_ms(d, work->epoch, cause->retry_after_ms);
	struct q_err err;

	if (q__work_release(d, call, work, q__now(d) + delay_ms, arena, &err) &&
	    err.code != Q_CONFLICT)
		q_log_error(d->o.log, Q_LOG_WARN, "worker.release_failed", call->request_id, &err);
}

/* Something is not there. If it went with its document, the work has: Q_CONFLICT. */
static enum q_code check_deleted(struct q_documents *d, const struct q_call *call,
				 const struct q__work *work, struct q_arena *arena,
				 struct q_err *err)
{
	struct q__job job;
	struct q_err reading;
	enum q_code code = q__job_read(d, call, work->file_id, arena, &job, &reading);

	if (code == Q_OK)
		return Q_NOTFOUND;
	*err = reading;
	return code == Q_NOTFOUND ? Q_CONFLICT : code;
}

enum q_code q_worker_feed(struct q_worker *worker, const struct q_call *call, bool *did_work,
			  struct q_err *err)
{
	struct q_documents *d = worker->d;
	struct q_arena *arena = q_arena_new(Q__STEP_ARENA);
	struct q__held *held = NULL;
	struct q__work work;
	bool is_over = true;
	enum q_code code;

	*did_work = false;
	if (!arena)
		return q_fail(err, Q_NOMEM, "worker.feed", "an arena");
	code = q__worker_claim(worker, call, arena, &held, err);
	if (code || !held)
		goto done;
	*did_work = true;
	work = held->work;
	if (work.range == 0)
		code = q__plan(d, call, &work, arena, err);
	else
		code = feed_range(worker, call, held, &work, arena, &is_over, err);
	if (code == Q_NOTFOUND)
		code = check_deleted(d, call, &work, arena, err);
	if (code && code != Q_CONFLICT)
		give_back(d, call, &work, err, arena);
	q__worker_leave(worker, held, is_over || code);
	q_bell_ring(worker->feed_bell);
	if (code == Q_CONFLICT)
		code = Q_OK; /* another has gone on with it */
done:
	q_arena_free(arena);
	return code;
}

/* --- Paging ----------------------------------------------------------------------------------- */

/* What became of a page's work, into its slot. True when the whole range is finished. */
static bool settle(struct q_worker *worker, struct q__held *held, unsigned page, enum q_code code,
		   const struct q_err *err)
{
	struct q__slot *slot = q__held_slot(held, page);
	bool is_finished;

	pthread_mutex_lock(&worker->lock);
	if (code == Q_OK) {
		slot->state = Q__SLOT_DONE;
	} else {
		slot->state = Q__SLOT_OPEN;
		slot->retry_at_ms = q_clock_monotonic_ms(worker->d->o.clock) +
				    backoff_ms(worker->d, slot->attempts, err->retry_after_ms);
		held->is_lost |= code == Q_CONFLICT;
	}
	is_finished = !held->is_lost && q__held_is_done(held);
	pthread_mutex_unlock(&worker->lock);
	return is_finished;
}

/* The next page by turn, unless as many are analysed as may be at once. A copy of its range in
 * *range. */
static struct q__held *take_page(struct q_worker *worker, struct q__work *range, unsigned *page,
				 int64_t *attempt)
{
	struct q__held *held = NULL;
	int64_t now_ms = q_clock_monotonic_ms(worker->d->o.clock);

	pthread_mutex_lock(&worker->lock);
	if (worker->analysing < worker->d->o.workers)
		held = q__schedule_next(&worker->schedule, now_ms, page);
	if (held) {
		worker->analysing++;
		*attempt = q__held_slot(held, *page)->attempts;
		*range = held->work;
	}
	pthread_mutex_unlock(&worker->lock);
	return held;
}

/* The page is analysed: the next one may start while this one is stored. */
static void end_analysis(struct q_worker *worker)
{
	pthread_mutex_lock(&worker->lock);
	worker->analysing--;
	pthread_mutex_unlock(&worker->lock);
	q_bell_ring(worker->page_bell);
}

/* The analysis stops when its range is lost, for whatever reason: nobody waits for it any more. */
static enum q_code analyse(struct q_worker *worker, const struct q_call *call,
			   const struct q__held *held, const struct q__work *range, unsigned page,
			   struct q_arena *arena, struct q_page_analysis *out, struct q_err *err)
{
	struct q_call within = *call;
	enum q_code code;

	within.outer = call;
	within.is_cancelled = &held->is_lost;
	code = q__page_analyse(worker->d, &within, range, &held->places[page - range->first], page,
			       arena, out, err);
	if (code == Q_CANCELLED && atomic_load(&held->is_lost))
		return q_fail(err, Q_CONFLICT, "worker.page", "the range is ours no more");
	return code;
}

static enum q_code analyse_and_store(struct q_worker *worker, const struct q_call *call,
				     const struct q__held *held, const struct q__work *range,
				     unsigned page, int64_t attempt, struct q_arena *arena,
				     struct q_err *err)
{
	struct q_page_analysis analysis = {0};
	enum q_code code;

	if (arena)
		code = analyse(worker, call, held, range, page, arena, &analysis, err);
	else
		code = q_fail(err, Q_NOMEM, "worker.page", "an arena");
	end_analysis(worker);
	if (!arena)
		return code;
	return q__page_store(worker->d, call, range, &held->places[page - range->first], page,
			     attempt, attempt >= Q__PAGE_ATTEMPTS_MAX, code, &analysis, arena, err);
}

enum q_code q_worker_page(struct q_worker *worker, const struct q_call *call, bool *did_work,
			  struct q_err *err)
{
	struct q_arena *arena;
	struct q__work range;
	unsigned page;
	int64_t attempt;
	struct q__held *held = take_page(worker, &range, &page, &attempt);
	enum q_code code;

	*did_work = held != NULL;
	if (!held)
		return Q_OK;
	arena = q_arena_new(Q__STEP_ARENA);
	code = analyse_and_store(worker, call, held, &range, page, attempt, arena, err);
	if (settle(worker, held, page, code, err))
		code = q__work_finish(worker->d, call, &range, arena, err);
	if (code == Q_CONFLICT)
		code = Q_OK; /* the run is over, or another finished the range */
	if (q__worker_is_hungry(worker, range.tenant_id))
		q_bell_ring(worker->feed_bell);
	q__worker_leave(worker, held, false);
	q_arena_free(arena);
	return code;
}

/* --- Listening -------------------------------------------------------------------------------- */

enum q_code q_worker_listen(struct q_worker *worker, const struct q_call *call, int64_t wait_ms,
			    struct q_err *err)
{
	bool rang;
	enum q_code code =
		q__listener_wait(&worker->listener, worker->d, call, wait_ms, &rang, err);

	if (rang)
		q_bell_ring(worker->feed_bell);
	return code;
}
