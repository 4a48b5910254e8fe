/* search/index/merge.h: several parts of an index, side by side, written as one segment without
 * what is deleted of them. Documents keep their order.
 *
 * Contract:  the segment is the same, to the byte, in one thread and in two. In two another file,
 *            ".tmp-" and the name, is there meanwhile.
 * Errors:    as search/segment/segment_writer.h; Q_CORRUPT where a source is: every byte of them is
 *            compared with its checksum first. */
#ifndef Q_SEARCH_INDEX_MERGE_H
#define Q_SEARCH_INDEX_MERGE_H

#include "ports/search_index.h"
#include "search/index/snapshot.h"

/* Parts of an index of this definition. Q_NOTFOUND where all documents are deleted: then there is
 * nothing to write. */
Q_MUST_USE enum q_code q__merge(const struct q_index_definition *definition,
				const struct q__part *parts, size_t count,
				struct q__directory *directory, const char *name,
				bool in_two_threads, struct q_err *err);

#endif
