/* The end of a job, step by step. */
#include "documents/items.h"
#include "documents/work/page.h"
#include "support/blob_store_faulty.h"
#include "support/checks.h"
#include "support/product.h"

#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

static const struct q_call no_call = {0};

/* A document whose pages are all stored, and that nobody has ended yet. */
static struct q_job counted(struct product *p, const struct page_script *script)
{
	struct q_job job = product_upload(p, "tenant-a", script);

	while (product_feed(p) || product_page(p))
		continue;
	job = product_job(p, job.file_id);
	assert_int_equal(job.status, Q_JOB_PROCESSING);
	assert_int_equal(job.processed_pages + job.failed_pages, script->pages);
	return job;
}

static bool aggregate(struct product *p, struct q_documents *d, struct q_str file_id)
{
	struct q_err err;
	bool did_work;

	assert_int_equal(q__aggregate(d, &no_call, file_id, p->arena, &did_work, &err), Q_OK);
	return did_work;
}

static bool holds(struct q_str text, const char *part)
{
	size_t at;

	return q_str_find(text, q_str_from(part), &at);
}

static void one_failed_page_is_told_and_the_job_completes(void **state)
{
	struct product *p = *state;
	struct page_script script = {.pages = 3, .failing_page = 2, .failure = "page_timeout"};
	struct q_job job = counted(p, &script);
	struct q_str manifest;

	assert_true(aggregate(p, p->documents, job.file_id));
	job = product_job(p, job.file_id);
	assert_int_equal(job.status, Q_JOB_COMPLETED);
	assert_int_equal(job.error_code.length, 0);
	manifest = product_manifest(p, job.file_id);
	assert_true(holds(manifest, "\"totalPages\":3,\"successCount\":2,\"failedCount\":1"));
	assert_true(holds(manifest, "{\"pageNumber\":2,\"status\":\"failed\",\"error\":{\"code\":"
				    "\"page_timeout\""));
}

static void pages_that_all_fail_alike_lend_the_job_their_error(void **state)
{
	struct product *p = *state;
	struct page_script script = {.pages = 3, .range_refusal = "too_large"};
	struct q_job job = counted(p, &script);

	assert_true(aggregate(p, p->documents, job.file_id));
	job = product_job(p, job.file_id);
	assert_int_equal(job.status, Q_JOB_FAILED);
	assert_view_equal(job.error_code, "too_large");
	assert_true(holds(product_manifest(p, job.file_id), "\"successCount\":0"));
}

static void pages_that_fail_differently_leave_the_reasons_to_the_results(void **state)
{
	struct product *p = *state;
	struct page_script script = {.pages = 2, .failing_page = 1, .failure = "page_crashed"};
	struct q_job job;

	q_analyst_close(p->options.analyst);
	p->options.analyst = analyst_scripted_new((struct analyst_script){
		.failing_page = 2, .failures = UINT_MAX, .failure = Q_INVALID});
	assert_non_null(p->options.analyst);
	product_restart(p, "process-2");
	job = counted(p, &script);
	assert_true(aggregate(p, p->documents, job.file_id));
	job = product_job(p, job.file_id);
	assert_int_equal(job.status, Q_JOB_FAILED);
	assert_view_equal(job.error_code, "no_page_succeeded");
}

static void what_is_not_counted_or_has_ended_is_left_alone(void **state)
{
	struct product *p = *state;
	struct q_job job = product_upload(p, "tenant-a", &(struct page_script){.pages = 2});

	assert_false(aggregate(p, p->documents, job.file_id));
	assert_false(aggregate(p, p->documents, Q_STR("01a3185c-5000-705d-aa4b-8acf76748aa2")));
	assert_false(aggregate(p, p->documents, Q_STR("no id")));
	job = product_settle(p, job.file_id);
	assert_int_equal(job.status, Q_JOB_COMPLETED);
	assert_false(aggregate(p, p->documents, job.file_id));
	assert_int_equal(product_job(p, job.file_id).version, job.version);
}

/* Begins to aggregate, and dies when the manifest is to be written. */
static void die_aggregating(struct product *p, const char *owner, struct q_str file_id)
{
	struct blob_store_faults faults = {.fail_per_mille = 1000, .random = p->random};
	struct q_documents_options options = p->options;
	struct q_documents *d;
	struct q_err err;
	bool did_work;

	options.owner = q_str_from(owner);
	options.results = blob_store_faulty_new(p->options.results, &faults);
	assert_non_null(options.results);
	assert_int_equal(q_documents_new(&options, &d, &err), Q_OK);
	assert_int_equal(q__aggregate(d, &no_call, file_id, p->arena, &did_work, &err), Q_IO);
	q_documents_free(d);
	q_blob_store_close(options.results);
	assert_int_equal(product_job(p, file_id).status, Q_JOB_AGGREGATING);
}

static void a_dead_aggregation_is_taken_over_when_its_lease_ends(void **state)
{
	struct product *p = *state;
	struct q_job job = counted(p, &(struct page_script){.pages = 2});

	die_aggregating(p, "process-9", job.file_id);
	product_advance(p, 29999);
	assert_false(aggregate(p, p->documents, job.file_id));
	product_advance(p, 1);
	assert_true(aggregate(p, p->documents, job.file_id));
	assert_int_equal(product_job(p, job.file_id).status, Q_JOB_COMPLETED);
}

static void a_process_takes_up_its_own_aggregation_at_once(void **state)
{
	struct product *p = *state;
	struct q_job job = counted(p, &(struct page_script){.pages = 2});

	die_aggregating(p, "process-1", job.file_id);
	assert_true(aggregate(p, p->documents, job.file_id));
	assert_int_equal(product_job(p, job.file_id).status, Q_JOB_COMPLETED);
}

/* A record store that, after the first of its writes, lets another do something to the job. */
struct rival {
	struct q_record_store base;
	struct product *product;
	struct q_str file_id;
	void (*act)(struct rival *);
	bool has_acted;
};

static enum q_code rival_get(struct q_record_store *base, const struct q_call *call,
			     struct q_record_key key, struct q_arena *arena, struct q_item *out,
			     struct q_err *err)
{
	struct rival *rival = q_container_of(base, struct rival, base);

	return q_record_store_get(rival->product->options.records, call, key, arena, out, err);
}

static enum q_code rival_query(struct q_record_store *base, const struct q_call *call,
			       const struct q_query *query, struct q_arena *arena,
			       struct q_query_page *out, struct q_err *err)
{
	struct rival *rival = q_container_of(base, struct rival, base);

	return q_record_store_query(rival->product->options.records, call, query, arena, out, err);
}

static enum q_code rival_transact(struct q_record_store *base, const struct q_call *call,
				  const struct q_write *writes, size_t count, size_t *failed,
				  struct q_arena *arena, struct q_item *after, struct q_err *err)
{
	struct rival *rival = q_container_of(base, struct rival, base);
	struct q_record_store *inner = rival->product->options.records;
	enum q_code code =
		inner->ops->transact(inner, call, writes, count, failed, arena, after, err);

	if (!code && !rival->has_acted) {
		rival->has_acted = true;
		rival->act(rival);
	}
	return code;
}

static const struct q_record_store_ops rival_ops = {
	.name = "rival", .get = rival_get, .query = rival_query, .transact = rival_transact};

static void end_job(struct rival *rival)
{
	aggregate(rival->product, rival->product->documents, rival->file_id);
}

static void delete_job(struct rival *rival)
{
	struct q_identity who = product_admin_of("tenant-a");
	struct q_err err;

	assert_int_equal(q_documents_delete_job(rival->product->documents, &no_call, &who,
						rival->file_id, rival->product->arena, &err),
			 Q_OK);
}

/* False: it was left to the rival. */
static bool aggregate_beside(struct rival *rival)
{
	struct q_documents_options options = rival->product->options;
	struct q_documents *d;
	struct q_err err;
	bool did_work;

	options.owner = Q_STR("process-1");
	options.records = &rival->base;
	assert_int_equal(q_documents_new(&options, &d, &err), Q_OK);
	did_work = aggregate(rival->product, d, rival->file_id);
	assert_true(rival->has_acted);
	q_documents_free(d);
	return did_work;
}

/* The sweeper and the aggregator of one process have one name: the one may take over from the
 * other at any time. */
static void a_job_that_another_ends_meanwhile_is_left_to_it(void **state)
{
	struct product *p = *state;
	struct q_job job = counted(p, &(struct page_script){.pages = 2});
	struct rival rival = {{&rival_ops}, p, job.file_id, end_job, false};

	assert_false(aggregate_beside(&rival));
	assert_int_equal(product_job(p, job.file_id).status, Q_JOB_COMPLETED);
}

static void a_job_that_is_deleted_meanwhile_is_left_alone(void **state)
{
	struct product *p = *state;
	struct q_job job = counted(p, &(struct page_script){.pages = 2});
	struct rival rival = {{&rival_ops}, p, job.file_id, delete_job, false};

	assert_false(aggregate_beside(&rival));
}

static void a_second_run_has_a_manifest_of_its_own(void **state)
{
	struct product *p = *state;
	struct q_job job = counted(p, &(struct page_script){.pages = 2});
	struct q_change run = {Q_SET, Q_STR("run"), q_value_number(2)};
	struct q_write write = {.kind = Q_WRITE_UPDATE,
				.key = q__job_key(p->arena, job.file_id),
				.changes = &run,
				.change_count = 1};
	struct q_err err;

	assert_int_equal(
		q_record_store_write(p->options.records, &no_call, &write, NULL, NULL, &err), Q_OK);
	assert_true(aggregate(p, p->documents, job.file_id));
	assert_true(
		q_str_ends_with(product_job(p, job.file_id).result_key, Q_STR("/results.2.json")));
	assert_true(holds(product_manifest(p, job.file_id), "\"run\":2"));
}

#define CASE(NAME) cmocka_unit_test_setup_teardown(NAME, product_start_case, product_end_case)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(one_failed_page_is_told_and_the_job_completes),
		CASE(pages_that_all_fail_alike_lend_the_job_their_error),
		CASE(pages_that_fail_differently_leave_the_reasons_to_the_results),
		CASE(what_is_not_counted_or_has_ended_is_left_alone),
		CASE(a_dead_aggregation_is_taken_over_when_its_lease_ends),
		CASE(a_process_takes_up_its_own_aggregation_at_once),
		CASE(a_job_that_another_ends_meanwhile_is_left_to_it),
		CASE(a_job_that_is_deleted_meanwhile_is_left_alone),
		CASE(a_second_run_has_a_manifest_of_its_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
