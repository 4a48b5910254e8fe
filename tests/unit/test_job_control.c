/* Cancel and retry: which jobs take them, what the worker makes of it, and how the counts stay
 * right. */
#include "documents/items.h"
#include "documents/jobs/job.h"
#include "support/checks.h"
#include "support/product.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static const struct q_call no_call = {0};

static enum q_code cancel(struct product *p, struct q_str file_id, struct q_job *job,
			  struct q_err *err)
{
	struct q_identity who = product_admin_of("tenant-a");

	return q_documents_cancel_job(p->documents, &no_call, &who, file_id, p->arena, job, err);
}

static void a_job_is_cancelled_in_every_state_before_its_end(void **state)
{
	struct product *p = *state;
	struct q_job job;
	struct q_err err;

	for (unsigned steps = 0; steps < 4; steps++) {
		struct q_job made =
			product_upload(p, "tenant-a", &(struct page_script){.pages = 3});

		for (unsigned i = 0; i < steps; i++)
			if (!product_feed(p))
				(void)product_page(p);
		assert_int_equal(cancel(p, made.file_id, &job, &err), Q_OK);
		assert_int_equal(job.status, Q_JOB_CANCELLED);
		assert_true(job.completed_at_ms > 0);
		product_run(p);
		assert_int_equal(product_job(p, made.file_id).status, Q_JOB_CANCELLED);
	}
}

static void cancelling_twice_answers_the_same(void **state)
{
	struct product *p = *state;
	struct q_job made = product_upload(p, "tenant-a", &(struct page_script){.pages = 3});
	struct q_job first, second;
	struct q_err err;

	assert_int_equal(cancel(p, made.file_id, &first, &err), Q_OK);
	product_advance(p, 1000);
	assert_int_equal(cancel(p, made.file_id, &second, &err), Q_OK);
	assert_int_equal(first.version, second.version);
	assert_int_equal(first.completed_at_ms, second.completed_at_ms);
}

static void a_job_that_has_ended_is_not_cancelled(void **state)
{
	struct product *p = *state;
	struct q_job made = product_upload(p, "tenant-a", &(struct page_script){.pages = 3});
	struct q_job job;
	struct q_err err;

	product_settle(p, made.file_id);
	assert_int_equal(cancel(p, made.file_id, &job, &err), Q_CONFLICT);
	assert_string_equal(err.reason, "job_ended");
}

static void a_cancelled_job_has_no_page_analysed_but_the_one_at_hand(void **state)
{
	struct product *p = *state;
	struct q_job made = product_upload(p, "tenant-a", &(struct page_script){.pages = 120});
	struct q_job job;
	struct q_err err;
	unsigned calls;

	product_page_times(p, 10);
	assert_int_equal(cancel(p, made.file_id, &job, &err), Q_OK);
	calls = analyst_scripted_calls(p->options.analyst);
	product_run(p);
	product_advance(p, 60000);
	product_run(p);
	assert_in_range(analyst_scripted_calls(p->options.analyst), calls, calls + 1);
	assert_int_equal(product_job(p, made.file_id).processed_pages, 10);
}

static void nobody_but_the_tenant_and_internal_admins_cancels(void **state)
{
	struct product *p = *state;
	struct q_job made = product_upload(p, "tenant-a", &(struct page_script){.pages = 3});
	struct q_identity other = product_admin_of("tenant-b"),
			  reader = product_admin_of("tenant-a");
	struct q_identity internal = product_internal_admin();
	struct q_job job;
	struct q_err err;

	reader.roles = 0;
	assert_int_equal(q_documents_cancel_job(p->documents, &no_call, &other, made.file_id,
						p->arena, &job, &err),
			 Q_NOTFOUND);
	assert_int_equal(q_documents_cancel_job(p->documents, &no_call, &reader, made.file_id,
						p->arena, &job, &err),
			 Q_NOTFOUND);
	assert_int_equal(q_documents_cancel_job(p->documents, &no_call, &internal, made.file_id,
						p->arena, &job, &err),
			 Q_OK);
}

/* --- Retry ------------------------------------------------------------------------------------ */

static enum q_code retry(struct product *p, struct q_str file_id, struct q_job *job,
			 struct q_err *err)
{
	struct q_identity who = product_admin_of("tenant-a");

	return q_documents_retry_job(p->documents, &no_call, &who, file_id, NULL, p->arena, job,
				     err);
}

/* Page 7 fails as often as it is tried in a run, and then no more. */
static int start_case_with_a_bad_page(void **state)
{
	static struct product product;

	product_make(&product, 1,
		     (struct analyst_script){.failing_page = 7,
					     .failures = Q__PAGE_ATTEMPTS_MAX,
					     .failure = Q_BUSY});
	*state = &product;
	return 0;
}

static void a_retry_does_the_failed_page_again_and_no_other(void **state)
{
	struct product *p = *state;
	struct q_job made = product_upload(p, "tenant-a", &(struct page_script){.pages = 120});
	struct q_job job = product_settle(p, made.file_id);
	unsigned calls = analyst_scripted_calls(p->options.analyst);
	struct q_err err;

	assert_int_equal(job.failed_pages, 1);
	assert_int_equal(retry(p, made.file_id, &job, &err), Q_OK);
	assert_int_equal(job.status, Q_JOB_PROCESSING);
	assert_int_equal(job.run, 2);
	assert_int_equal(job.processed_pages, 119);
	assert_int_equal(job.failed_pages, 0);
	assert_int_equal(job.result_key.length, 0);
	assert_int_equal(product_find_page(p, made.file_id, 7).status, Q_PAGE_PENDING);
	job = product_settle(p, made.file_id);
	assert_int_equal(job.status, Q_JOB_COMPLETED);
	assert_int_equal(job.processed_pages, 120);
	assert_int_equal(analyst_scripted_calls(p->options.analyst), calls + 1);
	assert_true(q_str_ends_with(job.result_key, Q_STR("/results.2.json")));
	assert_int_equal(product_find_page(p, made.file_id, 7).run, 2);
	assert_view_equal(product_find_page(p, made.file_id, 8).text, "This is page 8 of 120.");
	assert_view_equal(product_find_page(p, made.file_id, 7).text, "This is page 7 of 120.");
}

static void a_retry_of_a_cancelled_job_does_what_is_missing(void **state)
{
	struct product *p = *state;
	struct q_job made = product_upload(p, "tenant-a", &(struct page_script){.pages = 120});
	struct q_job job;
	struct q_err err;

	product_page_times(p, 60);
	assert_int_equal(cancel(p, made.file_id, &job, &err), Q_OK);
	assert_int_equal(retry(p, made.file_id, &job, &err), Q_OK);
	assert_int_equal(job.processed_pages, 60);
	job = product_settle(p, made.file_id);
	assert_int_equal(job.status, Q_JOB_COMPLETED);
	assert_int_equal(job.processed_pages, 120);
	assert_in_range(analyst_scripted_calls(p->options.analyst), 120, 121);
}

static void a_retry_before_any_page_was_counted_plans_anew(void **state)
{
	struct product *p = *state;
	struct q_job made = product_upload(p, "tenant-a", &(struct page_script){.pages = 3});
	struct q_job job;
	struct q_err err;

	assert_int_equal(cancel(p, made.file_id, &job, &err), Q_OK);
	assert_int_equal(retry(p, made.file_id, &job, &err), Q_OK);
	assert_int_equal(job.status, Q_JOB_PENDING);
	assert_int_equal(job.run, 2);
	assert_int_equal(job.completed_at_ms, 0);
	job = product_settle(p, made.file_id);
	assert_int_equal(job.status, Q_JOB_COMPLETED);
	assert_int_equal(job.processed_pages, 3);
}

static void a_refused_document_fails_again(void **state)
{
	struct product *p = *state;
	struct q_job made = product_upload(p, "tenant-a",
					   &(struct page_script){.refusal = "password_required"});
	struct q_job job = product_settle(p, made.file_id);
	struct q_err err;

	assert_int_equal(job.status, Q_JOB_FAILED);
	assert_int_equal(retry(p, made.file_id, &job, &err), Q_OK);
	assert_int_equal(job.error_code.length, 0);
	job = product_settle(p, made.file_id);
	assert_int_equal(job.status, Q_JOB_FAILED);
	assert_int_equal(job.run, 2);
	assert_view_equal(job.error_code, "password_required");
}

static void what_has_nothing_to_redo_or_has_not_ended_is_not_retried(void **state)
{
	struct product *p = *state;
	struct q_job made = product_upload(p, "tenant-a", &(struct page_script){.pages = 3});
	struct q_job job;
	struct q_err err;

	assert_int_equal(retry(p, made.file_id, &job, &err), Q_CONFLICT);
	assert_string_equal(err.reason, "job_not_ended");
	product_settle(p, made.file_id);
	assert_int_equal(retry(p, made.file_id, &job, &err), Q_CONFLICT);
	assert_string_equal(err.reason, "nothing_to_retry");
	assert_int_equal(product_job(p, made.file_id).run, 1);
}

/* 45 ranges: more than fit in the edge's transaction, and in a batch. */
static void a_long_document_cancelled_while_it_is_planned_is_done_whole_by_a_retry(void **state)
{
	struct product *p = *state;
	struct q_job made = product_upload(p, "tenant-a", &(struct page_script){.pages = 2250});
	struct q_err err;
	struct q__job job;
	struct q_job view;
	struct q__edge to_chunking = {.to = Q_JOB_CHUNKING, .due_at_ms = 1};
	struct q_change total = q__change_number("totalPages", 2250);
	struct q__edge to_processing = {
		.to = Q_JOB_PROCESSING, .due_at_ms = 1, .changes = &total, .change_count = 1};

	/* The planner dies after its edges, before it writes ranges. */
	assert_int_equal(q__job_read(p->documents, &no_call, made.file_id, p->arena, &job, &err),
			 Q_OK);
	assert_int_equal(
		q__job_take_edge(p->documents, &no_call, &job, &to_chunking, p->arena, &err), Q_OK);
	assert_int_equal(q__job_read(p->documents, &no_call, made.file_id, p->arena, &job, &err),
			 Q_OK);
	assert_int_equal(
		q__job_take_edge(p->documents, &no_call, &job, &to_processing, p->arena, &err),
		Q_OK);
	assert_int_equal(cancel(p, made.file_id, &view, &err), Q_OK);
	assert_int_equal(retry(p, made.file_id, &view, &err), Q_OK);
	view = product_settle(p, made.file_id);
	assert_int_equal(view.status, Q_JOB_COMPLETED);
	assert_int_equal(view.processed_pages, 2250);
	assert_int_equal(analyst_scripted_calls(p->options.analyst), 2250);
}

/* The process dies between the edge and its ranges. */
static void a_retry_that_broke_off_is_finished_by_the_sweeper(void **state)
{
	struct product *p = *state;
	struct q_job made = product_upload(p, "tenant-a", &(struct page_script){.pages = 120});
	struct q_change none_failed = q__change_number("failedPages", 0);
	struct q__edge edge = {.to = Q_JOB_PROCESSING,
			       .due_at_ms = q_clock_now_ms(p->clock) + Q__DUE_AFTER_MS,
			       .changes = &none_failed,
			       .change_count = 1};
	struct q__job job;
	struct q_job view = product_settle(p, made.file_id);
	struct q_err err;

	assert_int_equal(view.failed_pages, 1);
	assert_int_equal(q__job_read(p->documents, &no_call, made.file_id, p->arena, &job, &err),
			 Q_OK);
	assert_int_equal(q__job_take_edge(p->documents, &no_call, &job, &edge, p->arena, &err),
			 Q_OK);
	view = product_settle(p, made.file_id);
	assert_int_equal(view.status, Q_JOB_COMPLETED);
	assert_int_equal(view.run, 2);
	assert_int_equal(view.processed_pages, 120);
	assert_int_equal(view.failed_pages, 0);
}

/* A worker of the first run still holds its range when the second begins. */
static void a_worker_of_an_earlier_run_changes_nothing_in_the_next(void **state)
{
	struct product *p = *state;
	struct q_job made = product_upload(p, "tenant-a", &(struct page_script){.pages = 40});
	struct q_job job;
	struct q_err err;

	product_page_times(p, 10); /* the range is held, its pages are open */
	assert_int_equal(cancel(p, made.file_id, &job, &err), Q_OK);
	assert_int_equal(retry(p, made.file_id, &job, &err), Q_OK);
	while (product_page(p)) /* of the range as it was held in the first run */
		;
	assert_int_equal(product_job(p, made.file_id).processed_pages, 10);
	job = product_settle(p, made.file_id);
	assert_int_equal(job.status, Q_JOB_COMPLETED);
	assert_int_equal(job.processed_pages, 40);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_job_is_cancelled_in_every_state_before_its_end,
						product_start_case, product_end_case),
		cmocka_unit_test_setup_teardown(cancelling_twice_answers_the_same,
						product_start_case, product_end_case),
		cmocka_unit_test_setup_teardown(a_job_that_has_ended_is_not_cancelled,
						product_start_case, product_end_case),
		cmocka_unit_test_setup_teardown(
			a_cancelled_job_has_no_page_analysed_but_the_one_at_hand,
			product_start_case, product_end_case),
		cmocka_unit_test_setup_teardown(nobody_but_the_tenant_and_internal_admins_cancels,
						product_start_case, product_end_case),
		cmocka_unit_test_setup_teardown(a_retry_does_the_failed_page_again_and_no_other,
						start_case_with_a_bad_page, product_end_case),
		cmocka_unit_test_setup_teardown(a_retry_of_a_cancelled_job_does_what_is_missing,
						product_start_case, product_end_case),
		cmocka_unit_test_setup_teardown(a_retry_before_any_page_was_counted_plans_anew,
						product_start_case, product_end_case),
		cmocka_unit_test_setup_teardown(a_refused_document_fails_again, product_start_case,
						product_end_case),
		cmocka_unit_test_setup_teardown(
			what_has_nothing_to_redo_or_has_not_ended_is_not_retried,
			product_start_case, product_end_case),
		cmocka_unit_test_setup_teardown(
			a_long_document_cancelled_while_it_is_planned_is_done_whole_by_a_retry,
			product_start_case, product_end_case),
		cmocka_unit_test_setup_teardown(a_retry_that_broke_off_is_finished_by_the_sweeper,
						start_case_with_a_bad_page, product_end_case),
		cmocka_unit_test_setup_teardown(
			a_worker_of_an_earlier_run_changes_nothing_in_the_next, product_start_case,
			product_end_case),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
