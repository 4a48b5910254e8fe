/* Lists of jobs, page by page, while others upload; and jobs as the callers may see them. */
#include "documents/documents_internal.h"
#include "support/checks.h"
#include "support/product.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

enum { JOBS_MAX = 64 };

static const struct q_call no_call = {0};
static const struct page_script one_page = {.pages = 1};

static struct q_job_page list(struct product *p, const struct q_identity *who,
			      const struct q_job_filter *filter, enum q_code expected)
{
	struct q_job_page page = {0};
	struct q_err err;

	assert_int_equal(
		q_documents_list_jobs(p->documents, &no_call, who, filter, p->arena, &page, &err),
		expected);
	return page;
}

/* Walks the list with `between` uploads after each page; the ids seen, the newest first. */
static size_t walk(struct product *p, struct q_job_filter filter, unsigned between,
		   struct q_str *ids)
{
	struct q_identity who = product_admin_of("tenant-a");
	size_t count = 0;

	do {
		struct q_job_page page = list(p, &who, &filter, Q_OK);

		for (size_t i = 0; i < page.count; i++) {
			assert_true(count < JOBS_MAX);
			ids[count++] = page.items[i].file_id;
		}
		for (unsigned i = 0; i < between; i++)
			product_upload(p, "tenant-a", &one_page);
		product_advance(p, 1);
		filter.after = page.next;
	} while (filter.after.length > 0);
	return count;
}

static void nothing_is_skipped_or_repeated_while_others_upload(void **state)
{
	struct product *p = *state;
	struct q_str uploaded[10], ids[JOBS_MAX];

	for (size_t i = 0; i < 10; i++) {
		uploaded[i] = product_upload(p, "tenant-a", &one_page).file_id;
		product_upload(p, "tenant-b", &one_page);
		product_advance(p, i % 3); /* some in one millisecond */
	}
	assert_int_equal(walk(p, (struct q_job_filter){.limit = 3}, 2, ids), 10);
	for (size_t i = 0; i < 10; i++) {
		size_t seen = 0;

		for (size_t j = 0; j < 10; j++)
			seen += q_str_equal(uploaded[i], ids[j]);
		assert_int_equal(seen, 1);
	}
}

static void a_status_lists_its_jobs_alone(void **state)
{
	static const enum q_job_status pending = Q_JOB_PENDING, completed = Q_JOB_COMPLETED;
	struct product *p = *state;
	struct q_str ids[JOBS_MAX];
	struct q_job done = product_upload(p, "tenant-a", &one_page);

	product_settle(p, done.file_id);
	product_upload(p, "tenant-a", &one_page);
	product_upload(p, "tenant-a", &one_page);
	assert_int_equal(walk(p, (struct q_job_filter){.limit = 1, .status = &pending}, 0, ids), 2);
	assert_int_equal(walk(p, (struct q_job_filter){.limit = 9, .status = &completed}, 0, ids),
			 1);
	assert_true(q_str_equal(ids[0], done.file_id));
	assert_int_equal(
		walk(p, (struct q_job_filter){.limit = 9, .kind = Q_STR("contract")}, 0, ids), 0);
}

static void another_tenants_jobs_and_unknown_ones_answer_alike(void **state)
{
	struct product *p = *state;
	struct q_identity stranger = product_admin_of("tenant-b"),
			  internal = product_internal_admin();
	struct q_job_filter filter = {.tenant_id = Q_STR("tenant-a"), .limit = 10};
	struct q_job job = product_upload(p, "tenant-a", &one_page), got;
	struct q_err foreign = {0}, unknown = {0};

	assert_int_equal(q_documents_find_job(p->documents, &no_call, &stranger, job.file_id,
					      p->arena, &got, &foreign),
			 Q_NOTFOUND);
	assert_int_equal(q_documents_find_job(p->documents, &no_call, &stranger,
					      Q_STR("01a3185c-5000-705d-aa4b-8acf76748aa2"),
					      p->arena, &got, &unknown),
			 Q_NOTFOUND);
	assert_string_equal(foreign.message, unknown.message);
	list(p, &stranger, &filter, Q_NOTFOUND);
	assert_int_equal(list(p, &internal, &filter, Q_OK).count, 1);
}

/* The position in one tenant's list opens nothing of another's. */
static void a_position_of_another_tenants_list_is_refused_or_empty_of_it(void **state)
{
	struct product *p = *state;
	struct q_identity a = product_admin_of("tenant-a"), b = product_admin_of("tenant-b");
	struct q_job_filter filter = {.limit = 1};
	struct q_job_page page;
	struct q_err err;

	for (int i = 0; i < 3; i++) {
		product_upload(p, "tenant-a", &one_page);
		product_upload(p, "tenant-b", &one_page);
	}
	filter.after = list(p, &a, &filter, Q_OK).next;
	filter.limit = 10;
	if (q_documents_list_jobs(p->documents, &no_call, &b, &filter, p->arena, &page, &err))
		assert_int_equal(err.code, Q_INVALID);
	else
		for (size_t i = 0; i < page.count; i++)
			assert_view_equal(page.items[i].tenant_id, "tenant-b");
	filter.after = Q_STR("no position");
	list(p, &b, &filter, Q_INVALID);
}

static void results_are_there_at_the_end_and_not_before(void **state)
{
	struct product *p = *state;
	struct q_identity who = product_admin_of("tenant-a"),
			  stranger = product_admin_of("tenant-b");
	struct q_job job = product_upload(p, "tenant-a", &one_page);
	struct page_script refused = {.pages = 1, .refusal = "malformed_pdf"};
	struct q_err err = {0};
	struct q_str url;
	int64_t expires_at_ms;

	assert_int_equal(q_documents_link_results(p->documents, &no_call, &who, job.file_id,
						  p->arena, &url, &expires_at_ms, &err),
			 Q_CONFLICT);
	assert_string_equal(err.reason, "not_ready");
	product_settle(p, job.file_id);
	assert_int_equal(q_documents_link_results(p->documents, &no_call, &stranger, job.file_id,
						  p->arena, &url, &expires_at_ms, &err),
			 Q_NOTFOUND);
	assert_int_equal(q_documents_link_results(p->documents, &no_call, &who, job.file_id,
						  p->arena, &url, &expires_at_ms, &err),
			 Q_OK);
	assert_int_equal(expires_at_ms % 60000, 0);
	job = product_upload(p, "tenant-a", &refused);
	product_settle(p, job.file_id);
	assert_int_equal(q_documents_link_results(p->documents, &no_call, &who, job.file_id,
						  p->arena, &url, &expires_at_ms, &err),
			 Q_CONFLICT);
	assert_string_equal(err.reason, "no_results");
}

#define CASE(NAME) cmocka_unit_test_setup_teardown(NAME, product_start_case, product_end_case)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(nothing_is_skipped_or_repeated_while_others_upload),
		CASE(a_status_lists_its_jobs_alone),
		CASE(another_tenants_jobs_and_unknown_ones_answer_alike),
		CASE(a_position_of_another_tenants_list_is_refused_or_empty_of_it),
		CASE(results_are_there_at_the_end_and_not_before),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
