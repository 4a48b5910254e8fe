/* What others tell the hub, from any thread: notes of jobs whose log has grown, and subscriptions
 * that come, have room again, or go. The step finds it under the mutex, or as a flag. */
#include "documents/jobs/job.h"
#include "documents/live/live_internal.h"

#include "base/mem.h"

#include <stdio.h>

void q__live_note(struct q_documents *d, struct q_str file_id)
{
	struct q_live *live = d->live;

	if (!live || atomic_load(&live->subscription_count) == 0)
		return;
	q_assert(file_id.length < Q_UUID_TEXT_SIZE);
	pthread_mutex_lock(&live->mutex);
	if (live->note_count < Q__LIVE_NOTES_MAX)
		snprintf(live->notes[live->note_count++], Q_UUID_TEXT_SIZE, "%.*s",
			 Q_STR_ARG(file_id));
	else
		live->has_lost_notes = true;
	pthread_mutex_unlock(&live->mutex);
	q_bell_ring(live->bell);
}

static enum q_code count_in(struct q_live *live, struct q_err *err)
{
	if (atomic_fetch_add(&live->subscription_count, 1) < Q_LIVE_SUBSCRIPTIONS_MAX)
		return Q_OK;
	atomic_fetch_sub(&live->subscription_count, 1);
	return q_fail(err, Q_BUSY, "live.subscribe",
		      "this process has as many subscribers as it takes: try again later");
}

static enum q_code copy_positions(struct q_live_subscription *s,
				  const struct q_live_position *positions, size_t count,
				  struct q_err *err)
{
	for (size_t i = 0; i < count; i++)
		if (!q_uuid_is_valid(positions[i].file_id))
			return q_fail(err, Q_NOTFOUND, "live.subscribe",
				      "there is no such document");
	if (count > 0)
		s->first = q_mem_new_array(count, sizeof *s->first);
	if (count > 0 && !s->first)
		return q_fail(err, Q_NOMEM, "live.subscribe", "%zu positions", count);
	for (size_t i = 0; i < count; i++) {
		snprintf(s->first[i].file_id, sizeof s->first[i].file_id, "%.*s",
			 Q_STR_ARG(positions[i].file_id));
		s->first[i].after = positions[i].after;
	}
	s->first_count = count;
	return Q_OK;
}

static enum q_code subscription_new(struct q_live *live, const struct q_identity *who,
				    const struct q_live_position *positions, size_t count,
				    const struct q_live_subscriber *subscriber,
				    struct q_live_subscription **out, struct q_err *err)
{
	struct q_live_subscription *s = q_mem_new(sizeof *s);
	enum q_code code;

	if (!s)
		return q_fail(err, Q_NOMEM, "live.subscribe", "%zu bytes", sizeof *s);
	s->live = live;
	s->subscriber = *subscriber;
	s->who = *who;
	snprintf(s->tenant_id, sizeof s->tenant_id, "%.*s", Q_STR_ARG(who->tenant_id));
	s->who.tenant_id = q_str_from(s->tenant_id);
	s->who.subject = (struct q_str){0}; /* reading does not ask for it */
	code = copy_positions(s, positions, count, err);
	if (!code)
		code = count_in(live, err);
	if (code) {
		q_mem_free(s->first);
		q_mem_free(s);
		return code;
	}
	*out = s;
	return Q_OK;
}

static void arrive(struct q_live_subscription *s)
{
	struct q_live *live = s->live;

	pthread_mutex_lock(&live->mutex);
	s->next = live->arrived;
	live->arrived = s;
	pthread_mutex_unlock(&live->mutex);
	q_bell_ring(live->bell);
}

enum q_code q_live_subscribe(struct q_live *live, const struct q_identity *who,
			     struct q_str file_id, int64_t after,
			     const struct q_live_subscriber *subscriber,
			     struct q_live_subscription **out, struct q_err *err)
{
	const struct q_live_position position = {file_id, after};
	enum q_code code = subscription_new(live, who, &position, 1, subscriber, out, err);

	if (!code)
		arrive(*out);
	return code;
}

enum q_code q_live_subscribe_all(struct q_live *live, const struct q_identity *who,
				 int64_t since_ms, const struct q_live_position *positions,
				 size_t count, const struct q_live_subscriber *subscriber,
				 struct q_live_subscription **out, struct q_err *err)
{
	enum q_code code = subscription_new(live, who, positions, count, subscriber, out, err);

	if (code)
		return code;
	(*out)->is_of_tenant = true;
	(*out)->since_ms = since_ms;
	arrive(*out);
	return Q_OK;
}

void q_live_resume(struct q_live_subscription *s)
{
	atomic_store(&s->is_resumed, true);
	q_bell_ring(s->live->bell);
}

void q_live_cancel(struct q_live_subscription *s)
{
	struct q_bell *bell = s->live->bell; /* a step may free `s` as soon as the flag is set */

	atomic_store(&s->is_cancelled, true);
	q_bell_ring(bell);
}
