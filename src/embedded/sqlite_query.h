/* embedded/sqlite_query.h: the record store's query as ranges of the table of items and of its two
 * indexes.
 *
 * `next` of a page names its last item: the sk in the table; index sk, pk and sk, with NULs
 * between them, in an index (keys hold no control characters). A page ends early at 1 MiB, as
 * DynamoDB's does. Included by src/embedded/ alone. */
#ifndef Q_EMBEDDED_SQLITE_QUERY_H
#define Q_EMBEDDED_SQLITE_QUERY_H

#include "base/arena.h"
#include "embedded/sqlite_connection.h"
#include "ports/record_store.h"

/* Q_INVALID: query->after is no position. */
Q_MUST_USE enum q_code q__sqlite_query(struct q__sqlite_connection *connection, int64_t stream,
				       int64_t now_ms, const struct q_query *query,
				       struct q_arena *arena, struct q_query_page *out,
				       struct q_err *err);

#endif
