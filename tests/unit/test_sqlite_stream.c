#include "embedded/sqlite_stream.h"

#include "embedded/event_log_sqlite.h"
#include "support/checks.h"
#include "support/clock_simulated.h"
#include "support/sqlite_site.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <string.h>

#include <cmocka.h>

/* What the contract suites of event log and change feed do not see: the form of positions, and
 * other streams beside. */

struct stream_case {
	struct sqlite_site site;
	struct q_event_log *log;
	atomic_bool is_done;
};

static const struct q_call no_limits;
static const struct q_stream_position oldest = {.start = Q_STREAM_OLDEST};

static int start_case(void **state)
{
	static struct stream_case suite;

	sqlite_site_open(&suite.site);
	assert_int_equal(q_event_log_sqlite_open(suite.site.database, suite.site.clock, &suite.log,
						 &suite.site.err),
			 Q_OK);
	atomic_store(&suite.is_done, false);
	*state = &suite;
	return 0;
}

static int end_case(void **state)
{
	struct stream_case *suite = *state;

	q_event_log_close(suite->log);
	sqlite_site_close(&suite->site);
	return 0;
}

static void publish(struct stream_case *suite, struct q_str data)
{
	struct q_event event = {Q_STR("key"), q_str_bytes(data)};

	assert_int_equal(q_event_log_publish(suite->log, &no_limits, &event, 1, &suite->site.err),
			 Q_OK);
}

static enum q_code read_log(struct stream_case *suite, struct q_stream_position position,
			    int64_t wait_ms, struct q_event_page *page)
{
	return q_event_log_read(suite->log, &no_limits, Q_STR("0"), position, 100, wait_ms,
				suite->site.arena, page, &suite->site.err);
}

static struct q_stream_position after(struct q_str sequence)
{
	return (struct q_stream_position){Q_STREAM_AFTER, sequence};
}

static void sequences_sort_as_texts(void **state)
{
	struct stream_case *suite = *state;
	struct q_event_page page;

	for (int i = 0; i < 12; i++) /* beyond one digit */
		publish(suite, Q_STR("x"));
	assert_int_equal(read_log(suite, oldest, 0, &page), Q_OK);
	assert_int_equal(page.count, 12);
	for (size_t i = 1; i < page.count; i++)
		assert_true(q_str_compare(page.items[i - 1].sequence, page.items[i].sequence) < 0);
	assert_true(q_str_equal(page.next, page.items[11].sequence));
}

static void only_the_form_that_was_given_is_a_position(void **state)
{
	struct stream_case *suite = *state;
	struct q_event_page page;

	publish(suite, Q_STR("x"));
	assert_int_equal(read_log(suite, after(Q_STR("1")), 0, &page), Q_INVALID);
	assert_int_equal(read_log(suite, after(Q_STR("-000000000000000001")), 0, &page), Q_INVALID);
	assert_int_equal(read_log(suite, after(Q_STR("000000000000000000x")), 0, &page), Q_INVALID);
	assert_int_equal(read_log(suite, after(Q_STR("9999999999999999999")), 0, &page),
			 Q_INVALID); /* beyond int64 */
	assert_int_equal(read_log(suite, after(Q_STR("0000000000000000000")), 0, &page), Q_OK);
	assert_int_equal(page.count, 1);
}

/* As after a backup has been restored: its reader would wait until the numbers had grown again,
 * and miss all till then. */
static void a_position_beyond_the_newest_record_is_a_gap(void **state)
{
	struct stream_case *suite = *state;
	struct q_event_page page;

	publish(suite, Q_STR("x"));
	assert_int_equal(read_log(suite, after(Q_STR("0000000000000000099")), 0, &page), Q_GAP);
}

static void a_page_of_large_records_ends_early(void **state)
{
	struct stream_case *suite = *state;
	size_t length = 400 * 1024;
	char *text = q_arena_alloc(suite->site.arena, length);
	struct q_event_page page;

	memset(text, 't', length);
	for (int i = 0; i < 4; i++)
		publish(suite, (struct q_str){text, length});
	assert_int_equal(read_log(suite, oldest, 0, &page), Q_OK);
	assert_int_equal(page.count, 3);
	assert_true(page.behind_ms > 0);
	assert_int_equal(read_log(suite, after(page.next), 0, &page), Q_OK);
	assert_int_equal(page.count, 1);
	assert_int_equal(page.behind_ms, 0);
}

static void behind_ms_is_not_0_while_a_record_is_left(void **state)
{
	struct stream_case *suite = *state;
	struct q_event_page page;

	publish(suite, Q_STR("x"));
	publish(suite, Q_STR("y"));
	clock_simulated_set_wall(suite->site.clock, 1000); /* the wall clock was set back */
	assert_int_equal(q_event_log_read(suite->log, &no_limits, Q_STR("0"), oldest, 1, 0,
					  suite->site.arena, &page, &suite->site.err),
			 Q_OK);
	assert_int_equal(page.behind_ms, 1);
}

static void *put_until_done(void *argument)
{
	struct stream_case *suite = argument;
	int64_t n = 0;

	while (!atomic_load(&suite->is_done))
		sqlite_site_put(&suite->site, "busy", "item", n++);
	return NULL;
}

static void waiting_ends_though_other_streams_never_rest(void **state)
{
	struct stream_case *suite = *state;
	struct q_event_page page;
	pthread_t thread;
	size_t used;

	assert_int_equal(pthread_create(&thread, NULL, put_until_done, suite), 0);
	used = q_arena_used(suite->site.arena);
	assert_int_equal(read_log(suite, oldest, 100, &page), Q_OK);
	used = q_arena_used(suite->site.arena) - used;
	atomic_store(&suite->is_done, true);
	pthread_join(thread, NULL);
	assert_int_equal(page.count, 0);
	assert_true(used < 20000); /* however often it was woken */
}

static void *publish_thread(void *argument)
{
	publish(argument, Q_STR("at last"));
	return NULL;
}

static void a_wait_of_any_length_is_woken(void **state)
{
	struct stream_case *suite = *state;
	struct q_event_page page;
	pthread_t thread;

	assert_int_equal(pthread_create(&thread, NULL, publish_thread, suite), 0);
	assert_int_equal(read_log(suite, oldest, INT64_MAX, &page), Q_OK);
	pthread_join(thread, NULL);
	assert_int_equal(page.count, 1);
}

#define CASE(NAME) cmocka_unit_test_setup_teardown(NAME, start_case, end_case)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(sequences_sort_as_texts),
		CASE(only_the_form_that_was_given_is_a_position),
		CASE(a_position_beyond_the_newest_record_is_a_gap),
		CASE(a_page_of_large_records_ends_early),
		CASE(behind_ms_is_not_0_while_a_record_is_left),
		CASE(waiting_ends_though_other_streams_never_rest),
		CASE(a_wait_of_any_length_is_woken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
