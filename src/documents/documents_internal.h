/* documents/documents_internal.h: the state that all of this folder works on. Nobody else includes
 * it. */
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
	struct q_series *extract_seconds, *analyse_seconds;
	struct q_series *document_seconds;
	struct q_series *deleted_by_request, *deleted_by_retention;
	struct q__page_commits commits;
	struct q__open_uploads open_uploads;
	struct q_live *live; /* NULL: nobody listens here; set before, and cleared after, all use */
	struct q_series *deliveries_delivered, *deliveries_retried, *deliveries_failed;
	struct q_bell *announce_bell, *send_bell; /* of the webhooks role */
};

static inline int64_t q__now(const struct q_documents *d)
{
	return q_clock_now_ms(d->o.clock);
}

/* Waits before attempt number `attempt`, from 2, of a write that was lost to another: full jitter,
 * growing to 64 ms, so that those who lost to each other do not meet again. */
void q__pause(struct q_documents *d, unsigned attempt);

#endif
