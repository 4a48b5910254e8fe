/* embedded/item_codec.h: an item, or a change of one, as bytes of a database row.
 *
 * Item, version 1; integers are little-endian:
 *     u8 version, u8 attribute count, i64 expires_at_ms,
 *     6 x u16 lengths of pk, sk, index 1 pk, sk, index 2 pk, sk, then those bytes,
 *     each attribute: u8 kind, u8 name length, name, then by kind
 *         string, bytes: u32 length, bytes        number: i64        boolean: u8, 0 or 1
 * Change, version 1:
 *     u8 version, u32 length of the item before (0: none), that item, the item after (the rest;
 * may be empty).
 *
 * Contract:  decoding what was encoded gives an equal item; equal items, their attributes in the
 *            same order, give equal bytes. Bytes that no encoder wrote give Q_CORRUPT; a decoder
 *            never reads outside them.
 * Ownership: a decoded item's strings point into the bytes given; its attribute array is in the
 *            arena.
 * Threads:   pure.
 * Errors:    Q_CORRUPT, Q_NOMEM. */
#ifndef Q_EMBEDDED_ITEM_CODEC_H
#define Q_EMBEDDED_ITEM_CODEC_H

#include "ports/record_store.h"

/* An item that keeps the limits of ports/record_store.h. */
Q_MUST_USE enum q_code q_item_encode(const struct q_item *item, struct q_arena *arena,
				     struct q_bytes *out, struct q_err *err);
Q_MUST_USE enum q_code q_item_decode(struct q_bytes bytes, struct q_arena *arena,
				     struct q_item *out, struct q_err *err);

/* When an encoded item expires, without decoding the rest; INT64_MAX: never. Bytes too short: 0, so
 * that no reader sees them. */
int64_t q_item_encoded_expiry(struct q_bytes bytes);

/* Of encoded items; an empty view stands for "none". */
Q_MUST_USE enum q_code q_change_encode(struct q_bytes before, struct q_bytes after,
				       struct q_arena *arena, struct q_bytes *out,
				       struct q_err *err);
Q_MUST_USE enum q_code q_change_decode(struct q_bytes bytes, struct q_bytes *before,
				       struct q_bytes *after, struct q_err *err);

#endif
