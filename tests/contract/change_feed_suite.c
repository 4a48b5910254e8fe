#include "contract/change_feed_suite.h"

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

/* A case's state: it watches from its start on, in every partition. */
struct suite {
	struct change_feed_subject *subject;
	struct q_arena *arena;
	struct q_str partitions[PARTITIONS_MAX];
	struct q_stream_position positions[PARTITIONS_MAX];
	size_t partition_count;
	struct q_err err;
};

static const struct q_call no_limits;

/* Short forms. */

static enum q_code read_feed(struct suite *suite, size_t partition,
			     struct q_stream_position position, size_t limit, int64_t wait_ms,
			     struct q_change_page *page)
{
	return q_change_feed_read(suite->subject->feed, &no_limits, suite->partitions[partition],
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
	assert_ok(q_change_feed_partitions(suite->subject->feed, &no_limits, suite->arena, &list,
					   &suite->err));
	assert_in_range(list.count, 1, PARTITIONS_MAX);
	suite->partition_count = list.count;
	for (size_t i = 0; i < list.count; i++) {
		struct q_change_page page;

		suite->partitions[i] = list.items[i].id;
		assert_ok(read_feed(suite, i, newest, 1, 0, &page));
		suite->positions[i] = after(page.next);
	}
	return 0;
}

static int end_case(void **state)
{
	q_arena_free(((struct suite *)*state)->arena);
	return 0;
}

/* The next `wanted` changes since the case began, partition by partition. */
static void collect(struct suite *suite, size_t wanted, struct q_change_record *out)
{
	size_t count = 0;

	for (size_t i = 0; count < wanted; i = (i + 1) % suite->partition_count) {
		int64_t wait_ms = suite->partition_count == 1 ? PATIENCE_MS : 50;
		struct q_change_page page;

		assert_ok(read_feed(suite, i, suite->positions[i], wanted - count, wait_ms, &page));
		for (size_t j = 0; j < page.count; j++)
			out[count++] = page.items[j];
		suite->positions[i] = after(page.next);
	}
}

static struct q_change_record collect_one(struct suite *suite)
{
	struct q_change_record record;

	collect(suite, 1, &record);
	return record;
}

static enum q_code write_one(struct suite *suite, struct q_write write)
{
	return q_record_store_write(suite->subject->store, &no_limits, &write, NULL, NULL,
				    &suite->err);
}

static struct q_record_key key_of(const char *pk, const char *sk)
{
	return (struct q_record_key){q_str_from(pk), q_str_from(sk)};
}

static void set_number(struct suite *suite, const char *pk, const char *sk, int64_t n)
{
	struct q_change change = {Q_SET, Q_STR("n"), q_value_number(n)};

	assert_ok(write_one(suite, (struct q_write){.kind = Q_WRITE_UPDATE,
						    .key = key_of(pk, sk),
						    .changes = &change,
						    .change_count = 1}));
}

static void delete_item(struct suite *suite, const char *pk, const char *sk)
{
	assert_ok(
		write_one(suite, (struct q_write){.kind = Q_WRITE_DELETE, .key = key_of(pk, sk)}));
}

static int64_t number_of(const struct q_item *image)
{
	assert_non_null(image);
	return q_item_number(image, "n", -1);
}

/* What a change tells. */

static void new_item_has_no_image_before(void **state)
{
	struct suite *suite = *state;
	struct q_change_record record;

	set_number(suite, "new", "item", 1);
	record = collect_one(suite);
	assert_view_equal(record.key.pk, "new");
	assert_view_equal(record.key.sk, "item");
	assert_null(record.before);
	assert_int_equal(number_of(record.after), 1);
	assert_int_equal(record.changed_at_ms, q_clock_now_ms(suite->subject->clock));
	assert_in_range(record.sequence.length, 1, Q_STREAM_SEQUENCE_MAX);
}

static void changed_item_has_both_images(void **state)
{
	struct suite *suite = *state;
	struct q_change_record records[2];

	set_number(suite, "both", "item", 1);
	set_number(suite, "both", "item", 2);
	collect(suite, 2, records);
	assert_int_equal(number_of(records[1].before), 1);
	assert_int_equal(number_of(records[1].after), 2);
}

static void deleted_item_has_no_image_after(void **state)
{
	struct suite *suite = *state;
	struct q_change_record records[2];

	set_number(suite, "deleted", "item", 1);
	delete_item(suite, "deleted", "item");
	collect(suite, 2, records);
	assert_view_equal(records[1].key.pk, "deleted");
	assert_int_equal(number_of(records[1].before), 1);
	assert_null(records[1].after);
}

static void images_are_whole_items(void **state)
{
	struct suite *suite = *state;
	struct q_attribute attributes[] = {
		{Q_STR("text"), q_value_string(Q_STR("some text"))},
		{Q_STR("bytes"), q_value_bytes(q_str_bytes(Q_STR("\0\1")))},
		{Q_STR("yes"), q_value_bool(true)},
	};
	struct q_item item = {
		.key = key_of("image", "item"),
		.index1 = key_of("image#1", "a"),
		.expires_at_ms = INT64_MAX,
		.attributes = attributes,
		.attribute_count = Q_COUNT_OF(attributes),
	};
	struct q_change_record record;

	assert_ok(write_one(suite,
			    (struct q_write){.kind = Q_WRITE_PUT, .key = item.key, .item = &item}));
	record = collect_one(suite);
	assert_non_null(record.after);
	assert_true(q_record_key_equal(&record.after->key, &item.key));
	assert_true(q_record_key_equal(&record.after->index1, &item.index1));
	assert_int_equal(record.after->expires_at_ms, INT64_MAX);
	assert_int_equal(record.after->attribute_count, 3);
	assert_view_equal(q_item_string(record.after, "text", Q_STR("")), "some text");
	assert_true(q_item_bool(record.after, "yes", false));
	assert_int_equal(q_item_bytes(record.after, "bytes").length, 2);
}

static void writes_that_failed_are_no_changes(void **state)
{
	struct suite *suite = *state;
	struct q_condition exists = {.kind = Q_IF_EXISTS};
	struct q_write write = {.kind = Q_WRITE_UPDATE,
				.key = key_of("failed", "item"),
				.conditions = &exists,
				.condition_count = 1};

	assert_code(write_one(suite, write), Q_CONFLICT);
	delete_item(suite, "failed", "never there");
	set_number(suite, "failed", "last", 1);
	assert_view_equal(collect_one(suite).key.sk, "last");
}

static void changes_of_a_transaction_are_all_delivered(void **state)
{
	struct suite *suite = *state;
	struct q_change change = {Q_SET, Q_STR("n"), q_value_number(1)};
	struct q_write writes[3];
	struct q_change_record records[3];
	bool seen[3] = {false};

	for (size_t i = 0; i < 3; i++)
		writes[i] = (struct q_write){
			.kind = Q_WRITE_UPDATE,
			.key = {Q_STR("transaction"), q_arena_format(suite->arena, "%zu", i)},
			.changes = &change,
			.change_count = 1};
	assert_ok(q_record_store_transact(suite->subject->store, &no_limits, writes, 3, NULL,
					  &suite->err));
	collect(suite, 3, records);
	for (size_t i = 0; i < 3; i++)
		seen[records[i].key.sk.data[0] - '0'] = true;
	assert_true(seen[0] && seen[1] && seen[2]);
}

static void changes_of_an_item_come_in_their_order(void **state)
{
	struct suite *suite = *state;
	enum { CHANGES = 30 };
	struct q_change_record records[2 * CHANGES];
	int64_t last[2] = {-1, -1};

	for (int64_t n = 0; n < CHANGES; n++) {
		set_number(suite, "ordered", "0", n);
		set_number(suite, "ordered", "1", n);
	}
	collect(suite, 2 * CHANGES, records);
	for (size_t i = 0; i < Q_COUNT_OF(records); i++) {
		size_t item = (size_t)(records[i].key.sk.data[0] - '0');

		assert_int_equal(number_of(records[i].after), last[item] + 1);
		last[item]++;
	}
}

static void expiry_is_a_deletion(void **state)
{
	struct suite *suite = *state;
	struct change_feed_subject *subject = suite->subject;
	int64_t expires_at_ms = q_clock_now_ms(subject->clock) + 10;
	struct q_write write = {.kind = Q_WRITE_UPDATE,
				.key = key_of("expiring", "item"),
				.expires_at_ms = &expires_at_ms};
	struct q_change_record records[2];

	if (!subject->maintain)
		return;
	assert_ok(write_one(suite, write));
	clock_simulated_advance(subject->clock, 10);
	subject->maintain(subject->context);
	collect(suite, 2, records);
	assert_view_equal(records[1].key.pk, "expiring");
	assert_non_null(records[1].before);
	assert_null(records[1].after);
}

/* Positions. */

static void oldest_reads_what_is_kept_and_after_goes_on(void **state)
{
	struct suite *suite = *state;
	struct q_change_page page;
	size_t count = 0;

	set_number(suite, "positions", "a", 1);
	set_number(suite, "positions", "b", 1);
	for (size_t i = 0; i < suite->partition_count; i++) {
		struct q_stream_position position = oldest;

		do {
			assert_ok(read_feed(suite, i, position, 1000, 0, &page));
			for (size_t j = 0; j < page.count; j++)
				count += q_str_equal(page.items[j].key.pk, Q_STR("positions"));
			position = after(page.next);
		} while (page.count > 0);
	}
	assert_int_equal(count, 2);
}

static void reading_again_from_a_record_repeats_what_followed(void **state)
{
	struct suite *suite = *state;
	struct q_change_record records[3];
	struct q_change_page page;

	if (suite->partition_count > 1)
		return; /* the three may stand apart */
	set_number(suite, "again", "item", 1);
	set_number(suite, "again", "item", 2);
	set_number(suite, "again", "item", 3);
	collect(suite, 3, records);
	for (int i = 0; i < 2; i++) {
		assert_ok(read_feed(suite, 0, after(records[0].sequence), 1000, 0, &page));
		assert_int_equal(page.count, 2);
		assert_int_equal(number_of(page.items[0].after), 2);
		assert_true(q_str_equal(page.items[1].sequence, records[2].sequence));
	}
}

static void newest_sees_only_what_comes_after_the_read(void **state)
{
	struct suite *suite = *state;
	struct q_change_page page;

	set_number(suite, "newest", "before", 1);
	(void)collect_one(suite);
	for (size_t i = 0; i < suite->partition_count; i++) {
		assert_ok(read_feed(suite, i, newest, 10, 0, &page));
		assert_int_equal(page.count, 0);
		assert_true(page.next.length > 0);
		suite->positions[i] = after(page.next);
	}
	set_number(suite, "newest", "after", 1);
	assert_view_equal(collect_one(suite).key.sk, "after");
}

static void limit_bounds_a_page(void **state)
{
	struct suite *suite = *state;
	struct q_change_page page;

	for (int64_t n = 0; n < 5; n++)
		set_number(suite, "limited", "item", n);
	for (size_t i = 0; i < suite->partition_count; i++) {
		assert_ok(read_feed(suite, i, suite->positions[i], 2, 0, &page));
		assert_true(page.count <= 2);
	}
}

static void behind_ms_tells_the_age_of_what_is_left(void **state)
{
	struct suite *suite = *state;
	struct q_change_page page;

	if (suite->partition_count > 1)
		return; /* in which one is known to the adapter alone */
	set_number(suite, "behind", "item", 1);
	set_number(suite, "behind", "item", 2);
	clock_simulated_advance(suite->subject->clock, 700);
	assert_ok(read_feed(suite, 0, suite->positions[0], 1, 0, &page));
	assert_int_equal(page.count, 1);
	assert_int_equal(page.behind_ms, 700);
	assert_false(page.is_end);
	assert_ok(read_feed(suite, 0, after(page.next), 1, 0, &page));
	assert_int_equal(page.behind_ms, 0);
}

static void a_trimmed_position_is_a_gap(void **state)
{
	struct suite *suite = *state;
	struct change_feed_subject *subject = suite->subject;
	struct q_stream_position first[PARTITIONS_MAX];
	struct q_change_page page;
	size_t gaps = 0;

	if (!subject->maintain)
		return;
	memcpy(first, suite->positions, sizeof first);
	set_number(suite, "gap", "item", 1);
	(void)collect_one(suite);
	clock_simulated_advance(subject->clock, DAY_MS + 1);
	set_number(suite, "gap", "item", 2);
	subject->maintain(subject->context);
	for (size_t i = 0; i < suite->partition_count; i++) {
		gaps += read_feed(suite, i, first[i], 10, 0, &page) == Q_GAP;
		suite->positions[i] = oldest;
	}
	assert_true(gaps > 0);
	assert_int_equal(number_of(collect_one(suite).after), 2);
}

static void a_position_is_no_gap_when_all_that_was_trimmed_was_read(void **state)
{
	struct suite *suite = *state;
	struct change_feed_subject *subject = suite->subject;

	if (!subject->maintain)
		return;
	set_number(suite, "nogap", "item", 1);
	(void)collect_one(suite);
	clock_simulated_advance(subject->clock, DAY_MS + 1);
	subject->maintain(subject->context);
	set_number(suite, "nogap", "item", 2);
	assert_int_equal(number_of(collect_one(suite).after), 2);
}

/* Twice: what is trimmed already is no error. */
static void a_trim_keeps_what_comes_after_it(void **state)
{
	struct suite *suite = *state;
	struct q_change_page page;

	set_number(suite, "trim", "item", 1);
	(void)collect_one(suite);
	set_number(suite, "trim", "item", 2);
	for (int round = 0; round < 2; round++)
		for (size_t i = 0; i < suite->partition_count; i++)
			assert_ok(q_change_feed_trim(suite->subject->feed, &no_limits,
						     suite->partitions[i],
						     suite->positions[i].sequence, &suite->err));
	for (size_t i = 0; i < suite->partition_count; i++)
		assert_ok(read_feed(suite, i, oldest, 10, 0, &page));
	assert_int_equal(number_of(collect_one(suite).after), 2);
}

static void records_are_kept_for_24_hours(void **state)
{
	struct suite *suite = *state;
	struct change_feed_subject *subject = suite->subject;

	if (!subject->maintain)
		return;
	set_number(suite, "kept", "item", 1);
	clock_simulated_advance(subject->clock, DAY_MS);
	subject->maintain(subject->context);
	assert_int_equal(number_of(collect_one(suite).after), 1);
}

/* Waiting. */

static void *set_number_thread(void *argument)
{
	set_number(argument, "waited", "item", 1);
	return NULL;
}

static void read_waits_for_a_change(void **state)
{
	struct suite *suite = *state;
	pthread_t thread;

	assert_int_equal(pthread_create(&thread, NULL, set_number_thread, suite), 0);
	assert_view_equal(collect_one(suite).key.pk, "waited");
	pthread_join(thread, NULL);
}

static void waiting_ends_with_an_empty_page(void **state)
{
	struct suite *suite = *state;
	atomic_bool is_cancelled = false;
	struct q_call call = {.is_cancelled = &is_cancelled};
	struct q_change_page page;

	call.deadline_ms = q_time_monotonic_ms() + 20;
	assert_ok(q_change_feed_read(suite->subject->feed, &call, suite->partitions[0],
				     suite->positions[0], 10, PATIENCE_MS, suite->arena, &page,
				     &suite->err));
	assert_int_equal(page.count, 0);
	assert_true(page.next.length > 0);
	assert_int_equal(page.behind_ms, 0);
	assert_ok(read_feed(suite, 0, suite->positions[0], 10, 20, &page));
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
	struct q_change_page page = {0};
	pthread_t thread;
	enum q_code code;

	assert_int_equal(pthread_create(&thread, NULL, cancel_thread, &is_cancelled), 0);
	code = q_change_feed_read(suite->subject->feed, &call, suite->partitions[0],
				  suite->positions[0], 10, PATIENCE_MS, suite->arena, &page,
				  &suite->err);
	pthread_join(thread, NULL);
	assert_true(code == Q_OK || code == Q_CANCELLED); /* the latter: it was first */
	assert_int_equal(page.count, 0);
}

/* Arguments. */

static void bad_arguments_are_refused(void **state)
{
	struct suite *suite = *state;
	struct q_change_page page;
	char long_sequence[Q_STREAM_SEQUENCE_MAX + 1];

	memset(long_sequence, '1', sizeof long_sequence);
	assert_code(read_feed(suite, 0, oldest, 0, 0, &page), Q_INVALID);
	assert_code(read_feed(suite, 0, oldest, Q_STREAM_READ_MAX + 1, 0, &page), Q_INVALID);
	assert_code(read_feed(suite, 0, oldest, 1, -1, &page), Q_INVALID);
	assert_code(read_feed(suite, 0, after(Q_STR("")), 1, 0, &page), Q_INVALID);
	assert_code(read_feed(suite, 0, after(Q_STR("yesterday")), 1, 0, &page), Q_INVALID);
	assert_code(read_feed(suite, 0, after((struct q_str){long_sequence, sizeof long_sequence}),
			      1, 0, &page),
		    Q_INVALID);
}

static void an_unknown_partition_is_not_found(void **state)
{
	struct suite *suite = *state;
	struct q_change_page page;

	suite->partitions[0] = Q_STR("no such partition");
	assert_code(read_feed(suite, 0, oldest, 1, 0, &page), Q_NOTFOUND);
}

#define CASE(NAME) cmocka_unit_test_prestate_setup_teardown(NAME, start_case, end_case, &suite)

int run_change_feed_suite(struct change_feed_subject *subject)
{
	struct suite suite = {.subject = subject};
	const struct CMUnitTest cases[] = {
		CASE(new_item_has_no_image_before),
		CASE(changed_item_has_both_images),
		CASE(deleted_item_has_no_image_after),
		CASE(images_are_whole_items),
		CASE(writes_that_failed_are_no_changes),
		CASE(changes_of_a_transaction_are_all_delivered),
		CASE(changes_of_an_item_come_in_their_order),
		CASE(expiry_is_a_deletion),
		CASE(oldest_reads_what_is_kept_and_after_goes_on),
		CASE(reading_again_from_a_record_repeats_what_followed),
		CASE(newest_sees_only_what_comes_after_the_read),
		CASE(limit_bounds_a_page),
		CASE(behind_ms_tells_the_age_of_what_is_left),
		CASE(a_trimmed_position_is_a_gap),
		CASE(a_position_is_no_gap_when_all_that_was_trimmed_was_read),
		CASE(a_trim_keeps_what_comes_after_it),
		CASE(records_are_kept_for_24_hours),
		CASE(read_waits_for_a_change),
		CASE(waiting_ends_with_an_empty_page),
		CASE(the_cancel_flag_ends_the_waiting),
		CASE(bad_arguments_are_refused),
		CASE(an_unknown_partition_is_not_found),
	};

	return cmocka_run_group_tests_name(subject->name, cases, NULL, NULL);
}
