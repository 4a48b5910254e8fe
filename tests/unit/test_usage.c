/* Usage is exact through making, counting, failing and deleting; quotas hold against uploads at
 * once. */
#include "access/tenant.h"
#include "documents/jobs/usage.h"
#include "support/checks.h"
#include "support/product.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static const struct q_call no_call = {0};

static struct q_usage usage_of(struct product *p, const char *tenant_id)
{
	struct q_usage usage;
	struct q_err err;

	assert_int_equal(q_documents_find_usage(p->documents, &no_call, q_str_from(tenant_id),
						p->arena, &usage, &err),
			 Q_OK);
	return usage;
}

static void set_quotas(struct product *p, struct q_quotas quotas)
{
	struct q_tenant tenant = {.id = Q_STR("tenant-a"), .quotas = quotas};
	struct q_err err;

	assert_int_equal(q_tenant_put(p->options.records, &no_call, &tenant, &err), Q_OK);
}

/* Bytes like no other's: they are no duplicate. */
static enum q_code upload(struct product *p, unsigned pages, struct q_job *job, struct q_err *err)
{
	static unsigned count;
	struct q_identity who = product_admin_of("tenant-a");
	struct q_upload_request request = {.file_name = Q_STR("report.pdf")};
	char document[PAGE_SCRIPT_MAX + 64] = {0};
	size_t length = page_script_write(&(struct page_script){.pages = pages}, document);

	return product_upload_bytes(
		p->documents, &who, &request,
		(struct q_bytes){(unsigned char *)document, length + 1 + count++ % 60}, p->arena,
		job, err);
}

static void remove_document(struct product *p, struct q_str file_id)
{
	struct q_identity who = product_admin_of("tenant-a");
	struct q_err err;

	assert_int_equal(
		q_documents_delete_job(p->documents, &no_call, &who, file_id, p->arena, &err),
		Q_OK);
}

static void usage_follows_what_there_is(void **state)
{
	struct product *p = *state;
	struct q_job first = product_upload(p, "tenant-a", &(struct page_script){.pages = 3});
	struct q_job second = product_upload(p, "tenant-a", &(struct page_script){.pages = 70});

	assert_int_equal(usage_of(p, "tenant-a").documents, 2);
	assert_int_equal(usage_of(p, "tenant-a").pages, 0);
	product_settle(p, first.file_id);
	product_settle(p, second.file_id);
	assert_int_equal(usage_of(p, "tenant-a").pages, 73);
	assert_int_equal(usage_of(p, "tenant-a").bytes, first.size_bytes + second.size_bytes);
	remove_document(p, first.file_id);
	assert_int_equal(usage_of(p, "tenant-a").documents, 1);
	assert_int_equal(usage_of(p, "tenant-a").pages, 70);
	assert_int_equal(usage_of(p, "tenant-a").bytes, second.size_bytes);
	assert_int_equal(usage_of(p, "tenant-b").documents, 0);
}

static void a_retry_uses_no_more(void **state)
{
	struct product *p = *state;
	struct q_job job = product_upload(p, "tenant-a", &(struct page_script){.pages = 3});
	struct q_identity who = product_admin_of("tenant-a");
	struct q_err err;

	product_feed(p);
	assert_int_equal(q_documents_cancel_job(p->documents, &no_call, &who, job.file_id, p->arena,
						&job, &err),
			 Q_OK);
	assert_int_equal(q_documents_retry_job(p->documents, &no_call, &who, job.file_id, NULL,
					       p->arena, &job, &err),
			 Q_OK);
	product_settle(p, job.file_id);
	assert_int_equal(usage_of(p, "tenant-a").pages, 3);
	assert_int_equal(usage_of(p, "tenant-a").documents, 1);
}

static void documents_beyond_the_quota_are_refused_until_one_goes(void **state)
{
	struct product *p = *state;
	struct q_job job, ignored;
	struct q_err err;

	set_quotas(p, (struct q_quotas){.documents = 2});
	assert_int_equal(upload(p, 1, &job, &err), Q_OK);
	assert_int_equal(upload(p, 1, &ignored, &err), Q_OK);
	assert_int_equal(upload(p, 1, &ignored, &err), Q_DENIED);
	assert_string_equal(err.reason, "quota_documents");
	remove_document(p, job.file_id);
	assert_int_equal(upload(p, 1, &ignored, &err), Q_OK);
}

static void bytes_fit_to_the_last(void **state)
{
	struct product *p = *state;
	struct q_usage used = {0}, added = {.documents = 1, .bytes = 1000};
	struct q_job job;
	struct q_err err;

	assert_int_equal(upload(p, 1, &job, &err), Q_OK);
	used = usage_of(p, "tenant-a");
	set_quotas(p, (struct q_quotas){.bytes = used.bytes + 1000});
	assert_int_equal(
		q__quota_check(p->documents, &no_call, Q_STR("tenant-a"), &added, p->arena, &err),
		Q_OK);
	added.bytes++;
	assert_int_equal(
		q__quota_check(p->documents, &no_call, Q_STR("tenant-a"), &added, p->arena, &err),
		Q_DENIED);
	assert_string_equal(err.reason, "quota_bytes");
}

static void a_document_with_too_many_pages_fails_and_goes_on_when_there_is_room(void **state)
{
	struct product *p = *state;
	struct q_identity who = product_admin_of("tenant-a");
	struct q_job job;
	struct q_err err;

	set_quotas(p, (struct q_quotas){.pages = 100});
	assert_int_equal(upload(p, 101, &job, &err), Q_OK);
	job = product_settle(p, job.file_id);
	assert_int_equal(job.status, Q_JOB_FAILED);
	assert_view_equal(job.error_code, "quota_pages");
	assert_int_equal(usage_of(p, "tenant-a").pages, 0);
	set_quotas(p, (struct q_quotas){.pages = 101});
	assert_int_equal(q_documents_retry_job(p->documents, &no_call, &who, job.file_id, NULL,
					       p->arena, &job, &err),
			 Q_OK);
	assert_int_equal(product_settle(p, job.file_id).status, Q_JOB_COMPLETED);
	assert_int_equal(usage_of(p, "tenant-a").pages, 101);
}

/* Two read the same usage: what the first takes is no longer there for the second. */
static void the_condition_holds_where_another_was_first(void **state)
{
	struct product *p = *state;
	struct q_usage one = {.documents = 1};
	struct q_write first, second;
	struct q_err err;

	set_quotas(p, (struct q_quotas){.documents = 1});
	assert_int_equal(q__usage_grow(p->documents, &no_call, Q_STR("tenant-a"), &one, p->arena,
				       &first, &err),
			 Q_OK);
	assert_int_equal(q__usage_grow(p->documents, &no_call, Q_STR("tenant-a"), &one, p->arena,
				       &second, &err),
			 Q_OK);
	assert_int_equal(
		q_record_store_transact(p->options.records, &no_call, &first, 1, NULL, &err), Q_OK);
	assert_int_equal(
		q_record_store_transact(p->options.records, &no_call, &second, 1, NULL, &err),
		Q_CONFLICT);
	assert_int_equal(usage_of(p, "tenant-a").documents, 1);
}

static void uploads_at_once_are_limited_for_each_tenant(void **state)
{
	struct product *p = *state;
	struct q_identity who = product_admin_of("tenant-a"), other = product_admin_of("tenant-b");
	struct q_upload_request request = {.file_name = Q_STR("report.pdf")};
	struct q_upload *first, *second;
	struct q_err err;

	set_quotas(p, (struct q_quotas){.concurrent_uploads = 1});
	assert_int_equal(q_upload_open(p->documents, &no_call, &who, &request, &first, &err), Q_OK);
	assert_int_equal(q_upload_open(p->documents, &no_call, &who, &request, &second, &err),
			 Q_BUSY);
	assert_string_equal(err.reason, "too_many_uploads");
	assert_true(err.retry_after_ms > 0);
	assert_int_equal(q_upload_open(p->documents, &no_call, &other, &request, &second, &err),
			 Q_OK);
	q_upload_abort(second);
	q_upload_abort(first);
	assert_int_equal(q_upload_open(p->documents, &no_call, &who, &request, &first, &err), Q_OK);
	q_upload_abort(first);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(usage_follows_what_there_is, product_start_case,
						product_end_case),
		cmocka_unit_test_setup_teardown(a_retry_uses_no_more, product_start_case,
						product_end_case),
		cmocka_unit_test_setup_teardown(
			documents_beyond_the_quota_are_refused_until_one_goes, product_start_case,
			product_end_case),
		cmocka_unit_test_setup_teardown(bytes_fit_to_the_last, product_start_case,
						product_end_case),
		cmocka_unit_test_setup_teardown(
			a_document_with_too_many_pages_fails_and_goes_on_when_there_is_room,
			product_start_case, product_end_case),
		cmocka_unit_test_setup_teardown(the_condition_holds_where_another_was_first,
						product_start_case, product_end_case),
		cmocka_unit_test_setup_teardown(uploads_at_once_are_limited_for_each_tenant,
						product_start_case, product_end_case),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
