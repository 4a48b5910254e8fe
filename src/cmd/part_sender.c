#include "cmd/part_sender.h"

#include "base/bell.h"
#include "net/http_client.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

enum {
	LOOK_MS = 100,
	PART_TIMEOUT_MS = 600 * 1000,
	STALL_MS = 30 * 1000,
	ARENA_BYTES = 4 << 20,
	PROBLEM_MAX = 4096
};

struct sender {
	const struct q_part_task *task;
	struct q_bell *bell;	  /* rung when a thread ends */
	atomic_size_t next;	  /* the first part that nobody has taken */
	atomic_uint running;	  /* threads */
	atomic_ullong done_bytes; /* of parts that have arrived */
	pthread_mutex_t mutex;	  /* guards outcome */
	struct q_part_outcome *outcome;
};

struct thread {
	struct q_http_client_events events; /* first: the client's view */
	struct sender *sender;
	pthread_t id;
	const struct q_part *part; /* in flight */
	uint64_t read_bytes;	   /* of it */
	atomic_ullong sent_bytes;  /* of it */
};

static enum q_code read_part(struct q_http_client_events *events, unsigned char *out,
			     size_t capacity, size_t *got, struct q_err *err)
{
	struct thread *thread = q_container_of(events, struct thread, events);
	uint64_t left = thread->part->size_bytes - thread->read_bytes;
	ssize_t count;

	do
		count = pread(thread->sender->task->fd, out, left < capacity ? left : capacity,
			      (off_t)(thread->part->offset + thread->read_bytes));
	while (count < 0 && errno == EINTR);
	if (count < 0)
		return q_fail_os(err, errno, "upload", "the file");
	if (count == 0 && left > 0)
		return q_fail(err, Q_CORRUPT, "upload",
			      "the file became shorter while it was sent");
	thread->read_bytes += (uint64_t)count;
	*got = (size_t)count;
	return Q_OK;
}

static void note_progress(struct q_http_client_events *events, uint64_t sent, uint64_t received)
{
	(void)received;
	atomic_store(&q_container_of(events, struct thread, events)->sent_bytes, sent);
}

/* Keeps the first failure. */
static void note_end(struct sender *sender, int status, const struct q_err *err)
{
	struct q_part_outcome *outcome = sender->outcome;

	pthread_mutex_lock(&sender->mutex);
	if (!err && status < 400)
		outcome->arrived++;
	else if (outcome->status == 0 && outcome->err.code == Q_OK && err)
		outcome->err = *err;
	else if (outcome->status == 0 && outcome->err.code == Q_OK)
		outcome->status = status;
	pthread_mutex_unlock(&sender->mutex);
}

static bool has_failed(struct sender *sender)
{
	bool failed;

	pthread_mutex_lock(&sender->mutex);
	failed = sender->outcome->status != 0 || sender->outcome->err.code != Q_OK;
	pthread_mutex_unlock(&sender->mutex);
	return failed;
}

static void send_part(struct thread *thread, struct q_http_client *client, struct q_arena *arena)
{
	const struct q_part *part = thread->part;
	const struct q_http_client_header type = {Q_STR("Content-Type"), part->content_type};
	const struct q_http_client_request request = {.method = Q_STR("PUT"),
						      .url = part->url,
						      .headers = &type,
						      .header_count = 1,
						      .body_length = part->size_bytes,
						      .response_max = PROBLEM_MAX,
						      .timeout_ms = PART_TIMEOUT_MS,
						      .stall_ms = STALL_MS,
						      .events = &thread->events};
	struct q_http_client_response response = {0};
	const struct q_call call = {0};
	struct q_err err;
	enum q_code code;

	thread->read_bytes = 0;
	code = q_http_client_send(client, &call, &request, arena, &response, &err);
	if (!code && response.status < 400)
		atomic_fetch_add(&thread->sender->done_bytes, part->size_bytes);
	atomic_store(&thread->sent_bytes, 0);
	note_end(thread->sender, response.status, code ? &err : NULL);
}

static void send_parts(struct thread *thread, struct q_http_client *client, struct q_arena *arena)
{
	struct sender *sender = thread->sender;

	while (!has_failed(sender)) {
		size_t index = atomic_fetch_add(&sender->next, 1);

		if (index >= sender->task->count)
			return;
		thread->part = &sender->task->parts[index];
		send_part(thread, client, arena);
		q_arena_reset(arena);
	}
}

static void *run_thread(void *context)
{
	struct thread *thread = context;
	struct q_arena *arena = q_arena_new(ARENA_BYTES);
	struct q_http_client *client = NULL;
	struct q_err err;
	enum q_code code = arena ? q_http_client_open(NULL, &client, &err)
				 : q_fail(&err, Q_NOMEM, "upload", "an arena");

	if (code)
		note_end(thread->sender, 0, &err);
	else
		send_parts(thread, client, arena);
	q_http_client_close(client);
	q_arena_free(arena);
	atomic_fetch_sub(&thread->sender->running, 1);
	q_bell_ring(thread->sender->bell);
	return NULL;
}

static uint64_t sent_so_far(struct sender *sender, struct thread *threads, unsigned count)
{
	uint64_t sent = atomic_load(&sender->done_bytes);

	for (unsigned i = 0; i < count; i++)
		sent += atomic_load(&threads[i].sent_bytes);
	return sent;
}

static void watch_threads(struct sender *sender, struct thread *threads, unsigned count)
{
	uint64_t seen = q_bell_count(sender->bell);

	while (atomic_load(&sender->running) > 0) {
		sender->task->progress(sender->task->context, sent_so_far(sender, threads, count));
		q_bell_wait(sender->bell, seen, LOOK_MS);
		seen = q_bell_count(sender->bell);
	}
}

void q_parts_send(const struct q_part_task *task, struct q_part_outcome *out)
{
	struct thread threads[Q_PART_THREADS_MAX] = {0};
	struct sender sender = {.task = task,
				.bell = q_bell_new(),
				.mutex = PTHREAD_MUTEX_INITIALIZER,
				.outcome = out};
	unsigned started = 0;
	struct q_err err;

	q_assert(task->threads >= 1 && task->threads <= Q_PART_THREADS_MAX);
	*out = (struct q_part_outcome){0};
	for (; sender.bell && started < task->threads; started++) {
		threads[started].events =
			(struct q_http_client_events){.read = read_part, .progress = note_progress};
		threads[started].sender = &sender;
		atomic_fetch_add(&sender.running, 1);
		if (pthread_create(&threads[started].id, NULL, run_thread, &threads[started])) {
			atomic_fetch_sub(&sender.running, 1);
			break;
		}
	}
	if (started == 0) {
		(void)q_fail(&err, Q_NOMEM, "upload", "a thread");
		note_end(&sender, 0, &err);
	} else {
		watch_threads(&sender, threads, started);
	}
	for (unsigned i = 0; i < started; i++)
		pthread_join(threads[i].id, NULL);
	q_bell_free(sender.bell);
}
