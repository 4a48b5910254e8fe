/* Retention: what is too old goes, of every tenant by its own rule; contracts and the rest stay. */
#include "access/tenant.h"
#include "documents/documents_internal.h"
#include "support/checks.h"
#include "support/product.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#define DAY_MS ((int64_t)24 * 3600 * 1000)

static const struct q_call no_call = {0};

static int start_case(void **state)
{
	static struct product product;

	product_make(&product, 1, (struct analyst_script){0});
	product.options.retention_days = 90;
	product_restart(&product, "process-1");
	*state = &product;
	return 0;
}

static struct q_job upload(struct product *p, const char *tenant_id, const char *kind,
			   unsigned pages)
{
	struct q_identity who = product_admin_of(tenant_id);
	struct q_upload_request request = {.file_name = Q_STR("report.pdf"),
					   .kind = q_str_from(kind)};
	char document[PAGE_SCRIPT_MAX];
	size_t length = page_script_write(&(struct page_script){.pages = pages}, document);
	struct q_job job;
	struct q_err err;

	assert_int_equal(product_upload_bytes(p->documents, &who, &request,
					      (struct q_bytes){(unsigned char *)document, length},
					      p->arena, &job, &err),
			 Q_OK);
	return job;
}

static bool is_known(struct product *p, struct q_str file_id)
{
	struct q_identity who = product_internal_admin();
	struct q_job job;
	struct q_err err;

	return q_documents_find_job(p->documents, &no_call, &who, file_id, p->arena, &job, &err) !=
	       Q_NOTFOUND;
}

static void run_pass(struct product *p)
{
	struct q_retention retention = {0};
	bool did_work = true;
	struct q_err err;

	while (did_work)
		assert_int_equal(
			q_retention_step(p->documents, &no_call, &retention, &did_work, &err),
			Q_OK);
}

static void documents_go_after_the_days_of_the_settings(void **state)
{
	struct product *p = *state;
	struct q_job job = upload(p, "tenant-a", "document", 3);

	product_settle(p, job.file_id);
	product_advance(p, 90 * DAY_MS - 3600 * 1000);
	run_pass(p);
	assert_true(is_known(p, job.file_id));
	product_advance(p, 3600 * 1000);
	run_pass(p);
	assert_false(is_known(p, job.file_id));
}

static void a_tenant_has_its_own_days(void **state)
{
	struct product *p = *state;
	struct q_tenant tenant = {.id = Q_STR("tenant-b"), .retention_days = 7};
	struct q_job first = upload(p, "tenant-a", "document", 3);
	struct q_job second = upload(p, "tenant-b", "document", 3);
	struct q_err err;

	assert_int_equal(q_tenant_put(p->options.records, &no_call, &tenant, &err), Q_OK);
	product_advance(p, 8 * DAY_MS);
	run_pass(p);
	assert_true(is_known(p, first.file_id));
	assert_false(is_known(p, second.file_id));
}

static void contracts_stay(void **state)
{
	struct product *p = *state;
	struct q_job contract = upload(p, "tenant-a", "contract", 3);
	struct q_job document = upload(p, "tenant-a", "document", 3);

	product_advance(p, 1000 * DAY_MS);
	run_pass(p);
	assert_true(is_known(p, contract.file_id));
	assert_false(is_known(p, document.file_id));
}

/* More than a step takes, contracts among them, and tenants on both sides. */
static void a_pass_comes_by_everything(void **state)
{
	struct product *p = *state;
	struct q_str old[50], kept;

	upload(p, "tenant-0", "document", 1);
	for (unsigned i = 0; i < 50; i++)
		old[i] = upload(p, "tenant-a", i % 5 ? "document" : "contract", i + 1).file_id;
	upload(p, "tenant-z", "document", 1);
	product_advance(p, 91 * DAY_MS);
	kept = upload(p, "tenant-a", "document", 60).file_id;
	run_pass(p);
	for (unsigned i = 0; i < 50; i++)
		assert_int_equal(is_known(p, old[i]), i % 5 == 0);
	assert_true(is_known(p, kept));
}

static void nothing_goes_where_no_days_are_set(void **state)
{
	struct product *p = *state;
	struct q_job job;

	p->options.retention_days = 0;
	product_restart(p, "process-1");
	job = upload(p, "tenant-a", "document", 3);
	product_advance(p, 10000 * DAY_MS);
	run_pass(p);
	assert_true(is_known(p, job.file_id));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(documents_go_after_the_days_of_the_settings,
						start_case, product_end_case),
		cmocka_unit_test_setup_teardown(a_tenant_has_its_own_days, start_case,
						product_end_case),
		cmocka_unit_test_setup_teardown(contracts_stay, start_case, product_end_case),
		cmocka_unit_test_setup_teardown(a_pass_comes_by_everything, start_case,
						product_end_case),
		cmocka_unit_test_setup_teardown(nothing_goes_where_no_days_are_set, start_case,
						product_end_case),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
