/* ports/record_store.h: items under (pk, sk) with conditional writes: all state of the product.
 *
 * The model is DynamoDB's (its Developer Guide: condition expressions, TransactWriteItems, global
 * secondary indexes, TTL), narrowed to what every adapter can promise:
 *
 * Contract:  an item is named by pk and sk, ordered by the bytes of sk within its pk. It may also
 *            stand in index 1 and index 2 under an own (pk, sk) each; an item without index keys
 *            is not in the index (sparse). A write is durable when it returns Q_OK, and whole:
 *            transactions apply all their writes or none. get, and query on the table, see every
 *            write that returned before they began. Queries on an index may lag: before acting on
 *            one, read or write the item itself by condition. An item whose expires_at_ms has
 *            passed is absent for reads and conditions, whether it is still stored or not. Each
 *            change of an item also reaches the store's change_feed (ports/change_feed.h).
 * Units:     bytes, ms. Keys 1..Q_RECORD_KEY_MAX bytes of UTF-8 without control characters. An
 *            item is at most Q_RECORD_ITEM_MAX bytes: keys + names + values (numbers and booleans
 *            count 8).
 * Ownership: arguments are borrowed for the call; results live in the caller's arena.
 * Threads:   any.
 * Errors:    Q_INVALID (bad keys, limits, the same key twice in a transaction), Q_NOTFOUND (get),
 *            Q_CONFLICT (a condition did not hold), Q_BUSY (throttled, or lost to another
 *            transaction: retry with jitter), Q_TOOBIG, Q_TIMEOUT (may have been written),
 *            Q_NOSPACE, Q_IO, Q_CORRUPT, Q_NOMEM.
 * Idempotency: a put or set repeated gives the same item; Q_ADD does not: guard it by a condition.
 */
#ifndef Q_PORTS_RECORD_STORE_H
#define Q_PORTS_RECORD_STORE_H

#include "base/arena.h"
#include "base/call.h"
#include "ports/capability.h"

enum {
	Q_RECORD_KEY_MAX = 512,
	Q_RECORD_ITEM_MAX = 300 * 1024,
	Q_RECORD_ATTRIBUTES_MAX = 64,
	Q_RECORD_NAME_MAX = 64,
	Q_RECORD_TRANSACTION_MAX = 25,
	Q_RECORD_QUERY_MAX = 1000
};

struct q_record_key {
	struct q_str pk;
	struct q_str sk;
};

enum q_value_kind { Q_VALUE_STRING, Q_VALUE_NUMBER, Q_VALUE_BOOL, Q_VALUE_BYTES };

struct q_value {
	enum q_value_kind kind;
	union {
		struct q_str string; /* UTF-8; may be empty */
		int64_t number;
		bool boolean;
		struct q_bytes bytes;
	};
};

struct q_attribute {
	struct q_str name; /* [A-Za-z][A-Za-z0-9_]* */
	struct q_value value;
};

struct q_item {
	struct q_record_key key;
	struct q_record_key index1; /* pk empty: not in the index */
	struct q_record_key index2;
	int64_t expires_at_ms; /* 0: never */
	struct q_attribute *attributes;
	size_t attribute_count;
};

/* Attributes by name. The value, or NULL. */
const struct q_value *q_item_find(const struct q_item *item, struct q_str name);
/* The value, or `otherwise` where it is absent or of another kind. */
struct q_str q_item_string(const struct q_item *item, const char *name, struct q_str otherwise);
int64_t q_item_number(const struct q_item *item, const char *name, int64_t otherwise);
bool q_item_bool(const struct q_item *item, const char *name, bool otherwise);
struct q_bytes q_item_bytes(const struct q_item *item, const char *name); /* empty when absent */

struct q_value q_value_string(struct q_str s);
struct q_value q_value_number(int64_t n);
struct q_value q_value_bool(bool b);
struct q_value q_value_bytes(struct q_bytes b);
bool q_value_equal(const struct q_value *a, const struct q_value *b);

bool q_record_key_equal(const struct q_record_key *a, const struct q_record_key *b);

/* What counts against Q_RECORD_ITEM_MAX: all three keys, names and values. */
size_t q_item_size(const struct q_item *item);

/* A deep copy in the arena; false when it is full. */
Q_MUST_USE bool q_item_copy(struct q_arena *arena, const struct q_item *item, struct q_item *out);

/* Conditions of one write; all must hold. On an absent item only Q_IF_ABSENT, Q_IF_UNSET and
 * Q_IF_NOT_EQUAL hold. */
enum q_condition_kind {
	Q_IF_ABSENT,	/* there is no such item */
	Q_IF_EXISTS,	/* there is */
	Q_IF_EQUAL,	/* the attribute is there and equals `value` */
	Q_IF_NOT_EQUAL, /* it is not there, or differs */
	Q_IF_AT_MOST,	/* the number is there and <= value */
	Q_IF_AT_LEAST,	/* the number is there and >= value */
	Q_IF_SET,	/* the attribute is there */
	Q_IF_UNSET	/* it is not */
};

struct q_condition {
	enum q_condition_kind kind;
	struct q_str name; /* not for ABSENT and EXISTS */
	struct q_value value;
};

enum q_change_kind {
	Q_SET, /* to `value` */
	Q_REMOVE /* the attribute; absent is fine */,
	Q_ADD /* value.number to the number; absent counts as 0 */
};

struct q_change {
	enum q_change_kind kind;
	struct q_str name;
	struct q_value value;
};

enum q_write_kind {
	Q_WRITE_PUT, /* `item` replaces what was there */
	Q_WRITE_UPDATE, /* `changes` to the item; made new where it is absent and no condition forbids it */
	Q_WRITE_DELETE, /* absent is fine */
	Q_WRITE_CHECK	/* conditions alone; in transactions */
};

struct q_write {
	enum q_write_kind kind;
	struct q_record_key key;	/* PUT: equals item->key */
	const struct q_item *item;	/* PUT */
	const struct q_change *changes; /* UPDATE; each name once */
	size_t change_count;
	const struct q_record_key
		*index1; /* UPDATE: new index key; pk empty: leaves the index; NULL: as it was */
	const struct q_record_key *index2;
	const int64_t *expires_at_ms; /* UPDATE: NULL: as it was */
	const struct q_condition *conditions;
	size_t condition_count;
};

struct q_query {
	int index; /* 0: the table; 1, 2: an index */
	struct q_str pk;
	struct q_str sk_prefix; /* empty: all; excludes sk_from and sk_to */
	struct q_str sk_from;	/* inclusive; empty: from the start */
	struct q_str sk_to;	/* inclusive; empty: to the end */
	bool is_descending;
	size_t limit;	    /* 1..Q_RECORD_QUERY_MAX */
	struct q_str after; /* `next` of the page before; empty: the first page */
};

struct q_query_page {
	struct q_item *items; /* may be fewer than the limit although there are more */
	size_t count;
	struct q_str next; /* opaque; empty: this was the last page */
};

struct q_record_store {
	const struct q_record_store_ops *ops;
};

struct q_record_store_ops {
	const char *name; /* "sqlite", "dynamodb" */
	unsigned capabilities;
	enum q_code (*get)(struct q_record_store *, const struct q_call *, struct q_record_key,
			   struct q_arena *, struct q_item *, struct q_err *);
	enum q_code (*query)(struct q_record_store *, const struct q_call *, const struct q_query *,
			     struct q_arena *, struct q_query_page *, struct q_err *);
	enum q_code (*transact)(struct q_record_store *, const struct q_call *,
				const struct q_write *, size_t count, size_t *failed,
				struct q_arena *, struct q_item *after, struct q_err *);
	/* Optional (NULL: deleted items leave nothing that could be read). */
	enum q_code (*compact)(struct q_record_store *, const struct q_call *, struct q_err *);
	void (*close)(struct q_record_store *);
};

Q_MUST_USE enum q_code q_record_store_get(struct q_record_store *store, const struct q_call *call,
					  struct q_record_key key, struct q_arena *arena,
					  struct q_item *out, struct q_err *err);

Q_MUST_USE enum q_code q_record_store_query(struct q_record_store *store, const struct q_call *call,
					    const struct q_query *query, struct q_arena *arena,
					    struct q_query_page *out, struct q_err *err);

/* One write. `after` (may be NULL, then `arena` may be too) is the item after it; not for DELETE.
 */
Q_MUST_USE enum q_code q_record_store_write(struct q_record_store *store, const struct q_call *call,
					    const struct q_write *write, struct q_arena *arena,
					    struct q_item *after, struct q_err *err);

/* 1..Q_RECORD_TRANSACTION_MAX writes on different keys, all or none, at most 4 MiB together. On
 * Q_CONFLICT *failed (may be NULL) is the first write whose condition did not hold. */
Q_MUST_USE enum q_code q_record_store_transact(struct q_record_store *store,
					       const struct q_call *call,
					       const struct q_write *writes, size_t count,
					       size_t *failed, struct q_err *err);

bool q_record_store_is_inline(const struct q_record_store *store);

/* Overwrites what deleted items have left where the store keeps its data. It may take long, and
 * hold back writes meanwhile. Q_BUSY: a reader is in the way, try again. */
Q_MUST_USE enum q_code q_record_store_compact(struct q_record_store *store,
					      const struct q_call *call, struct q_err *err);

/* Last call, when no other runs; NULL is allowed. */
void q_record_store_close(struct q_record_store *store);

#endif
