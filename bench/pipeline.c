/* The whole pipeline with an analyst that only waits: how much time is lost beside the waiting?
 *
 *     pipeline DIRECTORY [PAGES [WAIT_MS [WORKERS]]]        100 pages, 200 ms, 16 at once
 *
 * Real stores in DIRECTORY, the real helper beside this program's build; prints the time from the first page's claim
 * to `completed` beside ceil(pages / workers) x wait. */
#include "cmd/roles.h"
#include "support/analyst_scripted.h"
#include "support/pdf_writer.h"

#include "base/time.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum { ARENA_BYTES = 4 << 20, CHUNK = 64 * 1024, DEADLINE_MS = 120000 };

struct bench {
	struct q_wiring *wiring;
	struct q_documents *documents;
	struct q_arena *arena; /* for one look at the job */
	struct q_arena *kept;
	struct q_analyst *analyst;
	unsigned pages, workers;
	int64_t wait_ms;
};

static void die(const char *what, const struct q_err *err)
{
	fprintf(stderr, "%s: %s\n", what, err->message);
	exit(EXIT_FAILURE);
}

static const struct q_identity admin = {.kind = Q_IDENTITY_TOKEN,
					.subject = {"bench", 5},
					.tenant_id = {"default", 7},
					.tenant_type = Q_TENANT_EXTERNAL,
					.roles = Q_ROLE_ADMIN};

static struct q_document_source make_document(unsigned pages)
{
	struct pdf_writer *writer = pdf_writer_new();

	for (unsigned i = 1; i <= pages; i++) {
		char text[80];

		snprintf(text, sizeof text, "Page %u: the operator pays $%u.00 a month.", i, i);
		pdf_writer_add_text(writer, text);
	}
	return pdf_writer_finish(writer);
}

static void send(struct bench *b, struct q_job *job)
{
	struct q_upload_request request = {.file_name = Q_STR("bench.pdf")};
	struct q_document_source source = make_document(b->pages);
	struct q_call call = {0};
	struct q_upload *upload;
	bool is_duplicate;
	static unsigned char chunk[CHUNK];
	struct q_err err;
	ssize_t got;
	off_t offset = 0;

	if (q_upload_open(b->documents, &call, &admin, &request, &upload, &err))
		die("upload", &err);
	while ((got = pread(source.fd, chunk, sizeof chunk, offset)) > 0) {
		if (q_upload_add(upload, &call, (struct q_bytes){chunk, (size_t)got}, &err))
			die("upload", &err);
		offset += got;
	}
	if (q_upload_finish(upload, &call, &admin, &request, b->arena, job, &is_duplicate, &err))
		die("upload", &err);
	close(source.fd);
}

static void pause_ms(long ms)
{
	nanosleep(&(struct timespec){.tv_nsec = ms * 1000000}, NULL);
}

/* Waits for the first page that is analysed, then for the end; the time between. */
static int64_t watch(struct bench *b, const struct q_job *sent)
{
	int64_t until_ms = q_time_monotonic_ms() + DEADLINE_MS, started_ms = 0;
	struct q_call call = {0};

	while (q_time_monotonic_ms() < until_ms) {
		struct q_job job;
		struct q_err err;

		if (started_ms == 0 && analyst_scripted_calls(b->analyst) > 0)
			started_ms = q_time_monotonic_ms();
		if (q_documents_find_job(b->documents, &call, &admin, sent->file_id, b->arena, &job,
					 &err))
			die("watch", &err);
		if (q_job_status_is_final(job.status)) {
			printf("status %s, %lld of %u pages\n", q_job_status_name(job.status),
			       (long long)job.processed_pages, b->pages);
			return q_time_monotonic_ms() - started_ms;
		}
		q_arena_reset(b->arena);
		pause_ms(1);
	}
	fprintf(stderr, "the job did not end\n");
	exit(EXIT_FAILURE);
}

static void open_all(struct bench *b, const char *directory, const struct q_settings **settings)
{
	static char flag[4200];
	const char *flags[] = {flag, "LOG_LEVEL=warn", NULL};
	const char *environ[] = {NULL};
	struct q_settings_sources sources = {.environ = environ, .flags = flags};
	struct q_documents_options options;
	struct q_err err;

	snprintf(flag, sizeof flag, "DATA_DIR=%s", directory);
	if (q_settings_load(b->kept, &sources, NULL, NULL, settings, &err) ||
	    q_wiring_open(*settings, Q_WIRE_ALL, &b->wiring, &err))
		die("open", &err);
	b->analyst = analyst_scripted_new((struct analyst_script){.wait_ms = b->wait_ms});
	options = (struct q_documents_options){.records = b->wiring->records,
					       .documents = b->wiring->document_blobs,
					       .results = b->wiring->result_blobs,
					       .events = b->wiring->events,
					       .changes = b->wiring->changes,
					       .extractor = b->wiring->extractor,
					       .analyst = b->analyst,
					       .clock = b->wiring->clock,
					       .random = b->wiring->random,
					       .log = b->wiring->log,
					       .metrics = b->wiring->metrics,
					       .owner = Q_STR("bench"),
					       .documents_bucket = Q_STR("documents"),
					       .file_bytes_max = 1 << 30,
					       .workers = b->workers};
	if (q_documents_new(&options, &b->documents, &err))
		die("documents", &err);
}

int main(int argc, char **argv)
{
	struct bench b = {.arena = q_arena_new(ARENA_BYTES),
			  .kept = q_arena_new(ARENA_BYTES),
			  .pages = argc > 2 ? (unsigned)strtoul(argv[2], NULL, 10) : 100,
			  .wait_ms = argc > 3 ? strtol(argv[3], NULL, 10) : 200,
			  .workers = argc > 4 ? (unsigned)strtoul(argv[4], NULL, 10) : 16};
	const struct q_settings *settings;
	struct q_roles *roles;
	struct q_job job;
	struct q_err err;
	int64_t took_ms, ideal_ms;

	if (argc < 2 || !b.arena || !b.kept || b.pages == 0 || b.workers == 0) {
		fprintf(stderr, "usage: pipeline DIRECTORY [PAGES [WAIT_MS [WORKERS]]]\n");
		return EXIT_FAILURE;
	}
	open_all(&b, argv[1], &settings);
	if (q_roles_start(b.wiring, b.documents, b.workers, &roles, &err))
		die("roles", &err);
	send(&b, &job);
	job.file_id = q_arena_copy(b.kept, job.file_id);
	took_ms = watch(&b, &job);
	ideal_ms = (b.pages + b.workers - 1) / b.workers * b.wait_ms;
	printf("%lld ms; ceil(%u / %u) x %lld ms = %lld ms; ratio %.3f; %u at once\n",
	       (long long)took_ms, b.pages, b.workers, (long long)b.wait_ms, (long long)ideal_ms,
	       (double)took_ms / (double)ideal_ms, analyst_scripted_at_once_max(b.analyst));
	q_roles_stop(roles, 1000);
	q_documents_free(b.documents);
	q_analyst_close(b.analyst);
	q_wiring_close(b.wiring);
	q_arena_free(b.kept);
	q_arena_free(b.arena);
	return EXIT_SUCCESS;
}
