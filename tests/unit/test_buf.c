#include "base/buf.h"

#include "base/mem.h"
#include "support/checks.h"
#include "support/failing_memory.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void new_buffer_is_an_empty_text(void **state)
{
	struct q_buf buf;

	q_buf_init(&buf, 10);
	assert_string_equal(buf.data, "");
	assert_int_equal(buf.length, 0);
	assert_false(q_buf_failed(&buf));
	q_buf_free(&buf);
}

static void appends_add_up_and_end_with_a_nul(void **state)
{
	struct q_buf buf;

	q_buf_init(&buf, 100);
	assert_true(q_buf_append(&buf, Q_STR("one")));
	assert_true(q_buf_append_char(&buf, ' '));
	assert_true(q_buf_append_bytes(&buf, "two!", 3));
	assert_true(q_buf_format(&buf, " %d", 3));
	assert_true(q_buf_append(&buf, (struct q_str){0}));
	assert_string_equal(buf.data, "one two 3");
	assert_view_equal(q_buf_str(&buf), "one two 3");
	q_buf_free(&buf);
}

static void buffer_fills_up_to_its_limit_and_no_further(void **state)
{
	struct q_buf buf;

	for (size_t limit = 0; limit < 300; limit++) {
		q_buf_init(&buf, limit);
		for (size_t i = 0; i < limit; i++)
			assert_true(q_buf_append_char(&buf, 'x'));
		assert_true(q_buf_append(&buf, Q_STR("")));
		assert_false(q_buf_append_char(&buf, 'x'));
		assert_int_equal(buf.length, limit);
		assert_int_equal(strlen(buf.data), limit);
		q_buf_free(&buf);
	}
}

static void append_is_whole_or_not_at_all(void **state)
{
	struct q_buf buf;

	q_buf_init(&buf, 10);
	assert_true(q_buf_append(&buf, Q_STR("12345678")));
	assert_false(q_buf_append(&buf, Q_STR("abc")));
	assert_string_equal(buf.data, "12345678");
	q_buf_free(&buf);
}

static void number_is_written_as_printf_would(void **state)
{
	static const int64_t numbers[] = {0, 7, -7, 10, 1234567890123, INT64_MAX, INT64_MIN};
	struct q_buf buf;

	(void)state;
	q_buf_init(&buf, 100);
	for (size_t i = 0; i < Q_COUNT_OF(numbers); i++) {
		char expected[32];

		snprintf(expected, sizeof expected, "%" PRId64, numbers[i]);
		q_buf_clear(&buf);
		assert_true(q_buf_append_int64(&buf, numbers[i]));
		assert_string_equal(buf.data, expected);
	}
	q_buf_free(&buf);
	q_buf_init(&buf, 2);
	assert_false(q_buf_append_int64(&buf, 100));
	assert_int_equal(buf.length, 0);
	q_buf_free(&buf);
}

static void format_is_whole_or_not_at_all(void **state)
{
	struct q_buf buf;

	q_buf_init(&buf, 10);
	assert_true(q_buf_append(&buf, Q_STR("12345678")));
	assert_false(q_buf_format(&buf, "%d", 999));
	assert_string_equal(buf.data, "12345678");
	q_buf_free(&buf);
}

static void failed_buffer_refuses_what_would_fit(void **state)
{
	struct q_buf buf;

	q_buf_init(&buf, 3);
	assert_false(q_buf_append(&buf, Q_STR("four")));
	assert_false(q_buf_append(&buf, Q_STR("1")));
	assert_false(q_buf_format(&buf, "%d", 1));
	assert_null(q_buf_reserve(&buf, 1));
	assert_true(q_buf_failed(&buf));
	assert_int_equal(buf.length, 0);
	q_buf_free(&buf);
}

static void clear_forgets_bytes_and_failure_and_keeps_capacity(void **state)
{
	struct q_buf buf;
	size_t capacity;

	q_buf_init(&buf, 100);
	assert_true(q_buf_format(&buf, "%099d", 1));
	assert_false(q_buf_append(&buf, Q_STR("no")));
	capacity = buf.capacity;
	q_buf_clear(&buf);
	assert_string_equal(buf.data, "");
	assert_false(q_buf_failed(&buf));
	assert_int_equal(buf.capacity, capacity);
	assert_true(q_buf_append(&buf, Q_STR("yes")));
	q_buf_free(&buf);
}

static void clear_of_an_unused_buffer_is_harmless(void **state)
{
	struct q_buf buf;

	q_buf_init(&buf, 100);
	q_buf_clear(&buf);
	assert_string_equal(buf.data, "");
	q_buf_free(&buf);
}

static void free_leaves_a_buffer_that_may_be_used_again(void **state)
{
	struct q_buf buf;

	q_buf_init(&buf, 100);
	assert_true(q_buf_append(&buf, Q_STR("abc")));
	q_buf_free(&buf);
	assert_string_equal(buf.data, "");
	assert_true(q_buf_append(&buf, Q_STR("def")));
	assert_string_equal(buf.data, "def");
	q_buf_free(&buf);
}

static void reserved_room_is_the_callers_to_fill(void **state)
{
	struct q_buf buf;
	char *room;

	q_buf_init(&buf, 1000);
	assert_true(q_buf_append(&buf, Q_STR("ab")));
	room = q_buf_reserve(&buf, 500);
	assert_ptr_equal(room, buf.data + 2);
	memset(room, 'c', 500);
	buf.length += 500;
	assert_true(q_buf_append_char(&buf, 'd'));
	assert_int_equal(buf.length, 503);
	assert_string_equal(buf.data + 500, "ccd");
	q_buf_free(&buf);
}

static void format_grows_for_long_texts(void **state)
{
	struct q_buf buf;

	q_buf_init(&buf, 10000);
	assert_true(q_buf_format(&buf, "%05000d", 1));
	assert_true(q_buf_format(&buf, "%05000d", 2));
	assert_int_equal(buf.length, 10000);
	assert_int_equal(strlen(buf.data), 10000);
	assert_int_equal(buf.data[4999], '1');
	assert_int_equal(buf.data[9999], '2');
	q_buf_free(&buf);
}

static void consume_drops_the_first_bytes(void **state)
{
	struct q_buf buf;

	q_buf_init(&buf, 100);
	q_buf_consume(&buf, 0);
	assert_true(q_buf_append(&buf, Q_STR("abcdef")));
	q_buf_consume(&buf, 2);
	assert_string_equal(buf.data, "cdef");
	q_buf_consume(&buf, 4);
	assert_string_equal(buf.data, "");
	q_buf_free(&buf);
}

static void consume_too_much(void)
{
	struct q_buf buf;

	q_buf_init(&buf, 100);
	q_buf_consume(&buf, 1);
}

static void consuming_more_than_there_is_is_a_bug(void **state)
{
	assert_true(aborts(consume_too_much));
}

static void heap_failure_keeps_what_there_was(void **state)
{
	struct q_buf buf;
	bool appended;

	q_buf_init(&buf, 100000);
	assert_true(q_buf_append(&buf, Q_STR("abc")));
	q_mem_fail_after(0);
	appended = q_buf_format(&buf, "%09999d", 1);
	q_mem_fail_after(-1);
	assert_false(appended);
	assert_true(q_buf_failed(&buf));
	assert_string_equal(buf.data, "abc");
	q_buf_free(&buf);
}

static enum q_code fill_buffer(void *context)
{
	struct q_buf buf;
	bool failed;

	q_buf_init(&buf, 10000);
	for (int i = 0; i < 500; i++)
		q_buf_format(&buf, "line %d\n", i);
	failed = q_buf_failed(&buf);
	assert_int_equal(strlen(buf.data), buf.length);
	q_buf_free(&buf);
	return failed ? Q_NOMEM : Q_OK;
}

static void one_check_at_the_end_sees_every_failure(void **state)
{
	assert_true(run_with_failing_memory(fill_buffer, NULL) >= 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(new_buffer_is_an_empty_text),
		cmocka_unit_test(appends_add_up_and_end_with_a_nul),
		cmocka_unit_test(buffer_fills_up_to_its_limit_and_no_further),
		cmocka_unit_test(append_is_whole_or_not_at_all),
		cmocka_unit_test(number_is_written_as_printf_would),
		cmocka_unit_test(format_is_whole_or_not_at_all),
		cmocka_unit_test(failed_buffer_refuses_what_would_fit),
		cmocka_unit_test(clear_forgets_bytes_and_failure_and_keeps_capacity),
		cmocka_unit_test(clear_of_an_unused_buffer_is_harmless),
		cmocka_unit_test(free_leaves_a_buffer_that_may_be_used_again),
		cmocka_unit_test(reserved_room_is_the_callers_to_fill),
		cmocka_unit_test(format_grows_for_long_texts),
		cmocka_unit_test(consume_drops_the_first_bytes),
		cmocka_unit_test(consuming_more_than_there_is_is_a_bug),
		cmocka_unit_test(heap_failure_keeps_what_there_was),
		cmocka_unit_test(one_check_at_the_end_sees_every_failure),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
