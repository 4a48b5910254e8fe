/* Two processes with the threads that cmd/ gives them, at work on the same documents at once.
 * Suite 'concurrent'. */
#include "base/pool.h"
#include "base/time.h"
#include "support/product.h"

#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

enum { PAGERS = 4, PROCESSES = 2, THREADS_MAX = PROCESSES * (PAGERS + 2) + 1, DOCUMENTS = 8 };

struct process {
	struct q_documents *documents;
	struct q_worker *worker;
};

struct office {
	struct product product;
	struct process processes[PROCESSES];
	atomic_bool is_over;
	unsigned long threads[THREADS_MAX];
	size_t thread_count;
};

struct seat { /* of one thread */
	struct office *office;
	struct process *process;
};

static const struct q_call no_call = {0};

static void run_steps(struct seat *seat, struct q_bell *bell,
		      enum q_code (*step)(struct q_worker *, const struct q_call *, bool *,
					  struct q_err *))
{
	while (!atomic_load(&seat->office->is_over)) {
		uint64_t seen = q_bell_count(bell);
		struct q_err err;
		bool did_work = false;

		q_assert(step(seat->process->worker, &no_call, &did_work, &err) == Q_OK);
		if (!did_work)
			q_bell_wait(bell, seen, 5);
	}
}

static void *run_feeder(void *argument)
{
	struct seat *seat = argument;

	run_steps(seat, q_worker_feed_bell(seat->process->worker), q_worker_feed);
	return NULL;
}

static void *run_pager(void *argument)
{
	struct seat *seat = argument;

	run_steps(seat, q_worker_page_bell(seat->process->worker), q_worker_page);
	return NULL;
}

static void *run_listener(void *argument)
{
	struct seat *seat = argument;

	while (!atomic_load(&seat->office->is_over)) {
		struct q_err err;

		q_assert(q_worker_listen(seat->process->worker, &no_call, 20, &err) == Q_OK);
	}
	return NULL;
}

static void *run_aggregator(void *argument)
{
	struct seat *seat = argument;

	while (!atomic_load(&seat->office->is_over)) {
		struct q_err err;
		bool did_work;

		q_assert(q_aggregator_step(seat->office->product.aggregator, &no_call, 5, &did_work,
					   &err) == Q_OK);
	}
	return NULL;
}

static void start(struct office *office, struct seat *seat, void *(*run)(void *))
{
	struct q_err err;

	assert_true(office->thread_count < THREADS_MAX);
	assert_int_equal(q_thread_start("test", 512 * 1024, run, seat,
					&office->threads[office->thread_count], &err),
			 Q_OK);
	office->thread_count++;
}

static bool have_all_ended(struct office *office, const struct q_job *jobs)
{
	for (size_t i = 0; i < DOCUMENTS; i++)
		if (!q_job_status_is_final(product_job(&office->product, jobs[i].file_id).status))
			return false;
	return true;
}

/* Leases and sweeps, as time goes by: it runs ten times as fast as the wall's. */
static void let_time_pass(struct office *office, const struct q_job *jobs)
{
	int64_t until_ms = q_time_monotonic_ms() + 100000;
	struct q_bell *never = q_bell_new();

	while (!have_all_ended(office, jobs)) {
		struct q_err err;
		bool did_work;

		assert_true(q_time_monotonic_ms() < until_ms);
		for (size_t i = 0; i < PROCESSES; i++) {
			assert_int_equal(q_worker_keep(office->processes[i].worker, &no_call, &err),
					 Q_OK);
			assert_int_equal(q_sweeper_step(office->processes[i].documents, &no_call,
							&did_work, &err),
					 Q_OK);
		}
		q_bell_wait(never, 0, 10);
		product_advance(&office->product, 100);
	}
	q_bell_free(never);
}

static void upload_all(struct product *p, struct q_job *jobs)
{
	static const char *const tenants[] = {"tenant-a", "tenant-b", "tenant-c"};

	for (unsigned i = 0; i < DOCUMENTS; i++) {
		struct page_script script = {.pages = 1 + 23 * i};

		if (i == 5) {
			script.failing_page = 7;
			script.failure = "page_crashed";
		}
		jobs[i] = i % 2 ? product_upload(p, tenants[i % 3], &script)
				: product_upload_large(p, tenants[i % 3], &script);
	}
}

/* Threads and processes have written one log: its numbers have no gap, and each page has one entry.
 */
static void check_log(struct product *p, const struct q_job *job)
{
	struct q_identity who = product_internal_admin();
	struct q_job_events events = {0};
	int64_t seen = 0, pages = 0;
	struct q_err err;

	while (!events.is_over) {
		assert_int_equal(q_documents_read_events(p->documents, &no_call, &who, job->file_id,
							 seen, 50, p->arena, &events, &err),
				 Q_OK);
		for (size_t i = 0; i < events.count; i++) {
			assert_int_equal(events.items[i].id, ++seen);
			pages += events.items[i].page > 0;
			assert_int_equal(events.items[i].processed_pages +
						 events.items[i].failed_pages,
					 pages);
		}
	}
	assert_int_equal(pages, job->total_pages);
}

static void documents_are_worked_through_whatever_happens_beside(void **state)
{
	static struct office office;
	struct product *p = &office.product;
	struct seat seats[PROCESSES];
	struct q_job jobs[DOCUMENTS];
	struct q_err err;

	(void)state;
	product_make(p, 1, (struct analyst_script){.wait_ms = 1});
	office.processes[0] = (struct process){p->documents, p->worker};
	office.processes[1].documents = product_add_documents(p, "process-2");
	assert_int_equal(
		q_worker_new(office.processes[1].documents, &office.processes[1].worker, &err),
		Q_OK);
	for (size_t i = 0; i < PROCESSES; i++) {
		seats[i] = (struct seat){&office, &office.processes[i]};
		start(&office, &seats[i], run_feeder);
		start(&office, &seats[i], i == 0 ? run_feeder : run_listener);
		for (size_t j = 0; j < PAGERS; j++)
			start(&office, &seats[i], run_pager);
	}
	start(&office, &seats[0], run_aggregator);
	upload_all(p, jobs);
	let_time_pass(&office, jobs);
	atomic_store(&office.is_over, true);
	for (size_t i = 0; i < office.thread_count; i++)
		q_thread_join(office.threads[i]);
	for (unsigned i = 0; i < DOCUMENTS; i++) {
		struct q_job job = product_job(p, jobs[i].file_id);

		assert_int_equal(job.status, Q_JOB_COMPLETED);
		assert_int_equal(job.total_pages, 1 + 23 * i);
		assert_int_equal(job.failed_pages, i == 5);
		assert_int_equal(job.processed_pages, job.total_pages - (i == 5));
		assert_true(product_manifest(p, job.file_id).length > 0);
		check_log(p, &job);
	}
	q_worker_free(office.processes[1].worker);
	q_documents_free(office.processes[1].documents);
	product_remove(p);
}

/* --- Stopping --------------------------------------------------------------------------------- */

enum { ANALYSIS_MS = 60000 };

static void *analyse_one(void *argument)
{
	struct product *p = argument;
	struct q_err err;
	bool did_work;

	q_assert(q_worker_page(p->worker, &no_call, &did_work, &err) == Q_OK && did_work);
	return NULL;
}

/* The analyst takes a minute, and looks at its call meanwhile. */
static void a_cancelled_job_stops_the_analyses_that_run(void **state)
{
	static struct product p;
	struct q_identity who = product_admin_of("tenant-a");
	int64_t began_ms = q_time_monotonic_ms();
	struct q_job job;
	struct q_err err;
	pthread_t thread;

	product_make(&p, 1, (struct analyst_script){.wait_ms = ANALYSIS_MS});
	job = product_upload(&p, "tenant-a", &(struct page_script){.pages = 2});
	while (product_feed(&p))
		;
	assert_int_equal(pthread_create(&thread, NULL, analyse_one, &p), 0);
	while (analyst_scripted_calls(p.options.analyst) == 0)
		sched_yield();
	assert_int_equal(q_documents_cancel_job(p.documents, &no_call, &who, job.file_id, p.arena,
						&job, &err),
			 Q_OK);
	assert_int_equal(q_worker_keep(p.worker, &no_call, &err), Q_OK);
	pthread_join(thread, NULL);
	assert_true(q_time_monotonic_ms() - began_ms < ANALYSIS_MS / 2);
	assert_int_equal(product_job(&p, job.file_id).processed_pages, 0);
	assert_false(product_page(&p));
	product_remove(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(documents_are_worked_through_whatever_happens_beside),
		cmocka_unit_test(a_cancelled_job_stops_the_analyses_that_run),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
