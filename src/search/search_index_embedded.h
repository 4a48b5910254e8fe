/* search/search_index_embedded.h: the search_index port without a service: each index is a
 * directory under the root, named as the index is. One process at a time: it holds a lock. */
#ifndef Q_SEARCH_SEARCH_INDEX_EMBEDDED_H
#define Q_SEARCH_SEARCH_INDEX_EMBEDDED_H

#include "ports/search_index.h"

/* Makes the root where it is missing. Q_CONFLICT: another process has it. */
Q_MUST_USE enum q_code q_search_index_embedded_open(const char *root, struct q_search_index **out,
						    struct q_err *err);

/* For people who look at the files: not part of the port. */

struct q_segment_facts {
	struct q_str name; /* of its file; lent for the call */
	uint64_t document_count, deleted_count, size_bytes;
};

/* Is given what an index holds, in order. An error ends the walk with that error. */
struct q_index_visitor {
	enum q_code (*segment)(struct q_index_visitor *, const struct q_segment_facts *,
			       struct q_err *);
	enum q_code (*document)(struct q_index_visitor *, struct q_str id, struct q_str source,
				struct q_err *);
};

Q_MUST_USE enum q_code q_search_index_embedded_segments(struct q_search_index *store,
							struct q_str index,
							struct q_index_visitor *visitor,
							struct q_err *err);
/* Every document that is not deleted. */
Q_MUST_USE enum q_code q_search_index_embedded_documents(struct q_search_index *store,
							 struct q_str index,
							 struct q_index_visitor *visitor,
							 struct q_err *err);
/* Reads every byte: Q_CORRUPT names the first file and section that is not what was written. */
Q_MUST_USE enum q_code q_search_index_embedded_check(struct q_search_index *store,
						     struct q_str index, struct q_err *err);

#endif
