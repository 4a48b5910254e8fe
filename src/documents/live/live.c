/* The hub: topics are looked at when somebody here has written to their log, or every now and then;
 * a look reads the job once and gives each of its subscribers what it has not seen. */
#include "documents/jobs/job.h"
#include "documents/live/live_internal.h"

#include "base/mem.h"

#include <string.h>

enum { BATCHES_A_LOOK = 4, LOOK_ARENA = 16 << 20 };

static int64_t monotonic_ms(const struct q_live *live)
{
	return q_clock_monotonic_ms(live->d->o.clock);
}

enum q_code q_live_new(struct q_documents *d, struct q_live **out, struct q_err *err)
{
	struct q_live *live = q_mem_new(sizeof *live);

	if (!live)
		return q_fail(err, Q_NOMEM, "live.new", "%zu bytes", sizeof *live);
	live->d = d;
	pthread_mutex_init(&live->mutex, NULL);
	live->bell = q_bell_new();
	live->topics = q_map_new(SIZE_MAX);
	if (!live->bell || !live->topics) {
		q_live_free(live);
		return q_fail(err, Q_NOMEM, "live.new", "a bell and a map");
	}
	d->live = live;
	*out = live;
	return Q_OK;
}

static void free_all(struct q_live_subscription *list)
{
	while (list) {
		struct q_live_subscription *s = list;

		list = s->next;
		q__live_subscription_free(s);
	}
}

void q_live_free(struct q_live *live)
{
	if (!live)
		return;
	live->d->live = NULL;
	free_all(live->subscriptions);
	free_all(live->arrived);
	q_map_free(live->topics);
	q_bell_free(live->bell);
	pthread_mutex_destroy(&live->mutex);
	q_mem_free(live);
}

/* --- Looking at a topic ----------------------------------------------------------------------- */

/* What one look has read: subscribers that are equally far share it. */
struct look {
	struct q_live *live;
	const struct q_call *call;
	struct q_arena *arena; /* of the job */
	struct q_arena *batch; /* of the events */
	struct q__job job;
	struct q_job_events events; /* those after `after` */
	int64_t after;		    /* -1: none are read */
};

static enum q_code read_after(struct look *look, int64_t position, struct q_err *err)
{
	enum q_code code;

	if (look->after == position)
		return Q_OK;
	look->after = -1;
	q_arena_reset(look->batch);
	code = q__events_read(look->live->d, look->call, &look->job, position,
			      Q_DOCUMENTS_EVENTS_MAX, look->batch, &look->events, err);
	if (!code)
		look->after = position;
	return code;
}

static bool is_listening(const struct q_live_subscription *s)
{
	return !s->is_paused && !s->is_failed && !atomic_load(&s->is_cancelled);
}

/* Some batches, so that one that is far behind does not keep the others waiting. */
static enum q_code tell(struct look *look, struct q__live_entry *entry, struct q_err *err)
{
	struct q_live_subscription *s = entry->subscription;

	for (unsigned i = 0; i < BATCHES_A_LOOK; i++) {
		enum q_code code;

		if (!is_listening(s) || entry->position >= look->job.event_count)
			return Q_OK;
		code = read_after(look, entry->position, err);
		if (code)
			return code;
		if (s->subscriber.on_events(s->subscriber.context,
					    q_str_from(entry->topic->file_id), &look->events))
			entry->position = look->events.last_id;
		else
			s->is_paused = true;
	}
	if (is_listening(s) && entry->position < look->job.event_count)
		entry->topic->next_look_ms = 0;
	return Q_OK;
}

/* The job is not there, or not for this subscriber. */
static void lose(struct q__live_entry *entry, const struct q_err *why)
{
	struct q_live_subscription *s = entry->subscription;

	if (!atomic_load(&s->is_cancelled) && !s->is_of_tenant)
		s->subscriber.on_failed(s->subscriber.context, q_str_from(entry->topic->file_id),
					why);
	q__live_detach(entry);
}

/* A job that has ended may be tried again; a subscription to its tenant finds that out by
 * itself. */
static int64_t look_interval_ms(const struct look *look, const struct q__live_topic *topic)
{
	if (!q_job_status_is_final(look->job.view.status))
		return Q_LIVE_LOOK_MS;
	for (const struct q__live_entry *entry = topic->entries; entry; entry = entry->next)
		if (!entry->subscription->is_of_tenant)
			return Q__LIVE_ENDED_LOOK_MS;
	return Q__LIVE_FAR_MS;
}

static bool may_read(const struct look *look, const struct q_live_subscription *s)
{
	return q_policy_allows_tenant(&s->who, Q_ACTION_DOCUMENTS_READ, look->job.view.tenant_id);
}

/* Q_CORRUPT is of this job alone, and stays: its subscribers lose it. Other errors are the store's:
 * the topic is looked at again. */
static enum q_code tell_or_lose(struct look *look, struct q__live_entry *entry, struct q_err *err)
{
	struct q_err why;
	enum q_code code = Q_OK;

	if (may_read(look, entry->subscription))
		code = tell(look, entry, err);
	else
		code = q_fail(err, Q_NOTFOUND, "live.look", "there is no such document");
	if (code != Q_NOTFOUND && code != Q_CORRUPT)
		return code;
	why = *err;
	lose(entry, &why);
	return Q_OK;
}

static enum q_code look_at(struct look *look, struct q__live_topic *topic, struct q_err *err)
{
	struct q__live_entry *entry = topic->entries, *next;
	enum q_code code = q__job_read(look->live->d, look->call, q_str_from(topic->file_id),
				       look->arena, &look->job, err);
	bool is_lost = code == Q_NOTFOUND || code == Q_CORRUPT;

	if (code && !is_lost)
		return code;
	if (!is_lost)
		topic->next_look_ms = monotonic_ms(look->live) + look_interval_ms(look, topic);
	for (code = Q_OK; entry && !code; entry = next) { /* the last one lost ends the topic */
		next = entry->next;
		if (is_lost)
			lose(entry, err);
		else
			code = tell_or_lose(look, entry, err);
	}
	return code;
}

static enum q_code look_at_topics(struct look *look, struct q_err *err)
{
	struct q__live_topic *topic = look->live->topic_list, *next;
	int64_t now_ms = monotonic_ms(look->live);
	enum q_code code = Q_OK;

	for (; topic && !code; topic = next) {
		next = topic->next;
		if (topic->next_look_ms > now_ms)
			continue;
		look->after = -1;
		code = look_at(look, topic, err);
		q_arena_reset(look->arena);
	}
	return code;
}

static enum q_code look_at_all(struct q_live *live, const struct q_call *call, struct q_err *err)
{
	struct look look = {.live = live,
			    .call = call,
			    .arena = q_arena_new(LOOK_ARENA),
			    .batch = q_arena_new(LOOK_ARENA)};
	enum q_code code;

	if (look.arena && look.batch)
		code = look_at_topics(&look, err);
	else
		code = q_fail(err, Q_NOMEM, "live.look", "an arena");
	q_arena_free(look.arena);
	q_arena_free(look.batch);
	return code;
}

/* --- The step --------------------------------------------------------------------------------- */

static void fail_subscription(struct q_live_subscription *s, const struct q_err *why)
{
	s->is_failed = true;
	s->subscriber.on_failed(s->subscriber.context, (struct q_str){0}, why);
}

/* The topics that others have written to; after too many notes, all. */
static void take_notes(struct q_live *live)
{
	struct q__live_topic *topic;

	pthread_mutex_lock(&live->mutex);
	for (size_t i = 0; i < live->note_count; i++) {
		topic = q_map_find(live->topics, q_str_from(live->notes[i]));
		if (topic)
			topic->next_look_ms = 0;
		else
			live->has_new_jobs = true;
	}
	for (topic = live->topic_list; topic && live->has_lost_notes; topic = topic->next)
		topic->next_look_ms = 0;
	live->note_count = 0;
	live->has_lost_notes = false;
	pthread_mutex_unlock(&live->mutex);
}

static void take_arrived(struct q_live *live)
{
	struct q_live_subscription *s;
	struct q_err err;

	pthread_mutex_lock(&live->mutex);
	s = live->arrived;
	live->arrived = NULL;
	pthread_mutex_unlock(&live->mutex);
	while (s) {
		struct q_live_subscription *next = s->next;
		enum q_code code = Q_OK;

		for (size_t i = 0; i < s->first_count && !code; i++)
			code = q__live_add_entry(s, q_str_from(s->first[i].file_id),
						 s->first[i].after, &err);
		s->next = live->subscriptions;
		live->subscriptions = s;
		if (code)
			fail_subscription(s, &err);
		s = next;
	}
}

static void drop_cancelled(struct q_live *live)
{
	struct q_live_subscription **at = &live->subscriptions;

	while (*at) {
		struct q_live_subscription *s = *at;

		if (!atomic_load(&s->is_cancelled)) {
			at = &s->next;
			continue;
		}
		*at = s->next;
		q__live_subscription_free(s);
	}
}

static void wake_resumed(struct q_live_subscription *s)
{
	if (!atomic_exchange(&s->is_resumed, false))
		return;
	s->is_paused = false;
	for (struct q__live_entry *entry = s->entries; entry; entry = entry->next_of_subscription)
		if (entry->topic)
			entry->topic->next_look_ms = 0;
}

static enum q_code scan_when_due(struct q_live_subscription *s, const struct q_call *call,
				 struct q_err *err)
{
	int64_t now_ms = monotonic_ms(s->live);
	enum q_code code;

	if (!s->is_of_tenant || !is_listening(s) ||
	    (s->next_scan_ms > now_ms && !s->live->has_new_jobs))
		return Q_OK;
	code = q__live_scan(s, call, err);
	if (code == Q_TOOBIG || code == Q_NOMEM) {
		fail_subscription(s, err);
		return Q_OK;
	}
	s->next_scan_ms = now_ms + Q_LIVE_LOOK_MS;
	return code;
}

/* Nothing may be told before. */
static int64_t wait_ms_of(const struct q_live *live, int64_t most)
{
	int64_t now_ms = monotonic_ms(live), until_ms = now_ms + most;

	for (const struct q__live_topic *topic = live->topic_list; topic; topic = topic->next)
		if (topic->next_look_ms < until_ms)
			until_ms = topic->next_look_ms;
	for (const struct q_live_subscription *s = live->subscriptions; s; s = s->next)
		if (s->is_of_tenant && is_listening(s) && s->next_scan_ms < until_ms)
			until_ms = s->next_scan_ms;
	return until_ms > now_ms ? until_ms - now_ms : 0;
}

enum q_code q_live_step(struct q_live *live, const struct q_call *call, int64_t wait_ms,
			struct q_err *err)
{
	enum q_code code = Q_OK;

	q_bell_wait(live->bell, live->rung, wait_ms_of(live, wait_ms));
	live->rung = q_bell_count(live->bell);
	take_arrived(live);
	drop_cancelled(live);
	take_notes(live);
	for (struct q_live_subscription *s = live->subscriptions; s && !code; s = s->next) {
		wake_resumed(s);
		code = scan_when_due(s, call, err);
	}
	live->has_new_jobs = false;
	return code ? code : look_at_all(live, call, err);
}
