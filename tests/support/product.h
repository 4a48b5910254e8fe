/* support/product.h: a whole q_documents over real adapters (SQLite, files) in a scratch
 * directory, with a simulated clock, seeded randomness, a scripted extractor and a scripted
 * analyst.
 *
 * Contract:  everything aborts where it cannot do what it says. Time stands still but for
 *            product_advance and product_settle.
 * Ownership: product_remove frees all but what product_add_documents gave, which is to be freed
 *            before it.
 * Threads:   the ports and q_documents from any; the rest from one. */
#ifndef Q_TESTS_PRODUCT_H
#define Q_TESTS_PRODUCT_H

#include "base/keyring.h"
#include "documents/documents.h"
#include "embedded/sqlite_database.h"
#include "support/analyst_scripted.h"
#include "support/page_extractor_scripted.h"
#include "support/scratch.h"

enum { PRODUCT_SYNC_BYTES = 4096, PRODUCT_FILE_BYTES_MAX = 64 * 1024, PRODUCT_WORKERS = 4 };

struct product {
	char root[SCRATCH_PATH_MAX];
	struct q_clock *clock;		/* simulated */
	struct q_random_source *random; /* seeded */
	struct q_keyring *keyring;
	struct q_sqlite_database *database;
	struct q_metrics *metrics;
	struct q_page_extractor *extractor; /* scripted */
	struct q_documents_options options; /* what `documents` was made with: the ports */
	struct q_documents *documents;	    /* owner "process-1" */
	struct q_worker *worker;
	struct q_aggregator *aggregator;
	struct q_arena *arena; /* for what a test reads */
};

void product_make(struct product *p, uint64_t seed, struct analyst_script script);
void product_remove(struct product *p);

/* For cmocka's setup and teardown of a case: *state is a struct product of its own. */
int product_start_case(void **state);
int product_end_case(void **state);

/* Another process on the same stores. The caller frees it. */
struct q_documents *product_add_documents(const struct product *p, const char *owner);

/* Ends this process as kill -9 does, and starts one of that name. */
void product_restart(struct product *p, const char *owner);

/* Callers: an external admin of a tenant, and an internal admin. */
struct q_identity product_admin_of(const char *tenant_id);
struct q_identity product_internal_admin(void);

/* Uploads a document for its tenant's admin, be it there already; the job, in p->arena. */
struct q_job product_upload(struct product *p, const char *tenant_id,
			    const struct page_script *script);
/* The same, made larger than what has priority. */
struct q_job product_upload_large(struct product *p, const char *tenant_id,
				  const struct page_script *script);
enum q_code product_upload_bytes(struct q_documents *d, const struct q_identity *who,
				 const struct q_upload_request *request, struct q_bytes bytes,
				 struct q_arena *arena, struct q_job *job, struct q_err *err);

void product_advance(struct product *p, int64_t milliseconds);

/* One step of the worker; true when it did something. A failure aborts. */
bool product_feed(struct product *p);
bool product_page(struct product *p);

/* Steps every role until none finds work; time stands still. */
void product_run(struct product *p);
/* The same, a second at a time, until the job is final; aborts after ten minutes. */
struct q_job product_settle(struct product *p, struct q_str file_id);

/* Steps feeding and paging until `pages` more pages are done. */
void product_page_times(struct product *p, unsigned pages);

struct q_job product_job(struct product *p, struct q_str file_id);
/* The manifest, in p->arena. */
struct q_str product_manifest(struct product *p, struct q_str file_id);
struct q_page product_find_page(struct product *p, struct q_str file_id, unsigned number);

/* How many blobs a store has, and jobs the tenant. */
size_t product_count_blobs(struct product *p, struct q_blob_store *store);
size_t product_count_jobs(struct product *p, const char *tenant_id);

#endif
