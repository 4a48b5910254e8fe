/* search/index/snapshot.h: an index as it was at one instant: its segments and what is deleted of
 * each.
 *
 * Contract:  a snapshot that others may see does not change.
 * Ownership: counted references; a snapshot owns references to its parts.
 * Threads:   any. */
#ifndef Q_SEARCH_INDEX_SNAPSHOT_H
#define Q_SEARCH_INDEX_SNAPSHOT_H

#include "search/segment/deletions.h"
#include "search/segment/segment.h"

enum { Q__SEGMENTS_MAX = 256 };

struct q__part {
	struct q__segment *segment;
	struct q__deletions *deletions; /* NULL: none */
	uint64_t deletions_number;	/* of the file that has them; 0: none */
};

struct q__snapshot {
	atomic_uint reference_count;
	size_t part_count;
	struct q__part parts[];
};

/* Without parts, with room for part_count; NULL: out of memory. */
Q_MUST_USE struct q__snapshot *q__snapshot_new(size_t room);
/* Adds a part; takes references of its own. */
void q__snapshot_add(struct q__snapshot *snapshot, const struct q__part *part);
struct q__snapshot *q__snapshot_ref(struct q__snapshot *snapshot);
void q__snapshot_unref(struct q__snapshot *snapshot);

/* The document of this id that is not deleted; Q_NOTFOUND where there is none. The cursor is used
 * for it. */
Q_MUST_USE enum q_code q__snapshot_find(const struct q__snapshot *snapshot, struct q_str id,
					struct q__term_cursor *cursor, size_t *part,
					uint32_t *document, struct q_err *err);

#endif
