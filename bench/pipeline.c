/* The whole pipeline with an analyst that only waits: how much time is lost beside the waiting?
 *
 *     pipeline DIRECTORY [PAGES [WAIT_MS [WORKERS]]]        100 pages, 200 ms, 16 at once
 *
 * Real stores in DIRECTORY, the real helper beside this program's build; prints the time from the
 * first page's claim to `completed` beside ceil(pages / workers) x wait. */
#include "waiting_roles.h"

#include "base/time.h"

#include <stdio.h>
#include <stdlib.h>

enum { DEADLINE_MS = 120000 };

/* Waits for the first page that is analysed, then for the end; the time between. */
static int64_t watch(struct waiting_roles *w, const struct q_job *sent)
{
	int64_t until_ms = q_time_monotonic_ms() + DEADLINE_MS, started_ms = 0;

	while (q_time_monotonic_ms() < until_ms) {
		struct q_job job;

		if (started_ms == 0 && analyst_scripted_calls(w->analyst) > 0)
			started_ms = q_time_monotonic_ms();
		job = waiting_roles_find(w, sent);
		if (q_job_status_is_final(job.status)) {
			printf("status %s, %lld of %lld pages\n", q_job_status_name(job.status),
			       (long long)job.processed_pages, (long long)job.total_pages);
			return q_time_monotonic_ms() - started_ms;
		}
		q_arena_reset(w->arena);
		pause_ms(1);
	}
	fprintf(stderr, "the job did not end\n");
	exit(EXIT_FAILURE);
}

int main(int argc, char **argv)
{
	unsigned pages = argc > 2 ? (unsigned)strtoul(argv[2], NULL, 10) : 100;
	int64_t wait_ms = argc > 3 ? strtol(argv[3], NULL, 10) : 200;
	unsigned workers = argc > 4 ? (unsigned)strtoul(argv[4], NULL, 10) : 16;
	struct waiting_roles w;
	struct q_job job;
	int64_t took_ms, ideal_ms;

	if (argc < 2 || pages == 0 || workers == 0) {
		fprintf(stderr, "usage: pipeline DIRECTORY [PAGES [WAIT_MS [WORKERS]]]\n");
		return EXIT_FAILURE;
	}
	waiting_roles_open(&w, argv[1], wait_ms, workers);
	job = waiting_roles_send(&w, "default", pages);
	took_ms = watch(&w, &job);
	ideal_ms = (pages + workers - 1) / workers * wait_ms;
	printf("%lld ms; ceil(%u / %u) x %lld ms = %lld ms; ratio %.3f; %u at once\n",
	       (long long)took_ms, pages, workers, (long long)wait_ms, (long long)ideal_ms,
	       (double)took_ms / (double)ideal_ms, analyst_scripted_at_once_max(w.analyst));
	waiting_roles_close(&w);
	return EXIT_SUCCESS;
}
