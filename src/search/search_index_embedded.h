/* search/search_index_embedded.h: the search_index port without a service: each index is a
 * directory under the root, named as the index is. One process at a time: it holds a lock. */
#ifndef Q_SEARCH_SEARCH_INDEX_EMBEDDED_H
#define Q_SEARCH_SEARCH_INDEX_EMBEDDED_H

#include "ports/search_index.h"

/* Makes the root where it is missing. Q_CONFLICT: another process has it. */
Q_MUST_USE enum q_code q_search_index_embedded_open(const char *root, struct q_search_index **out,
						    struct q_err *err);

#endif
