/* The worker role. Feeding turns claimable work of the record store into open pages of the
 * schedule; paging works them off. The lock guards the schedule alone and is never held across a
 * call of a port.
 *
 *     READY items --claim--> plan: count pages, write ranges
 *                        \-> range: extract text --> open pages --turns--> analyse, store, count
 */
#include "documents/listener.h"
#include "documents/schedule.h"

#include "base/mem.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

enum {
	READY_LOOK = 50,
	TENANTS_LOOK = Q_RECORD_QUERY_MAX,
	BACKOFF_BASE_MS = 500,
	BACKOFF_MAX_MS = 30000,
	BACKOFF_ADVISED_MAX_MS = 5 * 60 * 1000,
	LEASE_REACH_MS = 10 * 60 * 1000 /* no lease or delay ends later than that from now */
};

struct q_worker {
	struct q_documents *d;
	pthread_mutex_t lock; /* guards schedule, analysing and tenant_turn */
	struct q__schedule schedule;
	unsigned analysing;	   /* pages, at most o.workers */
	size_t tenant_turn;	   /* feeding: with which tenant the next look begins */
	atomic_bool is_first_look; /* looks at all work, also what is leased: an earlier life of
				      this owner may have left it, or the clock was set back */
	atomic_llong latest_ms;	   /* wall time of the latest look */
	struct q_bell *feed_bell, *page_bell;
	struct q__listener listener; /* the listening thread's own */
};

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

/* --- Claiming ----------------------------------------------------------------------------------
 */

/* Reserves the work in the schedule, so that two threads of this process never both claim it. */
static struct q__held *reserve(struct q_worker *worker, const struct q__work *work)
{
	struct q__held *held;

	pthread_mutex_lock(&worker->lock);
	held = q__schedule_add(&worker->schedule, work);
	pthread_mutex_unlock(&worker->lock);
	return held;
}

static struct q__held *confirm(struct q_worker *worker, struct q__held *held,
			       const struct q__work *claimed)
{
	pthread_mutex_lock(&worker->lock);
	held->work.epoch = claimed->epoch;
	held->is_claimed = true;
	pthread_mutex_unlock(&worker->lock);
	return held;
}

/* A user leaves; the last one of a range that is done or lost takes it off the schedule. */
static void leave(struct q_worker *worker, struct q__held *held, bool is_over)
{
	pthread_mutex_lock(&worker->lock);
	held->is_lost |= is_over;
	if (--held->users == 0 && (held->is_lost || q__held_is_done(held)))
		q__schedule_remove(&worker->schedule, held);
	pthread_mutex_unlock(&worker->lock);
}

/* A lease beyond reach was taken before the clock was set back. */
static bool is_claimable(const struct q_documents *d, const struct q__work *work)
{
	int64_t now = q__now(d);

	return !work->is_done &&
	       (work->lease_until_ms <= now || work->lease_until_ms > now + LEASE_REACH_MS ||
		q_str_equal(work->owner, d->o.owner));
}

/* Work queued by a clock that ran ahead would stand in the future. */
static void look_again_after_clock_jump(struct q_worker *worker)
{
	int64_t now = q__now(worker->d);

	if (now < atomic_exchange(&worker->latest_ms, now))
		atomic_store(&worker->is_first_look, true);
}

/* Claims one piece of a tenant's work; *held stays NULL where there is none. */
static enum q_code claim_of_tenant(struct q_worker *worker, const struct q_call *call,
				   struct q_str tenant_id, bool is_urgent, struct q_arena *arena,
				   struct q__held **held, bool *has_work, struct q_err *err)
{
	struct q_documents *d = worker->d;
	struct q_record_key now =
		q__ready_key(arena, tenant_id, is_urgent, q__now(d) + 1, (struct q_str){0});
	struct q_query query = {.index = 1, .pk = now.pk, .limit = READY_LOOK};
	struct q_query_page ready;
	enum q_code code;

	if (atomic_load(&worker->is_first_look))
		query.sk_prefix = q_str_slice(now.sk, 0, 2);
	else {
		query.sk_from = q_str_slice(now.sk, 0, 2);
		query.sk_to = now.sk;
	}
	code = q_record_store_query(d->o.records, call, &query, arena, &ready, err);
	if (code)
		return code;
	*has_work |= ready.count > 0;
	for (size_t i = 0; i < ready.count && !*held; i++) {
		struct q__work work;
		struct q__held *reserved;

		if (q__work_parse(&ready.items[i], &work, err)) {
			/* It keeps no other from its turn; the sweeper ends its job. */
			q_log_error(d->o.log, Q_LOG_ERROR, "worker.corrupt", call->request_id, err);
			continue;
		}
		if (!is_claimable(d, &work))
			continue;
		reserved = reserve(worker, &work);
		if (!reserved)
			continue;
		code = q__work_claim(d, call, &work, arena, err);
		if (code)
			leave(worker, reserved, true);
		else
			*held = confirm(worker, reserved, &work);
		if (code && code != Q_CONFLICT && code != Q_BUSY)
			return code;
	}
	return Q_OK;
}

/* The tenant has nothing ready: its mark goes, unless work was added since the mark was read. */
static enum q_code drop_mark(struct q_documents *d, const struct q_call *call,
			     const struct q_item *mark, struct q_arena *arena, struct q_err *err)
{
	struct q_query any = {
		.index = 1,
		.pk = q_arena_format(arena, "READY#%.*s",
				     Q_STR_ARG(q_item_string(mark, "tenantId", (struct q_str){0}))),
		.limit = 1};
	struct q_condition same = q__if_number("version", q_item_number(mark, "version", 0));
	struct q_write write = {.kind = Q_WRITE_DELETE,
				.key = mark->key,
				.conditions = &same,
				.condition_count = 1};
	struct q_query_page left;
	enum q_code code = q_record_store_query(d->o.records, call, &any, arena, &left, err);

	if (code || left.count > 0)
		return code;
	code = q_record_store_write(d->o.records, call, &write, NULL, NULL, err);
	return code == Q_CONFLICT ? Q_OK : code;
}

/* A tenant is fed while it has fewer open pages than could start at once. */
static bool is_hungry(struct q_worker *worker, struct q_str tenant_id)
{
	bool hungry;

	pthread_mutex_lock(&worker->lock);
	hungry = worker->schedule.count < Q__HELD_MAX &&
		 q__schedule_open_pages(&worker->schedule, tenant_id) < worker->d->o.workers;
	pthread_mutex_unlock(&worker->lock);
	return hungry;
}

static size_t next_turn(struct q_worker *worker)
{
	size_t turn;

	pthread_mutex_lock(&worker->lock);
	turn = worker->tenant_turn++;
	pthread_mutex_unlock(&worker->lock);
	return turn;
}

/* Goes round the tenants that have ready work, from a new one each time, until one piece is
 * claimed. */
static enum q_code claim(struct q_worker *worker, const struct q_call *call, struct q_arena *arena,
			 struct q__held **held, struct q_err *err)
{
	struct q_documents *d = worker->d;
	struct q_query query = {.pk = Q_STR("READY"), .limit = TENANTS_LOOK};
	struct q_query_page marks;
	bool saw_all = true;
	size_t turn;
	enum q_code code;

	*held = NULL;
	look_again_after_clock_jump(worker);
	code = q_record_store_query(d->o.records, call, &query, arena, &marks, err);
	if (code || marks.count == 0)
		return code;
	turn = next_turn(worker);
	for (size_t i = 0; i < marks.count && !*held; i++) {
		const struct q_item *mark = &marks.items[(turn + i) % marks.count];
		struct q_str tenant_id = q_item_string(mark, "tenantId", (struct q_str){0});
		bool has_work = false;

		if (!is_hungry(worker, tenant_id)) {
			saw_all = false;
			continue;
		}
		code = claim_of_tenant(worker, call, tenant_id, true, arena, held, &has_work, err);
		if (!code && !*held)
			code = claim_of_tenant(worker, call, tenant_id, false, arena, held,
					       &has_work, err);
		if (!code && !has_work)
			code = drop_mark(d, call, mark, arena, err);
		if (code)
			return code;
	}
	if (!*held && saw_all)
		atomic_store(&worker->is_first_look, false);
	return Q_OK;
}

/* --- Feeding -----------------------------------------------------------------------------------
 */

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

/* Has the range's job no more use for it? */
static enum q_code check_job(struct q_documents *d, const struct q_call *call,
			     const struct q__work *range, struct q_arena *arena, bool *is_over,
			     struct q_err *err)
{
	struct q__job job;
	enum q_code code = q__job_read(d, call, range->file_id, arena, &job, err);

	if (code && code != Q_NOTFOUND)
		return code;
	*is_over = code == Q_NOTFOUND || job.view.run != range->run ||
		   job.view.status != Q_JOB_PROCESSING;
	return Q_OK;
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
	enum q_code code = check_job(d, call, range, arena, is_over, err);

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
	code = claim(worker, call, arena, &held, err);
	if (code || !held)
		goto done;
	*did_work = true;
	work = held->work;
	if (work.range == 0)
		code = q__plan(d, call, &work, arena, err);
	else
		code = feed_range(worker, call, held, &work, arena, &is_over, err);
	if (code && code != Q_CONFLICT)
		give_back(d, call, &work, err, arena);
	leave(worker, held, is_over || code);
	q_bell_ring(worker->feed_bell);
	if (code == Q_CONFLICT)
		code = Q_OK; /* another has gone on with it */
done:
	q_arena_free(arena);
	return code;
}

/* --- Paging ------------------------------------------------------------------------------------
 */

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

static enum q_code analyse_and_store(struct q_worker *worker, const struct q_call *call,
				     const struct q__work *range, const struct q__page_place *place,
				     unsigned page, int64_t attempt, struct q_arena *arena,
				     struct q_err *err)
{
	struct q_page_analysis analysis = {0};
	enum q_code code;

	if (arena)
		code = q__page_analyse(worker->d, call, range, place, page, arena, &analysis, err);
	else
		code = q_fail(err, Q_NOMEM, "worker.page", "an arena");
	end_analysis(worker);
	if (!arena)
		return code;
	return q__page_store(worker->d, call, range, place, page, attempt,
			     attempt >= Q__PAGE_ATTEMPTS_MAX, code, &analysis, arena, err);
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
	code = analyse_and_store(worker, call, &range, &held->places[page - range.first], page,
				 attempt, arena, err);
	if (settle(worker, held, page, code, err))
		code = q__work_finish(worker->d, call, &range, arena, err);
	if (code == Q_CONFLICT)
		code = Q_OK; /* the run is over, or another finished the range */
	if (is_hungry(worker, range.tenant_id))
		q_bell_ring(worker->feed_bell);
	leave(worker, held, false);
	q_arena_free(arena);
	return code;
}

/* --- Keeping, listening, releasing -------------------------------------------------------------
 */

struct borrowed {
	struct q__held *held;
	struct q__work work; /* as it was when it was borrowed */
};

/* The claimed ranges, each counted as used, in an array of the arena. */
static size_t borrow_all(struct q_worker *worker, struct q_arena *arena, struct borrowed **out)
{
	size_t count = 0;

	*out = q_arena_alloc_array(arena, Q__HELD_MAX, sizeof **out);
	if (!*out)
		return 0;
	pthread_mutex_lock(&worker->lock);
	for (struct q__held *held = worker->schedule.first; held; held = held->next) {
		if (held->is_lost || !held->is_claimed)
			continue;
		held->users++;
		(*out)[count++] = (struct borrowed){held, held->work};
	}
	pthread_mutex_unlock(&worker->lock);
	return count;
}

/* Renews the lease of all that is held, or gives it back. A lease that is no longer ours takes its
 * range off the schedule. */
static enum q_code for_each_lease(struct q_worker *worker, const struct q_call *call,
				  bool is_release, struct q_err *err)
{
	struct q_arena *arena = q_arena_new(Q__STEP_ARENA);
	struct borrowed *borrowed;
	size_t count;
	enum q_code result = Q_OK;

	if (!arena)
		return q_fail(err, Q_NOMEM, "worker.lease", "an arena");
	count = borrow_all(worker, arena, &borrowed);
	for (size_t i = 0; i < count; i++) {
		struct q__work *work = &borrowed[i].work;
		struct q_err failure;
		enum q_code code = is_release
					   ? q__work_release(worker->d, call, work,
							     q__now(worker->d), arena, &failure)
					   : q__work_renew(worker->d, call, work, arena, &failure);

		if (code && code != Q_CONFLICT) {
			*err = failure;
			result = code;
		}
		leave(worker, borrowed[i].held, is_release || code == Q_CONFLICT);
	}
	q_arena_free(arena);
	return result;
}

enum q_code q_worker_keep(struct q_worker *worker, const struct q_call *call, struct q_err *err)
{
	return for_each_lease(worker, call, false, err);
}

enum q_code q_worker_release(struct q_worker *worker, const struct q_call *call, struct q_err *err)
{
	return for_each_lease(worker, call, true, err);
}

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
