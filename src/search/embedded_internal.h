/* search/embedded_internal.h: what the files of the adapter share. For search_index_embedded*.c. */
#ifndef Q_SEARCH_EMBEDDED_INTERNAL_H
#define Q_SEARCH_EMBEDDED_INTERNAL_H

#include "search/index.h"
#include "search/search_index_embedded.h"

/* The index of this name, opened where it is not yet. Q_NOTFOUND. */
Q_MUST_USE enum q_code q__embedded_find(struct q_search_index *store, struct q_str name,
					struct q__index **out, struct q_err *err);

#endif
