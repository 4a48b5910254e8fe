/* The worker role, and what follows from it, step by step in one thread. */
#include "base/mem.h"
#include "documents/items.h"
#include "documents/work/work.h"
#include "support/checks.h"
#include "support/clock_simulated.h"
#include "support/product.h"
#include "support/record_store_faulty.h"

#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

static const struct q_call no_call = {0};

static void a_document_is_worked_through_to_its_manifest(void **state)
{
	struct product *p = *state;
	struct q_job job = product_upload(p, "tenant-a", &(struct page_script){.pages = 120});

	job = product_settle(p, job.file_id);
	assert_int_equal(job.status, Q_JOB_COMPLETED);
	assert_int_equal(job.total_pages, 120);
	assert_int_equal(job.processed_pages, 120);
	assert_int_equal(analyst_scripted_calls(p->options.analyst), 120);
	assert_int_equal(page_extractor_scripted_extractions(p->extractor), 3);
	assert_view_equal(product_find_page(p, job.file_id, 120).text, "This is page 120 of 120.");
}

static void a_dead_worker_leaves_only_what_is_missing_to_be_done_again(void **state)
{
	struct product *p = *state;
	struct q_job job = product_upload(p, "tenant-a", &(struct page_script){.pages = 100});

	product_page_times(p, 60);
	product_restart(p, "process-2");
	job = product_settle(p, job.file_id);
	assert_int_equal(job.status, Q_JOB_COMPLETED);
	assert_int_equal(job.processed_pages, 100);
	assert_int_equal(analyst_scripted_calls(p->options.analyst), 100);
	assert_int_equal(page_extractor_scripted_extractions(p->extractor), 2);
}

static void a_worker_takes_up_its_own_leases_at_once_after_a_restart(void **state)
{
	struct product *p = *state;
	int64_t before_ms = q_clock_now_ms(p->options.clock);
	struct q_job job = product_upload(p, "tenant-a", &(struct page_script){.pages = 10});

	product_page_times(p, 4);
	product_restart(p, "process-1");
	product_run(p);
	assert_int_equal(product_job(p, job.file_id).status, Q_JOB_COMPLETED);
	assert_int_equal(q_clock_now_ms(p->options.clock), before_ms);
}

static void a_small_tenant_is_next_however_much_another_has_queued(void **state)
{
	struct product *p = *state;
	struct q_job small;
	unsigned calls;

	for (unsigned i = 0; i < 5; i++)
		product_upload_large(p, "tenant-a", &(struct page_script){.pages = 1000});
	product_page_times(p, 30);
	small = product_upload(p, "tenant-b", &(struct page_script){.pages = 1});
	calls = analyst_scripted_calls(p->options.analyst);
	while (product_job(p, small.file_id).processed_pages == 0) {
		if (!product_feed(p))
			product_page_times(p, 1);
	}
	assert_true(analyst_scripted_calls(p->options.analyst) - calls <= 2);
}

static size_t count_ready(struct product *p, const char *tenant_key, struct q_query_page *found)
{
	struct q_query ready = {.index = 1, .pk = q_str_from(tenant_key), .limit = 100};
	struct q_err err;

	assert_int_equal(
		q_record_store_query(p->options.records, &no_call, &ready, p->arena, found, &err),
		Q_OK);
	return found->count;
}

/* The one piece of work that tenant-a has ready, claimed behind the worker's back. */
static struct q__work claim_one(struct product *p)
{
	struct q_query_page found;
	struct q__work work;
	struct q_err err;

	assert_int_equal(count_ready(p, "READY#tenant-a", &found), 1);
	assert_int_equal(q__work_parse(&found.items[0], &work, &err), Q_OK);
	assert_int_equal(q__work_claim(p->documents, &no_call, &work, p->arena, &err), Q_OK);
	return work;
}

/* The lease of a range that is done must not bring it back among the claimable. */
static void what_is_done_cannot_be_renewed_released_or_claimed(void **state)
{
	struct product *p = *state;
	struct q_query_page found;
	struct q__work work;
	struct q_err err;

	product_upload(p, "tenant-a", &(struct page_script){.pages = 1});
	assert_true(product_feed(p)); /* plans */
	work = claim_one(p);
	assert_int_equal(q__work_finish(p->documents, &no_call, &work, p->arena, &err), Q_OK);
	assert_int_equal(q__work_renew(p->documents, &no_call, &work, p->arena, &err), Q_CONFLICT);
	assert_int_equal(q__work_release(p->documents, &no_call, &work, 0, p->arena, &err),
			 Q_CONFLICT);
	assert_int_equal(q__work_claim(p->documents, &no_call, &work, p->arena, &err), Q_CONFLICT);
	assert_int_equal(count_ready(p, "READY#tenant-a", &found), 0);
}

static void work_is_claimed_by_one_and_lost_by_the_one_before(void **state)
{
	struct product *p = *state;
	struct q__work work, seen_by_another;
	struct q_query_page found;
	struct q_err err;

	product_upload(p, "tenant-a", &(struct page_script){.pages = 1});
	assert_int_equal(count_ready(p, "READY#tenant-a", &found), 1);
	assert_int_equal(q__work_parse(&found.items[0], &seen_by_another, &err), Q_OK);
	work = claim_one(p);
	assert_int_equal(q__work_claim(p->documents, &no_call, &seen_by_another, p->arena, &err),
			 Q_CONFLICT);
	assert_int_equal(q__work_renew(p->documents, &no_call, &work, p->arena, &err), Q_OK);
	product_advance(p, Q_WORKER_LEASE_MS);
	claim_one(p);
	assert_int_equal(q__work_renew(p->documents, &no_call, &work, p->arena, &err), Q_CONFLICT);
	assert_int_equal(q__work_finish(p->documents, &no_call, &work, p->arena, &err), Q_CONFLICT);
}

static void a_range_that_is_done_without_its_pages_is_reopened(void **state)
{
	struct product *p = *state;
	struct q_job job = product_upload(p, "tenant-a", &(struct page_script){.pages = 3});
	struct q__work work;
	struct q_err err;

	assert_true(product_feed(p)); /* plans */
	work = claim_one(p);
	assert_int_equal(q__work_finish(p->documents, &no_call, &work, p->arena, &err), Q_OK);
	job = product_settle(p, job.file_id);
	assert_int_equal(job.status, Q_JOB_COMPLETED);
	assert_int_equal(job.processed_pages, 3);
}

/* Overwrites one attribute of an item, as a damaged disk or a stranger's hand would. */
static void damage(struct product *p, struct q_record_key key, const char *name)
{
	struct q_change change = {Q_REMOVE, q_str_from(name), {0}};
	struct q_write write = {
		.kind = Q_WRITE_UPDATE, .key = key, .changes = &change, .change_count = 1};
	struct q_err err;

	assert_int_equal(
		q_record_store_write(p->options.records, &no_call, &write, NULL, NULL, &err), Q_OK);
}

static void work_that_cannot_be_read_fails_its_job_and_stops_no_other(void **state)
{
	struct product *p = *state;
	struct q_job bad = product_upload(p, "tenant-a", &(struct page_script){.pages = 3}), good;

	assert_true(product_feed(p)); /* plans */
	damage(p, q__range_key(p->arena, bad.file_id, 1), "run");
	good = product_upload(p, "tenant-a", &(struct page_script){.pages = 3});
	good = product_settle(p, good.file_id);
	assert_int_equal(good.status, Q_JOB_COMPLETED);
	bad = product_settle(p, bad.file_id);
	assert_int_equal(bad.status, Q_JOB_FAILED);
	assert_view_equal(bad.error_code, "corrupt");
}

static void a_page_that_cannot_be_read_fails_its_job(void **state)
{
	struct product *p = *state;
	struct q_job job = product_upload(p, "tenant-a", &(struct page_script){.pages = 3});

	product_page_times(p, 2);
	damage(p, q__page_key(p->arena, job.file_id, 1), "page");
	job = product_settle(p, job.file_id);
	assert_int_equal(job.status, Q_JOB_FAILED);
	assert_view_equal(job.error_code, "corrupt");
}

/* One job that the sweeper cannot read keeps those of other buckets from nothing. */
static void a_job_that_cannot_be_read_stops_no_sweep(void **state)
{
	struct product *p = *state;
	struct q_job bad, good;
	struct q_err err;
	bool did_work;

	for (int i = 0; i < 16; i++) {
		bad = product_upload(p, "tenant-a", &(struct page_script){.pages = 1});
		damage(p, q__job_key(p->arena, bad.file_id), "status");
	}
	good = product_upload(p, "tenant-b", &(struct page_script){.pages = 1});
	while (product_job(p, good.file_id).processed_pages == 0) {
		(void)!q_worker_feed(p->worker, &no_call, &did_work, &err);
		product_page(p);
	}
	product_advance(p, Q__DUE_AFTER_MS + 1);
	assert_int_equal(q_sweeper_step(p->documents, &no_call, &did_work, &err), Q_CORRUPT);
	assert_int_equal(product_job(p, good.file_id).status, Q_JOB_COMPLETED);
}

static void work_goes_on_when_the_clock_is_set_back(void **state)
{
	struct product *p = *state;
	struct q_job job = product_upload(p, "tenant-a", &(struct page_script){.pages = 3});

	assert_true(product_feed(p)); /* plans, and looks at the clock */
	clock_simulated_set_wall(p->options.clock, 1800000000000 - 3600 * 1000);
	assert_int_equal(product_settle(p, job.file_id).status, Q_JOB_COMPLETED);
	assert_true(q_clock_now_ms(p->options.clock) < 1800000000000 - 3000 * 1000);
}

/* A store that is busy costs time, not pages. */
static void a_busy_extractor_is_asked_again(void **state)
{
	struct product *p = *state;
	struct q_job job = product_upload(p, "tenant-a", &(struct page_script){.pages = 3});

	page_extractor_scripted_fail(p->extractor, Q_BUSY, 5);
	job = product_settle(p, job.file_id);
	assert_int_equal(job.status, Q_JOB_COMPLETED);
	assert_int_equal(job.processed_pages, 3);
}

/* The page's first write fails more often than it may be analysed: that is not its fault. */
static void a_store_that_is_busy_costs_time_and_no_pages(void **state)
{
	struct product *p = *state;
	struct port_faults busy = {.code = Q_BUSY, .fail_call = 1};
	struct port_faults none = {0};
	struct q_record_store *inner = p->options.records, *faulty;
	struct q_job job = product_upload(p, "tenant-a", &(struct page_script){.pages = 1});
	struct q_err err;
	bool did_work;

	p->options.records = record_store_faulty_new(inner, &none);
	assert_non_null(p->options.records);
	product_restart(p, "process-2");
	while (product_feed(p))
		continue;
	for (int i = 0; i < 2 * Q__PAGE_ATTEMPTS_MAX; i++) {
		record_store_faulty_set(p->options.records, &busy);
		assert_int_equal(q_worker_page(p->worker, &no_call, &did_work, &err), Q_BUSY);
		product_advance(p, 30000);
	}
	assert_true(analyst_scripted_calls(p->options.analyst) > Q__PAGE_ATTEMPTS_MAX);
	record_store_faulty_set(p->options.records, &none);
	job = product_settle(p, job.file_id);
	assert_int_equal(job.processed_pages, 1);
	faulty = p->options.records;
	p->options.records = inner;
	product_restart(p, "process-3");
	q_record_store_close(faulty);
}

static void a_plan_that_never_succeeds_fails_its_job(void **state)
{
	struct product *p = *state;
	struct q_job job = product_upload(p, "tenant-a", &(struct page_script){.pages = 3});

	page_extractor_scripted_fail(p->extractor, Q_IO, UINT_MAX);
	job = product_settle(p, job.file_id);
	assert_int_equal(job.status, Q_JOB_FAILED);
	assert_view_equal(job.error_code, "planning_failed");
	assert_int_equal(page_extractor_scripted_counts(p->extractor), Q__CLAIMS_MAX);
}

/* A document that ends every worker that counts its pages is given up before the next. */
static void a_plan_whose_workers_all_die_fails_its_job(void **state)
{
	struct product *p = *state;
	struct q_job job = product_upload(p, "tenant-a", &(struct page_script){.pages = 3});

	for (int i = 0; i < Q__CLAIMS_MAX; i++) {
		claim_one(p);
		product_advance(p, Q_WORKER_LEASE_MS);
	}
	job = product_settle(p, job.file_id);
	assert_int_equal(job.status, Q_JOB_FAILED);
	assert_view_equal(job.error_code, "worker_lost");
	assert_int_equal(page_extractor_scripted_counts(p->extractor), 0);
}

static void a_range_whose_workers_all_die_fails_its_missing_pages(void **state)
{
	struct product *p = *state;
	struct q_job job = product_upload(p, "tenant-a", &(struct page_script){.pages = 3});

	product_page_times(p, 2);
	product_restart(p, "process-2");
	product_advance(p, Q_WORKER_LEASE_MS);
	for (int i = 1; i < Q__CLAIMS_MAX; i++) {
		claim_one(p);
		product_advance(p, Q_WORKER_LEASE_MS);
	}
	job = product_settle(p, job.file_id);
	assert_int_equal(job.status, Q_JOB_COMPLETED);
	assert_int_equal(job.processed_pages, 2);
	assert_view_equal(product_find_page(p, job.file_id, 3).error_code, "worker_lost");
}

/* One step of each role. A failure is of that step alone. */
static void step_once(struct product *p)
{
	struct q_err err;
	bool did_work;

	(void)!q_worker_feed(p->worker, &no_call, &did_work, &err);
	(void)!q_worker_page(p->worker, &no_call, &did_work, &err);
	(void)!q_worker_keep(p->worker, &no_call, &err);
	(void)!q_aggregator_step(p->aggregator, &no_call, 0, &did_work, &err);
	(void)!q_sweeper_step(p->documents, &no_call, &did_work, &err);
}

/* Whichever allocation fails on its way, the document ends as if none had. */
static void a_full_heap_delays_and_harms_nothing(void **state)
{
	enum { STEPS = 4, STRIDE = 3 };
	struct product *p = *state;
	bool has_fired = true;

	for (int64_t n = 0; has_fired; n += STRIDE) {
		struct q_job job = product_upload(p, "tenant-a", &(struct page_script){.pages = 2});

		q_mem_fail_after(n);
		for (int i = 0; i < STEPS; i++)
			step_once(p);
		has_fired = q_mem_failure_fired();
		q_mem_fail_after(-1);
		job = product_settle(p, job.file_id);
		assert_int_equal(job.status, Q_JOB_COMPLETED);
		assert_int_equal(job.processed_pages, 2);
	}
}

static void a_document_to_blame_fails_its_job_with_its_reason(void **state)
{
	struct product *p = *state;
	struct page_script script = {.pages = 3, .refusal = "password_required"};
	struct q_job job = product_upload(p, "tenant-a", &script);

	job = product_settle(p, job.file_id);
	assert_int_equal(job.status, Q_JOB_FAILED);
	assert_view_equal(job.error_code, "password_required");
	assert_int_equal(job.result_key.length, 0);
}

#define CASE(NAME) cmocka_unit_test_setup_teardown(NAME, product_start_case, product_end_case)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_document_is_worked_through_to_its_manifest),
		CASE(a_dead_worker_leaves_only_what_is_missing_to_be_done_again),
		CASE(a_worker_takes_up_its_own_leases_at_once_after_a_restart),
		CASE(a_small_tenant_is_next_however_much_another_has_queued),
		CASE(what_is_done_cannot_be_renewed_released_or_claimed),
		CASE(work_is_claimed_by_one_and_lost_by_the_one_before),
		CASE(a_range_that_is_done_without_its_pages_is_reopened),
		CASE(work_that_cannot_be_read_fails_its_job_and_stops_no_other),
		CASE(a_page_that_cannot_be_read_fails_its_job),
		CASE(a_job_that_cannot_be_read_stops_no_sweep),
		CASE(work_goes_on_when_the_clock_is_set_back),
		CASE(a_busy_extractor_is_asked_again),
		CASE(a_store_that_is_busy_costs_time_and_no_pages),
		CASE(a_plan_that_never_succeeds_fails_its_job),
		CASE(a_plan_whose_workers_all_die_fails_its_job),
		CASE(a_range_whose_workers_all_die_fails_its_missing_pages),
		CASE(a_full_heap_delays_and_harms_nothing),
		CASE(a_document_to_blame_fails_its_job_with_its_reason),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
