/* Who reads a stream, and from where: leases, the aggregator that holds them, and the listener
 * that needs none. */
#include "documents/work/listener.h"
#include "documents/work/stream_lease.h"
#include "support/change_feed_faulty.h"
#include "support/checks.h"
#include "support/product.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const struct q_call no_call = {0};

struct fixture {
	struct product product;
	struct q_documents *other; /* a second process */
};

static int start_case(void **state)
{
	static struct fixture f;

	product_make(&f.product, 1, (struct analyst_script){0});
	f.other = product_add_documents(&f.product, "process-2");
	*state = &f;
	return 0;
}

static int end_case(void **state)
{
	struct fixture *f = *state;

	q_documents_free(f->other);
	product_remove(&f->product);
	return 0;
}

static enum q_code take(struct fixture *f, struct q_documents *d, struct q__stream_lease *lease)
{
	struct q_err err;

	snprintf(lease->partition, sizeof lease->partition, "0");
	return q__stream_lease_take(d, &no_call, "reader", lease, f->product.arena, &err);
}

static enum q_code save(struct fixture *f, struct q_documents *d, struct q__stream_lease *lease,
			const char *sequence)
{
	struct q_err err;

	snprintf(lease->sequence, sizeof lease->sequence, "%s", sequence);
	return q__stream_lease_save(d, &no_call, "reader", lease, f->product.arena, &err);
}

static void a_partition_has_one_reader_until_its_lease_ends(void **state)
{
	struct fixture *f = *state;
	struct q__stream_lease mine = {0}, theirs = {0};

	assert_int_equal(take(f, f->product.documents, &mine), Q_OK);
	assert_string_equal(mine.sequence, "");
	assert_int_equal(take(f, f->other, &theirs), Q_CONFLICT);
	assert_int_equal(save(f, f->product.documents, &mine, "17"), Q_OK);
	product_advance(&f->product, Q__STREAM_LEASE_MS - 1);
	assert_int_equal(take(f, f->other, &theirs), Q_CONFLICT);
	product_advance(&f->product, 1);
	assert_int_equal(take(f, f->other, &theirs), Q_OK);
	assert_string_equal(theirs.sequence, "17"); /* goes on where the other saved */
	assert_int_equal(save(f, f->product.documents, &mine, "18"), Q_CONFLICT);
	assert_int_equal(mine.until_ms, 0);
	assert_int_equal(save(f, f->other, &theirs, "19"), Q_OK);
}

static void a_reader_takes_up_its_own_lease_at_once_after_a_restart(void **state)
{
	struct fixture *f = *state;
	struct q__stream_lease before = {0}, after = {0};

	assert_int_equal(take(f, f->product.documents, &before), Q_OK);
	assert_int_equal(save(f, f->product.documents, &before, "17"), Q_OK);
	assert_int_equal(take(f, f->product.documents, &after), Q_OK);
	assert_string_equal(after.sequence, "17");
	assert_int_equal(save(f, f->product.documents, &before, "16"), Q_CONFLICT);
}

static bool hear(struct fixture *f, struct q__listener *listener)
{
	struct q_err err;
	bool rang;

	assert_int_equal(q__listener_wait(listener, f->product.documents, &no_call, 0, &rang, &err),
			 Q_OK);
	return rang;
}

static void a_listener_hears_what_rings_from_now_on(void **state)
{
	struct fixture *f = *state;
	struct q__listener listener;

	product_upload(&f->product, "tenant-a", &(struct page_script){.pages = 1});
	q__listener_init(&listener);
	assert_false(hear(f, &listener));
	product_upload(&f->product, "tenant-a", &(struct page_script){.pages = 1});
	assert_true(hear(f, &listener));
	assert_false(hear(f, &listener));
	q__listener_free(&listener);
}

/* Keys of change records come in several partitions, late and again: each document ends all the
 * same, by the feed alone. */
static void the_aggregator_follows_every_partition(void **state)
{
	struct fixture *f = *state;
	struct product *p = &f->product;
	struct change_feed_faults faults = {.calls.random = p->random,
					    .partition_count = 4,
					    .repeat_per_mille = 300,
					    .delay_per_mille = 300};
	struct q_documents_options options = p->options;
	struct q_aggregator *aggregator;
	struct q_documents *d;
	struct q_job jobs[8];
	struct q_err err;
	bool did_work;

	for (size_t i = 0; i < Q_COUNT_OF(jobs); i++)
		jobs[i] = product_upload(p, "tenant-a", &(struct page_script){.pages = 5});
	while (product_feed(p) || product_page(p))
		continue;
	options.owner = Q_STR("process-3");
	options.changes = change_feed_faulty_new(p->options.changes, &faults);
	assert_non_null(options.changes);
	assert_int_equal(q_documents_new(&options, &d, &err), Q_OK);
	assert_int_equal(q_aggregator_new(d, &aggregator, &err), Q_OK);
	for (int i = 0; i < 200; i++)
		assert_int_equal(q_aggregator_step(aggregator, &no_call, 0, &did_work, &err), Q_OK);
	for (size_t i = 0; i < Q_COUNT_OF(jobs); i++)
		assert_int_equal(product_job(p, jobs[i].file_id).status, Q_JOB_COMPLETED);
	q_aggregator_free(aggregator);
	q_documents_free(d);
	q_change_feed_close(options.changes);
}

/* 250 changes with two images each of 290 KB (142 MiB) are read within a step's memory. */
static void large_changes_are_read_within_a_steps_memory(void **state)
{
	struct fixture *f = *state;
	struct product *p = &f->product;
	size_t size = 290 * 1024;
	char *text = q_arena_alloc(p->arena, size);
	struct q_job job;
	struct q_err err;

	for (int i = 0; i < 250; i++) {
		struct q_change change = {Q_SET, Q_STR("text"),
					  q_value_string((struct q_str){text, size})};
		struct q_write write = {.kind = Q_WRITE_UPDATE,
					.key = {Q_STR("LARGE"), Q_STR("ITEM")},
					.changes = &change,
					.change_count = 1};

		memset(text, 'a' + i % 26, size);
		assert_int_equal(q_record_store_write(p->options.records, &no_call, &write, NULL,
						      NULL, &err),
				 Q_OK);
	}
	job = product_upload(p, "tenant-a", &(struct page_script){.pages = 1});
	while (product_feed(p) || product_page(p))
		continue;
	for (int i = 0; i < 200; i++) {
		bool did_work;

		assert_int_equal(q_aggregator_step(p->aggregator, &no_call, 0, &did_work, &err),
				 Q_OK);
	}
	assert_int_equal(product_job(p, job.file_id).status, Q_JOB_COMPLETED);
}

#define CASE(NAME) cmocka_unit_test_setup_teardown(NAME, start_case, end_case)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_partition_has_one_reader_until_its_lease_ends),
		CASE(a_reader_takes_up_its_own_lease_at_once_after_a_restart),
		CASE(a_listener_hears_what_rings_from_now_on),
		CASE(the_aggregator_follows_every_partition),
		CASE(large_changes_are_read_within_a_steps_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
