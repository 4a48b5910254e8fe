/* search/alias.h: another name for an index: a symbolic link beside the directories of a store.
 *
 * Contract:  a link is replaced by renaming, and is durable on return.
 * Threads:   any; one at a time writes.
 * Errors:    Q_NOTFOUND: there is no such link. Q_CORRUPT: it points elsewhere. */
#ifndef Q_SEARCH_ALIAS_H
#define Q_SEARCH_ALIAS_H

#include "ports/search_index.h"

/* A name as a C string. */
struct q__index_name {
	char text[Q_INDEX_NAME_MAX + 1];
};

struct q__index_name q__index_name_of(struct q_str name);

/* root: the store's directory. */
Q_MUST_USE enum q_code q__alias_read(int root, struct q_str alias, struct q__index_name *out,
				     struct q_err *err);
/* Q_CONFLICT: there is a directory of this name. */
Q_MUST_USE enum q_code q__alias_write(int root, struct q_str alias, struct q_str index,
				      struct q_err *err);

#endif
