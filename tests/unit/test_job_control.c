/* Cancel and retry: which jobs take them, what the worker makes of it, and how the counts stay
 * right. */
#include "documents/documents_internal.h"
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

/* Steps feeding and paging until `pages` more pages are done. */
static void page_times(struct product *p, unsigned pages)
{
	while (pages > 0) {
		if (product_page(p))
			pages--;
		else
			assert_true(product_feed(p));
	}
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

	page_times(p, 10);
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
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
