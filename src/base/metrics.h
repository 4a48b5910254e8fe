/* base/metrics.h: counters, gauges and histograms, written in the Prometheus text format 0.0.4.
 *
 * Contract:  a metric has a fixed list of label names; a series is a metric with label values.
 *            Labels are bounded: a metric refuses its 1,001st series and counts it under the
 *            values "other"; a label value is cut to 128 bytes. Hot paths keep the series they
 *            use. A metric without labels is shown from the start, with 0.
 * Ownership: the registry owns metrics and series, until it is freed.
 * Threads:   any; adding to a series is lock-free.
 * Errors:    functions that make things return NULL when the heap is full; NULL is accepted by all
 *            that add. */
#ifndef Q_BASE_METRICS_H
#define Q_BASE_METRICS_H

#include "base/buf.h"

enum { Q_METRIC_LABELS_MAX = 4, Q_METRIC_SERIES_MAX = 1000 };

struct q_metrics;
struct q_metric;
struct q_series;

Q_MUST_USE struct q_metrics *q_metrics_new(void);
void q_metrics_free(struct q_metrics *metrics);

/* Makes or finds a metric. `labels`: space-separated names, "" for none. name, help and labels are
 * literals. */
struct q_metric *q_metrics_counter(struct q_metrics *m, const char *name, const char *help,
				   const char *labels);
struct q_metric *q_metrics_gauge(struct q_metrics *m, const char *name, const char *help,
				 const char *labels);
/* bounds_seconds: ascending upper bounds; borrowed for ever; NULL takes 5 ms .. 60 s. */
struct q_metric *q_metrics_histogram(struct q_metrics *m, const char *name, const char *help,
				     const char *labels, const double *bounds, size_t bound_count);

/* The integers of this counter or gauge are thousandths: a lag of 1234 ms is written as 1.234
 * seconds. */
void q_metric_in_thousandths(struct q_metric *metric);

/* The series with these label values, as many as the metric has labels (none: values may be NULL).
 */
struct q_series *q_metric_series(struct q_metric *metric, const struct q_str *values);

void q_series_add(struct q_series *series, int64_t n); /* counter, gauge */
void q_series_set(struct q_series *series,
		  int64_t n); /* gauge, or a counter whose total is kept elsewhere */
void q_series_observe(struct q_series *series, double value); /* histogram */

/* Gauges that are read when asked for: called by q_metrics_write, in its thread, with no lock
 * held. At most 16. */
void q_metrics_collect(struct q_metrics *m, void (*collect)(void *context), void *context);

/* All metrics, sorted by name, as text. */
bool q_metrics_write(struct q_metrics *m, struct q_buf *out);

#endif
