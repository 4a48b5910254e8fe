#include "base/pool.h"
#include "base/time.h"
#include "support/failing_memory.h"

#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { PATIENCE_MS = 30000 };

static struct q_pool *open_pool(unsigned threads_min, unsigned threads_max, unsigned queue_max,
				int64_t idle_ms)
{
	struct q_pool_options options = q_pool_defaults;
	struct q_pool *pool = NULL;
	struct q_err err;

	options.name = "test";
	options.threads_min = threads_min;
	options.threads_max = threads_max;
	options.queue_max = queue_max;
	options.idle_ms = idle_ms;
	assert_int_equal(q_pool_new(&options, &pool, &err), Q_OK);
	return pool;
}

static void submit(struct q_pool *pool, void (*run)(void *), void *argument)
{
	struct q_err err;

	assert_int_equal(q_pool_submit(pool, run, argument, &err), Q_OK);
}

/* Looks at the pool until it has this many threads; false when it never has. */
static bool await_threads(struct q_pool *pool, unsigned threads)
{
	int64_t end_ms = q_time_monotonic_ms() + PATIENCE_MS;

	while (q_pool_counts(pool).threads != threads) {
		if (q_time_monotonic_ms() > end_ms)
			return false;
		usleep(1000);
	}
	return true;
}

/* Holds tasks until it is opened, and counts them. */
struct gate {
	pthread_mutex_t mutex;
	pthread_cond_t changed;
	bool is_open;
	int waiting;
	int passed;
};

#define GATE                                                                                       \
	{                                                                                          \
		.mutex = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER            \
	}

static void pass_gate(void *argument)
{
	struct gate *gate = argument;

	pthread_mutex_lock(&gate->mutex);
	gate->waiting++;
	pthread_cond_broadcast(&gate->changed);
	while (!gate->is_open)
		pthread_cond_wait(&gate->changed, &gate->mutex);
	gate->passed++;
	pthread_cond_broadcast(&gate->changed);
	pthread_mutex_unlock(&gate->mutex);
}

static void await_waiting(struct gate *gate, int count)
{
	pthread_mutex_lock(&gate->mutex);
	while (gate->waiting < count)
		pthread_cond_wait(&gate->changed, &gate->mutex);
	pthread_mutex_unlock(&gate->mutex);
}

static void open_gate(struct gate *gate)
{
	pthread_mutex_lock(&gate->mutex);
	gate->is_open = true;
	pthread_cond_broadcast(&gate->changed);
	pthread_mutex_unlock(&gate->mutex);
}

static void count_one(void *argument)
{
	atomic_fetch_add((atomic_int *)argument, 1);
}

struct sequence {
	int next;
	bool is_in_order;
};

struct step {
	struct sequence *sequence;
	int number;
};

static void take_step(void *argument)
{
	struct step *step = argument;

	if (step->sequence->next++ != step->number)
		step->sequence->is_in_order = false;
}

static void no_thread_starts_before_a_task_comes(void **state)
{
	struct q_pool *pool = open_pool(4, 8, 10, 1000);

	assert_int_equal(q_pool_counts(pool).threads, 0);
	q_pool_free(pool);
}

static void tasks_start_in_the_order_of_their_submission(void **state)
{
	struct q_pool *pool = open_pool(1, 1, 200, 1000);
	struct sequence sequence = {.is_in_order = true};
	struct gate gate = GATE;
	struct step steps[150];

	submit(pool, pass_gate, &gate);
	for (int i = 0; i < 150; i++) {
		steps[i] = (struct step){&sequence, i};
		submit(pool, take_step, &steps[i]);
	}
	open_gate(&gate);
	q_pool_free(pool);
	assert_int_equal(sequence.next, 150);
	assert_true(sequence.is_in_order);
}

static void pool_grows_while_tasks_wait_up_to_its_maximum(void **state)
{
	struct q_pool *pool = open_pool(1, 3, 10, 1000);
	struct gate gate = GATE;
	struct q_pool_counts counts;

	for (int i = 0; i < 5; i++)
		submit(pool, pass_gate, &gate);
	await_waiting(&gate, 3);
	counts = q_pool_counts(pool);
	assert_int_equal(counts.threads, 3);
	assert_int_equal(counts.busy, 3);
	assert_int_equal(counts.queued, 2);
	open_gate(&gate);
	q_pool_free(pool);
	assert_int_equal(gate.passed, 5);
}

static void idle_thread_is_used_before_a_new_one_starts(void **state)
{
	struct q_pool *pool = open_pool(2, 8, 10, 1000);
	struct gate gates[20] = {0};

	for (size_t i = 0; i < Q_COUNT_OF(gates); i++) {
		gates[i] = (struct gate)GATE;
		gates[i].is_open = true;
		submit(pool, pass_gate, &gates[i]);
		await_waiting(&gates[i], 1);
		while (q_pool_counts(pool).busy > 0)
			usleep(100);
	}
	assert_int_equal(q_pool_counts(pool).threads, 1);
	q_pool_free(pool);
}

static void full_queue_answers_busy_and_queues_nothing(void **state)
{
	struct q_pool *pool = open_pool(1, 1, 2, 1000);
	struct gate gate = GATE;
	struct q_err err;

	submit(pool, pass_gate, &gate);
	await_waiting(&gate, 1);
	submit(pool, pass_gate, &gate);
	submit(pool, pass_gate, &gate);
	assert_int_equal(q_pool_submit(pool, pass_gate, &gate, &err), Q_BUSY);
	assert_int_equal(q_pool_counts(pool).queued, 2);
	open_gate(&gate);
	q_pool_free(pool);
	assert_int_equal(gate.passed, 3);
}

static void spare_threads_end_and_the_minimum_stays(void **state)
{
	struct q_pool *pool = open_pool(2, 8, 10, 20);
	struct gate gate = GATE;

	for (int i = 0; i < 8; i++)
		submit(pool, pass_gate, &gate);
	await_waiting(&gate, 8);
	open_gate(&gate);
	assert_true(await_threads(pool, 2));
	usleep(100 * 1000); /* five times idle_ms: nothing to await, for nothing may happen */
	assert_int_equal(q_pool_counts(pool).threads, 2);
	q_pool_free(pool);
}

static void pool_without_a_minimum_ends_every_thread(void **state)
{
	struct q_pool *pool = open_pool(0, 4, 10, 5);
	struct gate gate = {.mutex = PTHREAD_MUTEX_INITIALIZER,
			    .changed = PTHREAD_COND_INITIALIZER,
			    .is_open = true};

	for (int round = 0; round < 5; round++) {
		submit(pool, pass_gate, &gate);
		assert_true(await_threads(pool, 0));
	}
	q_pool_free(pool);
	assert_int_equal(gate.passed, 5);
}

/* Woken in turn, all eight would get a task within idle_ms and none would end. */
static void threads_of_a_burst_end_although_a_trickle_goes_on(void **state)
{
	struct q_pool *pool = open_pool(1, 8, 1000, 100);
	int64_t end_ms = q_time_monotonic_ms() + PATIENCE_MS;
	struct gate gate = GATE;
	atomic_int count = 0;

	for (int i = 0; i < 8; i++)
		submit(pool, pass_gate, &gate);
	await_waiting(&gate, 8);
	open_gate(&gate);
	while (q_pool_counts(pool).threads > 2 && q_time_monotonic_ms() < end_ms) {
		submit(pool, count_one, &count);
		usleep(2000);
	}
	assert_true(q_pool_counts(pool).threads <= 2);
	q_pool_free(pool);
}

static void free_runs_what_is_queued(void **state)
{
	struct q_pool *pool = open_pool(0, 2, 1000, 10);
	atomic_int count = 0;

	for (int i = 0; i < 1000; i++)
		submit(pool, count_one, &count);
	q_pool_free(pool);
	assert_int_equal(count, 1000);
}

struct resubmission {
	struct q_pool *pool;
	atomic_int *count;
	atomic_bool has_seen_the_end;
};

static void submit_another(void *argument)
{
	struct resubmission *r = argument;
	struct q_err err;

	if (q_pool_submit(r->pool, count_one, r->count, &err) == Q_OK)
		atomic_fetch_add(r->count, 1);
}

static void task_may_submit_tasks(void **state)
{
	struct q_pool *pool = open_pool(1, 1, 10, 1000);
	atomic_int count = 0;
	struct resubmission r = {.pool = pool, .count = &count};

	submit(pool, submit_another, &r);
	while (atomic_load(&count) < 2)
		usleep(100);
	q_pool_free(pool);
}

static void submit_until_refused(void *argument)
{
	struct resubmission *r = argument;
	struct q_err err;

	while (q_pool_submit(r->pool, count_one, r->count, &err) == Q_OK)
		usleep(1000);
	r->has_seen_the_end = err.code == Q_BUSY && strstr(err.message, "shutting down");
}

static void submit_while_the_pool_is_freed_is_refused(void **state)
{
	struct q_pool *pool = open_pool(2, 2, 100000, 1000);
	atomic_int count = 0;
	struct resubmission r = {.pool = pool, .count = &count};

	submit(pool, submit_until_refused, &r);
	q_pool_free(pool);
	assert_true(r.has_seen_the_end);
}

static void free_takes_null(void **state)
{
	q_pool_free(NULL);
}

enum { SUBMITTERS = 8, TASKS_EACH = 5000 };

static void *submit_many(void *argument)
{
	struct resubmission *r = argument;
	struct q_err err;

	for (int i = 0; i < TASKS_EACH;) {
		if (q_pool_submit(r->pool, count_one, r->count, &err) == Q_OK)
			i++;
		else
			usleep(50);
	}
	return NULL;
}

static void every_accepted_task_runs_once_whoever_submits(void **state)
{
	struct q_pool *pool = open_pool(1, 6, 64, 1);
	atomic_int count = 0;
	struct resubmission r = {.pool = pool, .count = &count};
	unsigned long submitters[SUBMITTERS];
	struct q_err err;

	for (int i = 0; i < SUBMITTERS; i++)
		assert_int_equal(q_thread_start("submitter", 64 * 1024, submit_many, &r,
						&submitters[i], &err),
				 Q_OK);
	for (int i = 0; i < SUBMITTERS; i++)
		q_thread_join(submitters[i]);
	q_pool_free(pool);
	assert_int_equal(count, SUBMITTERS * TASKS_EACH);
}

struct thread_facts {
	sigset_t blocked;
	size_t stack_bytes;
};

static void *find_facts(void *argument)
{
	struct thread_facts *facts = argument;
	pthread_attr_t attributes;

	pthread_sigmask(SIG_SETMASK, NULL, &facts->blocked);
	pthread_getattr_np(pthread_self(), &attributes);
	pthread_attr_getstacksize(&attributes, &facts->stack_bytes);
	pthread_attr_destroy(&attributes);
	return NULL;
}

static struct thread_facts facts_of_a_thread(size_t stack_bytes)
{
	struct thread_facts facts;
	unsigned long thread;
	struct q_err err;

	assert_int_equal(q_thread_start("facts", stack_bytes, find_facts, &facts, &thread, &err),
			 Q_OK);
	q_thread_join(thread);
	return facts;
}

static void signals_are_blocked_in_threads_but_faults_are_not(void **state)
{
	struct thread_facts facts = facts_of_a_thread(64 * 1024);
	const int blocked[] = {SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGCHLD, SIGPIPE, SIGALRM};
	const int open[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};
	sigset_t mine;

	for (size_t i = 0; i < Q_COUNT_OF(blocked); i++)
		assert_true(sigismember(&facts.blocked, blocked[i]));
	for (size_t i = 0; i < Q_COUNT_OF(open); i++)
		assert_false(sigismember(&facts.blocked, open[i]));
	pthread_sigmask(SIG_SETMASK, NULL, &mine);
	assert_false(sigismember(&mine, SIGTERM));
}

static void stack_is_as_large_as_asked_for(void **state)
{
	assert_true(facts_of_a_thread(8 * 1024 * 1024).stack_bytes >= 8 * 1024 * 1024);
	assert_true(facts_of_a_thread(1).stack_bytes >=
		    (Q_SANITIZED ? 2 * 1024 * 1024 : 64 * 1024));
}

static void thread_that_cannot_start_refuses_the_task(void **state)
{
	struct q_pool_options options = q_pool_defaults;
	struct q_pool *pool = NULL;
	atomic_int count = 0;
	struct q_err err;

	options.stack_bytes = (size_t)1 << 50; /* more than there is address space */
	assert_int_equal(q_pool_new(&options, &pool, &err), Q_OK);
	assert_int_not_equal(q_pool_submit(pool, count_one, &count, &err), Q_OK);
	assert_true(q_code_is_retryable(err.code));
	assert_int_equal(q_pool_counts(pool).queued, 0);
	q_pool_free(pool);
	assert_int_equal(count, 0);
}

static enum q_code make_and_free(void *context)
{
	struct q_pool *pool;
	struct q_err err;
	enum q_code code = q_pool_new(&q_pool_defaults, &pool, &err);

	if (code == Q_OK)
		q_pool_free(pool);
	return code;
}

static void failing_allocation_gives_nomem(void **state)
{
	assert_int_equal(run_with_failing_memory(make_and_free, NULL), 1);
}

int main(void)
{
	const struct CMUnitTest cases[] = {
		cmocka_unit_test(no_thread_starts_before_a_task_comes),
		cmocka_unit_test(tasks_start_in_the_order_of_their_submission),
		cmocka_unit_test(pool_grows_while_tasks_wait_up_to_its_maximum),
		cmocka_unit_test(idle_thread_is_used_before_a_new_one_starts),
		cmocka_unit_test(full_queue_answers_busy_and_queues_nothing),
		cmocka_unit_test(spare_threads_end_and_the_minimum_stays),
		cmocka_unit_test(pool_without_a_minimum_ends_every_thread),
		cmocka_unit_test(threads_of_a_burst_end_although_a_trickle_goes_on),
		cmocka_unit_test(free_runs_what_is_queued),
		cmocka_unit_test(task_may_submit_tasks),
		cmocka_unit_test(submit_while_the_pool_is_freed_is_refused),
		cmocka_unit_test(free_takes_null),
		cmocka_unit_test(every_accepted_task_runs_once_whoever_submits),
		cmocka_unit_test(signals_are_blocked_in_threads_but_faults_are_not),
		cmocka_unit_test(stack_is_as_large_as_asked_for),
		cmocka_unit_test(thread_that_cannot_start_refuses_the_task),
		cmocka_unit_test(failing_allocation_gives_nomem),
	};

	return cmocka_run_group_tests_name("pool", cases, NULL, NULL);
}
