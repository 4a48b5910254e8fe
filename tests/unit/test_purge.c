/* Purging: what told of a deleted document goes when its reader is past it, and when it is due. */
#include "documents/documents_internal.h"
#include "support/checks.h"
#include "support/product.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

enum { HOUR_MS = 3600 * 1000, STEPS_MAX = 100 };

static const struct q_call no_call = {0};

static struct q_str delete_one(struct product *p)
{
	struct q_identity who = product_admin_of("tenant-a");
	struct q_job job = product_upload(p, "tenant-a", &(struct page_script){.pages = 3});
	struct q_err err;

	product_settle(p, job.file_id);
	assert_int_equal(
		q_documents_delete_job(p->documents, &no_call, &who, job.file_id, p->arena, &err),
		Q_OK);
	return job.file_id;
}

/* Time goes by, and the roles do what they do. */
static void pass(struct product *p, int64_t milliseconds)
{
	product_advance(p, milliseconds);
	product_run(p);
}

static bool step(struct product *p, struct q_purge *purge)
{
	bool is_done;
	struct q_err err;

	assert_int_equal(q_purge_step(p->documents, &no_call, purge, &is_done, &err), Q_OK);
	return is_done;
}

static void purge_whole(struct product *p)
{
	struct q_purge purge = {0};

	for (int i = 0; !step(p, &purge); i++) {
		assert_true(i < STEPS_MAX);
		pass(p, 1000);
	}
}

static bool is_due(struct product *p)
{
	bool due;
	struct q_err err;

	assert_int_equal(q_purge_is_due(p->documents, &no_call, &due, &err), Q_OK);
	return due;
}

/* Changes and events that are kept and are of the document. */
static size_t count_kept(struct product *p, struct q_str file_id)
{
	struct q_stream_position oldest = {.start = Q_STREAM_OLDEST};
	struct q_change_page changes;
	struct q_event_page events;
	struct q_err err;
	size_t count = 0;

	assert_int_equal(q_change_feed_read(p->options.changes, &no_call, Q_STR("0"), oldest, 1000,
					    0, p->arena, &changes, &err),
			 Q_OK);
	for (size_t i = 0; i < changes.count; i++)
		count += q_str_ends_with(changes.items[i].key.pk, file_id);
	assert_int_equal(q_event_log_read(p->options.events, &no_call, Q_STR("0"), oldest, 1000, 0,
					  p->arena, &events, &err),
			 Q_OK);
	for (size_t i = 0; i < events.count; i++)
		count += q_str_equal(events.items[i].partition_key, file_id);
	return count;
}

static void a_purge_leaves_no_change_and_no_event_of_the_document(void **state)
{
	struct product *p = *state;
	struct q_str gone = delete_one(p);

	assert_true(count_kept(p, gone) > 0);
	purge_whole(p);
	assert_int_equal(count_kept(p, gone), 0);
}

static void a_purge_waits_for_the_reader_of_the_changes(void **state)
{
	struct product *p = *state;
	struct q_purge purge = {0};
	struct q_str gone = delete_one(p);

	for (int i = 0; i < 5; i++) {
		assert_false(step(p, &purge));
		product_advance(p, 1000); /* and nobody reads */
	}
	assert_true(count_kept(p, gone) > 0);
	pass(p, 6000);
	pass(p, 6000);
	assert_true(step(p, &purge));
}

static void a_purge_in_the_midst_of_work_loses_nothing(void **state)
{
	struct product *p = *state;
	struct q_job job = product_upload(p, "tenant-a", &(struct page_script){.pages = 120});

	for (int i = 0; i < 40; i++)
		if (!product_page(p))
			assert_true(product_feed(p));
	purge_whole(p);
	assert_int_equal(product_settle(p, job.file_id).processed_pages, 120);
}

static void it_is_due_half_a_day_after_the_last_where_documents_were_removed(void **state)
{
	struct product *p = *state;

	assert_false(is_due(p));
	(void)delete_one(p);
	assert_false(is_due(p)); /* somebody might still be writing */
	pass(p, HOUR_MS);
	assert_true(is_due(p));
	product_advance(p, 1);
	purge_whole(p);
	assert_false(is_due(p));
	pass(p, 13 * HOUR_MS);
	assert_false(is_due(p)); /* nothing has been removed since */
	purge_whole(p);
	(void)delete_one(p);
	pass(p, HOUR_MS);
	assert_false(is_due(p));
	pass(p, 12 * HOUR_MS);
	assert_true(is_due(p));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			a_purge_leaves_no_change_and_no_event_of_the_document, product_start_case,
			product_end_case),
		cmocka_unit_test_setup_teardown(a_purge_waits_for_the_reader_of_the_changes,
						product_start_case, product_end_case),
		cmocka_unit_test_setup_teardown(a_purge_in_the_midst_of_work_loses_nothing,
						product_start_case, product_end_case),
		cmocka_unit_test_setup_teardown(
			it_is_due_half_a_day_after_the_last_where_documents_were_removed,
			product_start_case, product_end_case),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
