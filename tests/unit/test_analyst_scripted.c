/* The analyst that simulations and benches give their orders to must follow them. */
#include "base/time.h"
#include "support/analyst_scripted.h"
#include "support/checks.h"

#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static enum q_code ask(struct q_analyst *analyst, const struct q_call *call, unsigned page_number,
		       struct q_err *err)
{
	struct q_page_request request = {
		.text = Q_STR("text"), .page_number = page_number, .page_count = 3};
	struct q_arena *arena = q_arena_new(1 << 16);
	struct q_page_analysis analysis;
	enum q_code code = q_analyst_analyse_page(analyst, call, &request, arena, &analysis, err);

	if (code == Q_OK && page_number == 2) {
		assert_view_equal(analysis.summary, "Page 2 of 3.");
		assert_view_equal(analysis.entities[0].text, "PAGE-0002");
	}
	q_arena_free(arena);
	return code;
}

static void fails_its_page_as_often_as_told(void **state)
{
	struct q_analyst *analyst = analyst_scripted_new(
		(struct analyst_script){.failing_page = 2, .failures = 2, .failure = Q_BUSY});
	const struct q_call call = {0};
	struct q_err err;

	assert_int_equal(ask(analyst, &call, 1, &err), Q_OK);
	assert_int_equal(ask(analyst, &call, 2, &err), Q_BUSY);
	assert_int_equal(err.retry_after_ms, 1);
	assert_int_equal(ask(analyst, &call, 2, &err), Q_BUSY);
	assert_int_equal(ask(analyst, &call, 2, &err), Q_OK);
	assert_int_equal(analyst_scripted_calls(analyst), 4);
	assert_int_equal(analyst_scripted_at_once_max(analyst), 1);
	q_analyst_close(analyst);
}

static void fails_its_page_for_ever_when_told(void **state)
{
	struct q_analyst *analyst = analyst_scripted_new(
		(struct analyst_script){.failing_page = 1, .failures = UINT_MAX, .failure = Q_IO});
	const struct q_call call = {0};
	struct q_err err;

	for (int i = 0; i < 10; i++)
		assert_int_equal(ask(analyst, &call, 1, &err), Q_IO);
	assert_int_equal(ask(analyst, &call, 2, &err), Q_OK);
	q_analyst_close(analyst);
}

static void takes_its_time(void **state)
{
	struct q_analyst *analyst = analyst_scripted_new((struct analyst_script){.wait_ms = 20});
	int64_t start_ms = q_time_monotonic_ms();
	const struct q_call call = {0};
	struct q_err err;

	assert_int_equal(ask(analyst, &call, 2, &err), Q_OK);
	assert_true(q_time_monotonic_ms() - start_ms >= 20);
	q_analyst_close(analyst);
}

/* An hour would outlast the test. */
static void a_wait_ends_with_the_calls_deadline(void **state)
{
	struct q_analyst *analyst =
		analyst_scripted_new((struct analyst_script){.wait_ms = 3600000});
	struct q_call call = {.deadline_ms = q_time_monotonic_ms() + 20};
	struct q_err err;

	assert_int_equal(ask(analyst, &call, 2, &err), Q_TIMEOUT);
	q_analyst_close(analyst);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fails_its_page_as_often_as_told),
		cmocka_unit_test(fails_its_page_for_ever_when_told),
		cmocka_unit_test(takes_its_time),
		cmocka_unit_test(a_wait_ends_with_the_calls_deadline),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
