/* documents/documents.h: the documents vertical, as the others see it: upload, jobs, results, and
 * the roles that work them off.
 *
 * A document is uploaded once and gets a file id. Its job is worked through page by page:
 *
 *     pending -> chunking -> processing -> aggregating -> completed | failed
 *
 * or it is cancelled, and ends, whatever crashes meanwhile. A job that has ended may be retried: a
 * new run redoes the pages that failed or are missing. Work is claimed from the record store by
 * leases; an event is a doorbell, never the work item.
 *
 * Contract:  every function that takes `who` shows a caller only what the access table lets it
 *            see: another tenant's object and an unknown one both give Q_NOTFOUND.
 * Ownership: a q_documents borrows its ports; results live in the caller's arena.
 * Threads:   every function from any thread; a q_upload from one at a time.
 * Errors:    those of the ports, passed on with their reason; Q_INVALID, Q_NOTFOUND, Q_DENIED and
 *            Q_CONFLICT with the reasons named below.
 * Idempotency: reads; roles' steps may be repeated and run side by side anywhere: effects are once,
 *            by conditional writes. */
#ifndef Q_DOCUMENTS_DOCUMENTS_H
#define Q_DOCUMENTS_DOCUMENTS_H

#include "access/idempotency.h"
#include "access/policy.h"
#include "base/bell.h"
#include "base/json.h"
#include "base/keyring.h"
#include "base/log.h"
#include "base/metrics.h"
#include "ports/analyst.h"
#include "ports/blob_store.h"
#include "ports/change_feed.h"
#include "ports/clock.h"
#include "ports/event_log.h"
#include "ports/http_fetch.h"
#include "ports/page_extractor.h"
#include "ports/random_source.h"
#include "ports/record_store.h"

enum {
	Q_DOCUMENTS_ID_SIZE = Q_UUID_TEXT_SIZE,
	Q_DOCUMENTS_NAME_MAX = 1024,  /* bytes of a file name that are kept */
	Q_DOCUMENTS_LIST_MAX = 100,   /* jobs a page of a list */
	Q_DOCUMENTS_EVENTS_MAX = 200, /* of a job's log, at one reading */
	Q_DOCUMENTS_RANGE_PAGES = 50, /* pages of a range, the unit of extraction */
	Q_DOCUMENTS_LINK_MS = 3600 * 1000
};

struct q_documents_options {
	struct q_record_store *records;
	struct q_blob_store *documents; /* uploads as they came */
	struct q_blob_store *results;	/* page texts and manifests */
	struct q_event_log *events;
	struct q_change_feed *changes; /* of `records` */
	struct q_page_extractor *extractor;
	struct q_analyst *analyst;
	struct q_http_fetch *fetch;	 /* sends webhooks */
	const struct q_keyring *keyring; /* seals what is secret */
	struct q_clock *clock;
	struct q_random_source *random;
	struct q_log *log;
	struct q_metrics *metrics;
	struct q_str documents_bucket; /* how events name the store `documents` */
	struct q_str owner; /* names this process in leases: the same after a restart only where
			       nobody else can hold one */
	uint64_t file_bytes_max;
	uint64_t sync_bytes_max; /* smaller uploads have priority, and may be waited for */
	int64_t retention_days;	 /* of tenants that say nothing else; 0: for ever */
	unsigned workers;	 /* pages that are analysed at once */
};

struct q_documents;

/* The strings of `options` are copied. */
Q_MUST_USE enum q_code q_documents_new(const struct q_documents_options *options,
				       struct q_documents **out, struct q_err *err);
void q_documents_free(struct q_documents *documents);

/* --- Jobs ------------------------------------------------------------------------------------- */

enum q_job_status {
	Q_JOB_PENDING,
	Q_JOB_CHUNKING,
	Q_JOB_PROCESSING,
	Q_JOB_AGGREGATING,
	Q_JOB_COMPLETED,
	Q_JOB_FAILED,
	Q_JOB_CANCELLED,
	Q_JOB_STATUS_COUNT
};

const char *q_job_status_name(enum q_job_status status);
bool q_job_status_parse(struct q_str word, enum q_job_status *out);
bool q_job_status_is_final(enum q_job_status status);

struct q_job {
	struct q_str file_id;
	struct q_str file_name; /* as it was given, made valid UTF-8 */
	struct q_str tenant_id;
	struct q_str kind;	  /* "document", "contract" */
	struct q_str location_id; /* may be empty */
	uint64_t size_bytes;
	struct q_str sha256;
	enum q_job_status status;
	int64_t run; /* from 1 */
	int64_t total_pages, processed_pages, failed_pages;
	int64_t uploaded_at_ms, started_at_ms, completed_at_ms; /* 0: not yet */
	int64_t updated_at_ms;
	struct q_str source_key;	       /* in `documents` */
	struct q_str result_key;	       /* in `results`; empty: no manifest */
	struct q_str error_code, error_detail; /* empty: none */
	int64_t version;		       /* grows with every change: an ETag */
};

Q_MUST_USE enum q_code q_documents_find_job(struct q_documents *d, const struct q_call *call,
					    const struct q_identity *who, struct q_str file_id,
					    struct q_arena *arena, struct q_job *out,
					    struct q_err *err);

struct q_job_filter {
	struct q_str tenant_id;		 /* empty: the caller's own */
	const enum q_job_status *status; /* NULL: any */
	struct q_str kind;		 /* empty: any */
	size_t limit;			 /* 1..Q_DOCUMENTS_LIST_MAX */
	struct q_str after;		 /* `next` of the page before */
};

struct q_job_page {
	struct q_job *items; /* newest first */
	size_t count;
	struct q_str next; /* empty: the last page */
};

/* Lists jobs of one tenant; a page may be shorter than the limit although more follow. Q_NOTFOUND
 * for a tenant the caller may not read. */
Q_MUST_USE enum q_code q_documents_list_jobs(struct q_documents *d, const struct q_call *call,
					     const struct q_identity *who,
					     const struct q_job_filter *filter,
					     struct q_arena *arena, struct q_job_page *out,
					     struct q_err *err);

/* Ends the job as cancelled, and gives it as it is then; one that is cancelled already stays so.
 * Whoever works on it stops with the page at hand; within it at the next q_worker_keep, if the
 * analyst looks at its call. Q_CONFLICT with reason "job_ended" where it ended otherwise; Q_BUSY:
 * try again. */
Q_MUST_USE enum q_code q_documents_cancel_job(struct q_documents *d, const struct q_call *call,
					      const struct q_identity *who, struct q_str file_id,
					      struct q_arena *arena, struct q_job *out,
					      struct q_err *err);

/* Begins a new run of a job that has ended, for the pages that failed or are missing, and gives the
 * job as it is then. Q_CONFLICT with reason "job_not_ended", or "nothing_to_retry" where every page
 * has succeeded; Q_BUSY: try again. */
Q_MUST_USE enum q_code q_documents_retry_job(struct q_documents *d, const struct q_call *call,
					     const struct q_identity *who, struct q_str file_id,
					     struct q_idempotency *once, struct q_arena *arena,
					     struct q_job *out, struct q_err *err);

/* Deletes the document, whatever its job does: from now on every read of it is Q_NOTFOUND. Its
 * blobs and records go at once where that can be done, else soon; `document.deleted` is announced.
 * Q_NOTFOUND; Q_BUSY: try again. */
Q_MUST_USE enum q_code q_documents_delete_job(struct q_documents *d, const struct q_call *call,
					      const struct q_identity *who, struct q_str file_id,
					      struct q_arena *arena, struct q_err *err);

/* The job's manifest. Q_CONFLICT with reason "not_ready" before the end, "no_results" where it
 * ended without one. The reader is the caller's. */
Q_MUST_USE enum q_code q_documents_open_results(struct q_documents *d, const struct q_call *call,
						const struct q_identity *who, struct q_str file_id,
						struct q_arena *arena, struct q_blob_reader **out,
						struct q_blob_info *info, struct q_err *err);

/* A link to the manifest of a job that has one, as q_blob_store_presign gives it: for an hour, to
 * the minute, so that it stays the same for a while. */
Q_MUST_USE enum q_code q_documents_link_job(struct q_documents *d, const struct q_call *call,
					    const struct q_job *job, struct q_arena *arena,
					    struct q_str *url, int64_t *expires_at_ms,
					    struct q_err *err);

/* The same for whoever may read the job. Errors as q_documents_open_results. */
Q_MUST_USE enum q_code q_documents_link_results(struct q_documents *d, const struct q_call *call,
						const struct q_identity *who, struct q_str file_id,
						struct q_arena *arena, struct q_str *url,
						int64_t *expires_at_ms, struct q_err *err);

enum q_page_status { Q_PAGE_PENDING, Q_PAGE_COMPLETED, Q_PAGE_FAILED };

const char *q_page_status_name(enum q_page_status status);

/* The flags as a JSON array of their names: "needs_ocr", "truncated", "hidden_text",
 * "ocr_layer". */
void q_page_flags_write(struct q_json_writer *w, unsigned flags);

struct q_page {
	unsigned number;
	enum q_page_status status;
	int64_t run;
	int64_t attempts;
	int64_t input_tokens, output_tokens;
	unsigned flags;	     /* enum q_page_flag */
	struct q_str text;   /* what a reader of the page sees; empty while pending */
	struct q_str hidden; /* JSON: [{reason, text}] of what a reader does not see */
	struct q_str
		analysis; /* JSON, valid against docs/analysis.schema.json; empty where there is none */
	struct q_str provider; /* of the analysis */
	struct q_str error_code, error_detail;
	int64_t finished_at_ms;
};

/* One page with its text. Q_NOTFOUND beyond the document's pages. A page that is not done yet is
 * Q_PAGE_PENDING. */
Q_MUST_USE enum q_code q_documents_find_page(struct q_documents *d, const struct q_call *call,
					     const struct q_identity *who, struct q_str file_id,
					     unsigned number, struct q_arena *arena,
					     struct q_page *out, struct q_err *err);

/* --- A job's log ------------------------------------------------------------------------------ */

/* What happened to a job, numbered from 1 without gaps: a reader that has read up to n has lost and
 * repeated nothing if the next one is n + 1. */
struct q_job_event {
	int64_t id;
	/* "progress": a step between two statuses; "page": one page is done; "completed", "failed",
	 * "cancelled": the run's last. */
	struct q_str type;
	struct q_str status; /* the job's from then on; of type "page": the page's */
	int64_t run, at_ms;
	int64_t page;					    /* 0: of no page */
	int64_t total_pages, processed_pages, failed_pages; /* of the job, from then on */
};

struct q_job_events {
	struct q_job_event *items;
	size_t count;
	int64_t last_id; /* of the last item, or `after` */
	bool is_over;	 /* the job has ended and nothing follows, unless it is tried again */
};

/* The events after number `after` (0: from the first), at most `limit` (1..Q_DOCUMENTS_EVENTS_MAX).
 * Q_INVALID with reason "bad_event_id" where the log does not reach so far. */
Q_MUST_USE enum q_code q_documents_read_events(struct q_documents *d, const struct q_call *call,
					       const struct q_identity *who, struct q_str file_id,
					       int64_t after, size_t limit, struct q_arena *arena,
					       struct q_job_events *out, struct q_err *err);

struct q_page_list {
	struct q_page *items; /* by number, without their texts */
	size_t count;
	unsigned next; /* `after` of the next part of the list; 0: this was the last */
};

/* The states of up to `limit` (1..Q_DOCUMENTS_LIST_MAX) pages after number `after`; none while they
 * are not counted. A page that failed in an earlier run is Q_PAGE_PENDING in this one. */
Q_MUST_USE enum q_code q_documents_list_pages(struct q_documents *d, const struct q_call *call,
					      const struct q_identity *who, struct q_str file_id,
					      unsigned after, size_t limit, struct q_arena *arena,
					      struct q_page_list *out, struct q_err *err);

/* --- Live -------------------------------------------------------------------------------------
 * A job's events told as they happen: one hub a process, many subscribers.
 *
 * A subscriber gets the events of a job's log after the number it names, in order, each once, for
 * as long as it likes. The log is where they come from, always: one that has no room is told later
 * from where it was, and one that comes back after a day, too. What this process commits is told
 * at once; what another commits within Q_LIVE_LOOK_MS, when the hub looks at the jobs that are
 * subscribed to.
 *
 * A subscription is the subscriber's until it cancels it; `context` must live until `release` has
 * returned. q_live_step is called from one thread, which makes all calls to subscribers; the rest
 * from any. No thread is held by a subscription. The hub is freed before the q_documents.
 *
 * Errors: subscribe: Q_BUSY (Q_LIVE_SUBSCRIPTIONS_MAX), Q_NOTFOUND (no such id), Q_NOMEM; step:
 * those of the record store, and what was not told is told by a later step. */

enum {
	Q_LIVE_LOOK_MS = 500,
	Q_LIVE_SUBSCRIPTIONS_MAX = 20000,
	Q_LIVE_JOBS_MAX = 20000 /* of one subscription to a tenant */
};

struct q_live;
struct q_live_subscription;

struct q_live_subscriber {
	void *context;
	/* The next events of a job. False: there is no room; nothing of it was taken, and nothing
	 * more comes before q_live_resume. */
	bool (*on_events)(void *context, struct q_str file_id, const struct q_job_events *events);
	/* Nothing more comes of this job (Q_NOTFOUND: it is unknown to this caller, or was
	 * deleted), or of the whole subscription (file_id is empty). */
	void (*on_failed)(void *context, struct q_str file_id, const struct q_err *why);
	/* After q_live_cancel: the last call. */
	void (*release)(void *context);
};

Q_MUST_USE enum q_code q_live_new(struct q_documents *d, struct q_live **out, struct q_err *err);
/* Releases every subscriber. No other thread may use the hub or write events any more. NULL is
 * allowed. */
void q_live_free(struct q_live *live);

/* Waits up to wait_ms for something to tell, and tells it. */
Q_MUST_USE enum q_code q_live_step(struct q_live *live, const struct q_call *call, int64_t wait_ms,
				   struct q_err *err);

/* To one job's events after number `after`. Whether `who` may read it is found out by the step. */
Q_MUST_USE enum q_code q_live_subscribe(struct q_live *live, const struct q_identity *who,
					struct q_str file_id, int64_t after,
					const struct q_live_subscriber *subscriber,
					struct q_live_subscription **out, struct q_err *err);

/* How far a subscriber has read one job's log. */
struct q_live_position {
	struct q_str file_id;
	int64_t after;
};

/* To all jobs of the caller's own tenant: those named in `positions` after the number given, those
 * uploaded at or after since_ms from their first event, others that are at work now from now on. */
Q_MUST_USE enum q_code q_live_subscribe_all(struct q_live *live, const struct q_identity *who,
					    int64_t since_ms,
					    const struct q_live_position *positions, size_t count,
					    const struct q_live_subscriber *subscriber,
					    struct q_live_subscription **out, struct q_err *err);

/* There is room again. */
void q_live_resume(struct q_live_subscription *subscription);
/* `release` follows. */
void q_live_cancel(struct q_live_subscription *subscription);

/* --- Upload ----------------------------------------------------------------------------------- */

struct q_upload_request {
	struct q_str
		tenant_id; /* empty: the caller's own; only an internal admin may name another */
	struct q_str file_name;	    /* as given; may hold anything */
	struct q_str kind;	    /* empty: "document" */
	struct q_str location_id;   /* may be empty; one of the tenant's */
	struct q_str callback_url;  /* to be told of the job's end besides webhooks; may be empty */
	bool is_again;		    /* a new job also for bytes that the tenant has a job of */
	struct q_idempotency *once; /* of the request; NULL: it may be done twice */
};

struct q_upload;

/* Starts to take in one document, as far as `request` is known by now. Q_DENIED with reason
 * "wrong_tenant" or "bad_location", Q_INVALID with reason "bad_tenant", "bad_kind" or
 * "bad_webhook_url"; Q_DENIED with reason "quota_documents" or "quota_bytes", Q_BUSY with reason
 * "too_many_uploads". */
Q_MUST_USE enum q_code q_upload_open(struct q_documents *d, const struct q_call *call,
				     const struct q_identity *who,
				     const struct q_upload_request *request, struct q_upload **out,
				     struct q_err *err);

/* The next bytes. Q_TOOBIG with reason "file_too_large" beyond the limit, Q_UNSUPPORTED with
 * reason "unsupported_type" when the first 1,024 bytes hold no "%PDF-". After an error only
 * q_upload_abort is allowed. */
Q_MUST_USE enum q_code q_upload_add(struct q_upload *upload, const struct q_call *call,
				    struct q_bytes bytes, struct q_err *err);

/* The whole request, now that it is known: a form may name the tenant after the file. When it
 * returns Q_OK, bytes and job survive a power cut. Where the tenant has a job of the same bytes,
 * kind and location that has not failed or been cancelled, *job is that one, *is_duplicate (may be
 * NULL) is set, and nothing new is kept. A request that was done before gives
 * its job again. Q_INVALID with reason "empty_file"; else as q_upload_open, or of
 * access/idempotency.h. Frees the upload in every case. */
Q_MUST_USE enum q_code q_upload_finish(struct q_upload *upload, const struct q_call *call,
				       const struct q_identity *who,
				       const struct q_upload_request *request,
				       struct q_arena *arena, struct q_job *job, bool *is_duplicate,
				       struct q_err *err);

/* Stores nothing, frees the upload. NULL is allowed. */
void q_upload_abort(struct q_upload *upload);

/* --- Direct upload ----------------------------------------------------------------------------
 * The bytes go to the blob store in parts, by signed links, whatever happens to client or server
 * meanwhile; an upload that is completed becomes a job. What nobody completes within a day
 * vanishes. */

#define Q_DIRECT_UPLOAD_TYPE "application/pdf" /* the Content-Type that parts are sent with */
enum {
	Q_DIRECT_UPLOAD_SINGLE_BYTES_MAX = 16 << 20, /* up to here one part */
	Q_DIRECT_UPLOAD_PART_BYTES = 8 << 20,	     /* beyond it, every part but the last */
	Q_DIRECT_UPLOAD_LIFE_MS = 24 * 3600 * 1000
};

enum q_direct_upload_status {
	Q_DIRECT_UPLOAD_OPEN,
	Q_DIRECT_UPLOAD_COMPLETED,
	Q_DIRECT_UPLOAD_REFUSED, /* its bytes were not what was announced, or no PDF */
	Q_DIRECT_UPLOAD_EXPIRED	 /* on its way out: nobody finds it any more */
};

const char *q_direct_upload_status_name(enum q_direct_upload_status status);

struct q_direct_upload_part {
	unsigned number; /* from 1 */
	uint64_t size_bytes;
	bool is_received;
	struct q_str url; /* as q_blob_store_presign gives it; empty where it is received */
};

struct q_direct_upload {
	struct q_str file_id;
	enum q_direct_upload_status status;
	int64_t expires_at_ms, links_expire_at_ms;
	uint64_t part_bytes;
	struct q_direct_upload_part *parts;
	size_t part_count;
};

/* Announces `size_bytes` with this SHA-256 (hex; empty: not known). request->once, identified, is
 * committed with the upload, its file id as the answer. Errors as q_upload_open;
 * Q_INVALID with reason "empty_file" or "bad_sha256", Q_TOOBIG "file_too_large". */
Q_MUST_USE enum q_code q_direct_upload_start(struct q_documents *d, const struct q_call *call,
					     const struct q_identity *who,
					     const struct q_upload_request *request,
					     uint64_t size_bytes, struct q_str sha256,
					     struct q_arena *arena, struct q_direct_upload *out,
					     struct q_err *err);

/* Which parts are there, with new links to the others. For who may upload for its tenant;
 * Q_NOTFOUND for all others. */
Q_MUST_USE enum q_code q_direct_upload_find(struct q_documents *d, const struct q_call *call,
					    const struct q_identity *who, struct q_str file_id,
					    struct q_arena *arena, struct q_direct_upload *out,
					    struct q_err *err);

/* Checks the bytes and makes the job, as q_upload_finish does. Again: the same job. Q_CONFLICT with
 * reason "parts_missing"; Q_INVALID "size_mismatch" or "sha256_mismatch" and Q_UNSUPPORTED
 * "unsupported_type" end the upload. After any other error it may be tried again. */
Q_MUST_USE enum q_code q_direct_upload_complete(struct q_documents *d, const struct q_call *call,
						const struct q_identity *who, struct q_str file_id,
						bool is_again, struct q_arena *arena,
						struct q_job *job, bool *is_duplicate,
						struct q_err *err);

/* Is a document of this size worked off with priority, so that its sender may wait for it? */
bool q_documents_is_small(const struct q_documents *d, uint64_t size_bytes);

/* --- Roles ------------------------------------------------------------------------------------
 * A step does one piece of work, or finds none. It owns no thread and never sleeps: where it
 * returns *did_work = false, its caller waits on the role's bell, or a second, and steps again. An
 * error is of that step alone; the work stays due. */

/* The worker role. Feeding claims ranges, counts and extracts pages; paging analyses and stores one
 * page; keeping renews the leases of what is held, and stops what somebody has ended meanwhile
 * (call it every Q_WORKER_KEEP_MS). */
struct q_worker;
enum { Q_WORKER_LEASE_MS = 15000, Q_WORKER_KEEP_MS = 4000 };

Q_MUST_USE enum q_code q_worker_new(struct q_documents *d, struct q_worker **out,
				    struct q_err *err);
Q_MUST_USE enum q_code q_worker_feed(struct q_worker *worker, const struct q_call *call,
				     bool *did_work, struct q_err *err);
Q_MUST_USE enum q_code q_worker_page(struct q_worker *worker, const struct q_call *call,
				     bool *did_work, struct q_err *err);
Q_MUST_USE enum q_code q_worker_keep(struct q_worker *worker, const struct q_call *call,
				     struct q_err *err);
/* Listens for doorbells up to wait_ms and makes the next feed look for new work. */
Q_MUST_USE enum q_code q_worker_listen(struct q_worker *worker, const struct q_call *call,
				       int64_t wait_ms, struct q_err *err);
/* Gives back every lease. No other step may run. */
Q_MUST_USE enum q_code q_worker_release(struct q_worker *worker, const struct q_call *call,
					struct q_err *err);
struct q_bell *q_worker_feed_bell(
	struct q_worker *worker); /* rung when there may be something to feed on */
struct q_bell *q_worker_page_bell(
	struct q_worker *worker); /* rung when there are pages to analyse */
void q_worker_free(struct q_worker *worker);

/* The aggregator role: reads the change feed up to wait_ms, and ends the jobs whose pages are all
 * there. */
struct q_aggregator;
Q_MUST_USE enum q_code q_aggregator_new(struct q_documents *d, struct q_aggregator **out,
					struct q_err *err);
Q_MUST_USE enum q_code q_aggregator_step(struct q_aggregator *aggregator, const struct q_call *call,
					 int64_t wait_ms, bool *did_work, struct q_err *err);
void q_aggregator_free(struct q_aggregator *aggregator);

/* The sweeper role: rings again for jobs that should have moved. Call it every second. */
Q_MUST_USE enum q_code q_sweeper_step(struct q_documents *d, const struct q_call *call,
				      bool *did_work, struct q_err *err);

/* --- Usage and retention ---------------------------------------------------------------------- */

/* What a tenant's documents take up: those that are not deleted, in whatever state; pages as far as
 * they are counted. And the direct uploads that it has open. */
struct q_usage {
	int64_t documents, pages, bytes;
	int64_t direct_uploads;
};

/* Of any tenant: whoever asks has to be let. */
Q_MUST_USE enum q_code q_documents_find_usage(struct q_documents *d, const struct q_call *call,
					      struct q_str tenant_id, struct q_arena *arena,
					      struct q_usage *out, struct q_err *err);

/* A pass over all tenants, deleting the documents that each no longer keeps (kind "contract" is
 * kept until it is deleted). Zeroed, it begins anew. */
struct q_retention {
	char tenant_id[65]; /* the latest that was looked at */
	bool is_tenant_open;
	size_t after_length;
	char after[2 * Q_RECORD_KEY_MAX]; /* where to go on among its documents */
};

/* Looks at the next documents; *did_work = false: the pass is over. */
Q_MUST_USE enum q_code q_retention_step(struct q_documents *d, const struct q_call *call,
					struct q_retention *retention, bool *did_work,
					struct q_err *err);

/* --- Purging ------------------------------------------------------------------------------------
 * What a deleted document has left where the stores keep their data goes for good: the changes and
 * events that told of it, pages of the database. Without it that takes a day, and freed pages keep
 * their bytes. */

struct q_purge {
	int64_t began_at_ms; /* 0: not yet */
};

/* One step; a zeroed *purge is a new one. *is_done = false: a reader of the changes is not past
 * them yet, step again in a second. The last step may hold back writes for a while. */
Q_MUST_USE enum q_code q_purge_step(struct q_documents *d, const struct q_call *call,
				    struct q_purge *purge, bool *is_done, struct q_err *err);

/* Have documents been removed since the last purge, and is that long enough ago (12 hours)? */
Q_MUST_USE enum q_code q_purge_is_due(struct q_documents *d, const struct q_call *call,
				      bool *is_due, struct q_err *err);

/* The webhooks role, and what callers ask of it. */
#include "documents/webhooks.h"

#endif
