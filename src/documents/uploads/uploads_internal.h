/* documents/uploads/uploads_internal.h: what the ways of uploading share. Only documents/ includes
 * it. */
#ifndef Q_DOCUMENTS_UPLOADS_UPLOADS_INTERNAL_H
#define Q_DOCUMENTS_UPLOADS_UPLOADS_INTERNAL_H

#include "documents/jobs/job.h"

struct q__new_job {
	const struct q_job *job;
	bool is_again; /* also where the tenant has a job of the same bytes */
	struct q_str
		callback_url; /* checked; told of the job's end, be it new or not; may be empty */
	bool was_direct;      /* its direct upload is open no longer */
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

/* `upload` counts from here on, until it leaves; tenant_id is borrowed as long. Q_BUSY with reason
 * "too_many_uploads" where the tenant has `most` (0: no limit) already. */
Q_MUST_USE enum q_code q__open_upload_enter(struct q__open_uploads *uploads,
					    struct q__open_upload *upload, struct q_str tenant_id,
					    int64_t most, struct q_err *err);
/* One that did not enter is allowed. */
void q__open_upload_leave(struct q__open_uploads *uploads, struct q__open_upload *upload);

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

struct q__direct_upload {
	struct q_direct_upload view;
	struct q_job job;	  /* what it is to become; sha256 as it was announced, or empty */
	struct q_str blob_upload; /* the blob store's id of it */
	struct q_str callback_url;
	struct q_str job_id; /* completed: of these bytes */
	bool is_duplicate;   /* the job was there before */
	struct q_str reason; /* refused: why */
};

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

#endif
