/* documents/work/page.h: pages, from their analysis to their place in the store, and the end of a
 * job that has them all. Only documents/ includes it. */
#ifndef Q_DOCUMENTS_WORK_PAGE_H
#define Q_DOCUMENTS_WORK_PAGE_H

#include "documents/work/work.h"

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

void q__page_commits_init(struct q__page_commits *commits);
void q__page_commits_free(struct q__page_commits *commits);

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

/* If every page of the job's run is there, writes its manifest and ends it. Nothing to do is Q_OK
 * with *did_work = false. */
Q_MUST_USE enum q_code q__aggregate(struct q_documents *d, const struct q_call *call,
				    struct q_str file_id, struct q_arena *arena, bool *did_work,
				    struct q_err *err);

#endif
