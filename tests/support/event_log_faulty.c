#include "support/event_log_faulty.h"

#include "base/mem.h"

#include <pthread.h>
#include <string.h>

enum { HELD_MAX = 64 }; /* with more, events are no longer delayed */

struct held_event {
	char key[Q_EVENT_KEY_MAX];
	size_t key_length;
	unsigned char *data; /* owned; NULL: none */
	size_t data_length;
};

struct faulty_log {
	struct q_event_log base;
	struct q_event_log_ops ops; /* name of the inner log */
	struct q_event_log *inner;
	struct event_log_faults faults;
	struct port_fate fate;
	pthread_mutex_t lock; /* guards held */
	struct held_event held[HELD_MAX];
	size_t held_count;
};

static struct faulty_log *faulty_of(struct q_event_log *log)
{
	return q_container_of(log, struct faulty_log, base);
}

/* False where it cannot be held: it is then published at once. */
static bool hold(struct faulty_log *log, const struct q_event *event)
{
	struct held_event held = {.key_length = event->partition_key.length,
				  .data_length = event->data.length};
	bool has_room;

	memcpy(held.key, event->partition_key.data, held.key_length);
	held.data = q_mem_resize(NULL, held.data_length + 1);
	if (!held.data)
		return false;
	if (held.data_length > 0)
		memcpy(held.data, event->data.data, held.data_length);
	pthread_mutex_lock(&log->lock);
	has_room = log->held_count < HELD_MAX;
	if (has_room)
		log->held[log->held_count++] = held;
	pthread_mutex_unlock(&log->lock);
	if (!has_room)
		q_mem_free(held.data);
	return has_room;
}

/* The one held longest, by chance. */
static bool take_held(struct faulty_log *log, struct held_event *out)
{
	bool taken;

	pthread_mutex_lock(&log->lock);
	taken = log->held_count > 0 && port_chance(log->faults.calls.random, 500);
	if (taken) {
		*out = log->held[0];
		log->held_count--;
		memmove(&log->held[0], &log->held[1], log->held_count * sizeof log->held[0]);
	}
	pthread_mutex_unlock(&log->lock);
	return taken;
}

static enum q_code publish_one(struct faulty_log *log, const struct q_call *call,
			       const struct q_event *event, struct q_err *err)
{
	return log->inner->ops->publish(log->inner, call, event, 1, err);
}

static enum q_code publish_held(struct faulty_log *log, const struct q_call *call,
				struct q_err *err)
{
	struct held_event held;
	enum q_code code = Q_OK;

	while (!code && take_held(log, &held)) {
		struct q_event event = {{held.key, held.key_length}, {held.data, held.data_length}};

		code = publish_one(log, call, &event, err);
		q_mem_free(held.data);
	}
	return code;
}

static enum q_code publish_by_chance(struct faulty_log *log, const struct q_call *call,
				     const struct q_event *event, struct q_err *err)
{
	struct q_random_source *random = log->faults.calls.random;
	enum q_code code;

	if (port_chance(random, log->faults.lose_per_mille))
		return Q_OK;
	if (port_chance(random, log->faults.delay_per_mille) && hold(log, event))
		return Q_OK;
	code = publish_one(log, call, event, err);
	if (!code && port_chance(random, log->faults.repeat_per_mille))
		code = publish_one(log, call, event, err);
	return code;
}

static enum q_code faulty_publish(struct q_event_log *base, const struct q_call *call,
				  const struct q_event *events, size_t count, struct q_err *err)
{
	struct faulty_log *log = faulty_of(base);
	enum port_outcome outcome = port_fate_next(&log->fate);
	enum q_code code;

	if (outcome == PORT_FAILS)
		return port_fate_fail(&log->fate, err);
	code = publish_held(log, call, err);
	for (size_t i = 0; i < count && !code; i++)
		code = publish_by_chance(log, call, &events[i], err);
	return port_fate_answer(&log->fate, outcome, code, err);
}

static enum q_code faulty_partitions(struct q_event_log *base, const struct q_call *call,
				     struct q_arena *arena, struct q_stream_partitions *out,
				     struct q_err *err)
{
	struct faulty_log *log = faulty_of(base);

	if (port_fate_next(&log->fate) != PORT_GOES_WELL)
		return port_fate_fail(&log->fate, err);
	return log->inner->ops->partitions(log->inner, call, arena, out, err);
}

static enum q_code faulty_read(struct q_event_log *base, const struct q_call *call,
			       struct q_str partition, struct q_stream_position position,
			       size_t limit, int64_t wait_ms, struct q_arena *arena,
			       struct q_event_page *out, struct q_err *err)
{
	struct faulty_log *log = faulty_of(base);
	enum q_code code;

	if (port_fate_next(&log->fate) != PORT_GOES_WELL)
		return port_fate_fail(&log->fate, err);
	code = publish_held(log, call, err);
	if (code)
		return code;
	return log->inner->ops->read(log->inner, call, partition, position, limit, wait_ms, arena,
				     out, err);
}

static void faulty_close(struct q_event_log *base)
{
	struct faulty_log *log = faulty_of(base);

	for (size_t i = 0; i < log->held_count; i++)
		q_mem_free(log->held[i].data);
	pthread_mutex_destroy(&log->lock);
	q_mem_free(log);
}

struct q_event_log *event_log_faulty_new(struct q_event_log *inner,
					 const struct event_log_faults *faults)
{
	struct faulty_log *log = q_mem_new(sizeof *log);

	if (!log)
		return NULL;
	log->ops = *inner->ops;
	log->ops.publish = faulty_publish;
	log->ops.partitions = faulty_partitions;
	log->ops.read = faulty_read;
	log->ops.close = faulty_close;
	log->base.ops = &log->ops;
	log->inner = inner;
	pthread_mutex_init(&log->lock, NULL);
	event_log_faulty_set(&log->base, faults);
	return &log->base;
}

void event_log_faulty_set(struct q_event_log *log, const struct event_log_faults *faults)
{
	struct faulty_log *faulty = faulty_of(log);

	faulty->faults = *faults;
	port_fate_set(&faulty->fate, &faults->calls);
}

uint64_t event_log_faulty_calls(struct q_event_log *log)
{
	return atomic_load(&faulty_of(log)->fate.calls);
}
