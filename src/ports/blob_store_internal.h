/* ports/blob_store_internal.h: the checks of blob_store's arguments; only ports/blob_store*.c
 * include it. */
#ifndef Q_PORTS_BLOB_STORE_INTERNAL_H
#define Q_PORTS_BLOB_STORE_INTERNAL_H

#include "ports/blob_store.h"

/* What is wrong with it, as a sentence, or NULL. */
const char *q__blob_key_fault(struct q_str key);
const char *q__blob_link_fault(const struct q_blob_link *link);

#endif
