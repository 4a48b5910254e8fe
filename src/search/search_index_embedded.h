/* search/search_index_embedded.h: the search_index port without a service: each index is a
 * directory under the root, named as the index is. One process at a time: it holds a lock. */
#ifndef Q_SEARCH_SEARCH_INDEX_EMBEDDED_H
#define Q_SEARCH_SEARCH_INDEX_EMBEDDED_H

#include "ports/search_index.h"

/* Makes the root where it is missing. Q_CONFLICT: another process has it. */
Q_MUST_USE enum q_code q_search_index_embedded_open(const char *root, struct q_search_index **out,
						    struct q_err *err);

struct q_log;

/* What is done without being asked; NULL, a log that is not there. */
struct q_search_upkeep_options {
	int64_t refresh_interval_ms;	 /* 0: only full buffers are written */
	uint64_t merge_bytes_per_second; /* 0: as fast as can be */
	struct q_log *log;		 /* borrowed; NULL: none */
};

/* A second, 32 MiB a second. */
extern const struct q_search_upkeep_options q_search_upkeep_defaults;

/* Refreshes and merges in threads of the store's own, until it is closed. Without it, refresh and
 * merges are done by those who call. Called once, before the first index is used. */
Q_MUST_USE enum q_code q_search_index_embedded_keep_up(
	struct q_search_index *store, const struct q_search_upkeep_options *options,
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
