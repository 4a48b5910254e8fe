/* How it works: tasks wait in a ring; threads without a task wait on a stack, each on its own
 * condition. A submit wakes the thread on top, or starts a new one where none idles. Because the
 * one that idled last is woken first, those at the bottom sleep on and end when the load has
 * passed. No thread is started before it is needed, so that a pool that is not used costs nothing;
 * threads_min says how many stay, once started.
 *
 * A thread that ends joins the one that ended before it and leaves its own handle for the next: so
 * each is joined, and q_pool_free has one left to join. */
#include "base/pool.h"
#include "base/mem.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <time.h>

enum { STACK_BYTES_MIN = 64 * 1024, SANITIZED_STACK_BYTES_MIN = 2 * 1024 * 1024 };

const struct q_pool_options q_pool_defaults = {
	.name = "pool",
	.threads_min = 16,
	.threads_max = 512,
	.queue_max = 1024,
	.stack_bytes = 512 * 1024,
	.idle_ms = 10000,
};

struct task {
	void (*run)(void *argument);
	void *argument;
};

/* On the stack of a thread that waits; guarded by the pool's mutex. */
struct idler {
	pthread_cond_t wake;
	bool is_woken;
	struct idler *below;
};

struct q_pool {
	struct q_pool_options options;
	char name[16];
	pthread_condattr_t monotonic; /* of every condition */
	pthread_mutex_t mutex;	      /* guards all that follows; a leaf */
	pthread_cond_t all_ended;
	struct idler *idlers; /* the stack's top */
	unsigned threads;     /* started and not ended */
	unsigned busy;	      /* of these, in a task */
	bool is_starting;     /* of these, the newest has not come yet */
	bool is_closing;
	bool has_ended; /* `ended` is a thread to join */
	unsigned long ended;
	unsigned queued; /* tasks in the ring, from queue[first] */
	unsigned first;
	struct task queue[];
};

/* Faults are left alone: they come from the thread's own instruction, and a sanitizer reports them.
 */
static void all_signals_but_faults(sigset_t *set)
{
	static const int faults[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS, SIGABRT};

	sigfillset(set);
	for (size_t i = 0; i < Q_COUNT_OF(faults); i++)
		sigdelset(set, faults[i]);
}

static size_t stack_size(size_t wanted)
{
	size_t minimum = Q_SANITIZED ? SANITIZED_STACK_BYTES_MIN : STACK_BYTES_MIN;

	return wanted > minimum ? wanted : minimum;
}

enum q_code q_thread_start(const char *name, size_t stack_bytes, void *(*run)(void *argument),
			   void *argument, unsigned long *thread, struct q_err *err)
{
	sigset_t blocked, before;
	pthread_attr_t attributes;
	pthread_t started;
	char cut[16];
	int error = pthread_attr_init(&attributes);

	if (error)
		return q_fail_os(err, error, "thread.start", "%s", name);
	error = pthread_attr_setstacksize(&attributes, stack_size(stack_bytes));
	q_assert(error == 0); /* refused only where it is too small */
	all_signals_but_faults(&blocked);
	pthread_sigmask(SIG_SETMASK, &blocked, &before); /* the new thread inherits it */
	error = pthread_create(&started, &attributes, run, argument);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	pthread_attr_destroy(&attributes);
	if (error == EAGAIN)
		return q_fail(err, Q_BUSY, "thread.start",
			      "%s: the system has no room for another thread", name);
	if (error)
		return q_fail_os(err, error, "thread.start", "%s", name);
	snprintf(cut, sizeof cut, "%s", name);
	pthread_setname_np(started, cut); /* for top and gdb: no harm where it fails */
	*thread = started;
	return Q_OK;
}

void q_thread_join(unsigned long thread)
{
	q_assert(pthread_join(thread, NULL) == 0);
}

static struct timespec monotonic_after(int64_t delay_ms)
{
	struct timespec at;

	clock_gettime(CLOCK_MONOTONIC, &at);
	at.tv_sec += delay_ms / 1000;
	at.tv_nsec += delay_ms % 1000 * 1000000;
	if (at.tv_nsec >= 1000000000) {
		at.tv_sec++;
		at.tv_nsec -= 1000000000;
	}
	return at;
}

static void wake_top(struct q_pool *pool)
{
	struct idler *top = pool->idlers;

	pool->idlers = top->below;
	top->is_woken = true;
	pthread_cond_signal(&top->wake);
}

static void leave_stack(struct q_pool *pool, const struct idler *self)
{
	struct idler **link = &pool->idlers;

	while (*link != self)
		link = &(*link)->below;
	*link = self->below;
}

/* Mutex held. False when this thread idled for its time and the pool can do without it. */
static bool wait_for_task(struct q_pool *pool)
{
	struct idler self = {.below = pool->idlers};
	struct timespec until = monotonic_after(pool->options.idle_ms);
	bool may_end = false;

	if (pthread_cond_init(&self.wake, &pool->monotonic) != 0)
		return false; /* glibc's cannot fail; a thread less is the harmless answer */
	pool->idlers = &self;
	while (!self.is_woken && !may_end) {
		bool is_spare = pool->threads > pool->options.threads_min;
		int error = is_spare ? pthread_cond_timedwait(&self.wake, &pool->mutex, &until)
				     : pthread_cond_wait(&self.wake, &pool->mutex);

		may_end = error == ETIMEDOUT && pool->threads > pool->options.threads_min;
		if (error == ETIMEDOUT && !may_end)
			until = monotonic_after(pool->options.idle_ms);
	}
	if (!self.is_woken)
		leave_stack(pool, &self);
	pthread_cond_destroy(&self.wake);
	return self.is_woken;
}

/* Mutex held; released while the task runs. */
static void run_first(struct q_pool *pool)
{
	struct task task = pool->queue[pool->first];

	pool->first = (pool->first + 1) % pool->options.queue_max;
	pool->queued--;
	pool->busy++;
	pthread_mutex_unlock(&pool->mutex);
	task.run(task.argument);
	pthread_mutex_lock(&pool->mutex);
	pool->busy--;
}

static void *work(void *argument);

/* Mutex held, which is why the new thread cannot end before it is counted. One at a time: it starts
 * the next itself where tasks still wait when it comes, so that a rush costs its submitters little.
 */
static enum q_code start_thread(struct q_pool *pool, struct q_err *err)
{
	unsigned long thread; /* found again, when it ends, as pool->ended */
	enum q_code code;

	if (pool->is_starting || pool->threads == pool->options.threads_max)
		return Q_OK;
	code = q_thread_start(pool->name, pool->options.stack_bytes, work, pool, &thread, err);
	if (code != Q_OK)
		return pool->threads > 0 ? Q_OK : code; /* those that run get to the task */
	pool->is_starting = true;
	pool->threads++;
	return Q_OK;
}

/* Mutex held; called once by a new thread. */
static void arrive(struct q_pool *pool)
{
	struct q_err err;

	pool->is_starting = false;
	if (pool->queued > 1)
		(void)start_thread(pool, &err); /* where it fails, this thread runs them all */
}

static void *work(void *argument)
{
	struct q_pool *pool = argument;
	bool has_predecessor, goes_on = true;
	unsigned long predecessor;

	pthread_mutex_lock(&pool->mutex);
	arrive(pool);
	while (goes_on) {
		if (pool->queued > 0)
			run_first(pool);
		else
			goes_on = !pool->is_closing && wait_for_task(pool);
	}
	has_predecessor = pool->has_ended;
	predecessor = pool->ended;
	pool->ended = pthread_self();
	pool->has_ended = true;
	pool->threads--;
	if (pool->threads == 0)
		pthread_cond_signal(&pool->all_ended);
	pthread_mutex_unlock(&pool->mutex);
	if (has_predecessor)
		q_thread_join(predecessor);
	return NULL;
}

enum q_code q_pool_new(const struct q_pool_options *options, struct q_pool **out, struct q_err *err)
{
	struct q_pool *pool;

	q_assert(options->threads_max > 0 && options->queue_max > 0);
	q_assert(options->threads_min <= options->threads_max);
	pool = q_mem_new(sizeof *pool + options->queue_max * sizeof pool->queue[0]);
	if (!pool)
		return q_fail(err, Q_NOMEM, "pool.new", "a queue of %u tasks", options->queue_max);
	pool->options = *options;
	snprintf(pool->name, sizeof pool->name, "%s", options->name);
	pool->options.name = pool->name;
	pthread_condattr_init(&pool->monotonic);
	pthread_condattr_setclock(&pool->monotonic, CLOCK_MONOTONIC);
	pthread_mutex_init(&pool->mutex, NULL);
	pthread_cond_init(&pool->all_ended, &pool->monotonic);
	*out = pool;
	return Q_OK;
}

enum q_code q_pool_submit(struct q_pool *pool, void (*run)(void *argument), void *argument,
			  struct q_err *err)
{
	enum q_code code = Q_OK;

	pthread_mutex_lock(&pool->mutex);
	if (pool->is_closing)
		code = q_fail(err, Q_BUSY, "pool.submit", "%s: shutting down", pool->name);
	else if (pool->queued == pool->options.queue_max)
		code = q_fail(err, Q_BUSY, "pool.submit", "%s: %u tasks wait already", pool->name,
			      pool->queued);
	else if (pool->idlers)
		wake_top(pool);
	else
		code = start_thread(pool, err);
	if (code == Q_OK) {
		unsigned last = (pool->first + pool->queued) % pool->options.queue_max;

		pool->queue[last] = (struct task){run, argument};
		pool->queued++;
	}
	pthread_mutex_unlock(&pool->mutex);
	return code;
}

struct q_pool_counts q_pool_counts(struct q_pool *pool)
{
	struct q_pool_counts counts;

	pthread_mutex_lock(&pool->mutex);
	counts = (struct q_pool_counts){pool->threads, pool->busy, pool->queued};
	pthread_mutex_unlock(&pool->mutex);
	return counts;
}

void q_pool_free(struct q_pool *pool)
{
	if (!pool)
		return;
	pthread_mutex_lock(&pool->mutex);
	pool->is_closing = true;
	while (pool->idlers)
		wake_top(pool);
	while (pool->threads > 0)
		pthread_cond_wait(&pool->all_ended, &pool->mutex);
	pthread_mutex_unlock(&pool->mutex);
	if (pool->has_ended)
		q_thread_join(pool->ended);
	pthread_cond_destroy(&pool->all_ended);
	pthread_mutex_destroy(&pool->mutex);
	pthread_condattr_destroy(&pool->monotonic);
	q_mem_free(pool);
}
