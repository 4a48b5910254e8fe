/* A deleted document: unknown at once, gone wholly, whatever breaks off and whoever comes late. */
#include "documents/items.h"
#include "documents/work/page.h"
#include "support/blob_store_faulty.h"
#include "support/checks.h"
#include "support/product.h"
#include "support/record_store_faulty.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

enum { TOMBSTONE_MS = 15 * 60 * 1000 };

static const struct q_call no_call = {0};

static enum q_code delete_as(struct product *p, const char *tenant_id, struct q_str file_id)
{
	struct q_identity who = product_admin_of(tenant_id);
	struct q_err err;

	return q_documents_delete_job(p->documents, &no_call, &who, file_id, p->arena, &err);
}

static bool is_known(struct product *p, struct q_str file_id)
{
	struct q_identity who = product_internal_admin();
	struct q_job job;
	struct q_err err;

	return q_documents_find_job(p->documents, &no_call, &who, file_id, p->arena, &job, &err) !=
	       Q_NOTFOUND;
}

static size_t count_listed(struct product *p, const enum q_job_status *status)
{
	struct q_identity who = product_admin_of("tenant-a");
	struct q_job_filter filter = {.status = status, .limit = 100};
	struct q_job_page page;
	struct q_err err;

	assert_int_equal(
		q_documents_list_jobs(p->documents, &no_call, &who, &filter, p->arena, &page, &err),
		Q_OK);
	return page.count;
}

/* Items under the document's own keys. */
static size_t count_items(struct product *p, struct q_str file_id)
{
	struct q_query query = {.pk = q__job_key(p->arena, file_id).pk, .limit = 1000};
	struct q_query_page page;
	struct q_item file;
	struct q_err err;

	assert_int_equal(
		q_record_store_query(p->options.records, &no_call, &query, p->arena, &page, &err),
		Q_OK);
	return page.count +
	       (q_record_store_get(p->options.records, &no_call, q__file_key(p->arena, file_id),
				   p->arena, &file, &err) == Q_OK);
}

static void assert_nothing_left(struct product *p, struct q_str file_id)
{
	assert_false(is_known(p, file_id));
	assert_int_equal(count_items(p, file_id), 0);
	assert_int_equal(product_count_blobs(p, p->options.documents), 0);
	assert_int_equal(product_count_blobs(p, p->options.results), 0);
}

static void sweep_for(struct product *p, int64_t milliseconds)
{
	for (; milliseconds > 0; milliseconds -= 60000) {
		product_advance(p, 60000);
		product_run(p);
	}
}

static void a_deleted_document_is_unknown_and_listed_nowhere(void **state)
{
	struct product *p = *state;
	enum q_job_status completed = Q_JOB_COMPLETED;
	struct q_job made = product_upload(p, "tenant-a", &(struct page_script){.pages = 3});

	product_settle(p, made.file_id);
	assert_int_equal(count_listed(p, NULL), 1);
	assert_int_equal(delete_as(p, "tenant-a", made.file_id), Q_OK);
	assert_false(is_known(p, made.file_id));
	assert_int_equal(count_listed(p, NULL), 0);
	assert_int_equal(count_listed(p, &completed), 0);
	assert_int_equal(delete_as(p, "tenant-a", made.file_id), Q_NOTFOUND);
}

static void blobs_and_records_go_at_once_and_the_tombstone_after_a_while(void **state)
{
	struct product *p = *state;
	struct q_job made = product_upload(p, "tenant-a", &(struct page_script){.pages = 120});

	product_settle(p, made.file_id);
	assert_int_equal(delete_as(p, "tenant-a", made.file_id), Q_OK);
	assert_int_equal(count_items(p, made.file_id), 1);
	assert_int_equal(product_count_blobs(p, p->options.documents), 0);
	assert_int_equal(product_count_blobs(p, p->options.results), 0);
	sweep_for(p, TOMBSTONE_MS + 1000);
	assert_nothing_left(p, made.file_id);
}

static void a_document_is_deleted_while_it_is_worked_on(void **state)
{
	struct product *p = *state;

	for (unsigned steps = 0; steps < 6; steps++) {
		struct q_job made =
			product_upload(p, "tenant-a", &(struct page_script){.pages = 120});

		for (unsigned i = 0; i < steps; i++)
			if (!product_feed(p))
				(void)product_page(p);
		assert_int_equal(delete_as(p, "tenant-a", made.file_id), Q_OK);
		product_run(p);
		assert_false(is_known(p, made.file_id));
		sweep_for(p, TOMBSTONE_MS + 1000);
		assert_nothing_left(p, made.file_id);
	}
}

static void a_blob_that_comes_late_is_removed_with_the_tombstone(void **state)
{
	struct product *p = *state;
	struct q_job made = product_upload(p, "tenant-a", &(struct page_script){.pages = 3});
	struct q_str key =
		q_arena_format(p->arena, "tenant-a/%.*s/text/000001", Q_STR_ARG(made.file_id));
	struct q_err err;

	assert_int_equal(delete_as(p, "tenant-a", made.file_id), Q_OK);
	product_advance(p, 60000);
	assert_int_equal(q_blob_store_put(p->options.results, &no_call, key,
					  q_str_bytes(Q_STR("late")), NULL, &err),
			 Q_OK);
	sweep_for(p, TOMBSTONE_MS + 1000);
	assert_nothing_left(p, made.file_id);
}

/* Who deletes a document between two calls of those who work on it. */
struct deleter {
	struct product *product;
	struct q_str file_id;
	unsigned calls, delete_call;
};

static void delete_meanwhile(void *context)
{
	struct deleter *deleter = context;

	if (++deleter->calls == deleter->delete_call)
		assert_int_equal(delete_as(deleter->product, "tenant-a", deleter->file_id), Q_OK);
}

/* Plans, extracts, analyses and aggregates until nothing is left to do. */
static void work_on(struct q_documents *documents, const struct deleter *deleter)
{
	struct q_worker *worker;
	bool did_work = true;
	struct q_err err;

	assert_int_equal(q_worker_new(documents, &worker, &err), Q_OK);
	while (did_work)
		if (q_worker_feed(worker, &no_call, &did_work, &err) == Q_OK && !did_work)
			assert_int_equal(q_worker_page(worker, &no_call, &did_work, &err), Q_OK);
	assert_int_equal(q__aggregate(documents, &no_call, deleter->file_id,
				      deleter->product->arena, &did_work, &err),
			 Q_OK);
	q_worker_free(worker);
}

/* The same by a process whose calls of its stores the deleter sees. */
static void work_on_watched(struct deleter *deleter)
{
	const struct port_faults of_records = {.meanwhile = delete_meanwhile, .context = deleter};
	const struct blob_store_faults of_blobs = {.meanwhile = delete_meanwhile,
						   .context = deleter};
	struct q_documents_options options = deleter->product->options;
	struct q_documents *documents;
	struct q_err err;

	options.owner = Q_STR("process-2");
	options.records = record_store_faulty_new(options.records, &of_records);
	options.results = blob_store_faulty_new(options.results, &of_blobs);
	assert_int_equal(q_documents_new(&options, &documents, &err), Q_OK);
	work_on(documents, deleter);
	q_documents_free(documents);
	q_blob_store_close(options.results);
	q_record_store_close(options.records);
}

static void whoever_stores_results_of_a_deleted_document_removes_them(void **state)
{
	struct product *p = *state;
	struct deleter deleter = {.product = p};

	do {
		deleter.file_id =
			product_upload(p, "tenant-a", &(struct page_script){.pages = 3}).file_id;
		deleter.calls = 0;
		deleter.delete_call++;
		work_on_watched(&deleter);
		if (deleter.calls < deleter.delete_call)
			assert_int_equal(delete_as(p, "tenant-a", deleter.file_id), Q_OK);
		assert_int_equal(product_count_blobs(p, p->options.results), 0);
		assert_int_equal(product_count_blobs(p, p->options.documents), 0);
		assert_int_equal(count_items(p, deleter.file_id), 1);
	} while (deleter.calls >= deleter.delete_call);
	assert_true(deleter.delete_call > 20);
}

/* The process dies at each of its calls of the store. */
static void a_deletion_that_breaks_off_is_finished_by_the_sweeper(void **state)
{
	struct product *p = *state;
	struct q_record_store *inner = p->options.records;
	const struct port_faults none = {0};
	bool fired = true;

	for (uint64_t call = 1; fired; call++) {
		struct q_job made =
			product_upload(p, "tenant-a", &(struct page_script){.pages = 60});
		const struct port_faults faults = {.stop_call = call};
		struct q_identity who = product_admin_of("tenant-a");
		struct q_record_store *faulty;
		struct q_documents *dying;
		struct q_err err;
		enum q_code code;

		product_settle(p, made.file_id);
		p->options.records = faulty = record_store_faulty_new(inner, &none);
		dying = product_add_documents(p, "process-2");
		record_store_faulty_set(faulty, &faults);
		code = q_documents_delete_job(dying, &no_call, &who, made.file_id, p->arena, &err);
		fired = record_store_faulty_calls(faulty) >= call;
		q_documents_free(dying);
		q_record_store_close(faulty);
		p->options.records = inner;
		if (is_known(p, made.file_id)) { /* it was not acknowledged */
			assert_int_not_equal(code, Q_OK);
			assert_int_equal(delete_as(p, "tenant-a", made.file_id), Q_OK);
		}
		sweep_for(p, TOMBSTONE_MS + 60000);
		assert_nothing_left(p, made.file_id);
	}
}

static size_t count_events(struct product *p, struct q_str word)
{
	struct q_stream_position oldest = {.start = Q_STREAM_OLDEST};
	struct q_event_page page;
	struct q_err err;
	size_t count = 0, at;

	assert_int_equal(q_event_log_read(p->options.events, &no_call, Q_STR("0"), oldest, 1000, 0,
					  p->arena, &page, &err),
			 Q_OK);
	for (size_t i = 0; i < page.count; i++)
		count += q_str_find(q_bytes_str(page.items[i].data), word, &at);
	return count;
}

static void a_deletion_is_announced_by_ids_alone(void **state)
{
	struct product *p = *state;
	struct q_job made = product_upload(p, "tenant-a", &(struct page_script){.pages = 3});
	size_t named;

	product_settle(p, made.file_id);
	named = count_events(p, Q_STR("report.pdf"));
	assert_int_equal(delete_as(p, "tenant-a", made.file_id), Q_OK);
	assert_int_equal(count_events(p, Q_STR("document.deleted")), 1);
	assert_int_equal(count_events(p, Q_STR("report.pdf")), named);
}

static void another_tenant_deletes_nothing(void **state)
{
	struct product *p = *state;
	struct q_job made = product_upload(p, "tenant-a", &(struct page_script){.pages = 3});

	assert_int_equal(delete_as(p, "tenant-b", made.file_id), Q_NOTFOUND);
	assert_true(is_known(p, made.file_id));
	assert_int_equal(product_settle(p, made.file_id).status, Q_JOB_COMPLETED);
}

static void the_same_bytes_are_a_new_document_afterwards(void **state)
{
	struct product *p = *state;
	struct q_job made = product_upload(p, "tenant-a", &(struct page_script){.pages = 3});
	struct q_job again;

	product_settle(p, made.file_id);
	assert_int_equal(delete_as(p, "tenant-a", made.file_id), Q_OK);
	again = product_upload(p, "tenant-a", &(struct page_script){.pages = 3});
	assert_false(q_str_equal(again.file_id, made.file_id));
	assert_int_equal(product_settle(p, again.file_id).status, Q_JOB_COMPLETED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_deleted_document_is_unknown_and_listed_nowhere,
						product_start_case, product_end_case),
		cmocka_unit_test_setup_teardown(
			blobs_and_records_go_at_once_and_the_tombstone_after_a_while,
			product_start_case, product_end_case),
		cmocka_unit_test_setup_teardown(a_document_is_deleted_while_it_is_worked_on,
						product_start_case, product_end_case),
		cmocka_unit_test_setup_teardown(
			a_blob_that_comes_late_is_removed_with_the_tombstone, product_start_case,
			product_end_case),
		cmocka_unit_test_setup_teardown(
			whoever_stores_results_of_a_deleted_document_removes_them,
			product_start_case, product_end_case),
		cmocka_unit_test_setup_teardown(
			a_deletion_that_breaks_off_is_finished_by_the_sweeper, product_start_case,
			product_end_case),
		cmocka_unit_test_setup_teardown(a_deletion_is_announced_by_ids_alone,
						product_start_case, product_end_case),
		cmocka_unit_test_setup_teardown(another_tenant_deletes_nothing, product_start_case,
						product_end_case),
		cmocka_unit_test_setup_teardown(the_same_bytes_are_a_new_document_afterwards,
						product_start_case, product_end_case),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
