#include "base/metrics.h"
#include "base/pool.h"
#include "support/checks.h"
#include "support/failing_memory.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { TEXT_BYTES_MAX = 1024 * 1024 };

static int make_registry(void **state)
{
	*state = q_metrics_new();
	return *state ? 0 : -1;
}

static int free_registry(void **state)
{
	q_metrics_free(*state);
	return 0;
}

static void assert_text(struct q_metrics *m, const char *expected)
{
	struct q_buf out;

	q_buf_init(&out, TEXT_BYTES_MAX);
	assert_true(q_metrics_write(m, &out));
	assert_string_equal(out.data, expected);
	q_buf_free(&out);
}

static void metrics_are_sorted_and_explained(void **state)
{
	struct q_metric *pages = q_metrics_counter(*state, "pages_total", "Pages.", "status");
	struct q_metric *busy = q_metrics_gauge(*state, "busy", "Busy threads.", "");

	q_series_add(q_metric_series(pages, &Q_STR("ok")), 2);
	q_series_add(q_metric_series(pages, &Q_STR("failed")), 1);
	q_series_add(q_metric_series(pages, &Q_STR("ok")), 40);
	q_series_set(q_metric_series(busy, NULL), 7);
	q_series_add(q_metric_series(busy, NULL), -9);
	assert_text(*state, "# HELP busy Busy threads.\n# TYPE busy gauge\n"
			    "busy -2\n"
			    "# HELP pages_total Pages.\n# TYPE pages_total counter\n"
			    "pages_total{status=\"ok\"} 42\n"
			    "pages_total{status=\"failed\"} 1\n");
}

static void thousandths_are_written_as_a_fraction(void **state)
{
	struct q_metric *lag = q_metrics_gauge(*state, "lag_seconds", "L.", "");

	q_metric_in_thousandths(lag);
	q_series_set(q_metric_series(lag, NULL), -61007);
	assert_text(*state,
		    "# HELP lag_seconds L.\n# TYPE lag_seconds gauge\nlag_seconds -61.007\n");
}

static void counter_may_take_a_total_kept_elsewhere(void **state)
{
	struct q_metric *metric = q_metrics_counter(*state, "a_total", "A.", "");

	q_series_set(q_metric_series(metric, NULL), 12);
	assert_text(*state, "# HELP a_total A.\n# TYPE a_total counter\na_total 12\n");
}

static void metric_without_labels_is_shown_from_the_start(void **state)
{
	q_metrics_counter(*state, "a_total", "A.", "");
	q_metrics_counter(*state, "b_total", "B.", "x");
	assert_text(*state, "# HELP a_total A.\n# TYPE a_total counter\na_total 0\n"
			    "# HELP b_total B.\n# TYPE b_total counter\n");
}

static void metric_and_series_are_found_again(void **state)
{
	struct q_metric *metric = q_metrics_counter(*state, "a_total", "A.", "x y");
	const struct q_str values[] = {Q_STR("1"), Q_STR("2")};
	const struct q_str swapped[] = {Q_STR("2"), Q_STR("1")};

	assert_ptr_equal(q_metrics_counter(*state, "a_total", "A.", "x y"), metric);
	assert_ptr_equal(q_metric_series(metric, values), q_metric_series(metric, values));
	assert_ptr_not_equal(q_metric_series(metric, values), q_metric_series(metric, swapped));
}

static void label_values_are_escaped_and_cut(void **state)
{
	struct q_metric *metric = q_metrics_counter(*state, "a_total", "A.", "x");
	struct q_buf out;
	char value[200];

	q_series_add(q_metric_series(metric, &Q_STR("a\"b\\c\nd\xFF")), 1);
	assert_text(*state, "# HELP a_total A.\n# TYPE a_total counter\n"
			    "a_total{x=\"a\\\"b\\\\c\\nd\xEF\xBF\xBD\"} 1\n");
	memset(value, 'v', sizeof value);
	q_metric_series(metric, &(struct q_str){value, sizeof value});
	q_buf_init(&out, TEXT_BYTES_MAX);
	assert_true(q_metrics_write(*state, &out));
	assert_null(memmem(out.data, out.length, value, 129));
	assert_non_null(memmem(out.data, out.length, value, 128));
	q_buf_free(&out);
}

/* Escaping must not make one key of two series. */
static void values_cannot_imitate_other_labels(void **state)
{
	struct q_metric *metric = q_metrics_counter(*state, "a_total", "A.", "x y");
	const struct q_str plain[] = {Q_STR("a"), Q_STR("b")};
	const struct q_str tricky[] = {Q_STR("a\",y=\"b"), Q_STR("")};

	assert_ptr_not_equal(q_metric_series(metric, plain), q_metric_series(metric, tricky));
}

static void buckets_are_cumulative(void **state)
{
	static const double bounds[] = {0.5, 1, 2.5};
	struct q_metric *metric =
		q_metrics_histogram(*state, "d_seconds", "D.", "stage", bounds, 3);
	struct q_series *series = q_metric_series(metric, &Q_STR("read"));

	q_series_observe(series, 0.25);
	q_series_observe(series, 1); /* a bound is inclusive */
	q_series_observe(series, 2);
	q_series_observe(series, 99.5);
	assert_text(*state, "# HELP d_seconds D.\n# TYPE d_seconds histogram\n"
			    "d_seconds_bucket{stage=\"read\",le=\"0.5\"} 1\n"
			    "d_seconds_bucket{stage=\"read\",le=\"1\"} 2\n"
			    "d_seconds_bucket{stage=\"read\",le=\"2.5\"} 3\n"
			    "d_seconds_bucket{stage=\"read\",le=\"+Inf\"} 4\n"
			    "d_seconds_sum{stage=\"read\"} 102.75\n"
			    "d_seconds_count{stage=\"read\"} 4\n");
}

static void histogram_without_labels_has_only_le(void **state)
{
	static const double bounds[] = {1};
	struct q_metric *metric = q_metrics_histogram(*state, "d", "D.", "", bounds, 1);

	q_series_observe(q_metric_series(metric, NULL), 3);
	assert_text(*state,
		    "# HELP d D.\n# TYPE d histogram\n"
		    "d_bucket{le=\"1\"} 0\nd_bucket{le=\"+Inf\"} 1\nd_sum 3.0\nd_count 1\n");
}

static void default_bounds_go_from_5_ms_to_a_minute(void **state)
{
	struct q_buf out;

	q_metrics_histogram(*state, "d", "D.", "", NULL, 0);
	q_buf_init(&out, TEXT_BYTES_MAX);
	assert_true(q_metrics_write(*state, &out));
	assert_non_null(strstr(out.data, "histogram\nd_bucket{le=\"0.005\"} 0\n"));
	assert_non_null(strstr(out.data, "d_bucket{le=\"60\"} 0\nd_bucket{le=\"+Inf\"} 0\n"));
	q_buf_free(&out);
}

static void observation_that_is_not_finite_is_ignored(void **state)
{
	static const double bounds[] = {1};
	struct q_metric *metric = q_metrics_histogram(*state, "d", "D.", "", bounds, 1);

	q_series_observe(q_metric_series(metric, NULL), NAN);
	q_series_observe(q_metric_series(metric, NULL), INFINITY);
	assert_text(*state,
		    "# HELP d D.\n# TYPE d histogram\n"
		    "d_bucket{le=\"1\"} 0\nd_bucket{le=\"+Inf\"} 0\nd_sum 0.0\nd_count 0\n");
}

static struct q_series *numbered_series(struct q_metric *metric, int number)
{
	char text[16];

	snprintf(text, sizeof text, "%d", number);
	return q_metric_series(metric, &(struct q_str){text, strlen(text)});
}

static void series_beyond_the_limit_count_as_other(void **state)
{
	struct q_metric *metric = q_metrics_counter(*state, "a_total", "A.", "x");
	struct q_series *last = NULL, *other;

	for (int i = 0; i < Q_METRIC_SERIES_MAX; i++) {
		struct q_series *series = numbered_series(metric, i);

		assert_non_null(series);
		assert_ptr_not_equal(series, last);
		last = series;
	}
	other = numbered_series(metric, Q_METRIC_SERIES_MAX);
	assert_non_null(other);
	assert_ptr_equal(numbered_series(metric, Q_METRIC_SERIES_MAX + 1), other);
	assert_ptr_equal(q_metric_series(metric, &Q_STR("other")), other);
	assert_ptr_equal(numbered_series(metric, Q_METRIC_SERIES_MAX - 1), last);
	q_series_add(other, 5);
	{
		struct q_buf out;

		q_buf_init(&out, TEXT_BYTES_MAX);
		assert_true(q_metrics_write(*state, &out));
		assert_true(q_str_ends_with(q_buf_str(&out), Q_STR("a_total{x=\"other\"} 5\n")));
		q_buf_free(&out);
	}
}

static void set_to_nine(void *context)
{
	q_series_set(q_metric_series(context, &Q_STR("now")), 9);
}

static void collectors_run_before_the_text_is_written(void **state)
{
	struct q_metric *gauge = q_metrics_gauge(*state, "g", "G.", "x");

	q_metrics_collect(*state, set_to_nine, gauge);
	assert_text(*state, "# HELP g G.\n# TYPE g gauge\ng{x=\"now\"} 9\n");
}

static void null_is_accepted_by_all_that_add(void **state)
{
	assert_null(q_metrics_counter(NULL, "a", "A.", ""));
	assert_null(q_metric_series(NULL, NULL));
	q_series_add(NULL, 1);
	q_series_set(NULL, 1);
	q_series_observe(NULL, 1);
	q_metrics_free(NULL);
}

static void text_that_does_not_fit_is_an_error(void **state)
{
	struct q_buf out;

	q_metrics_counter(*state, "a_total", "A.", "");
	q_buf_init(&out, 10);
	assert_false(q_metrics_write(*state, &out));
	q_buf_free(&out);
}

enum { ADDERS = 4, ADDS_EACH = 20000 };

static void *add_many(void *context)
{
	struct q_metrics *m = context;
	struct q_metric *counter = q_metrics_counter(m, "a_total", "A.", "x");
	struct q_metric *histogram = q_metrics_histogram(m, "d", "D.", "", NULL, 0);
	struct q_series *series = q_metric_series(counter, &Q_STR("same"));
	struct q_series *durations = q_metric_series(histogram, NULL);

	for (int i = 0; i < ADDS_EACH; i++) {
		q_series_add(series, 1);
		q_series_observe(durations, 0.5);
	}
	for (int i = 0; i < 50; i++)
		numbered_series(counter, i);
	return NULL;
}

static void nothing_is_lost_between_threads(void **state)
{
	unsigned long threads[ADDERS];
	struct q_buf out;
	struct q_err err;

	q_buf_init(&out, TEXT_BYTES_MAX);
	for (int i = 0; i < ADDERS; i++)
		assert_int_equal(
			q_thread_start("adder", 65536, add_many, *state, &threads[i], &err), Q_OK);
	for (int i = 0; i < 20; i++) {
		q_buf_clear(&out);
		assert_true(q_metrics_write(*state, &out));
	}
	for (int i = 0; i < ADDERS; i++)
		q_thread_join(threads[i]);
	q_buf_clear(&out);
	assert_true(q_metrics_write(*state, &out));
	assert_non_null(strstr(out.data, "a_total{x=\"same\"} 80000\n"));
	assert_non_null(strstr(out.data, "d_count 80000\n"));
	assert_non_null(strstr(out.data, "d_sum 40000.0\n"));
	q_buf_free(&out);
}

static void make_as_another_type(void)
{
	struct q_metrics *m = q_metrics_new();

	q_metrics_counter(m, "a", "A.", "");
	q_metrics_gauge(m, "a", "A.", "");
}

static void lower_a_counter(void)
{
	q_series_add(q_metric_series(q_metrics_counter(q_metrics_new(), "a", "A.", ""), NULL), -1);
}

static void wrong_use_is_a_bug(void **state)
{
	assert_true(aborts(make_as_another_type));
	assert_true(aborts(lower_a_counter));
}

static enum q_code use_all(void *context)
{
	struct q_metrics *m = q_metrics_new();
	struct q_metric *counter = q_metrics_counter(m, "a_total", "A.", "x y");
	struct q_metric *histogram = q_metrics_histogram(m, "d", "D.", "", NULL, 0);
	const struct q_str values[] = {Q_STR("1"), Q_STR("2")};
	struct q_series *series = q_metric_series(counter, values);
	enum q_code code = m && counter && histogram && series ? Q_OK : Q_NOMEM;

	q_series_add(series, 1);
	q_metrics_free(m);
	return code;
}

static void every_failing_allocation_gives_null(void **state)
{
	assert_true(run_with_failing_memory(use_all, NULL) >= 6);
}

#define CASE(F) cmocka_unit_test_setup_teardown(F, make_registry, free_registry)

int main(void)
{
	const struct CMUnitTest cases[] = {
		CASE(metrics_are_sorted_and_explained),
		CASE(thousandths_are_written_as_a_fraction),
		CASE(counter_may_take_a_total_kept_elsewhere),
		CASE(metric_without_labels_is_shown_from_the_start),
		CASE(metric_and_series_are_found_again),
		CASE(label_values_are_escaped_and_cut),
		CASE(values_cannot_imitate_other_labels),
		CASE(buckets_are_cumulative),
		CASE(histogram_without_labels_has_only_le),
		CASE(default_bounds_go_from_5_ms_to_a_minute),
		CASE(observation_that_is_not_finite_is_ignored),
		CASE(series_beyond_the_limit_count_as_other),
		CASE(collectors_run_before_the_text_is_written),
		CASE(null_is_accepted_by_all_that_add),
		CASE(text_that_does_not_fit_is_an_error),
		CASE(nothing_is_lost_between_threads),
		cmocka_unit_test(wrong_use_is_a_bug),
		cmocka_unit_test(every_failing_allocation_gives_null),
	};

	return cmocka_run_group_tests_name("metrics", cases, NULL, NULL);
}
