/* Leases: claiming work that is ready, keeping what is held, giving it back. */
#include "documents/items.h"
#include "documents/work/work.h"
#include "documents/work/worker_internal.h"

enum {
	READY_LOOK = 50,
	TENANTS_LOOK = Q_RECORD_QUERY_MAX,
	LEASE_REACH_MS = 10 * 60 * 1000 /* no lease or delay ends later than that from now */
};

/* --- Claiming --------------------------------------------------------------------------------- */

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

void q__worker_leave(struct q_worker *worker, struct q__held *held, bool is_over)
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
			q__worker_leave(worker, reserved, true);
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

bool q__worker_is_hungry(struct q_worker *worker, struct q_str tenant_id)
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

enum q_code q__worker_claim(struct q_worker *worker, const struct q_call *call,
			    struct q_arena *arena, struct q__held **held, struct q_err *err)
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

		if (!q__worker_is_hungry(worker, tenant_id)) {
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

/* --- Keeping and releasing -------------------------------------------------------------------- */

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

static enum q_code release(struct q_worker *worker, const struct q_call *call, struct q__work *work,
			   struct q_arena *arena, bool *is_over, struct q_err *err)
{
	*is_over = true;
	return q__work_release(worker->d, call, work, q__now(worker->d), arena, err);
}

/* A lease that is no longer ours is over, and so is that of a run which somebody has ended. */
static enum q_code renew(struct q_worker *worker, const struct q_call *call, struct q__work *work,
			 struct q_arena *arena, bool *is_over, struct q_err *err)
{
	enum q_code code = q__work_renew(worker->d, call, work, arena, err);

	*is_over = code == Q_CONFLICT;
	if (!code && work->range > 0)
		code = q__range_is_over(worker->d, call, work, arena, is_over, err);
	return code;
}

/* Does this with the lease of all that is held; what is over goes off the schedule. */
static enum q_code for_each_lease(struct q_worker *worker, const struct q_call *call,
				  enum q_code (*action)(struct q_worker *, const struct q_call *,
							struct q__work *, struct q_arena *,
							bool *is_over, struct q_err *),
				  struct q_err *err)
{
	struct q_arena *arena = q_arena_new(Q__STEP_ARENA);
	struct borrowed *borrowed;
	size_t count;
	enum q_code result = Q_OK;

	if (!arena)
		return q_fail(err, Q_NOMEM, "worker.lease", "an arena");
	count = borrow_all(worker, arena, &borrowed);
	for (size_t i = 0; i < count; i++) {
		bool is_over = false;
		struct q_err failure;
		enum q_code code =
			action(worker, call, &borrowed[i].work, arena, &is_over, &failure);

		if (code && code != Q_CONFLICT) {
			*err = failure;
			result = code;
		}
		q__worker_leave(worker, borrowed[i].held, is_over);
	}
	q_arena_free(arena);
	return result;
}

enum q_code q_worker_keep(struct q_worker *worker, const struct q_call *call, struct q_err *err)
{
	return for_each_lease(worker, call, renew, err);
}

enum q_code q_worker_release(struct q_worker *worker, const struct q_call *call, struct q_err *err)
{
	return for_each_lease(worker, call, release, err);
}
