/* A job's edges: which there are, what belongs to each, and what is lost to another write. */
#include "documents/items.h"
#include "documents/jobs/job.h"
#include "support/checks.h"
#include "support/clock_simulated.h"
#include "support/product.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static const struct q_call no_call = {0};

static struct q__job read_job(struct product *p, struct q_str file_id)
{
	struct q__job job;
	struct q_err err;

	assert_int_equal(q__job_read(p->documents, &no_call, file_id, p->arena, &job, &err), Q_OK);
	return job;
}

static enum q_code take(struct product *p, const struct q__job *from, enum q_job_status to)
{
	struct q__edge edge = {.to = to};
	struct q_err err;

	if (!q_job_status_is_final(to))
		edge.due_at_ms = q_clock_now_ms(p->clock) + 1000;
	return q__job_take_edge(p->documents, &no_call, from, &edge, p->arena, &err);
}

static struct q__job new_job(struct product *p)
{
	return read_job(p,
			product_upload(p, "tenant-a", &(struct page_script){.pages = 1}).file_id);
}

static void an_edge_moves_the_job_and_writes_its_event(void **state)
{
	struct product *p = *state;
	struct q__job job = new_job(p), after;
	struct q_item event;
	struct q_err err;

	product_advance(p, 10);
	assert_int_equal(take(p, &job, Q_JOB_CHUNKING), Q_OK);
	after = read_job(p, job.view.file_id);
	assert_int_equal(after.view.status, Q_JOB_CHUNKING);
	assert_int_equal(after.event_count, job.event_count + 1);
	assert_int_equal(after.view.updated_at_ms, job.view.updated_at_ms + 10);
	assert_true(after.view.version > job.view.version);
	assert_int_equal(
		q_record_store_get(p->options.records, &no_call,
				   q__event_key(p->arena, job.view.file_id, after.event_count),
				   p->arena, &event, &err),
		Q_OK);
	assert_view_equal(q_item_string(&event, "status", (struct q_str){0}), "chunking");
}

static void an_edge_from_what_is_no_longer_so_is_refused(void **state)
{
	struct product *p = *state;
	struct q__job job = new_job(p);

	assert_int_equal(take(p, &job, Q_JOB_CHUNKING), Q_OK);
	assert_int_equal(take(p, &job, Q_JOB_CANCELLED), Q_CONFLICT);
	assert_int_equal(read_job(p, job.view.file_id).view.status, Q_JOB_CHUNKING);
}

static size_t count_due(struct product *p)
{
	size_t count = 0;

	for (unsigned bucket = 0; bucket < Q__DUE_BUCKETS; bucket++) {
		struct q_query query = {
			.index = 2, .pk = q__due_bucket(p->arena, bucket), .limit = 100};
		struct q_query_page page;
		struct q_err err;

		assert_int_equal(q_record_store_query(p->options.records, &no_call, &query,
						      p->arena, &page, &err),
				 Q_OK);
		count += page.count;
	}
	return count;
}

static void a_job_is_due_until_its_end(void **state)
{
	struct product *p = *state;
	struct q__job job = new_job(p);

	assert_int_equal(count_due(p), 1);
	assert_int_equal(take(p, &job, Q_JOB_FAILED), Q_OK);
	assert_int_equal(count_due(p), 0);
}

static void a_job_that_goes_on_after_its_end_is_in_the_next_run(void **state)
{
	struct product *p = *state;
	struct q__job job = new_job(p);

	assert_int_equal(take(p, &job, Q_JOB_CANCELLED), Q_OK);
	job = read_job(p, job.view.file_id);
	assert_int_equal(job.view.run, 1);
	assert_int_equal(take(p, &job, Q_JOB_PENDING), Q_OK);
	assert_int_equal(read_job(p, job.view.file_id).view.run, 2);
	assert_int_equal(count_due(p), 1);
}

static void statuses_have_names_that_are_read_back(void **state)
{
	(void)state;
	for (int i = 0; i < Q_JOB_STATUS_COUNT; i++) {
		enum q_job_status status = (enum q_job_status)i, read;

		assert_true(q_job_status_parse(q_str_from(q_job_status_name(status)), &read));
		assert_int_equal(read, status);
	}
	assert_false(q_job_status_parse(Q_STR("uploaded"), &(enum q_job_status){0}));
}

static void a_job_that_does_not_exist_and_one_of_another_tenant_are_alike(void **state)
{
	struct product *p = *state;
	struct q__job job = new_job(p);
	struct q_identity other = product_admin_of("tenant-b");
	struct q_job found;
	struct q_err foreign, unknown;

	assert_int_equal(q_documents_find_job(p->documents, &no_call, &other, job.view.file_id,
					      p->arena, &found, &foreign),
			 Q_NOTFOUND);
	assert_int_equal(q_documents_find_job(p->documents, &no_call, &other,
					      Q_STR("01976b3e-4f1c-7d2a-9a60-3c5b8f1d2e40"),
					      p->arena, &found, &unknown),
			 Q_NOTFOUND);
	assert_string_equal(foreign.message, unknown.message);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(an_edge_moves_the_job_and_writes_its_event,
						product_start_case, product_end_case),
		cmocka_unit_test_setup_teardown(an_edge_from_what_is_no_longer_so_is_refused,
						product_start_case, product_end_case),
		cmocka_unit_test_setup_teardown(a_job_is_due_until_its_end, product_start_case,
						product_end_case),
		cmocka_unit_test_setup_teardown(a_job_that_goes_on_after_its_end_is_in_the_next_run,
						product_start_case, product_end_case),
		cmocka_unit_test(statuses_have_names_that_are_read_back),
		cmocka_unit_test_setup_teardown(
			a_job_that_does_not_exist_and_one_of_another_tenant_are_alike,
			product_start_case, product_end_case),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
