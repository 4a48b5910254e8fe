/* documents/documents_internal.h: what the files of this folder share. Nobody else includes it.
 *
 * Items (DOC#, FILE#, READY: see docs/data.md) are made and read in keys.c, job.c and range.c
 * alone. */
#ifndef Q_DOCUMENTS_DOCUMENTS_INTERNAL_H
#define Q_DOCUMENTS_DOCUMENTS_INTERNAL_H

#include "documents/documents.h"

#include "access/tenant.h"

#include <pthread.h>

enum {
	Q__DUE_BUCKETS = 8,
	Q__DUE_AFTER_MS = 10000,  /* a job that did not move for so long is rung for again */
	Q__PAGE_ATTEMPTS_MAX = 4, /* analyses of a page in a run, by one process */
	Q__CLAIMS_MAX = 12,	  /* of a range or plan: then what is missing fails */
	Q__STEP_ARENA = 64 << 20  /* bytes; what one step may hold */
};

/* Pages that wait to be stored, and the batches that are being stored (page_commit.c). */
struct q__page_commits {
	struct q_bell *pause;  /* never rung: to wait a little */
	pthread_mutex_t mutex; /* guards what follows; a leaf, not held while a batch is stored */
	pthread_cond_t changed;
	struct q__finished_page *waiting; /* oldest first; each its thread's */
	struct q__page_batch *leaders;	  /* each its thread's */
};

/* The uploads that this process takes in (open_uploads.c). */
struct q__open_upload {
	struct q__open_upload *next;
	struct q_str tenant_id;
	bool is_entered;
};
struct q__open_uploads {
	pthread_mutex_t mutex; /* guards the list; a leaf */
	struct q__open_upload *first;
};

struct q_documents {
	struct q_documents_options o; /* o.owner and o.documents_bucket: in `arena` */
	struct q_arena *arena;
	struct q_series *uploaded_sync, *uploaded_async;
	struct q_series *pages_completed, *pages_failed;
	struct q_series *extract_seconds, *analyse_seconds, *store_seconds;
	struct q_series *document_seconds;
	struct q_series *deleted_by_request, *deleted_by_retention;
	struct q__page_commits commits;
	struct q__open_uploads open_uploads;
	struct q_live *live; /* NULL: nobody listens here; set before, and cleared after, all use */
	struct q_series *deliveries_delivered, *deliveries_retried, *deliveries_failed;
	struct q_bell *announce_bell, *send_bell; /* of the webhooks role */
};

int64_t q__now(const struct q_documents *d);

/* --- Keys (keys.c): an empty key where the arena is full ---------------------------------------
 */

struct q_record_key q__file_key(struct q_arena *arena, struct q_str file_id);
struct q_record_key q__job_key(struct q_arena *arena, struct q_str file_id);
struct q_record_key q__plan_key(struct q_arena *arena, struct q_str file_id);
struct q_record_key q__range_key(struct q_arena *arena, struct q_str file_id, unsigned number);
struct q_record_key q__page_key(struct q_arena *arena, struct q_str file_id, unsigned number);
struct q_record_key q__event_key(struct q_arena *arena, struct q_str file_id, int64_t number);

/* Index 1 of a file: the tenant's documents by time of upload. */
struct q_record_key q__tenant_files_key(struct q_arena *arena, struct q_str tenant_id,
					int64_t uploaded_at_ms, struct q_str file_id);
/* Index 1 of a job: the tenant's jobs of one status by time of the edge. */
struct q_record_key q__tenant_status_key(struct q_arena *arena, struct q_str tenant_id,
					 enum q_job_status status, int64_t updated_at_ms,
					 struct q_str file_id);
/* Index 2 of a job that is not at its end: its due mark. */
struct q_record_key q__due_key(struct q_arena *arena, struct q_str file_id, int64_t due_at_ms);
struct q_str q__due_bucket(struct q_arena *arena, unsigned bucket);
struct q_record_key q__upload_key(struct q_arena *arena, struct q_str file_id);
/* Index 2 of a direct upload: when it vanishes. */
struct q_record_key q__upload_expiry_key(struct q_arena *arena, struct q_str file_id,
					 int64_t expires_at_ms);
struct q_str q__upload_expiry_bucket(struct q_arena *arena, unsigned bucket);
/* When documents were last removed, and the store purged of them (purge.c). */
struct q_record_key q__purge_key(void);
/* Which of Q__DUE_BUCKETS an id belongs to, by its last character. */
unsigned q__bucket_of(struct q_str id);
/* Index 1 of work: claimable from `available_at_ms` on, urgent work first. */
struct q_record_key q__ready_key(struct q_arena *arena, struct q_str tenant_id, bool is_urgent,
				 int64_t available_at_ms, struct q_str file_id);
/* The mark that a tenant has ready work. */
struct q_record_key q__ready_tenant_key(struct q_arena *arena, struct q_str tenant_id);
/* The write that sets this mark, for a transaction that adds work. */
struct q_write q__ready_tenant_write(struct q_arena *arena, struct q_str tenant_id);

/* A time in a key: 13 digits, so that bytes sort as times do. */
struct q_str q__time_key(struct q_arena *arena, int64_t time_ms);

/* --- Items -------------------------------------------------------------------------------------
 */

/* Builds an item's attributes one by one; sticky failure when the arena or the array is full. */
struct q__attributes {
	struct q_attribute *items;
	size_t count, capacity;
	bool failed;
};
void q__attributes_init(struct q__attributes *a, struct q_arena *arena, size_t capacity);
void q__set_string(struct q__attributes *a, const char *name, struct q_str value);
void q__set_number(struct q__attributes *a, const char *name, int64_t value);

struct q_change q__change_string(const char *name, struct q_str value);
struct q_change q__change_number(const char *name, int64_t value);
struct q_change q__change_add(const char *name, int64_t value);
struct q_change q__change_remove(const char *name);
struct q_condition q__if_number(const char *name, int64_t value);
struct q_condition q__if_string(const char *name, struct q_str value);

/* --- Jobs (job.c) ------------------------------------------------------------------------------
 */

/* What only this folder needs of a job. */
struct q__job {
	struct q_job view; /* first: what others see */
	int64_t event_count;
	int64_t aggregate_until_ms; /* lease of the aggregation */
	struct q_str aggregate_owner;
};

/* The job whoever asks: Q_NOTFOUND (also of a tombstone), Q_CORRUPT. */
Q_MUST_USE enum q_code q__job_read(struct q_documents *d, const struct q_call *call,
				   struct q_str file_id, struct q_arena *arena, struct q__job *out,
				   struct q_err *err);
/* What an upload tells of its job: at most Q__JOB_FACTS_MAX attributes. */
enum { Q__JOB_FACTS_MAX = 12 };
void q__set_job_facts(struct q__attributes *a, const struct q_job *job);
/* Everything but the status. */
void q__job_facts_parse(const struct q_item *item, struct q_job *out);
Q_MUST_USE enum q_code q__job_parse(const struct q_item *item, struct q_arena *arena,
				    struct q__job *out, struct q_err *err);

/* The code of a read that failed before anything was written: no doubt is left, so Q_IO and
 * Q_TIMEOUT become Q_BUSY. */
enum q_code q__not_written(enum q_code code, struct q_err *err);

/* A new job: its file, its status, its plan, the tenant's mark and `more` in one transaction; then
 * the doorbell. Q_CONFLICT: a condition of `more` does not hold. */
Q_MUST_USE enum q_code q__job_create(struct q_documents *d, const struct q_call *call,
				     const struct q_job *job, const struct q_write *more,
				     size_t more_count, struct q_arena *arena, struct q_err *err);
enum { Q__CREATE_WRITES_MAX = 16 };

/* --- Duplicates (duplicate.c) ------------------------------------------------------------------
 */

struct q__new_job {
	const struct q_job *job;
	bool is_again; /* also where the tenant has a job of the same bytes */
	struct q_str
		callback_url; /* checked; told of the job's end, be it new or not; may be empty */
	const struct q_write *more;
	size_t more_count; /* below Q__CREATE_WRITES_MAX - 1 */
};

/* As q__job_create, unless the tenant has a job of the same bytes, kind and location that has not
 * failed, been cancelled or deleted: then that job is *existing, and nothing is made. After Q_IO or
 * Q_TIMEOUT alone the job may have been made. */
Q_MUST_USE enum q_code q__job_create_once(struct q_documents *d, const struct q_call *call,
					  const struct q__new_job *new_job, struct q_arena *arena,
					  struct q_job *existing, bool *is_duplicate,
					  struct q_err *err);

/* Forgets which bytes a job is of, for one that is deleted. May be repeated. */
Q_MUST_USE enum q_code q__digest_remove(struct q_documents *d, const struct q_call *call,
					const struct q_job *job, struct q_arena *arena,
					struct q_err *err);

/* A step from one status to another, with everything that belongs to it in one transaction: the
 * status, its due mark, its place in the index, its event and `writes`. Only the edges of DESIGN
 * exist; another is a bug. */
struct q__edge {
	enum q_job_status to;
	int64_t due_at_ms;		/* 0: no longer due */
	const struct q_change *changes; /* more of the status item */
	size_t change_count;
	const struct q_write *writes; /* to other items */
	size_t write_count;
};
enum { Q__EDGE_CHANGES_MAX = 8, Q__EDGE_WRITES_MAX = 23 };

/* Q_CONFLICT where the job has moved since `from` was read. */
Q_MUST_USE enum q_code q__job_take_edge(struct q_documents *d, const struct q_call *call,
					const struct q__job *from, const struct q__edge *edge,
					struct q_arena *arena, struct q_err *err);

/* Ends the job as failed with `cause`'s reason and message; a job that has moved on meanwhile is
 * left alone (Q_OK). */
Q_MUST_USE enum q_code q__job_fail(struct q_documents *d, const struct q_call *call,
				   const struct q__job *job, const struct q_err *cause,
				   struct q_arena *arena, struct q_err *err);

/* The job, where the caller may change it (`who` NULL: the product itself). Q_NOTFOUND else. */
Q_MUST_USE enum q_code q__job_find_writable(struct q_documents *d, const struct q_call *call,
					    const struct q_identity *who, struct q_str file_id,
					    struct q_arena *arena, struct q__job *out,
					    struct q_err *err);

/* Reads the job and changes it, again where the change was lost to another write (Q_CONFLICT
 * without a reason): waits a little in between. Q_BUSY: lost every time. */
Q_MUST_USE enum q_code q__job_change(struct q_documents *d, const struct q_call *call,
				     const struct q_identity *who, struct q_str file_id,
				     enum q_code (*change)(struct q_documents *,
							   const struct q_call *,
							   const struct q__job *, void *context,
							   struct q_arena *, struct q_err *),
				     void *context, struct q_arena *arena, struct q_err *err);

/* The envelope of an event; of a job without a source key, which is deleted, the ids alone. */
void q__event_write(struct q_json_writer *w, const struct q_documents *d,
		    const struct q_call *call, const char *event_type, const struct q_job *job);

/* Tells the world outside this process: a doorbell. A failure is logged: the due mark makes good
 * for it. */
void q__publish(struct q_documents *d, const struct q_call *call, const char *event_type,
		const struct q_job *job);

/* --- Usage and quotas (usage.c, open_uploads.c) -------------------------------------------------
 */

/* Index 1 of every tenant's usage, by its id: a way through all tenants that have had documents. */
#define q__usage_index() Q_STR("USAGE")

/* The write that adds to a tenant's usage, whatever its quotas; counts below 0 take away. */
struct q_write q__usage_write(struct q_arena *arena, struct q_str tenant_id,
			      const struct q_usage *added);

/* The same on condition that it fits the tenant's quotas: Q_CONFLICT of its transaction then means
 * that the usage has changed. Q_DENIED with reason "quota_documents", "quota_pages" or "quota_bytes"
 * where it does not fit now. */
Q_MUST_USE enum q_code q__usage_grow(struct q_documents *d, const struct q_call *call,
				     struct q_str tenant_id, const struct q_usage *added,
				     struct q_arena *arena, struct q_write *write,
				     struct q_err *err);

/* Would it fit now? Errors as q__usage_grow. */
Q_MUST_USE enum q_code q__quota_check(struct q_documents *d, const struct q_call *call,
				      struct q_str tenant_id, const struct q_usage *added,
				      struct q_arena *arena, struct q_err *err);

/* `upload` counts from here on, until it leaves; tenant_id is borrowed as long. Q_BUSY with reason
 * "too_many_uploads" where the tenant has `most` (0: no limit) already. */
Q_MUST_USE enum q_code q__open_upload_enter(struct q__open_uploads *uploads,
					    struct q__open_upload *upload, struct q_str tenant_id,
					    int64_t most, struct q_err *err);
/* One that did not enter is allowed. */
void q__open_upload_leave(struct q__open_uploads *uploads, struct q__open_upload *upload);

/* --- Deleting (delete.c) ------------------------------------------------------------------------
 */

/* What stands in the place of a deleted job until nobody can still be writing. */
struct q__tombstone {
	struct q_str file_id;
	struct q_str tenant_id;
	int64_t deleted_at_ms;
	bool is_removed; /* what was left of it, and that was announced */
};

enum q__deletion { Q__DELETED_BY_REQUEST, Q__DELETED_BY_RETENTION };

/* Deletes the document as far as can be done now; the sweeper does the rest. `who` NULL: the product
 * itself. Q_NOTFOUND. */
Q_MUST_USE enum q_code q__job_delete(struct q_documents *d, const struct q_call *call,
				     const struct q_identity *who, struct q_str file_id,
				     enum q__deletion cause, struct q_arena *arena,
				     struct q_err *err);

/* Does what is next for the tombstone of this document, if there is one. */
Q_MUST_USE enum q_code q__tombstone_sweep(struct q_documents *d, const struct q_call *call,
					  struct q_str file_id, struct q_arena *arena,
					  struct q_err *err);

/* Tells the index and others that the document is gone: its ids and nothing else. */
Q_MUST_USE enum q_code q__publish_deleted(struct q_documents *d, const struct q_call *call,
					  const struct q__tombstone *tombstone, struct q_err *err);

/* What is stored as an error's code: its reason, else its code's name. */
struct q_str q__error_code(const struct q_err *err);

/* --- What is uploaded (upload_request.c) -------------------------------------------------------
 */

enum { Q__SNIFF_BYTES = 1024 };

/* "%PDF-" somewhere in the first 1,024 bytes. */
bool q__is_pdf(struct q_str head);

/* A job with an id and nothing else. */
void q__upload_begin(struct q_documents *d, struct q_arena *arena, struct q_job *job);

/* May the caller upload this, as far as the request is known? Errors as q_upload_open. */
Q_MUST_USE enum q_code q__upload_check(struct q_documents *d, const struct q_call *call,
				       const struct q_identity *who,
				       const struct q_upload_request *request,
				       struct q_arena *arena, struct q_err *err);

/* What the request says of the job, also where it says it again. */
Q_MUST_USE enum q_code q__upload_describe(const struct q_identity *who,
					  const struct q_upload_request *request,
					  struct q_arena *arena, struct q_job *job,
					  struct q_err *err);

/* --- A job's log (job_log.c) -------------------------------------------------------------------
 */

/* The item of one entry. */
Q_MUST_USE bool q__event_item(struct q_arena *arena, const struct q_job *job,
			      const struct q_job_event *event, struct q_item *out);

/* As q_documents_read_events, of a job that has just been read; `after` is within its log. */
Q_MUST_USE enum q_code q__events_read(struct q_documents *d, const struct q_call *call,
				      const struct q__job *job, int64_t after, size_t limit,
				      struct q_arena *arena, struct q_job_events *out,
				      struct q_err *err);

/* Tells the hub of this process that the job's log has grown (live.c). */
void q__live_note(struct q_documents *d, struct q_str file_id);

/* --- Direct uploads (direct_upload.c, direct_upload_end.c) -------------------------------------
 */

struct q__direct_upload {
	struct q_direct_upload view;
	struct q_job job;	  /* what it is to become; sha256 as it was announced, or empty */
	struct q_str blob_upload; /* the blob store's id of it */
	struct q_str callback_url;
	struct q_str job_id; /* completed: of these bytes */
	bool is_duplicate;   /* the job was there before */
	struct q_str reason; /* refused: why */
};

/* Where the bytes stand until they are confirmed. */
struct q_str q__incoming_key(struct q_arena *arena, const struct q_job *job);

Q_MUST_USE enum q_code q__direct_upload_parse(const struct q_item *item,
					      struct q__direct_upload *out, struct q_err *err);
/* The upload, without its parts, where the caller may write for its tenant; Q_NOTFOUND else. */
Q_MUST_USE enum q_code q__direct_upload_find(struct q_documents *d, const struct q_call *call,
					     const struct q_identity *who, struct q_str file_id,
					     struct q_arena *arena, struct q__direct_upload *out,
					     struct q_err *err);
/* Which parts it is to be sent in: all received, until they are marked. */
Q_MUST_USE enum q_code q__direct_upload_plan(struct q__direct_upload *upload, struct q_arena *arena,
					     struct q_err *err);
void q__direct_upload_mark_received(struct q_direct_upload *view, const struct q_blob_parts *there);

/* Removes those of a bucket that have had their day. */
Q_MUST_USE enum q_code q__direct_uploads_sweep(struct q_documents *d, const struct q_call *call,
					       unsigned bucket, struct q_arena *arena,
					       bool *did_work, struct q_err *err);

/* --- Notices (webhooks/notice.c) ---------------------------------------------------------------
 */

/* The end of a run, which is to be announced. */
struct q__notice {
	struct q_str file_id;
	struct q_str tenant_id;
	int64_t run;
	enum q_job_status status; /* a final one */
	int64_t at_ms;
};
Q_MUST_USE bool q__notice_item(struct q_arena *arena, const struct q__notice *notice,
			       struct q_item *out);

/* The item of a callback, for the transaction that makes its job. The URL has been checked. */
Q_MUST_USE bool q__callback_item(struct q_arena *arena, struct q_str file_id, struct q_str url,
				 struct q_item *out);
/* Adds a callback to a job that is there, and may have ended: then it is told at once. The same URL
 * again changes nothing. Q_CONFLICT with reason "too_many_callbacks". */
Q_MUST_USE enum q_code q__callback_add(struct q_documents *d, const struct q_call *call,
				       struct q_str file_id, struct q_str url,
				       struct q_arena *arena, struct q_err *err);

/* --- Claims (range.c) --------------------------------------------------------------------------
 */

/* A piece of claimable work: the plan of a document, or a range of its pages. */
struct q__work {
	struct q_str file_id;
	struct q_str tenant_id;
	struct q_str kind;
	unsigned range; /* 0: the plan */
	unsigned first, last;
	unsigned page_count; /* of the document; 0 in a plan */
	int64_t run;
	int64_t epoch;
	int64_t lease_until_ms;
	struct q_str owner;
	bool is_urgent;
	bool is_done;
	struct q_str text_key;	 /* empty: the range is not extracted yet */
	struct q_str text_index; /* JSON: where each page's text stands */
};

/* The plan of a job, and range `number` (from 1) of one whose pages are counted: as in its run, with
 * nothing done yet. Strings are the job's. */
struct q__work q__plan_of_job(const struct q_documents *d, const struct q_job *job);
struct q__work q__range_of_job(const struct q_documents *d, const struct q_job *job,
			       unsigned number);
size_t q__range_count(const struct q_job *job);

Q_MUST_USE enum q_code q__work_parse(const struct q_item *item, struct q__work *out,
				     struct q_err *err);
/* The item of new work. */
Q_MUST_USE bool q__work_item(struct q_arena *arena, const struct q__work *work,
			     int64_t available_at_ms, struct q_item *out);
struct q_record_key q__work_key(struct q_arena *arena, const struct q__work *work);

/* Takes the lease: a conditional write on the epoch that was read. Q_CONFLICT: another was first.
 */
Q_MUST_USE enum q_code q__work_claim(struct q_documents *d, const struct q_call *call,
				     struct q__work *work, struct q_arena *arena,
				     struct q_err *err);
/* Moves the lease on. Q_CONFLICT: it is no longer ours. */
Q_MUST_USE enum q_code q__work_renew(struct q_documents *d, const struct q_call *call,
				     struct q__work *work, struct q_arena *arena,
				     struct q_err *err);
/* Gives the lease back: claimable from `available_at_ms` on. Q_CONFLICT: it is no longer ours. */
Q_MUST_USE enum q_code q__work_release(struct q_documents *d, const struct q_call *call,
				       const struct q__work *work, int64_t available_at_ms,
				       struct q_arena *arena, struct q_err *err);
/* Notes where the range's text stands. */
Q_MUST_USE enum q_code q__work_extracted(struct q_documents *d, const struct q_call *call,
					 const struct q__work *work, struct q_arena *arena,
					 struct q_err *err);
/* Done: never claimable again. */
Q_MUST_USE enum q_code q__work_finish(struct q_documents *d, const struct q_call *call,
				      const struct q__work *work, struct q_arena *arena,
				      struct q_err *err);

/* Has the range's job no more use for it? It was ended or deleted, or is in another run. */
Q_MUST_USE enum q_code q__range_is_over(struct q_documents *d, const struct q_call *call,
					const struct q__work *range, struct q_arena *arena,
					bool *is_over, struct q_err *err);

/* Makes work that is done claimable again. Q_CONFLICT: it has changed since it was read. */
Q_MUST_USE enum q_code q__work_reopen(struct q_documents *d, const struct q_call *call,
				      const struct q__work *work, struct q_arena *arena,
				      struct q_err *err);

/* Brings the ranges of a job that is processing into its run (retry.c): those that lack pages become
 * claimable, *opened of them; those that are missing are written. May be repeated. */
Q_MUST_USE enum q_code q__ranges_open(struct q_documents *d, const struct q_call *call,
				      const struct q_job *job, struct q_arena *arena,
				      size_t *opened, struct q_err *err);

/* --- Planning (planner.c) and extraction (range_text.c) ----------------------------------------
 */

/* Counts the pages of a claimed plan's document, writes its ranges and lets the job go on to
 * processing; or fails the job. */
Q_MUST_USE enum q_code q__plan(struct q_documents *d, const struct q_call *call,
			       const struct q__work *plan, struct q_arena *arena,
			       struct q_err *err);

/* Where one page's text stands in its range's blob: first the text, then boxes, then what is hidden.
 */
struct q__page_place {
	uint64_t offset;
	uint32_t text_bytes;
	uint32_t boxes_bytes;
	uint32_t hidden_bytes;
	unsigned flags;
	struct q_str error_code, error_detail; /* the page could not be read */
};

/* Extracts the pages of a claimed range into one blob; fills text_key and text_index. A document
 * that is to blame as a whole makes every page of the range bear its error. Q_CONFLICT: the range
 * is over. */
Q_MUST_USE enum q_code q__range_extract(struct q_documents *d, const struct q_call *call,
					struct q__work *range, struct q_arena *arena,
					struct q_err *err);
/* The places of the range's pages, (last - first + 1) of them. */
Q_MUST_USE enum q_code q__range_places(const struct q__work *range, struct q_arena *arena,
				       struct q__page_place **out, struct q_err *err);

/* --- Pages (page.c) ----------------------------------------------------------------------------
 */

/* The pages of a range that need no more work in its run: done[i] for page first + i. */
Q_MUST_USE enum q_code q__pages_done(struct q_documents *d, const struct q_call *call,
				     const struct q__work *range, struct q_arena *arena, bool *done,
				     struct q_err *err);

/* Analyses page `number`. Nothing is stored; a page that could not be read has nothing to analyse
 * (Q_OK). */
Q_MUST_USE enum q_code q__page_analyse(struct q_documents *d, const struct q_call *call,
				       const struct q__work *range,
				       const struct q__page_place *place, unsigned number,
				       struct q_arena *arena, struct q_page_analysis *out,
				       struct q_err *err);

/* Stores the page, counted, in one transaction: its analysis, or, where `analysed` is an error
 * (told in *err) that is not to be tried again, its failure. Q_OK: it is stored, by whomever.
 * Q_CONFLICT: the job's run is over. A retryable error: try again after err->retry_after_ms. */
Q_MUST_USE enum q_code q__page_store(struct q_documents *d, const struct q_call *call,
				     const struct q__work *range, const struct q__page_place *place,
				     unsigned number, int64_t attempt, bool is_last_attempt,
				     enum q_code analysed, const struct q_page_analysis *analysis,
				     struct q_arena *arena, struct q_err *err);

/* Stores a page as failed. Results as q__page_store. */
Q_MUST_USE enum q_code q__page_store_failed(struct q_documents *d, const struct q_call *call,
					    const struct q__work *range, unsigned number,
					    int64_t attempts, struct q_str error_code,
					    struct q_str error_detail, struct q_arena *arena,
					    struct q_err *err);

/* A page's item, complete, on its way into the store (page_commit.c). */
struct q__finished_page {
	const struct q__work *range;
	const struct q_item *item;
	unsigned number;
	bool is_completed; /* else it failed */

	/* The committer's. */
	enum { Q__FINISHED_WAITS, Q__FINISHED_TAKEN, Q__FINISHED_SETTLED } state;
	enum q_code code;
	struct q_err err;
	struct q__finished_page *next;
};

Q_MUST_USE enum q_code q__page_commits_init(struct q__page_commits *commits, struct q_err *err);
void q__page_commits_free(struct q__page_commits *commits); /* also where init has failed */

/* Stores it with its event and counts it, in one transaction with others of its job that are
 * finished by now. Results as q__page_store. */
Q_MUST_USE enum q_code q__page_commit(struct q_documents *d, const struct q_call *call,
				      struct q__finished_page *page, struct q_arena *arena,
				      struct q_err *err);

/* So many bytes of a range's blob; empty for a length of 0. */
Q_MUST_USE enum q_code q__page_read_text(struct q_documents *d, const struct q_call *call,
					 struct q_str key, uint64_t offset, uint64_t length,
					 struct q_arena *arena, struct q_str *out,
					 struct q_err *err);

Q_MUST_USE enum q_code q__page_parse(const struct q_item *item, struct q_page *out,
				     struct q_err *err);

/* --- The end of a job (aggregate.c) ------------------------------------------------------------
 */

/* If every page of the job's run is there, writes its manifest and ends it. Nothing to do is Q_OK
 * with *did_work = false. */
Q_MUST_USE enum q_code q__aggregate(struct q_documents *d, const struct q_call *call,
				    struct q_str file_id, struct q_arena *arena, bool *did_work,
				    struct q_err *err);

#endif
