/* search/segment/deletions.h: which documents of a segment are no longer there: a bit each.
 *
 * Contract:  a set that others may see does not change: q__deletions_copy makes one that may. NULL
 *            is the empty set.
 * Ownership: counted references.
 * Threads:   any, of a set that does not change. */
#ifndef Q_SEARCH_SEGMENT_DELETIONS_H
#define Q_SEARCH_SEGMENT_DELETIONS_H

#include "base/bits.h"
#include "search/segment/directory.h"

#include <stdatomic.h>

struct q__deletions {
	atomic_uint reference_count;
	uint32_t document_count, deleted_count;
	uint64_t words[];
};

/* `from` may be NULL. NULL: out of memory. */
Q_MUST_USE struct q__deletions *q__deletions_copy(const struct q__deletions *from,
						  uint32_t document_count);
struct q__deletions *q__deletions_ref(struct q__deletions *deletions);
void q__deletions_unref(struct q__deletions *deletions);

void q__deletions_add(struct q__deletions *deletions, uint32_t document);

static inline bool q__deletions_have(const struct q__deletions *deletions, uint32_t document)
{
	return deletions && q_bits_have(deletions->words, document);
}

/* A file of them, with its checksum. */
Q_MUST_USE enum q_code q__deletions_write(const struct q__deletions *deletions,
					  struct q__directory *directory, const char *name,
					  struct q_err *err);
Q_MUST_USE enum q_code q__deletions_read(struct q__directory *directory, const char *name,
					 uint32_t document_count, struct q__deletions **out,
					 struct q_err *err);

#endif
