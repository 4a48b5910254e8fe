/* A job's log, as its readers see it. */
#include "documents/documents_internal.h"
#include "support/checks.h"
#include "support/product.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

enum { PAGES = 60, STEPS = 4, EVENTS = PAGES + STEPS };

static const struct q_call no_call = {0};

static struct q_job_events read_events(struct product *p, struct q_str file_id, int64_t after,
				       size_t limit)
{
	struct q_identity who = product_admin_of("tenant-a");
	struct q_job_events events;
	struct q_err err;

	assert_int_equal(q_documents_read_events(p->documents, &no_call, &who, file_id, after,
						 limit, p->arena, &events, &err),
			 Q_OK);
	return events;
}

static struct q_str settled(struct product *p)
{
	struct page_script script = {.pages = PAGES, .failing_page = 7, .failure = "page_crashed"};
	struct q_job job = product_upload(p, "tenant-a", &script);

	return product_settle(p, job.file_id).file_id;
}

static void a_log_tells_each_step_and_each_page_once(void **state)
{
	struct product *p = *state;
	struct q_job_events events = read_events(p, settled(p), 0, Q_DOCUMENTS_EVENTS_MAX);
	bool is_told[PAGES + 1] = {false};

	assert_int_equal(events.count, EVENTS);
	assert_true(events.is_over);
	for (size_t i = 0; i < events.count; i++) {
		const struct q_job_event *event = &events.items[i];

		assert_int_equal(event->id, i + 1);
		assert_int_equal(event->run, 1);
		if (event->page == 0)
			continue;
		assert_view_equal(event->type, "page");
		assert_false(is_told[event->page]);
		is_told[event->page] = true;
		assert_int_equal(event->processed_pages + event->failed_pages, event->id - 2);
		assert_int_equal(event->total_pages, PAGES);
		assert_true(q_str_equal(event->status,
					event->page == 7 ? Q_STR("failed") : Q_STR("completed")));
	}
	assert_view_equal(events.items[0].status, "chunking");
	assert_view_equal(events.items[1].status, "processing");
	assert_int_equal(events.items[1].total_pages, PAGES);
	assert_view_equal(events.items[EVENTS - 2].type, "progress");
	assert_view_equal(events.items[EVENTS - 1].type, "completed");
	assert_int_equal(events.items[EVENTS - 1].failed_pages, 1);
}

static void a_log_is_read_in_pieces_of_any_size(void **state)
{
	struct product *p = *state;
	struct q_str file_id = settled(p);

	for (size_t limit = 1; limit < 10; limit++) {
		struct q_job_events events = {0};
		int64_t seen = 0;

		while (!events.is_over) {
			events = read_events(p, file_id, seen, limit);
			for (size_t i = 0; i < events.count; i++)
				assert_int_equal(events.items[i].id, ++seen);
			assert_int_equal(events.last_id, seen);
		}
		assert_int_equal(seen, EVENTS);
	}
}

static void a_log_that_goes_on_is_not_over(void **state)
{
	struct product *p = *state;
	struct q_job job = product_upload(p, "tenant-a", &(struct page_script){.pages = 3});
	struct q_job_events events = read_events(p, job.file_id, 0, 10);

	assert_int_equal(events.count, 0);
	assert_false(events.is_over);
	product_feed(p);
	events = read_events(p, job.file_id, 0, 10);
	assert_int_equal(events.count, 2);
	assert_false(events.is_over);
}

static void a_number_beyond_the_log_is_refused(void **state)
{
	struct product *p = *state;
	struct q_identity who = product_admin_of("tenant-a");
	struct q_str file_id = settled(p);
	struct q_job_events events;
	struct q_err err;

	assert_true(read_events(p, file_id, EVENTS, 10).is_over);
	assert_int_equal(q_documents_read_events(p->documents, &no_call, &who, file_id, EVENTS + 1,
						 10, p->arena, &events, &err),
			 Q_INVALID);
	assert_string_equal(err.reason, "bad_event_id");
}

static void a_log_is_its_tenants_alone(void **state)
{
	struct product *p = *state;
	struct q_identity who = product_admin_of("tenant-b");
	struct q_str file_id = settled(p);
	struct q_job_events events;
	struct q_err err, unknown;

	assert_int_equal(q_documents_read_events(p->documents, &no_call, &who, file_id, 999, 10,
						 p->arena, &events, &err),
			 Q_NOTFOUND);
	assert_int_equal(q_documents_read_events(p->documents, &no_call, &who,
						 Q_STR("0190d3a4-0000-7000-8000-000000000000"), 0,
						 10, p->arena, &events, &unknown),
			 Q_NOTFOUND);
	assert_string_equal(err.message, unknown.message);
}

#define CASE(NAME) cmocka_unit_test_setup_teardown(NAME, product_start_case, product_end_case)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_log_tells_each_step_and_each_page_once),
		CASE(a_log_is_read_in_pieces_of_any_size),
		CASE(a_log_that_goes_on_is_not_over),
		CASE(a_number_beyond_the_log_is_refused),
		CASE(a_log_is_its_tenants_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
