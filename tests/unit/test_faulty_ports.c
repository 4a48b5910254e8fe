/* The faulty adapters of tests/support: a fault that does not happen proves nothing about who
 * should bear it. */
#include "embedded/change_feed_sqlite.h"
#include "embedded/event_log_sqlite.h"
#include "support/change_feed_faulty.h"
#include "support/checks.h"
#include "support/event_log_faulty.h"
#include "support/random_source_seeded.h"
#include "support/record_store_faulty.h"
#include "support/record_store_lagging.h"
#include "support/sqlite_site.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

struct faulty_case {
	struct sqlite_site site;
	struct q_record_store *inner;
	struct q_event_log *log;
	struct q_change_feed *feed;
	struct q_random_source *random;
};

static const struct q_call no_limits;

static int start_case(void **state)
{
	static struct faulty_case suite;
	struct sqlite_site *site = &suite.site;

	sqlite_site_open(site);
	suite.inner = site->store;
	suite.random = random_source_seeded_new(7);
	assert_ok(q_event_log_sqlite_open(site->database, site->clock, &suite.log, &site->err));
	assert_ok(q_change_feed_sqlite_open(site->database, "records", site->clock, &suite.feed,
					    &site->err));
	*state = &suite;
	return 0;
}

static int end_case(void **state)
{
	struct faulty_case *suite = *state;

	q_change_feed_close(suite->feed);
	q_event_log_close(suite->log);
	q_random_source_close(suite->random);
	sqlite_site_close(&suite->site);
	return 0;
}

/* Puts the faulty store in the place of the other; given back by release_store. */
static void make_store_faulty(struct faulty_case *suite, struct port_faults faults)
{
	suite->site.store = record_store_faulty_new(suite->inner, &faults);
	assert_non_null(suite->site.store);
}

static void release_store(struct faulty_case *suite)
{
	q_record_store_close(suite->site.store);
	suite->site.store = suite->inner;
}

/* Calls. */

static void a_call_that_fails_does_nothing(void **state)
{
	struct faulty_case *suite = *state;

	make_store_faulty(suite, (struct port_faults){.fail_call = 2, .code = Q_BUSY});
	assert_ok(sqlite_site_put(&suite->site, "p", "first", 1));
	assert_int_equal(sqlite_site_put(&suite->site, "p", "second", 1), Q_BUSY);
	assert_ok(sqlite_site_put(&suite->site, "p", "third", 1));
	assert_int_equal(record_store_faulty_calls(suite->site.store), 3);
	release_store(suite);
	assert_int_equal(sqlite_site_number(&suite->site, "p", "first"), 1);
	assert_int_equal(sqlite_site_number(&suite->site, "p", "second"), -1);
	assert_int_equal(sqlite_site_number(&suite->site, "p", "third"), 1);
}

static void a_call_that_is_lost_has_done_its_work(void **state)
{
	struct faulty_case *suite = *state;

	make_store_faulty(suite, (struct port_faults){.lose_call = 1});
	assert_int_equal(sqlite_site_put(&suite->site, "p", "s", 1), Q_TIMEOUT);
	release_store(suite);
	assert_int_equal(sqlite_site_number(&suite->site, "p", "s"), 1);
}

static void after_the_stop_every_call_fails(void **state)
{
	struct faulty_case *suite = *state;
	struct port_faults faults = {.stop_call = 2, .stop_is_lost = true};

	make_store_faulty(suite, faults);
	assert_ok(sqlite_site_put(&suite->site, "p", "first", 1));
	assert_int_equal(sqlite_site_put(&suite->site, "p", "second", 1), Q_TIMEOUT);
	assert_int_equal(sqlite_site_put(&suite->site, "p", "third", 1), Q_TIMEOUT);
	faults = (struct port_faults){0};
	record_store_faulty_set(suite->site.store, &faults);
	assert_int_equal(sqlite_site_number(&suite->site, "p", "second"), 1);
	assert_int_equal(sqlite_site_number(&suite->site, "p", "third"), -1);
	release_store(suite);
}

static void chance_repeats_with_its_seed(void **state)
{
	struct faulty_case *suite = *state;
	int failed[2] = {0, 0};

	for (size_t run = 0; run < 2; run++) {
		struct q_random_source *random = random_source_seeded_new(11);

		make_store_faulty(suite, (struct port_faults){.fail_per_mille = 200,
							      .lose_per_mille = 100,
							      .random = random});
		for (int64_t i = 0; i < 100; i++)
			failed[run] += sqlite_site_put(&suite->site, "p", "s", i) != Q_OK;
		release_store(suite);
		q_random_source_close(random);
	}
	assert_in_range(failed[0], 10, 60);
	assert_int_equal(failed[0], failed[1]);
}

/* Events. */

static void publish(struct q_event_log *log, const char *text)
{
	struct q_event event = {Q_STR("key"), q_str_bytes(q_str_from(text))};
	struct q_err err;

	assert_ok(q_event_log_publish(log, &no_limits, &event, 1, &err));
}

/* The texts in the log, each followed by a space. */
static const char *list_events(struct faulty_case *suite, struct q_event_log *log)
{
	struct q_stream_position oldest = {.start = Q_STREAM_OLDEST};
	struct q_str list = Q_STR("");
	struct q_event_page page;

	assert_ok(q_event_log_read(log, &no_limits, Q_STR("0"), oldest, 100, 0, suite->site.arena,
				   &page, &suite->site.err));
	for (size_t i = 0; i < page.count; i++)
		list = q_arena_format(suite->site.arena, "%.*s%.*s ", Q_STR_ARG(list),
				      Q_STR_ARG(q_bytes_str(page.items[i].data)));
	return q_arena_copy(suite->site.arena, list).data;
}

static struct q_event_log *make_log_faulty(struct faulty_case *suite,
					   struct event_log_faults faults)
{
	struct q_event_log *log;

	faults.calls.random = suite->random;
	log = event_log_faulty_new(suite->log, &faults);
	assert_non_null(log);
	return log;
}

static void lost_events_never_come(void **state)
{
	struct faulty_case *suite = *state;
	struct q_event_log *log =
		make_log_faulty(suite, (struct event_log_faults){.lose_per_mille = 1000});

	publish(log, "lost");
	event_log_faulty_set(log, &(struct event_log_faults){0});
	publish(log, "kept");
	assert_string_equal(list_events(suite, log), "kept ");
	q_event_log_close(log);
}

static void repeated_events_come_twice(void **state)
{
	struct faulty_case *suite = *state;
	struct q_event_log *log =
		make_log_faulty(suite, (struct event_log_faults){.repeat_per_mille = 1000});

	publish(log, "twice");
	assert_string_equal(list_events(suite, log), "twice twice ");
	q_event_log_close(log);
}

static void delayed_events_come_behind_later_ones(void **state)
{
	struct faulty_case *suite = *state;
	struct event_log_faults none = {.calls.random = suite->random};
	struct q_event_log *log =
		make_log_faulty(suite, (struct event_log_faults){.delay_per_mille = 1000});
	const char *list;

	publish(log, "early");
	assert_string_equal(list_events(suite, suite->log), "");
	event_log_faulty_set(log, &none);
	do /* it is released by chance */
		list = list_events(suite, log);
	while (!strstr(list, "early"));
	publish(log, "late");
	assert_string_equal(list_events(suite, log), "early late ");
	q_event_log_close(log);
}

/* Changes. */

enum { ITEMS = 6, CHANGES = 10 };

static void change_items(struct faulty_case *suite)
{
	for (int64_t n = 0; n < CHANGES; n++) {
		for (int i = 0; i < ITEMS; i++) {
			char sk[8];

			snprintf(sk, sizeof sk, "%d", i);
			assert_ok(sqlite_site_put(&suite->site, "item", sk, n));
		}
	}
}

/* Reads a partition to its end; changes of an item may repeat, but none may be left out. The
 * number read. */
static size_t follow(struct faulty_case *suite, struct q_change_feed *feed, struct q_str partition,
		     int64_t last[ITEMS])
{
	struct q_stream_position position = {.start = Q_STREAM_OLDEST};
	struct q_change_page page;
	size_t read = 0;

	do {
		assert_ok(q_change_feed_read(feed, &no_limits, partition, position, 7, 0,
					     suite->site.arena, &page, &suite->site.err));
		for (size_t i = 0; i < page.count; i++) {
			size_t item = (size_t)(page.items[i].key.sk.data[0] - '0');
			int64_t n = q_item_number(page.items[i].after, "n", -1);

			assert_true(n <= last[item] + 1);
			last[item] = n;
		}
		read += page.count;
		position = (struct q_stream_position){Q_STREAM_AFTER, page.next};
	} while (page.behind_ms > 0);
	return read;
}

static size_t follow_all(struct faulty_case *suite, struct change_feed_faults faults)
{
	int64_t last[ITEMS] = {-1, -1, -1, -1, -1, -1};
	struct q_stream_partitions partitions;
	struct q_change_feed *feed;
	size_t read = 0;

	faults.calls.random = suite->random;
	feed = change_feed_faulty_new(suite->feed, &faults);
	assert_non_null(feed);
	assert_ok(q_change_feed_partitions(feed, &no_limits, suite->site.arena, &partitions,
					   &suite->site.err));
	for (size_t i = 0; i < partitions.count; i++)
		read += follow(suite, feed, partitions.items[i].id, last);
	for (size_t i = 0; i < ITEMS; i++)
		assert_int_equal(last[i], CHANGES - 1);
	q_change_feed_close(feed);
	return read;
}

static void a_split_feed_gives_each_change_once(void **state)
{
	change_items(*state);
	assert_int_equal(follow_all(*state, (struct change_feed_faults){.partition_count = 3}),
			 ITEMS * CHANGES);
}

static void repeated_and_delayed_changes_keep_the_order_of_an_item(void **state)
{
	struct change_feed_faults faults = {
		.partition_count = 2, .repeat_per_mille = 300, .delay_per_mille = 300};

	change_items(*state);
	assert_true(follow_all(*state, faults) > ITEMS * CHANGES);
}

/* Indexes. */

static void put_indexed(struct q_record_store *store, const char *index_sk, int64_t n)
{
	struct q_attribute attribute = {Q_STR("n"), q_value_number(n)};
	struct q_item item = {.key = {Q_STR("p"), Q_STR("s")},
			      .index1 = {Q_STR("all"), q_str_from(index_sk)},
			      .attributes = &attribute,
			      .attribute_count = 1};
	struct q_write write = {.kind = Q_WRITE_PUT, .key = item.key, .item = &item};
	struct q_err err;

	assert_ok(q_record_store_write(store, &no_limits, &write, NULL, NULL, &err));
}

/* The number of the one item that the index shows up to this key; -1: none. */
static int64_t number_in_index(struct faulty_case *suite, struct q_record_store *store,
			       const char *sk_to)
{
	struct q_query query = {
		.index = 1, .pk = Q_STR("all"), .sk_to = q_str_from(sk_to), .limit = 10};
	struct q_query_page page;

	assert_ok(q_record_store_query(store, &no_limits, &query, suite->site.arena, &page,
				       &suite->site.err));
	assert_true(page.count <= 1);
	return page.count == 0 ? -1 : q_item_number(&page.items[0], "n", -2);
}

static void a_lagging_index_shows_an_item_as_it_was(void **state)
{
	struct faulty_case *suite = *state;
	struct record_store_lag lag = {.changes = suite->feed,
				       .clock = suite->site.clock,
				       .random = suite->random,
				       .lag_per_mille = 1000};
	struct q_record_store *store = record_store_lagging_new(suite->inner, &lag);
	struct q_record_store *again;

	assert_non_null(store);
	assert_int_equal(number_in_index(suite, store, ""), -1);
	put_indexed(store, "b", 1);
	assert_int_equal(number_in_index(suite, store, ""), -1);
	again = record_store_lagging_new(suite->inner, &lag); /* sees all that was before it */
	assert_int_equal(number_in_index(suite, again, ""), 1);
	put_indexed(store, "d", 2);
	assert_int_equal(number_in_index(suite, again, ""), 1);
	assert_int_equal(number_in_index(suite, again, "c"), 1);
	assert_int_equal(number_in_index(suite, suite->inner, "c"), -1);
	assert_int_equal(number_in_index(suite, suite->inner, ""), 2);
	q_record_store_close(again);
	q_record_store_close(store);
}

#define CASE(NAME) cmocka_unit_test_setup_teardown(NAME, start_case, end_case)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_call_that_fails_does_nothing),
		CASE(a_call_that_is_lost_has_done_its_work),
		CASE(after_the_stop_every_call_fails),
		CASE(chance_repeats_with_its_seed),
		CASE(lost_events_never_come),
		CASE(repeated_events_come_twice),
		CASE(delayed_events_come_behind_later_ones),
		CASE(a_split_feed_gives_each_change_once),
		CASE(repeated_and_delayed_changes_keep_the_order_of_an_item),
		CASE(a_lagging_index_shows_an_item_as_it_was),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
