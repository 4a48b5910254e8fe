/* The hub, step by step: subscribers, their room, and jobs that come and go. */
#include "documents/items.h"
#include "documents/jobs/job.h"
#include "support/checks.h"
#include "support/product.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

enum { JOBS_MAX = 8 };

static const struct q_call no_call = {0};

/* A subscriber that checks what it is told: the next number of each job, always. */
struct reader {
	struct {
		char file_id[Q_UUID_TEXT_SIZE];
		int64_t seen;
		bool is_over;
	} jobs[JOBS_MAX];
	size_t job_count;
	unsigned batches, failures, releases;
	enum q_code failed;
	unsigned room; /* batches it takes */
};

static struct reader readers[64];
static size_t reader_count;
static struct product *product;
static struct q_live *live;

static int start(void **state)
{
	struct q_err err;

	reader_count = 0;
	product_start_case(state);
	product = *state;
	assert_int_equal(q_live_new(product->documents, &live, &err), Q_OK);
	return 0;
}

static int stop(void **state)
{
	q_live_free(live);
	return product_end_case(state);
}

/* They outlive the case: its subscriptions end with the hub. */
static struct reader *reader_new(void)
{
	assert_true(reader_count < Q_COUNT_OF(readers));
	readers[reader_count] = (struct reader){0};
	return &readers[reader_count++];
}

static size_t index_of(struct reader *reader, struct q_str file_id)
{
	size_t i = 0;

	while (i < reader->job_count && !q_str_equal(q_str_from(reader->jobs[i].file_id), file_id))
		i++;
	if (i == reader->job_count) {
		assert_true(i < JOBS_MAX);
		snprintf(reader->jobs[i].file_id, sizeof reader->jobs[i].file_id, "%.*s",
			 Q_STR_ARG(file_id));
		reader->job_count++;
	}
	return i;
}

static bool take_events(void *context, struct q_str file_id, const struct q_job_events *events)
{
	struct reader *reader = context;
	size_t job = index_of(reader, file_id);

	if (reader->room == 0)
		return false;
	reader->room--;
	reader->batches++;
	for (size_t i = 0; i < events->count; i++)
		assert_int_equal(events->items[i].id, ++reader->jobs[job].seen);
	reader->jobs[job].is_over = events->is_over;
	return true;
}

static void take_failure(void *context, struct q_str file_id, const struct q_err *why)
{
	struct reader *reader = context;

	reader->failures++;
	reader->failed = why->code;
}

static void take_release(void *context)
{
	struct reader *reader = context;

	reader->releases++;
}

static struct q_live_subscriber subscriber_of(struct reader *reader)
{
	reader->room = 1000;
	return (struct q_live_subscriber){reader, take_events, take_failure, take_release};
}

static struct q_live_subscription *subscribe(struct reader *reader, const char *tenant,
					     struct q_str file_id, int64_t after)
{
	struct q_identity who = product_admin_of(tenant);
	struct q_live_subscriber subscriber = subscriber_of(reader);
	struct q_live_subscription *s;
	struct q_err err;

	reader->jobs[index_of(reader, file_id)].seen = after;
	assert_int_equal(q_live_subscribe(live, &who, file_id, after, &subscriber, &s, &err), Q_OK);
	return s;
}

static void step(void)
{
	struct q_err err;

	assert_int_equal(q_live_step(live, &no_call, 0, &err), Q_OK);
}

static struct q_job upload(const char *tenant, unsigned pages)
{
	return product_upload(product, tenant, &(struct page_script){.pages = pages});
}

static void subscriber_is_told_of_what_is_committed_here_at_once(void **state)
{
	struct reader *reader = reader_new();
	struct q_job job = upload("tenant-a", 5);

	subscribe(reader, "tenant-a", job.file_id, 0);
	step();
	assert_int_equal(reader->jobs[0].seen, 0);
	product_feed(product);
	step();
	assert_int_equal(reader->jobs[0].seen, 2);
	product_run(product);
	step();
	assert_int_equal(reader->jobs[0].seen, 9);
	assert_true(reader->jobs[0].is_over);
	assert_int_equal(reader->failures, 0);
}

static void what_others_commit_is_told_within_half_a_second(void **state)
{
	struct reader *reader = reader_new();
	struct q_job job = upload("tenant-a", 5);

	subscribe(reader, "tenant-a", job.file_id, 0);
	step();
	product->documents->live = NULL; /* as if another process did the work */
	product_run(product);
	step();
	assert_int_equal(reader->jobs[0].seen, 0);
	product_advance(product, Q_LIVE_LOOK_MS);
	step();
	assert_int_equal(reader->jobs[0].seen, 9);
	product->documents->live = live;
}

static void subscriber_that_comes_back_goes_on_where_it_was(void **state)
{
	struct q_str file_id = product_settle(product, upload("tenant-a", 20).file_id).file_id;

	for (int64_t after = 0; after < 24; after++) {
		struct reader *reader = reader_new();

		q_live_cancel(subscribe(reader, "tenant-a", file_id, after));
		subscribe(reader, "tenant-a", file_id, after);
		step();
		assert_int_equal(reader->jobs[0].seen, 24);
		assert_int_equal(reader->releases, 1);
		q_live_free(live);
		assert_int_equal(reader->releases, 2);
		assert_int_equal(q_live_new(product->documents, &live, &(struct q_err){0}), Q_OK);
	}
}

static void subscriber_without_room_is_told_later(void **state)
{
	struct reader *slow = reader_new(), *quick = reader_new();
	struct q_job job = product_settle(product, upload("tenant-a", 500).file_id);
	struct q_live_subscription *s = subscribe(slow, "tenant-a", job.file_id, 0);

	subscribe(quick, "tenant-a", job.file_id, 0);
	slow->room = 1;
	step();
	step();
	assert_int_equal(quick->jobs[0].seen, 504);
	assert_int_equal(slow->jobs[0].seen, Q_DOCUMENTS_EVENTS_MAX);
	slow->room = 10;
	step();
	assert_int_equal(slow->jobs[0].seen, Q_DOCUMENTS_EVENTS_MAX);
	q_live_resume(s);
	step();
	assert_int_equal(slow->jobs[0].seen, 504);
}

static void subscriber_far_behind_is_told_in_several_looks(void **state)
{
	struct reader *reader = reader_new();
	struct q_job job = product_settle(product, upload("tenant-a", 1500).file_id);

	subscribe(reader, "tenant-a", job.file_id, 0);
	step();
	assert_in_range(reader->jobs[0].seen, 1, 1503);
	step();
	assert_int_equal(reader->jobs[0].seen, 1504);
}

static void foreign_and_unknown_jobs_are_lost_alike(void **state)
{
	struct reader *foreign = reader_new(), *unknown = reader_new();
	struct q_job job = upload("tenant-a", 1);

	subscribe(foreign, "tenant-b", job.file_id, 0);
	subscribe(unknown, "tenant-b", Q_STR("0190d3a4-0000-7000-8000-000000000000"), 0);
	step();
	assert_int_equal(foreign->failures, 1);
	assert_int_equal(unknown->failures, 1);
	assert_int_equal(foreign->failed, Q_NOTFOUND);
	assert_int_equal(unknown->failed, Q_NOTFOUND);
	product_run(product);
	product_advance(product, Q_LIVE_LOOK_MS);
	step();
	assert_int_equal(foreign->batches, 0);
}

static void job_whose_log_is_damaged_is_lost_and_others_are_told(void **state)
{
	struct reader *broken = reader_new(), *whole = reader_new();
	struct q_job bad = product_settle(product, upload("tenant-a", 3).file_id);
	struct q_job good = product_settle(product, upload("tenant-a", 3).file_id);
	struct q_write gap = {.kind = Q_WRITE_DELETE,
			      .key = q__event_key(product->arena, bad.file_id, 4)};
	struct q_err err;

	assert_int_equal(
		q_record_store_write(product->options.records, &no_call, &gap, NULL, NULL, &err),
		Q_OK);
	subscribe(broken, "tenant-a", bad.file_id, 0);
	subscribe(whole, "tenant-a", good.file_id, 0);
	step();
	assert_int_equal(broken->failed, Q_CORRUPT);
	assert_int_equal(broken->batches, 0);
	assert_int_equal(whole->jobs[0].seen, 7);
}

/* --- All of a tenant's */

static struct q_live_subscription *subscribe_all(struct reader *reader, int64_t since_ms,
						 const struct q_live_position *positions,
						 size_t count)
{
	struct q_identity who = product_admin_of("tenant-a");
	struct q_live_subscriber subscriber = subscriber_of(reader);
	struct q_live_subscription *s;
	struct q_err err;

	for (size_t i = 0; i < count; i++)
		reader->jobs[index_of(reader, positions[i].file_id)].seen = positions[i].after;
	assert_int_equal(
		q_live_subscribe_all(live, &who, since_ms, positions, count, &subscriber, &s, &err),
		Q_OK);
	return s;
}

static int64_t now_ms(void)
{
	return q_clock_now_ms(product->clock);
}

static void tenant_is_told_of_old_and_new_jobs(void **state)
{
	struct reader *reader = reader_new();
	struct q_job old = product_settle(product, upload("tenant-a", 2).file_id), late;

	upload("tenant-b", 3);
	subscribe_all(reader, now_ms() - 60000, NULL, 0);
	step();
	assert_int_equal(reader->job_count, 1);
	assert_int_equal(reader->jobs[index_of(reader, old.file_id)].seen, 6);
	late = upload("tenant-a", 3);
	product_settle(product, late.file_id);
	product_advance(product, Q_LIVE_LOOK_MS);
	step();
	assert_int_equal(reader->job_count, 2);
	assert_int_equal(reader->jobs[index_of(reader, late.file_id)].seen, 7);
	assert_int_equal(reader->failures, 0);
}

static void tenant_that_comes_back_is_told_what_is_new(void **state)
{
	struct reader *reader = reader_new();
	struct q_job one = product_settle(product, upload("tenant-a", 2).file_id);
	struct q_job two = product_settle(product, upload("tenant-a", 2).file_id);
	struct q_live_position positions[] = {{one.file_id, 6}, {two.file_id, 4}};

	subscribe_all(reader, now_ms() - 60000, positions, Q_COUNT_OF(positions));
	step();
	assert_int_equal(reader->jobs[0].seen, 6);
	assert_int_equal(reader->jobs[1].seen, 6);
	assert_int_equal(reader->batches, 1);
}

static void jobs_before_the_time_named_are_told_from_now_on(void **state)
{
	struct reader *reader = reader_new();
	struct q_job ended = product_settle(product, upload("tenant-a", 2).file_id), working;

	working = upload("tenant-a", 4);
	product_feed(product);
	product_advance(product, 10000);
	subscribe_all(reader, now_ms(), NULL, 0);
	step();
	assert_int_equal(reader->batches, 0);
	reader->jobs[index_of(reader, working.file_id)].seen = 2;
	product_run(product);
	product_advance(product, Q_LIVE_LOOK_MS);
	step();
	assert_int_equal(reader->jobs[index_of(reader, working.file_id)].seen, 8);
	assert_int_equal(reader->jobs[index_of(reader, ended.file_id)].seen, 0);
}

/* --- Threads */

enum { COMERS = 4, VISITS = 100 };

struct comer {
	struct q_str file_id;
	atomic_uint released;
	atomic_long told;
};

static bool count_events(void *context, struct q_str file_id, const struct q_job_events *events)
{
	struct comer *comer = context;

	atomic_fetch_add(&comer->told, (long)events->count);
	return events->items[0].id % 2 == 0; /* as often as not there is no room */
}

static void count_release(void *context)
{
	struct comer *comer = context;

	atomic_fetch_add(&comer->released, 1);
}

static void *come_and_go(void *argument)
{
	struct comer *comer = argument;
	struct q_identity who = product_admin_of("tenant-a");
	const struct q_live_subscriber subscriber = {comer, count_events, take_failure,
						     count_release};

	for (int i = 0; i < VISITS; i++) {
		struct q_live_subscription *s;
		struct q_err err;

		q_assert(q_live_subscribe(live, &who, comer->file_id, i % 5, &subscriber, &s,
					  &err) == Q_OK);
		q__live_note(product->documents, comer->file_id);
		q_live_resume(s);
		q_live_cancel(s);
	}
	return NULL;
}

static void subscribers_come_and_go_beside_the_step(void **state)
{
	static struct comer comers[COMERS];
	pthread_t threads[COMERS];
	struct q_job job = product_settle(product, upload("tenant-a", 10).file_id);

	for (size_t i = 0; i < COMERS; i++) {
		comers[i].file_id = job.file_id;
		assert_int_equal(pthread_create(&threads[i], NULL, come_and_go, &comers[i]), 0);
	}
	for (size_t i = 0; i < COMERS; i++)
		while (atomic_load(&comers[i].released) < VISITS)
			step();
	for (size_t i = 0; i < COMERS; i++)
		pthread_join(threads[i], NULL);
}

#define CASE(NAME) cmocka_unit_test_setup_teardown(NAME, start, stop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(subscriber_is_told_of_what_is_committed_here_at_once),
		CASE(what_others_commit_is_told_within_half_a_second),
		CASE(subscriber_that_comes_back_goes_on_where_it_was),
		CASE(subscriber_without_room_is_told_later),
		CASE(subscriber_far_behind_is_told_in_several_looks),
		CASE(foreign_and_unknown_jobs_are_lost_alike),
		CASE(job_whose_log_is_damaged_is_lost_and_others_are_told),
		CASE(tenant_is_told_of_old_and_new_jobs),
		CASE(tenant_that_comes_back_is_told_what_is_new),
		CASE(jobs_before_the_time_named_are_told_from_now_on),
		CASE(subscribers_come_and_go_beside_the_step),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
