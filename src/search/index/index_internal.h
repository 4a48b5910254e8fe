/* search/index/index_internal.h: what the files of the index share. For index*.c alone.
 *
 * Locks are taken in the order in which they stand here; each says what it guards. Whoever merges
 * holds `merging` all along but `committing` only to publish, so that refreshes go on meanwhile;
 * whoever writes a buffer holds `committing` but not `writing`, so that bulk does. */
#ifndef Q_SEARCH_INDEX_INDEX_INTERNAL_H
#define Q_SEARCH_INDEX_INDEX_INTERNAL_H

#include "base/bell.h"
#include "search/index/buffer.h"
#include "search/index/index.h"

#include <pthread.h>

struct q__index {
	struct q__directory *directory; /* owned */
	struct q_arena *arena;		/* holds the definition */
	struct q_index_definition definition;
	struct q_bell *sealed_bell, *merge_bell; /* lent; NULL: nobody else works for the index */
	atomic_uint_fast64_t next_number;	 /* of files */
	pthread_mutex_t merging;		 /* one merge at a time */
	pthread_mutex_t committing; /* who may write the manifest and publish a snapshot */
	pthread_mutex_t writing;    /* guards the two buffers */
	struct q__buffer *buffer;   /* takes what comes */
	struct q__buffer *sealed;   /* takes nothing more, is to be written first; or NULL */
	pthread_mutex_t publishing; /* a leaf; guards the pointer alone */
	struct q__snapshot *snapshot;
	bool is_dropped; /* guarded by `committing` and `writing`, both to set it */
};

/* Writes the manifest for `next` (whose reference this takes), then lets readers see it and removes
 * files that it no longer has. Holds `committing`. */
Q_MUST_USE enum q_code q__index_commit(struct q__index *index, struct q__snapshot *next,
				       struct q_err *err);

/* Q_NOTFOUND: the index was dropped. */
Q_MUST_USE enum q_code q__index_fail_dropped(struct q_err *err);

/* A refresh without the merges that it may make ripe. */
Q_MUST_USE enum q_code q__index_write_all(struct q__index *index, struct q_err *err);

/* Makes the buffer the sealed one, and begins another. Q_BUSY: there is a sealed one. */
Q_MUST_USE enum q_code q__index_seal(struct q__index *index, struct q_err *err);

/* Removes files of the index that the snapshot does not have. For opening. */
Q_MUST_USE enum q_code q__index_clean(struct q__index *index, struct q_err *err);

/* Removes the files of `from` that `kept` does not have; what cannot be removed goes at the next
 * opening. */
void q__index_remove_files(struct q__index *index, const struct q__snapshot *from,
			   const struct q__snapshot *kept);
/* Removes one file, if it can. */
void q__index_remove_file(struct q__index *index, const char *name);

#endif
