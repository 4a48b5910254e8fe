#include "contract/event_log_suite.h"

#include "base/time.h"
#include "support/checks.h"
#include "support/clock_simulated.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { PATIENCE_MS = 20000, PARTITIONS_MAX = 16, DAY_MS = 24 * 60 * 60 * 1000 };

/* A case's state: it listens from its start on, in every partition. */
struct suite {
	struct event_log_subject *subject;
	struct q_arena *arena;
	struct q_str partitions[PARTITIONS_MAX];
	struct q_stream_position positions[PARTITIONS_MAX];
	size_t partition_count;
	struct q_err err;
};

static const struct q_call no_limits;

/* Short forms. */

static enum q_code read_log(struct suite *suite, size_t partition,
			    struct q_stream_position position, size_t limit, int64_t wait_ms,
			    struct q_event_page *page)
{
	return q_event_log_read(suite->subject->log, &no_limits, suite->partitions[partition],
				position, limit, wait_ms, suite->arena, page, &suite->err);
}

static struct q_stream_position after(struct q_str sequence)
{
	return (struct q_stream_position){Q_STREAM_AFTER, sequence};
}

static const struct q_stream_position oldest = {.start = Q_STREAM_OLDEST};
static const struct q_stream_position newest = {.start = Q_STREAM_NEWEST};

static int start_case(void **state)
{
	struct suite *suite = *state;
	struct q_stream_partitions list;

	suite->arena = q_arena_new(64 << 20);
	assert_non_null(suite->arena);
	assert_ok(q_event_log_partitions(suite->subject->log, &no_limits, suite->arena, &list,
					 &suite->err));
	assert_in_range(list.count, 1, PARTITIONS_MAX);
	suite->partition_count = list.count;
	for (size_t i = 0; i < list.count; i++) {
		struct q_event_page page;

		suite->partitions[i] = list.items[i].id;
		assert_ok(read_log(suite, i, newest, 1, 0, &page));
		suite->positions[i] = after(page.next);
	}
	return 0;
}

static int end_case(void **state)
{
	q_arena_free(((struct suite *)*state)->arena);
	return 0;
}

/* The next `wanted` records since the case began, partition by partition. */
static void collect(struct suite *suite, size_t wanted, struct q_event_record *out)
{
	size_t count = 0;

	for (size_t i = 0; count < wanted; i = (i + 1) % suite->partition_count) {
		int64_t wait_ms = suite->partition_count == 1 ? PATIENCE_MS : 50;
		size_t limit = wanted - count < 1000 ? wanted - count : 1000;
		struct q_event_page page;

		assert_ok(read_log(suite, i, suite->positions[i], limit, wait_ms, &page));
		for (size_t j = 0; j < page.count; j++)
			out[count++] = page.items[j];
		suite->positions[i] = after(page.next);
	}
}

static struct q_event_record collect_one(struct suite *suite)
{
	struct q_event_record record;

	collect(suite, 1, &record);
	return record;
}

static enum q_code publish(struct suite *suite, const struct q_event *events, size_t count)
{
	return q_event_log_publish(suite->subject->log, &no_limits, events, count, &suite->err);
}

static struct q_event event_of(const char *key, struct q_str data)
{
	return (struct q_event){q_str_from(key), q_str_bytes(data)};
}

static void publish_text(struct suite *suite, const char *key, const char *text)
{
	struct q_event event = event_of(key, q_str_from(text));

	assert_ok(publish(suite, &event, 1));
}

static struct q_str text_of(const struct q_event_record *record)
{
	return q_bytes_str(record->data);
}

static struct q_str filled(struct suite *suite, size_t length)
{
	char *text = q_arena_alloc(suite->arena, length);

	memset(text, 'e', length);
	return (struct q_str){text, length};
}

/* Records. */

static void published_record_is_read_as_it_was(void **state)
{
	struct suite *suite = *state;
	struct q_event event = event_of("file-1", Q_STR("bytes \0\xff"));
	struct q_event_record record;

	assert_ok(publish(suite, &event, 1));
	record = collect_one(suite);
	assert_view_equal(record.partition_key, "file-1");
	assert_view_equal(text_of(&record), "bytes \0\xff");
	assert_int_equal(record.published_at_ms, q_clock_now_ms(suite->subject->clock));
	assert_in_range(record.sequence.length, 1, Q_STREAM_SEQUENCE_MAX);
}

static void data_may_be_empty(void **state)
{
	struct suite *suite = *state;
	struct q_event_record record;

	publish_text(suite, "empty", "");
	record = collect_one(suite);
	assert_int_equal(record.data.length, 0);
}

static void records_of_one_key_keep_their_order(void **state)
{
	struct suite *suite = *state;
	enum { RECORDS = 40 };
	struct q_event events[RECORDS];
	struct q_event_record records[2 * RECORDS];
	int64_t last[2] = {-1, -1}, n = 0;

	for (size_t i = 0; i < RECORDS; i++)
		events[i] = event_of(i % 2 ? "1" : "0", q_arena_format(suite->arena, "%zu", i / 2));
	assert_ok(publish(suite, events, RECORDS));
	for (size_t i = 0; i < RECORDS; i++)
		events[i].data =
			q_str_bytes(q_arena_format(suite->arena, "%zu", RECORDS / 2 + i / 2));
	assert_ok(publish(suite, events, RECORDS));
	collect(suite, 2 * RECORDS, records);
	for (size_t i = 0; i < Q_COUNT_OF(records); i++) {
		size_t key = (size_t)(records[i].partition_key.data[0] - '0');

		assert_true(q_str_to_int64(text_of(&records[i]), &n));
		assert_int_equal(n, last[key] + 1);
		last[key] = n;
	}
}

static void arguments_are_borrowed_for_the_call_only(void **state)
{
	struct suite *suite = *state;
	char key[] = "key", text[] = "text";
	struct q_event event = event_of(key, q_str_from(text));
	struct q_event_record record;

	assert_ok(publish(suite, &event, 1));
	memset(key, 'x', sizeof key - 1);
	memset(text, 'x', sizeof text - 1);
	record = collect_one(suite);
	assert_view_equal(record.partition_key, "key");
	assert_view_equal(text_of(&record), "text");
}

static void all_readers_get_all_records(void **state)
{
	struct suite *suite = *state;
	struct q_stream_position positions[PARTITIONS_MAX];
	struct q_event_record first, second;

	memcpy(positions, suite->positions, sizeof positions);
	publish_text(suite, "all", "readers");
	first = collect_one(suite);
	memcpy(suite->positions, positions, sizeof positions);
	second = collect_one(suite);
	assert_true(q_str_equal(first.sequence, second.sequence));
}

/* Positions. */

static void oldest_reads_what_is_kept_and_after_goes_on(void **state)
{
	struct suite *suite = *state;
	struct q_event_page page;
	size_t count = 0;

	publish_text(suite, "positions", "1");
	publish_text(suite, "positions", "2");
	for (size_t i = 0; i < suite->partition_count; i++) {
		struct q_stream_position position = oldest;

		do {
			assert_ok(read_log(suite, i, position, 1000, 0, &page));
			for (size_t j = 0; j < page.count; j++)
				count += q_str_equal(page.items[j].partition_key,
						     Q_STR("positions"));
			position = after(page.next);
		} while (page.count > 0);
	}
	assert_int_equal(count, 2);
}

static void newest_sees_only_what_comes_after_the_read(void **state)
{
	struct suite *suite = *state;
	struct q_event_page page;
	struct q_event_record record;

	publish_text(suite, "newest", "before");
	for (size_t i = 0; i < suite->partition_count; i++) {
		assert_ok(read_log(suite, i, newest, 10, 0, &page));
		assert_int_equal(page.count, 0);
		assert_true(page.next.length > 0);
		suite->positions[i] = after(page.next);
	}
	publish_text(suite, "newest", "after");
	record = collect_one(suite);
	assert_view_equal(text_of(&record), "after");
}

static void limit_bounds_a_page_and_behind_ms_tells_of_the_rest(void **state)
{
	struct suite *suite = *state;
	struct q_event_page page;

	publish_text(suite, "same key", "1");
	publish_text(suite, "same key", "2");
	clock_simulated_advance(suite->subject->clock, 300);
	for (size_t i = 0; i < suite->partition_count; i++) {
		assert_ok(read_log(suite, i, suite->positions[i], 1, 0, &page));
		assert_int_equal(page.behind_ms, page.count ? 300 : 0);
		if (page.count == 0)
			continue;
		assert_ok(read_log(suite, i, after(page.next), 1, 0, &page));
		assert_int_equal(page.count, 1);
		assert_int_equal(page.behind_ms, 0);
	}
}

static void a_trimmed_position_is_a_gap(void **state)
{
	struct suite *suite = *state;
	struct event_log_subject *subject = suite->subject;
	struct q_stream_position first[PARTITIONS_MAX];
	struct q_event_record record;
	struct q_event_page page;
	size_t gaps = 0;

	if (!subject->maintain)
		return;
	memcpy(first, suite->positions, sizeof first);
	publish_text(suite, "gap", "lost");
	(void)collect_one(suite);
	clock_simulated_advance(subject->clock, DAY_MS + 1);
	publish_text(suite, "gap", "kept");
	subject->maintain(subject->context);
	for (size_t i = 0; i < suite->partition_count; i++) {
		gaps += read_log(suite, i, first[i], 10, 0, &page) == Q_GAP;
		suite->positions[i] = oldest;
	}
	assert_true(gaps > 0);
	record = collect_one(suite);
	assert_view_equal(text_of(&record), "kept");
}

static void a_log_trimmed_whole_goes_on(void **state)
{
	struct suite *suite = *state;
	struct event_log_subject *subject = suite->subject;
	struct q_event_record record, next;

	if (!subject->maintain)
		return;
	publish_text(suite, "whole", "old");
	record = collect_one(suite);
	clock_simulated_advance(subject->clock, DAY_MS + 1);
	subject->maintain(subject->context);
	publish_text(suite, "whole", "new");
	next = collect_one(suite);
	assert_view_equal(text_of(&next), "new");
	assert_false(q_str_equal(next.sequence, record.sequence));
}

/* Twice: what is trimmed already is no error. */
static void a_trim_keeps_what_comes_after_it(void **state)
{
	struct suite *suite = *state;
	struct q_event_record record;
	struct q_event_page page;

	publish_text(suite, "trim", "read");
	(void)collect_one(suite);
	publish_text(suite, "trim", "not yet");
	for (int round = 0; round < 2; round++)
		for (size_t i = 0; i < suite->partition_count; i++)
			assert_ok(q_event_log_trim(suite->subject->log, &no_limits,
						   suite->partitions[i],
						   suite->positions[i].sequence, &suite->err));
	for (size_t i = 0; i < suite->partition_count; i++)
		assert_ok(read_log(suite, i, oldest, 10, 0, &page));
	record = collect_one(suite);
	assert_view_equal(text_of(&record), "not yet");
}

static void records_are_kept_for_24_hours(void **state)
{
	struct suite *suite = *state;
	struct event_log_subject *subject = suite->subject;
	struct q_event_record record;

	if (!subject->maintain)
		return;
	publish_text(suite, "kept", "a day");
	clock_simulated_advance(subject->clock, DAY_MS);
	subject->maintain(subject->context);
	record = collect_one(suite);
	assert_view_equal(text_of(&record), "a day");
}

/* Waiting. */

static void *publish_thread(void *argument)
{
	publish_text(argument, "waited", "for");
	return NULL;
}

static void read_waits_for_a_record(void **state)
{
	struct suite *suite = *state;
	struct q_event_record record;
	pthread_t thread;

	assert_int_equal(pthread_create(&thread, NULL, publish_thread, suite), 0);
	record = collect_one(suite);
	assert_view_equal(text_of(&record), "for");
	pthread_join(thread, NULL);
}

static void waiting_ends_with_an_empty_page(void **state)
{
	struct suite *suite = *state;
	struct q_call call = {.deadline_ms = q_time_monotonic_ms() + 20};
	struct q_event_page page;

	assert_ok(q_event_log_read(suite->subject->log, &call, suite->partitions[0],
				   suite->positions[0], 10, PATIENCE_MS, suite->arena, &page,
				   &suite->err));
	assert_int_equal(page.count, 0);
	assert_true(page.next.length > 0);
	assert_ok(read_log(suite, 0, suite->positions[0], 10, 20, &page));
	assert_int_equal(page.count, 0);
}

static void *cancel_thread(void *argument)
{
	atomic_store((atomic_bool *)argument, true);
	return NULL;
}

static void the_cancel_flag_ends_the_waiting(void **state)
{
	struct suite *suite = *state;
	atomic_bool is_cancelled = false;
	struct q_call call = {.is_cancelled = &is_cancelled};
	struct q_event_page page = {0};
	pthread_t thread;
	enum q_code code;

	assert_int_equal(pthread_create(&thread, NULL, cancel_thread, &is_cancelled), 0);
	code = q_event_log_read(suite->subject->log, &call, suite->partitions[0],
				suite->positions[0], 10, PATIENCE_MS, suite->arena, &page,
				&suite->err);
	pthread_join(thread, NULL);
	assert_true(code == Q_OK || code == Q_CANCELLED); /* the latter: it was first */
	assert_int_equal(page.count, 0);
}

/* Limits. */

static void batches_have_1_to_500_events(void **state)
{
	struct suite *suite = *state;
	static struct q_event events[Q_EVENT_BATCH_MAX + 1];
	static struct q_event_record records[Q_EVENT_BATCH_MAX];

	for (size_t i = 0; i < Q_COUNT_OF(events); i++)
		events[i] = event_of("batch", Q_STR("x"));
	assert_code(publish(suite, events, 0), Q_INVALID);
	assert_code(publish(suite, events, Q_EVENT_BATCH_MAX + 1), Q_INVALID);
	assert_ok(publish(suite, events, Q_EVENT_BATCH_MAX));
	collect(suite, Q_EVENT_BATCH_MAX, records);
}

static void a_record_has_at_most_1_mib_with_its_key(void **state)
{
	struct suite *suite = *state;
	struct q_event event = event_of("key", filled(suite, Q_EVENT_BYTES_MAX - 3));
	struct q_event_record record;

	assert_ok(publish(suite, &event, 1));
	record = collect_one(suite);
	assert_int_equal(record.data.length, Q_EVENT_BYTES_MAX - 3);
	event.partition_key = Q_STR("key4");
	assert_code(publish(suite, &event, 1), Q_TOOBIG);
}

static void a_batch_has_at_most_5_mib(void **state)
{
	struct suite *suite = *state;
	struct q_str whole = filled(suite, Q_EVENT_BYTES_MAX - 1);
	struct q_event events[6];
	struct q_event_record records[5];

	for (size_t i = 0; i < 6; i++)
		events[i] = event_of("k", i < 5 ? whole : Q_STR(""));
	assert_code(publish(suite, events, 6), Q_TOOBIG);
	assert_ok(publish(suite, events, 5));
	collect(suite, 5, records);
}

static void keys_have_1_to_256_bytes_of_utf8(void **state)
{
	struct suite *suite = *state;
	struct q_event event = event_of("", Q_STR("x"));
	struct q_event_record record;

	assert_code(publish(suite, &event, 1), Q_INVALID);
	event.partition_key = Q_STR("\xff");
	assert_code(publish(suite, &event, 1), Q_INVALID);
	event.partition_key = filled(suite, Q_EVENT_KEY_MAX + 1);
	assert_code(publish(suite, &event, 1), Q_INVALID);
	event.partition_key.length--;
	assert_ok(publish(suite, &event, 1));
	record = collect_one(suite);
	assert_int_equal(record.partition_key.length, Q_EVENT_KEY_MAX);
}

static void bad_reads_are_refused(void **state)
{
	struct suite *suite = *state;
	struct q_event_page page;

	assert_code(read_log(suite, 0, oldest, 0, 0, &page), Q_INVALID);
	assert_code(read_log(suite, 0, oldest, Q_STREAM_READ_MAX + 1, 0, &page), Q_INVALID);
	assert_code(read_log(suite, 0, oldest, 1, -1, &page), Q_INVALID);
	assert_code(read_log(suite, 0, after(Q_STR("")), 1, 0, &page), Q_INVALID);
	assert_code(read_log(suite, 0, after(Q_STR("yesterday")), 1, 0, &page), Q_INVALID);
	suite->partitions[0] = Q_STR("no such partition");
	assert_code(read_log(suite, 0, oldest, 1, 0, &page), Q_NOTFOUND);
}

static void calls_whose_deadline_has_passed_time_out(void **state)
{
	struct suite *suite = *state;
	struct q_call late = {.deadline_ms = 1};
	struct q_event event = event_of("late", Q_STR("x"));
	struct q_event_page page;

	assert_code(q_event_log_publish(suite->subject->log, &late, &event, 1, &suite->err),
		    Q_TIMEOUT);
	assert_code(q_event_log_read(suite->subject->log, &late, suite->partitions[0], oldest, 1, 0,
				     suite->arena, &page, &suite->err),
		    Q_TIMEOUT);
}

#define CASE(NAME) cmocka_unit_test_prestate_setup_teardown(NAME, start_case, end_case, &suite)

int run_event_log_suite(struct event_log_subject *subject)
{
	struct suite suite = {.subject = subject};
	const struct CMUnitTest cases[] = {
		CASE(published_record_is_read_as_it_was),
		CASE(data_may_be_empty),
		CASE(records_of_one_key_keep_their_order),
		CASE(arguments_are_borrowed_for_the_call_only),
		CASE(all_readers_get_all_records),
		CASE(oldest_reads_what_is_kept_and_after_goes_on),
		CASE(newest_sees_only_what_comes_after_the_read),
		CASE(limit_bounds_a_page_and_behind_ms_tells_of_the_rest),
		CASE(a_trimmed_position_is_a_gap),
		CASE(a_log_trimmed_whole_goes_on),
		CASE(a_trim_keeps_what_comes_after_it),
		CASE(records_are_kept_for_24_hours),
		CASE(read_waits_for_a_record),
		CASE(waiting_ends_with_an_empty_page),
		CASE(the_cancel_flag_ends_the_waiting),
		CASE(batches_have_1_to_500_events),
		CASE(a_record_has_at_most_1_mib_with_its_key),
		CASE(a_batch_has_at_most_5_mib),
		CASE(keys_have_1_to_256_bytes_of_utf8),
		CASE(bad_reads_are_refused),
		CASE(calls_whose_deadline_has_passed_time_out),
	};

	return cmocka_run_group_tests_name(subject->name, cases, NULL, NULL);
}
