/* Fairness between tenants, with an analyst that only waits.
 *
 *     fairness DIRECTORY [WAIT_MS [WORKERS]]        100 ms, 16 at once
 *
 * Real stores in DIRECTORY, the real helper beside this program's build. Prints
 *   - the time in which 2,000 pages are done, those of one tenant (all that is idle is lent to it)
 *   and those of five; - while 5,000 pages of a tenant are queued: how long another's single page
 *   takes until its analysis begins. */
#include "waiting_roles.h"

#include "base/time.h"

#include <stdio.h>
#include <stdlib.h>

enum {
	PAGES = 2000,
	DOCUMENT_PAGES = 100,
	TENANTS = 5,
	QUEUED_PAGES = 5000,
	NEWCOMERS = 10,
	BUSY_PAGES = 64 /* so many are done before somebody else comes */
};

static void wait_for_calls(struct waiting_roles *w, unsigned calls)
{
	while (analyst_scripted_calls(w->analyst) < calls)
		pause_ms(1);
}

static void send_pages(struct waiting_roles *w, unsigned tenants, unsigned pages)
{
	for (unsigned sent = 0; sent < pages; sent += DOCUMENT_PAGES) {
		char tenant_id[16];

		snprintf(tenant_id, sizeof tenant_id, "tenant-%u", sent / DOCUMENT_PAGES % tenants);
		(void)waiting_roles_send(w, tenant_id, DOCUMENT_PAGES);
	}
}

/* From a time at which all are at work until so many more pages have been begun. */
static int64_t time_pages(struct waiting_roles *w, unsigned tenants)
{
	unsigned before = analyst_scripted_calls(w->analyst);
	int64_t started_ms;

	send_pages(w, tenants, PAGES + 2 * DOCUMENT_PAGES);
	wait_for_calls(w, before + DOCUMENT_PAGES);
	started_ms = q_time_monotonic_ms();
	wait_for_calls(w, before + DOCUMENT_PAGES + PAGES);
	started_ms = q_time_monotonic_ms() - started_ms;
	wait_for_calls(w, before + PAGES + 2 * DOCUMENT_PAGES);
	return started_ms;
}

/* From the answer to the upload until the analysis begins, which ends wait_ms later at the soonest.
 */
static int64_t time_newcomer(struct waiting_roles *w, int64_t wait_ms)
{
	struct q_job job = waiting_roles_send(w, "newcomer", 1);
	int64_t sent_ms = q_time_monotonic_ms();

	while (waiting_roles_find(w, &job).processed_pages == 0) {
		q_arena_reset(w->arena);
		pause_ms(1);
	}
	return q_time_monotonic_ms() - sent_ms - wait_ms;
}

static int64_t time_newcomers(struct waiting_roles *w, int64_t wait_ms)
{
	unsigned before = analyst_scripted_calls(w->analyst);
	int64_t worst_ms = 0;

	send_pages(w, 1, QUEUED_PAGES);
	wait_for_calls(w, before + BUSY_PAGES);
	for (int i = 0; i < NEWCOMERS; i++) {
		int64_t took_ms = time_newcomer(w, wait_ms);

		if (took_ms > worst_ms)
			worst_ms = took_ms;
	}
	return worst_ms;
}

int main(int argc, char **argv)
{
	int64_t wait_ms = argc > 2 ? strtol(argv[2], NULL, 10) : 100;
	unsigned workers = argc > 3 ? (unsigned)strtoul(argv[3], NULL, 10) : 16;
	struct waiting_roles w;
	int64_t alone_ms, together_ms, newcomer_ms;

	if (argc < 2 || workers == 0) {
		fprintf(stderr, "usage: fairness DIRECTORY [WAIT_MS [WORKERS]]\n");
		return EXIT_FAILURE;
	}
	waiting_roles_open(&w, argv[1], wait_ms, workers);
	alone_ms = time_pages(&w, 1);
	together_ms = time_pages(&w, TENANTS);
	newcomer_ms = time_newcomers(&w, wait_ms);
	printf("%d pages: of one tenant %lld ms, of %d tenants %lld ms, ratio %.3f; without any "
	       "loss %lld ms\n",
	       PAGES, (long long)alone_ms, TENANTS, (long long)together_ms,
	       (double)together_ms / (double)alone_ms, (long long)(PAGES / workers * wait_ms));
	printf("%d pages queued: another tenant's page begins within %lld ms (the worst of %d), a "
	       "page takes %lld ms\n",
	       QUEUED_PAGES, (long long)newcomer_ms, NEWCOMERS, (long long)wait_ms);
	waiting_roles_close(&w);
	return EXIT_SUCCESS;
}
