/* documents/work/work.h: claimable work: the plan of a document and the ranges of its pages;
 * planning, and extracting the text of a range. Only documents/ includes it. */
#ifndef Q_DOCUMENTS_WORK_WORK_H
#define Q_DOCUMENTS_WORK_WORK_H

#include "documents/jobs/job.h"

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

/* The plan of a job, and range `number` (from 1) of one whose pages are counted: as in its run,
 * with nothing done yet. Strings are the job's. */
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

/* Brings the ranges of a job that is processing into its run (retry.c): those that lack pages
 * become claimable, *opened of them; those that are missing are written. May be repeated. */
Q_MUST_USE enum q_code q__ranges_open(struct q_documents *d, const struct q_call *call,
				      const struct q_job *job, struct q_arena *arena,
				      size_t *opened, struct q_err *err);

/* Counts the pages of a claimed plan's document, writes its ranges and lets the job go on to
 * processing; or fails the job. */
Q_MUST_USE enum q_code q__plan(struct q_documents *d, const struct q_call *call,
			       const struct q__work *plan, struct q_arena *arena,
			       struct q_err *err);

/* Where one page's text stands in its range's blob: first the text, then boxes, then what is
 * hidden.
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

#endif
