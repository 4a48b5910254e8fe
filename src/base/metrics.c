/* How it works: metrics hang in a list by name, each with the list of its series. Labels are
 * written once, when a series is made, and that text is also the key that finds it. Lists only grow
 * and one mutex guards them; what is counted is atomic and needs no lock. */
#include "base/metrics.h"
#include "base/json_internal.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/utf8.h"

#include <inttypes.h>
#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

enum {
	VALUE_BYTES_MAX = 128,
	LABELS_BYTES_MAX = Q_METRIC_LABELS_MAX * (64 + 2 * VALUE_BYTES_MAX),
	COLLECTORS_MAX = 16
};

enum metric_type { COUNTER, GAUGE, HISTOGRAM };

static const char *const type_names[] = {"counter", "gauge", "histogram"};

/* Seconds: from a quick answer to the slowest page. */
static const double default_bounds[] = {0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5,
					1,     2.5,  5,	    10,	  30,  60};

struct q_series {
	const struct q_metric *metric;
	struct q_series *next; /* in the order of their making */
	char *labels;	       /* owned; role="admin",status="ok" */
	atomic_int_least64_t value;
	_Atomic(double) sum; /* histogram: of all observations */
	atomic_int_least64_t
		buckets[]; /* histogram: one a bound, and one for all above; not cumulative */
};

struct q_metric {
	struct q_metrics *registry;
	struct q_metric *next; /* by name */
	enum metric_type type;
	const char *name, *help, *labels; /* literals */
	struct q_str label_names[Q_METRIC_LABELS_MAX];
	size_t label_count;
	atomic_bool is_in_thousandths;
	const double *bounds; /* borrowed for ever */
	size_t bound_count;
	struct q_map *by_labels;
	struct q_series *first, **end;
	size_t series_count;
};

struct collector {
	void (*collect)(void *context);
	void *context;
};

struct q_metrics {
	pthread_mutex_t
		mutex; /* guards the lists and the collectors; never held while one of those runs */
	struct q_metric *first;
	struct collector collectors[COLLECTORS_MAX];
	size_t collector_count;
};

struct q_metrics *q_metrics_new(void)
{
	struct q_metrics *m = q_mem_new(sizeof *m);

	if (m)
		pthread_mutex_init(&m->mutex, NULL);
	return m;
}

static void free_metric(struct q_metric *metric)
{
	struct q_series *next;

	for (struct q_series *series = metric->first; series; series = next) {
		next = series->next;
		q_mem_free(series->labels);
		q_mem_free(series);
	}
	q_map_free(metric->by_labels);
	q_mem_free(metric);
}

void q_metrics_free(struct q_metrics *m)
{
	struct q_metric *next;

	if (!m)
		return;
	for (struct q_metric *metric = m->first; metric; metric = next) {
		next = metric->next;
		free_metric(metric);
	}
	pthread_mutex_destroy(&m->mutex);
	q_mem_free(m);
}

static void split_labels(struct q_metric *metric)
{
	struct q_str rest = q_str_from(metric->labels);

	while (rest.length > 0) {
		q_assert(metric->label_count < Q_METRIC_LABELS_MAX);
		q_str_cut(rest, ' ', &metric->label_names[metric->label_count++], &rest);
	}
}

static struct q_metric *new_metric(struct q_metrics *m, const struct q_metric *wanted)
{
	struct q_metric *metric = q_mem_new(sizeof *metric);

	if (!metric)
		return NULL;
	*metric = *wanted;
	metric->registry = m;
	metric->end = &metric->first;
	metric->by_labels = q_map_new(Q_METRIC_SERIES_MAX + 1); /* one more: "other" */
	if (!metric->by_labels) {
		q_mem_free(metric);
		return NULL;
	}
	split_labels(metric);
	return metric;
}

static struct q_metric *find_or_add(struct q_metrics *m, const struct q_metric *wanted)
{
	struct q_metric **link = &m->first;
	struct q_metric *metric;

	pthread_mutex_lock(&m->mutex);
	while (*link && strcmp((*link)->name, wanted->name) < 0)
		link = &(*link)->next;
	metric = *link;
	if (metric && strcmp(metric->name, wanted->name) == 0) {
		q_assert(metric->type == wanted->type);
		q_assert(strcmp(metric->labels, wanted->labels) == 0);
	} else {
		metric = new_metric(m, wanted);
		if (metric) {
			metric->next = *link;
			*link = metric;
		}
	}
	pthread_mutex_unlock(&m->mutex);
	return metric;
}

static struct q_metric *make(struct q_metrics *m, const struct q_metric *wanted)
{
	struct q_metric *metric = m ? find_or_add(m, wanted) : NULL;

	/* Without labels there is one series, which is shown from the start. */
	if (metric && metric->label_count == 0 && !q_metric_series(metric, NULL))
		return NULL;
	return metric;
}

struct q_metric *q_metrics_counter(struct q_metrics *m, const char *name, const char *help,
				   const char *labels)
{
	return make(m, &(struct q_metric){
			       .type = COUNTER, .name = name, .help = help, .labels = labels});
}

struct q_metric *q_metrics_gauge(struct q_metrics *m, const char *name, const char *help,
				 const char *labels)
{
	return make(
		m, &(struct q_metric){.type = GAUGE, .name = name, .help = help, .labels = labels});
}

struct q_metric *q_metrics_histogram(struct q_metrics *m, const char *name, const char *help,
				     const char *labels, const double *bounds, size_t bound_count)
{
	if (!bounds) {
		bounds = default_bounds;
		bound_count = Q_COUNT_OF(default_bounds);
	}
	for (size_t i = 1; i < bound_count; i++)
		q_assert(bounds[i - 1] < bounds[i]);
	return make(m, &(struct q_metric){.type = HISTOGRAM,
					  .name = name,
					  .help = help,
					  .labels = labels,
					  .bounds = bounds,
					  .bound_count = bound_count});
}

void q_metric_in_thousandths(struct q_metric *metric)
{
	if (metric)
		atomic_store_explicit(&metric->is_in_thousandths, true, memory_order_relaxed);
}

static void append_label_value(struct q_buf *out, struct q_str value)
{
	for (size_t offset = 0; offset < value.length;) {
		uint32_t character = q_utf8_next(value, &offset);
		char bytes[4];

		if (character == '\n')
			q_buf_append(out, Q_STR("\\n"));
		else if (character == '"' || character == '\\')
			q_buf_format(out, "\\%c", (char)character);
		else
			q_buf_append_bytes(out, bytes, q_utf8_encode(character, bytes));
	}
}

/* values NULL: "other" for each. */
static void write_labels(const struct q_metric *metric, const struct q_str *values,
			 struct q_buf *out)
{
	q_buf_clear(out);
	for (size_t i = 0; i < metric->label_count; i++) {
		struct q_str value = values ? values[i] : Q_STR("other");

		q_buf_format(out, "%s%.*s=\"", i > 0 ? "," : "", Q_STR_ARG(metric->label_names[i]));
		append_label_value(out, q_utf8_cut(value, VALUE_BYTES_MAX));
		q_buf_append_char(out, '"');
	}
}

/* Mutex held. */
static struct q_series *add_series(struct q_metric *metric, struct q_str labels)
{
	size_t bucket_count = metric->type == HISTOGRAM ? metric->bound_count + 1 : 0;
	struct q_series *series =
		q_mem_new(sizeof *series + bucket_count * sizeof series->buckets[0]);
	char *copy = q_mem_new(labels.length + 1);

	if (!series || !copy || !q_map_put(metric->by_labels, labels, series)) {
		q_mem_free(series);
		q_mem_free(copy);
		return NULL;
	}
	if (labels.length > 0)
		memcpy(copy, labels.data, labels.length);
	series->metric = metric;
	series->labels = copy;
	*metric->end = series;
	metric->end = &series->next;
	metric->series_count++;
	return series;
}

struct q_series *q_metric_series(struct q_metric *metric, const struct q_str *values)
{
	struct q_series *series = NULL;
	struct q_buf labels;

	if (!metric)
		return NULL;
	q_assert(values || metric->label_count == 0);
	q_buf_init(&labels, LABELS_BYTES_MAX);
	write_labels(metric, values, &labels);
	pthread_mutex_lock(&metric->registry->mutex);
	series = q_map_find(metric->by_labels, q_buf_str(&labels));
	if (!series && metric->series_count >= Q_METRIC_SERIES_MAX) {
		write_labels(metric, NULL, &labels);
		series = q_map_find(metric->by_labels, q_buf_str(&labels));
	}
	if (!series && !q_buf_failed(&labels))
		series = add_series(metric, q_buf_str(&labels));
	pthread_mutex_unlock(&metric->registry->mutex);
	q_buf_free(&labels);
	return series;
}

void q_series_add(struct q_series *series, int64_t n)
{
	if (!series)
		return;
	q_assert(series->metric->type == GAUGE || (series->metric->type == COUNTER && n >= 0));
	atomic_fetch_add_explicit(&series->value, n, memory_order_relaxed);
}

void q_series_set(struct q_series *series, int64_t n)
{
	if (!series)
		return;
	q_assert(series->metric->type != HISTOGRAM);
	atomic_store_explicit(&series->value, n, memory_order_relaxed);
}

void q_series_observe(struct q_series *series, double value)
{
	size_t bucket = 0;
	double sum;

	if (!series || !isfinite(value)) /* would spoil the sum for ever */
		return;
	q_assert(series->metric->type == HISTOGRAM);
	while (bucket < series->metric->bound_count && value > series->metric->bounds[bucket])
		bucket++;
	atomic_fetch_add_explicit(&series->buckets[bucket], 1, memory_order_relaxed);
	sum = atomic_load_explicit(&series->sum, memory_order_relaxed);
	while (!atomic_compare_exchange_weak_explicit(&series->sum, &sum, sum + value,
						      memory_order_relaxed, memory_order_relaxed))
		; /* sum was read anew */
}

void q_metrics_collect(struct q_metrics *m, void (*collect)(void *context), void *context)
{
	pthread_mutex_lock(&m->mutex);
	q_assert(m->collector_count < COLLECTORS_MAX);
	m->collectors[m->collector_count++] = (struct collector){collect, context};
	pthread_mutex_unlock(&m->mutex);
}

static void run_collectors(struct q_metrics *m)
{
	struct collector collectors[COLLECTORS_MAX];
	size_t count;

	pthread_mutex_lock(&m->mutex);
	count = m->collector_count;
	memcpy(collectors, m->collectors, sizeof collectors);
	pthread_mutex_unlock(&m->mutex);
	for (size_t i = 0; i < count; i++)
		collectors[i].collect(collectors[i].context);
}

/* "{a="b"}", or nothing for a series without labels. */
static void write_braced(struct q_buf *out, const char *labels)
{
	if (labels[0] != '\0')
		q_buf_format(out, "{%s}", labels);
}

static void write_histogram(struct q_buf *out, const struct q_series *series)
{
	const struct q_metric *metric = series->metric;
	const char *comma = series->labels[0] != '\0' ? "," : "";
	double sum = atomic_load_explicit(&series->sum, memory_order_relaxed);
	char sum_text[Q__JSON_DOUBLE_MAX];
	int64_t count = 0;

	for (size_t i = 0; i <= metric->bound_count; i++) {
		count += atomic_load_explicit(&series->buckets[i], memory_order_relaxed);
		q_buf_format(out, "%s_bucket{%s%sle=\"", metric->name, series->labels, comma);
		if (i < metric->bound_count)
			q_buf_format(out, "%g", metric->bounds[i]);
		else
			q_buf_append(out, Q_STR("+Inf"));
		q_buf_format(out, "\"} %" PRId64 "\n", count);
	}
	q_buf_format(out, "%s_sum", metric->name);
	write_braced(out, series->labels);
	q_buf_format(out, " %.*s\n", Q_STR_ARG(q__json_double_text(sum, sum_text)));
	q_buf_format(out, "%s_count", metric->name);
	write_braced(out, series->labels);
	q_buf_format(out, " %" PRId64 "\n", count);
}

static void write_series(struct q_buf *out, const struct q_series *series)
{
	const struct q_metric *metric = series->metric;
	int64_t value = atomic_load_explicit(&series->value, memory_order_relaxed);

	q_buf_append(out, q_str_from(metric->name));
	write_braced(out, series->labels);
	if (atomic_load_explicit(&metric->is_in_thousandths, memory_order_relaxed))
		q_buf_format(out, " %.3f\n", (double)value / 1000);
	else
		q_buf_format(out, " %" PRId64 "\n", value);
}

bool q_metrics_write(struct q_metrics *m, struct q_buf *out)
{
	run_collectors(m);
	pthread_mutex_lock(&m->mutex);
	for (const struct q_metric *metric = m->first; metric; metric = metric->next) {
		q_buf_format(out, "# HELP %s %s\n# TYPE %s %s\n", metric->name, metric->help,
			     metric->name, type_names[metric->type]);
		for (const struct q_series *s = metric->first; s; s = s->next) {
			if (metric->type == HISTOGRAM)
				write_histogram(out, s);
			else
				write_series(out, s);
		}
	}
	pthread_mutex_unlock(&m->mutex);
	return !q_buf_failed(out);
}
