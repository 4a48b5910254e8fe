#include "support/product.h"

#include "embedded/blob_store_files.h"
#include "embedded/change_feed_sqlite.h"
#include "embedded/event_log_sqlite.h"
#include "embedded/record_store_sqlite.h"
#include "support/clock_simulated.h"
#include "support/http_fetch_scripted.h"
#include "support/random_source_seeded.h"

#include <stdio.h>
#include <string.h>

enum { ARENA_BYTES = 256 << 20, SETTLE_SECONDS_MAX = 600, STEPS_MAX = 1000000 };

static const unsigned char signing_key[32] = "a key that no one but a test has";
static const struct q_call no_call = {0};

static void must(enum q_code code, const struct q_err *err)
{
	if (code)
		fprintf(stderr, "# %s: %s\n", err->where, err->message);
	q_assert(code == Q_OK);
}

static struct q_blob_store *open_blobs(const struct product *p, const char *name)
{
	char path[SCRATCH_PATH_MAX + 16];
	const struct q_blob_store_files_options options = {.root = path,
							   .name = q_str_from(name),
							   .keyring = p->keyring,
							   .clock = p->clock,
							   .random = p->random};
	struct q_blob_store *store;
	struct q_err err;

	snprintf(path, sizeof path, "%s/%s", p->root, name);
	must(q_blob_store_files_open(&options, &store, &err), &err);
	return store;
}

static void open_database(struct product *p)
{
	struct q_documents_options *o = &p->options;
	struct q_err err;

	must(q_sqlite_database_open(p->root, &p->database, &err), &err);
	must(q_record_store_sqlite_open(p->database, "jobs", p->clock, &o->records, &err), &err);
	must(q_change_feed_sqlite_open(p->database, "jobs", p->clock, &o->changes, &err), &err);
	must(q_event_log_sqlite_open(p->database, p->clock, &o->events, &err), &err);
}

static void open_process(struct product *p, const char *owner)
{
	struct q_err err;

	p->documents = product_add_documents(p, owner);
	must(q_worker_new(p->documents, &p->worker, &err), &err);
	must(q_aggregator_new(p->documents, &p->aggregator, &err), &err);
}

static void end_process(struct product *p)
{
	q_aggregator_free(p->aggregator);
	q_worker_free(p->worker);
	q_documents_free(p->documents);
}

void product_make(struct product *p, uint64_t seed, struct analyst_script script)
{
	struct q_err err;

	*p = (struct product){0};
	scratch_make(p->root);
	p->clock = clock_simulated_new(1800000000000);
	p->random = random_source_seeded_new(seed);
	p->metrics = q_metrics_new();
	p->extractor = page_extractor_scripted_new();
	p->arena = q_arena_new(ARENA_BYTES);
	q_assert(p->clock && p->random && p->metrics && p->extractor && p->arena);
	must(q_keyring_new((struct q_bytes){signing_key, sizeof signing_key}, &p->keyring, &err),
	     &err);
	p->options = (struct q_documents_options){
		.documents = open_blobs(p, "documents"),
		.results = open_blobs(p, "results"),
		.extractor = p->extractor,
		.analyst = analyst_scripted_new(script),
		.fetch = http_fetch_scripted_new(),
		.keyring = p->keyring,
		.clock = p->clock,
		.random = p->random,
		.metrics = p->metrics,
		.documents_bucket = Q_STR("documents"),
		.file_bytes_max = PRODUCT_FILE_BYTES_MAX,
		.sync_bytes_max = PRODUCT_SYNC_BYTES,
		.workers = PRODUCT_WORKERS,
	};
	q_assert(p->options.analyst && p->options.fetch);
	open_database(p);
	open_process(p, "process-1");
}

void product_remove(struct product *p)
{
	end_process(p);
	q_event_log_close(p->options.events);
	q_change_feed_close(p->options.changes);
	q_record_store_close(p->options.records);
	q_sqlite_database_close(p->database);
	q_http_fetch_close(p->options.fetch);
	q_analyst_close(p->options.analyst);
	q_page_extractor_close(p->extractor);
	q_blob_store_close(p->options.results);
	q_blob_store_close(p->options.documents);
	q_keyring_free(p->keyring);
	q_metrics_free(p->metrics);
	q_random_source_close(p->random);
	q_clock_close(p->clock);
	q_arena_free(p->arena);
	scratch_remove(p->root);
}

int product_start_case(void **state)
{
	static struct product product;

	product_make(&product, 1, (struct analyst_script){0});
	*state = &product;
	return 0;
}

int product_end_case(void **state)
{
	product_remove(*state);
	return 0;
}

struct q_documents *product_add_documents(const struct product *p, const char *owner)
{
	struct q_documents_options options = p->options;
	struct q_documents *d;
	struct q_err err;

	options.owner = q_str_from(owner);
	must(q_documents_new(&options, &d, &err), &err);
	return d;
}

void product_restart(struct product *p, const char *owner)
{
	end_process(p);
	open_process(p, owner);
}

struct q_identity product_admin_of(const char *tenant_id)
{
	return (struct q_identity){.kind = Q_IDENTITY_KEY,
				   .subject = Q_STR("someone"),
				   .tenant_id = q_str_from(tenant_id),
				   .tenant_type = Q_TENANT_EXTERNAL,
				   .roles = Q_ROLE_ADMIN};
}

struct q_identity product_internal_admin(void)
{
	return (struct q_identity){.kind = Q_IDENTITY_KEY,
				   .subject = Q_STR("operator"),
				   .tenant_id = Q_STR("platform"),
				   .tenant_type = Q_TENANT_INTERNAL,
				   .roles = Q_ROLE_ADMIN};
}

enum q_code product_upload_bytes(struct q_documents *d, const struct q_identity *who,
				 const struct q_upload_request *request, struct q_bytes bytes,
				 struct q_arena *arena, struct q_job *job, struct q_err *err)
{
	struct q_upload *upload;
	enum q_code code = q_upload_open(d, &no_call, who, request, &upload, err);

	if (code)
		return code;
	code = q_upload_add(upload, &no_call, bytes, err);
	if (code) {
		q_upload_abort(upload);
		return code;
	}
	return q_upload_finish(upload, &no_call, who, request, arena, job, NULL, err);
}

static struct q_job upload_script(struct product *p, const char *tenant_id,
				  const struct page_script *script, size_t length_min)
{
	struct q_identity who = product_admin_of(tenant_id);
	struct q_upload_request request = {.file_name = Q_STR("report.pdf"), .is_again = true};
	char document[PRODUCT_SYNC_BYTES + 1] = {0};
	size_t length = page_script_write(script, document);
	struct q_bytes bytes = {(unsigned char *)document,
				length < length_min ? length_min : length};
	struct q_job job;
	struct q_err err;

	must(product_upload_bytes(p->documents, &who, &request, bytes, p->arena, &job, &err), &err);
	return job;
}

struct q_job product_upload(struct product *p, const char *tenant_id,
			    const struct page_script *script)
{
	return upload_script(p, tenant_id, script, 0);
}

struct q_job product_upload_large(struct product *p, const char *tenant_id,
				  const struct page_script *script)
{
	return upload_script(p, tenant_id, script, PRODUCT_SYNC_BYTES);
}

void product_advance(struct product *p, int64_t milliseconds)
{
	clock_simulated_advance(p->clock, milliseconds);
}

bool product_feed(struct product *p)
{
	struct q_err err;
	bool did_work;

	must(q_worker_feed(p->worker, &no_call, &did_work, &err), &err);
	return did_work;
}

bool product_page(struct product *p)
{
	struct q_err err;
	bool did_work;

	must(q_worker_page(p->worker, &no_call, &did_work, &err), &err);
	return did_work;
}

void product_page_times(struct product *p, unsigned pages)
{
	while (pages > 0) {
		if (product_page(p))
			pages--;
		else
			q_assert(product_feed(p));
	}
}

/* A step may fail as its ports do: what is to be done stays due. */
static bool step_all(struct product *p)
{
	struct q_err err;
	bool fed = false, paged = false, ended = false, swept = false;
	enum q_code code = q_worker_feed(p->worker, &no_call, &fed, &err);

	if (!code)
		code = q_worker_page(p->worker, &no_call, &paged, &err);
	if (!code)
		code = q_aggregator_step(p->aggregator, &no_call, 0, &ended, &err);
	if (!code)
		code = q_sweeper_step(p->documents, &no_call, &swept, &err);
	return !code && (fed || paged || ended || swept);
}

void product_run(struct product *p)
{
	for (int steps = 0; step_all(p); steps++)
		q_assert(steps < STEPS_MAX);
}

struct q_job product_settle(struct product *p, struct q_str file_id)
{
	struct q_job job = product_job(p, file_id);

	for (int seconds = 0; !q_job_status_is_final(job.status); seconds++) {
		struct q_err err;

		q_assert(seconds < SETTLE_SECONDS_MAX);
		product_run(p);
		if (seconds % 4 == 0)
			must(q_worker_keep(p->worker, &no_call, &err), &err);
		product_advance(p, 1000);
		job = product_job(p, file_id);
	}
	return job;
}

struct q_job product_job(struct product *p, struct q_str file_id)
{
	struct q_identity who = product_internal_admin();
	struct q_job job;
	struct q_err err;

	must(q_documents_find_job(p->documents, &no_call, &who, file_id, p->arena, &job, &err),
	     &err);
	return job;
}

struct q_str product_manifest(struct product *p, struct q_str file_id)
{
	struct q_job job = product_job(p, file_id);
	struct q_bytes bytes;
	struct q_err err;

	must(q_blob_store_read(p->options.results, &no_call, job.result_key, Q_BLOB_WHOLE,
			       ARENA_BYTES, p->arena, &bytes, &err),
	     &err);
	return q_bytes_str(bytes);
}

struct q_page product_find_page(struct product *p, struct q_str file_id, unsigned number)
{
	struct q_identity who = product_internal_admin();
	struct q_page page;
	struct q_err err;

	must(q_documents_find_page(p->documents, &no_call, &who, file_id, number, p->arena, &page,
				   &err),
	     &err);
	return page;
}

size_t product_count_blobs(struct product *p, struct q_blob_store *store)
{
	struct q_blob_page page;
	struct q_err err;

	must(q_blob_store_list(store, &no_call, (struct q_str){0}, (struct q_str){0},
			       Q_BLOB_LIST_MAX, p->arena, &page, &err),
	     &err);
	return page.count;
}

size_t product_count_jobs(struct product *p, const char *tenant_id)
{
	struct q_identity who = product_admin_of(tenant_id);
	struct q_job_filter filter = {.limit = Q_DOCUMENTS_LIST_MAX};
	struct q_job_page page;
	struct q_err err;

	must(q_documents_list_jobs(p->documents, &no_call, &who, &filter, p->arena, &page, &err),
	     &err);
	return page.count;
}
