/* embedded/sqlite_item.h: rows of the table of items, and the change that each write to them adds
 * to the store's feed.
 *
 * All but reading is done in a transaction of the writer. Included by src/embedded/ alone. */
#ifndef Q_EMBEDDED_SQLITE_ITEM_H
#define Q_EMBEDDED_SQLITE_ITEM_H

#include "base/arena.h"
#include "embedded/sqlite_connection.h"
#include "ports/record_store.h"

/* The stored bytes of the item (item_codec.h), copied to the arena; empty where there is none. */
Q_MUST_USE enum q_code q__sqlite_item_read(struct q__sqlite_connection *connection, int64_t stream,
					   const struct q_record_key *key, struct q_arena *arena,
					   struct q_bytes *out, struct q_err *err);

/* An item as it is stored. */
struct q__sqlite_stored {
	struct q_bytes body; /* empty: there is none */
	struct q_item item;
};

/* Stores `item` over `before`. */
Q_MUST_USE enum q_code q__sqlite_item_store(struct q__sqlite_connection *connection, int64_t stream,
					    int64_t now_ms, const struct q__sqlite_stored *before,
					    const struct q_item *item, struct q_arena *scratch,
					    struct q_err *err);

Q_MUST_USE enum q_code q__sqlite_item_delete(struct q__sqlite_connection *connection,
					     int64_t stream, int64_t now_ms,
					     const struct q_record_key *key, struct q_bytes before,
					     struct q_arena *scratch, struct q_err *err);

/* Deletes items that have expired by now_ms, of any store, until the budget is used up: then
 * *has_more. Empties `scratch`. */
Q_MUST_USE enum q_code q__sqlite_items_expire(struct q__sqlite_connection *connection,
					      int64_t now_ms, struct q__sqlite_budget budget,
					      bool *has_more, struct q_arena *scratch,
					      struct q_err *err);

#endif
