/* search/index/index.h: one index in one directory: a buffer that takes documents, and the snapshot
 * that readers see.
 *
 * Contract:  what was put can be found, and is durable, when a refresh has returned Q_OK; a refresh
 *            that failed is tried again by the next one. A crash leaves the index as the last
 *            refresh left it.
 * Threads:   any: writers wait for each other, refreshes too, neither for a merge, readers for
 *            nobody.
 * Errors:    as ports/search_index.h. */
#ifndef Q_SEARCH_INDEX_INDEX_H
#define Q_SEARCH_INDEX_INDEX_H

#include "ports/search_index.h"
#include "search/index/snapshot.h"

struct q__index;
struct q__pace;
struct q_bell;

/* A new index in an empty directory; the index owns the directory, also where this fails. */
Q_MUST_USE enum q_code q__index_create(struct q__directory *directory,
				       const struct q_index_definition *definition,
				       struct q__index **out, struct q_err *err);
/* The one that is there; Q_NOTFOUND where there is none. Removes what a crash has left behind. */
Q_MUST_USE enum q_code q__index_open(struct q__directory *directory, struct q__index **out,
				     struct q_err *err);
void q__index_close(struct q__index *index);

const struct q_index_definition *q__index_definition(const struct q__index *index);

Q_MUST_USE enum q_code q__index_bulk(struct q__index *index,
				     const struct q_bulk_operation *operations, size_t count,
				     struct q_arena *arena, struct q_bulk_result *results,
				     struct q_err *err);
Q_MUST_USE enum q_code q__index_refresh(struct q__index *index, struct q_err *err);

/* From now on others write a full buffer (they hear of it by the first bell, and call write_sealed)
 * and merge (the second, merge_some). Otherwise bulk and refresh do it themselves. The bells are
 * borrowed; called before other threads know the index. */
void q__index_leave_work(struct q__index *index, struct q_bell *sealed, struct q_bell *merge);
/* Writes the buffer that is full, if there is one. */
Q_MUST_USE enum q_code q__index_write_sealed(struct q__index *index, struct q_err *err);
/* While there are many segments of about one size side by side: merges those. NULL: no pace. */
Q_MUST_USE enum q_code q__index_merge_some(struct q__index *index, struct q__pace *pace,
					   struct q_err *err);

/* All segments into one, without what is deleted. */
Q_MUST_USE enum q_code q__index_merge(struct q__index *index, struct q_err *err);

/* Nothing is written from here on, and what is in memory goes but for the definition; snapshots
 * that readers have stay theirs. Writers are told Q_NOTFOUND. Its files are the caller's. */
void q__index_drop(struct q__index *index);

/* The caller unrefs it; NULL: the index is dropped. */
struct q__snapshot *q__index_snapshot(struct q__index *index);

#endif
