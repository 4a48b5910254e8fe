/* The sender: claims a queue, sends what is due of it until something fails or its time is up, and
 * gives it back. */
#include "documents/webhooks/webhooks_internal.h"

#include "base/time.h"

enum { DUE_LOOK = 20, SLICE_MS = 10000 };

/* True while the queue goes well and others need not wait. */
static bool may_go_on(const struct q__queue *queue, int64_t until_ms, const struct q_call *call)
{
	struct q_err err;

	return queue->failures == 0 && q_time_monotonic_ms() < until_ms &&
	       q_call_check(call, "webhooks.send", &err) == Q_OK;
}

static enum q_code send_due(struct q_documents *d, const struct q_call *call,
			    struct q__queue *queue, struct q_arena *arena, struct q_err *err)
{
	int64_t until_ms = q_time_monotonic_ms() + SLICE_MS;
	struct q__delivery *due = NULL;
	size_t count;
	enum q_code code =
		q__deliveries_read_due(d, call, queue, DUE_LOOK, arena, &due, &count, err);

	for (size_t i = 0; !code && i < count; i++) {
		code = q__attempt(d, call, queue, &due[i], arena, err);
		if (!may_go_on(queue, until_ms, call))
			break;
	}
	return code;
}

enum q_code q_webhooks_send(struct q_documents *d, const struct q_call *call, bool *did_work,
			    struct q_err *err)
{
	struct q_arena *arena = q_arena_new(Q__WEBHOOKS_ARENA);
	struct q__queue queue;
	struct q_err releasing;
	enum q_code code;

	*did_work = false;
	if (!arena)
		return q_fail(err, Q_NOMEM, "webhooks.send", "an arena");
	code = q__queue_claim(d, call, arena, &queue, err);
	if (code == Q_NOTFOUND) {
		q_arena_free(arena);
		return Q_OK;
	}
	if (!code) {
		*did_work = true;
		code = send_due(d, call, &queue, arena, err);
		if (code == Q_CONFLICT) /* another has it, or has sent it again */
			code = Q_OK;
		/* Where this fails the lease ends by itself. */
		if (q__queue_release(d, call, &queue, arena, &releasing) && !code) {
			*err = releasing;
			code = releasing.code;
		}
	}
	q_arena_free(arena);
	return code;
}

struct q_bell *q_webhooks_send_bell(struct q_documents *d)
{
	return d->send_bell;
}
