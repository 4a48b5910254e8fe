#include "waiting_roles.h"

#include "support/pdf_writer.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum { ARENA_BYTES = 4 << 20, CHUNK = 64 * 1024, FILE_BYTES_MAX = 1 << 30 };

static const struct q_call no_call = {0};

static void must(enum q_code code, const char *what, const struct q_err *err)
{
	if (!code)
		return;
	fprintf(stderr, "%s: %s\n", what, err->message);
	exit(EXIT_FAILURE);
}

void pause_ms(long ms)
{
	nanosleep(&(struct timespec){ms / 1000, ms % 1000 * 1000000}, NULL);
}

static const struct q_settings *load_settings(struct waiting_roles *w, const char *directory)
{
	char flag[4200];
	const char *flags[] = {flag, "LOG_LEVEL=warn", NULL};
	const char *environ[] = {NULL};
	struct q_settings_sources sources = {.environ = environ, .flags = flags};
	const struct q_settings *settings;
	struct q_err err;

	snprintf(flag, sizeof flag, "DATA_DIR=%s", directory);
	must(q_settings_load(w->kept, &sources, NULL, NULL, &settings, &err), "settings", &err);
	return settings;
}

static void make_documents(struct waiting_roles *w)
{
	struct q_wiring *wiring = w->wiring;
	struct q_documents_options options = {.records = wiring->records,
					      .documents = wiring->document_blobs,
					      .results = wiring->result_blobs,
					      .events = wiring->events,
					      .changes = wiring->changes,
					      .extractor = wiring->extractor,
					      .analyst = w->analyst,
					      .clock = wiring->clock,
					      .random = wiring->random,
					      .log = wiring->log,
					      .metrics = wiring->metrics,
					      .owner = Q_STR("bench"),
					      .documents_bucket = Q_STR("documents"),
					      .file_bytes_max = FILE_BYTES_MAX,
					      .workers = w->workers};
	struct q_err err;

	must(q_documents_new(&options, &w->documents, &err), "documents", &err);
}

void waiting_roles_open(struct waiting_roles *w, const char *directory, int64_t wait_ms,
			unsigned workers)
{
	struct q_err err = {0};

	*w = (struct waiting_roles){
		.arena = q_arena_new(ARENA_BYTES),
		.kept = q_arena_new(ARENA_BYTES),
		.analyst = analyst_scripted_new((struct analyst_script){.wait_ms = wait_ms}),
		.workers = workers};
	if (!w->arena || !w->kept || !w->analyst)
		must(Q_NOMEM, "open", &err);
	must(q_wiring_open(load_settings(w, directory), Q_WIRE_ALL, &w->wiring, &err), "wiring",
	     &err);
	make_documents(w);
	must(q_roles_start(w->wiring, w->documents, workers, &w->roles, &err), "roles", &err);
}

void waiting_roles_close(struct waiting_roles *w)
{
	q_roles_stop(w->roles, 1000);
	q_documents_free(w->documents);
	q_analyst_close(w->analyst);
	q_wiring_close(w->wiring);
	q_arena_free(w->kept);
	q_arena_free(w->arena);
}

static struct q_identity admin_of(const char *tenant_id)
{
	return (struct q_identity){.kind = Q_IDENTITY_TOKEN,
				   .subject = Q_STR("bench"),
				   .tenant_id = q_str_from(tenant_id),
				   .tenant_type = Q_TENANT_EXTERNAL,
				   .roles = Q_ROLE_ADMIN};
}

/* No two documents are alike: a duplicate would be no work. */
static struct q_document_source make_document(unsigned number, unsigned pages)
{
	struct pdf_writer *writer = pdf_writer_new();

	for (unsigned i = 1; i <= pages; i++) {
		char text[80];

		snprintf(text, sizeof text, "Document %u, page %u: $%u.00 a month.", number, i, i);
		pdf_writer_add_text(writer, text);
	}
	return pdf_writer_finish(writer);
}

static void add_bytes(struct q_upload *upload, int fd)
{
	static unsigned char chunk[CHUNK];
	struct q_err err;
	off_t offset = 0;
	ssize_t got;

	while ((got = pread(fd, chunk, sizeof chunk, offset)) > 0) {
		must(q_upload_add(upload, &no_call, (struct q_bytes){chunk, (size_t)got}, &err),
		     "upload", &err);
		offset += got;
	}
}

struct q_job waiting_roles_send(struct waiting_roles *w, const char *tenant_id, unsigned pages)
{
	struct q_upload_request request = {.file_name = Q_STR("bench.pdf")};
	struct q_identity who = admin_of(tenant_id);
	struct q_document_source source = make_document(++w->documents_sent, pages);
	struct q_upload *upload;
	struct q_job job;
	bool is_duplicate;
	struct q_err err;

	must(q_upload_open(w->documents, &no_call, &who, &request, &upload, &err), "upload", &err);
	add_bytes(upload, source.fd);
	must(q_upload_finish(upload, &no_call, &who, &request, w->kept, &job, &is_duplicate, &err),
	     "upload", &err);
	close(source.fd);
	return job;
}

struct q_job waiting_roles_find(struct waiting_roles *w, const struct q_job *job)
{
	struct q_identity who = admin_of(job->tenant_id.data);
	struct q_job found;
	struct q_err err;

	must(q_documents_find_job(w->documents, &no_call, &who, job->file_id, w->arena, &found,
				  &err),
	     "job", &err);
	return found;
}
