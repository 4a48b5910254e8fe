/* base/metrics_process.h: what every Prometheus client tells of its own process: CPU time, memory,
 * descriptors, threads, start. The helper programs that quire starts are not counted in.
 *
 * Errors: false when the heap is full. What the system does not tell is left as it was. */
#ifndef Q_BASE_METRICS_PROCESS_H
#define Q_BASE_METRICS_PROCESS_H

#include "base/metrics.h"

Q_MUST_USE bool q_metrics_add_process(struct q_metrics *m);

#endif
