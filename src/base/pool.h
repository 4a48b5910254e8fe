/* base/pool.h: an elastic pool of threads for blocking work.
 *
 * Contract:  tasks start in the order of their submission. The pool starts without threads and
 *            grows, a thread at a time, while tasks wait and it is below threads_max; a thread
 *            above threads_min that idles for idle_ms ends.
 * Ownership: a task's argument is its owner's; every task that was accepted is run, once, also
 *            during q_pool_free.
 * Threads:   submit from any thread, also from a task.
 * Errors:    Q_BUSY when the queue is full; nothing was queued. */
#ifndef Q_BASE_POOL_H
#define Q_BASE_POOL_H

#include "base/error.h"

struct q_pool;

struct q_pool_options {
	const char *name; /* of the threads, at most 15 bytes */
	unsigned threads_min;
	unsigned threads_max;
	unsigned queue_max;
	size_t stack_bytes; /* at least; sanitizer builds take 2 MiB or more */
	int64_t idle_ms;
};

/* 16 to 512 threads, 1,024 tasks in the queue, 512 KiB stacks, 10 s idle. */
extern const struct q_pool_options q_pool_defaults;

Q_MUST_USE enum q_code q_pool_new(const struct q_pool_options *options, struct q_pool **out,
				  struct q_err *err);

Q_MUST_USE enum q_code q_pool_submit(struct q_pool *pool, void (*run)(void *argument),
				     void *argument, struct q_err *err);

struct q_pool_counts {
	unsigned threads, busy, queued;
};
struct q_pool_counts q_pool_counts(struct q_pool *pool);

/* Refuses new tasks, runs what is queued, joins every thread. */
void q_pool_free(struct q_pool *pool);

/* A thread of `stack_bytes` that blocks every signal (one thread of the program handles them). For
 * cmd/ and pools. */
Q_MUST_USE enum q_code q_thread_start(const char *name, size_t stack_bytes,
				      void *(*run)(void *argument), void *argument,
				      unsigned long *thread, struct q_err *err);
void q_thread_join(unsigned long thread);

#endif
