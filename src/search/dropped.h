/* search/dropped.h: indexes on their way out of a store's directory.
 *
 * Contract:  an index is dropped by renaming its directory: it is whole before, and gone
 *            after, also where the process ends there. Its files go then, and the aliases that
 *            point to it; what is left of them goes when the store is opened again.
 * Threads:   one at a time. */
#ifndef Q_SEARCH_DROPPED_H
#define Q_SEARCH_DROPPED_H

#include "ports/search_index.h"

/* root: the store's directory. Q_NOTFOUND: it has no such index. Durable on return. */
Q_MUST_USE enum q_code q__dropped_begin(int root, struct q_str name, struct q_err *err);

/* Removes the files of what was dropped, and aliases that point to nothing. What cannot be removed
 * stays for the next time; an error: the store's directory cannot be read. */
Q_MUST_USE enum q_code q__dropped_clean(int root, struct q_err *err);

#endif
