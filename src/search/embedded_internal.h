/* search/embedded_internal.h: what the files of the adapter share. For embedded_store.c and
 * search_index_embedded*.c. */
#ifndef Q_SEARCH_EMBEDDED_INTERNAL_H
#define Q_SEARCH_EMBEDDED_INTERNAL_H

#include "base/map.h"
#include "base/vec.h"
#include "search/index/index.h"
#include "search/pins.h"
#include "search/search_index_embedded.h"
#include "search/upkeep.h"

#include <pthread.h>

enum { Q__INDEXES_MAX = 1024 };

struct q__embedded {
	struct q_search_index base;
	int root, lock;		  /* owned */
	pthread_mutex_t opening;  /* guards the maps and the links of aliases */
	struct q_map *indexes;	  /* by name; opened at their first use, closed with the store */
	struct q_map *aliases;	  /* those in use: the index that each stands for, borrowed */
	struct q_vec dropped;	  /* indexes that a request may still have, closed with the store */
	struct q__pins *pins;	  /* owned */
	struct q__upkeep *upkeep; /* owned; NULL: none */
};

/* The index of this name or alias, opened where it is not yet. Q_NOTFOUND. */
Q_MUST_USE enum q_code q__embedded_find(struct q_search_index *base, struct q_str name,
					struct q__index **out, struct q_err *err);

/* The same, and its snapshot, which the caller unrefs. */
Q_MUST_USE enum q_code q__embedded_snapshot(struct q_search_index *base, struct q_str name,
					    struct q__index **index, struct q__snapshot **snapshot,
					    struct q_err *err);

/* As the port has them. */
Q_MUST_USE enum q_code q__embedded_ensure(struct q_search_index *base, const struct q_call *call,
					  struct q_str name,
					  const struct q_index_definition *definition,
					  struct q_err *err);
Q_MUST_USE enum q_code q__embedded_alias(struct q_search_index *base, const struct q_call *call,
					 struct q_str alias, struct q_str name, struct q_err *err);
Q_MUST_USE enum q_code q__embedded_drop(struct q_search_index *base, const struct q_call *call,
					struct q_str name, struct q_err *err);

#endif
