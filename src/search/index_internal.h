/* search/index_internal.h: what the files of the index share. For index*.c alone. */
#ifndef Q_SEARCH_INDEX_INTERNAL_H
#define Q_SEARCH_INDEX_INTERNAL_H

#include "search/buffer.h"
#include "search/index.h"

#include <pthread.h>

struct q__index {
	struct q__directory *directory; /* owned */
	struct q_arena *arena;		/* holds the definition */
	struct q_index_definition definition;
	pthread_mutex_t writing; /* guards buffer, is_frozen, next_number, and who may publish */
	struct q__buffer *buffer;
	bool is_frozen; /* a refresh failed half-way: the buffer takes nothing until one succeeds */
	uint64_t next_number;	    /* of files */
	pthread_mutex_t publishing; /* a leaf; guards the pointer alone */
	struct q__snapshot *snapshot;
};

/* Writes the manifest for `next` (whose reference this takes), then lets readers see it and removes
 * files that it no longer has. Holds `writing`. */
Q_MUST_USE enum q_code q__index_commit(struct q__index *index, struct q__snapshot *next,
				       struct q_err *err);

/* While there are many segments of about one size side by side: merges those. Holds `writing`. */
Q_MUST_USE enum q_code q__index_merge_some(struct q__index *index, struct q_err *err);

/* Removes files of the index that the snapshot does not have. */
Q_MUST_USE enum q_code q__index_clean(struct q__index *index, struct q_err *err);

#endif
