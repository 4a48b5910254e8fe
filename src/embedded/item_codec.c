#include "embedded/item_codec.h"

#include <endian.h>
#include <string.h>

enum {
	VERSION = 1,
	KEY_PART_COUNT = 6,
	EXPIRY_OFFSET = 2,
	HEADER_SIZE = EXPIRY_OFFSET + sizeof(int64_t) + KEY_PART_COUNT * sizeof(uint16_t),
	CHANGE_HEADER_SIZE = 1 + sizeof(uint32_t)
};

/* The parts of an item's keys in the order of their storage. */
static void list_key_parts(struct q_item *item, struct q_str *parts[KEY_PART_COUNT])
{
	struct q_record_key *keys[] = {&item->key, &item->index1, &item->index2};

	for (size_t i = 0; i < KEY_PART_COUNT / 2; i++) {
		parts[2 * i] = &keys[i]->pk;
		parts[2 * i + 1] = &keys[i]->sk;
	}
}

/* Writing: the caller has made room for all that it puts. */

static unsigned char *put_bytes(unsigned char *at, const void *data, size_t length)
{
	if (length > 0)
		memcpy(at, data, length);
	return at + length;
}

static unsigned char *put_u16(unsigned char *at, size_t n)
{
	uint16_t stored = htole16((uint16_t)n);

	return put_bytes(at, &stored, sizeof stored);
}

static unsigned char *put_u32(unsigned char *at, size_t n)
{
	uint32_t stored = htole32((uint32_t)n);

	return put_bytes(at, &stored, sizeof stored);
}

static unsigned char *put_i64(unsigned char *at, int64_t n)
{
	uint64_t stored = htole64((uint64_t)n);

	return put_bytes(at, &stored, sizeof stored);
}

static unsigned char *put_sized(unsigned char *at, const void *data, size_t length)
{
	return put_bytes(put_u32(at, length), data, length);
}

static unsigned char *put_attribute(unsigned char *at, const struct q_attribute *attribute)
{
	const struct q_value *value = &attribute->value;

	*at++ = (unsigned char)value->kind;
	*at++ = (unsigned char)attribute->name.length;
	at = put_bytes(at, attribute->name.data, attribute->name.length);
	switch (value->kind) {
	case Q_VALUE_STRING:
		return put_sized(at, value->string.data, value->string.length);
	case Q_VALUE_BYTES:
		return put_sized(at, value->bytes.data, value->bytes.length);
	case Q_VALUE_NUMBER:
		return put_i64(at, value->number);
	case Q_VALUE_BOOL:
		*at++ = value->boolean;
		break;
	}
	return at;
}

/* At least the bytes that the item takes: q_item_size counts 8 for each number and boolean, and an
 * attribute's kind, name length and value length are 6 bytes at most. */
static size_t encoded_size_max(const struct q_item *item)
{
	return HEADER_SIZE + q_item_size(item) + 6 * item->attribute_count;
}

enum q_code q_item_encode(const struct q_item *item, struct q_arena *arena, struct q_bytes *out,
			  struct q_err *err)
{
	size_t size_max = encoded_size_max(item);
	unsigned char *bytes = q_arena_alloc(arena, size_max);
	unsigned char *at = bytes;
	struct q_item keys = *item;
	struct q_str *parts[KEY_PART_COUNT];

	q_assert(item->attribute_count <= Q_RECORD_ATTRIBUTES_MAX);
	if (!bytes)
		return q_fail(err, Q_NOMEM, "item_codec.encode", "%zu bytes", size_max);
	*at++ = VERSION;
	*at++ = (unsigned char)item->attribute_count;
	at = put_i64(at, item->expires_at_ms);
	list_key_parts(&keys, parts);
	for (size_t i = 0; i < KEY_PART_COUNT; i++)
		at = put_u16(at, parts[i]->length);
	for (size_t i = 0; i < KEY_PART_COUNT; i++)
		at = put_bytes(at, parts[i]->data, parts[i]->length);
	for (size_t i = 0; i < item->attribute_count; i++)
		at = put_attribute(at, &item->attributes[i]);
	*out = (struct q_bytes){bytes, (size_t)(at - bytes)};
	return Q_OK;
}

/* Reading: each take is false, and reads nothing, where fewer bytes are left. */

static bool take(struct q_bytes *from, size_t length, struct q_bytes *out)
{
	if (from->length < length)
		return false;
	*out = (struct q_bytes){from->data, length};
	from->data += length;
	from->length -= length;
	return true;
}

static bool take_u8(struct q_bytes *from, uint8_t *out)
{
	struct q_bytes bytes;

	if (!take(from, sizeof *out, &bytes))
		return false;
	*out = bytes.data[0];
	return true;
}

static bool take_u16(struct q_bytes *from, uint16_t *out)
{
	struct q_bytes bytes;

	if (!take(from, sizeof *out, &bytes))
		return false;
	memcpy(out, bytes.data, sizeof *out);
	*out = le16toh(*out);
	return true;
}

static bool take_u32(struct q_bytes *from, uint32_t *out)
{
	struct q_bytes bytes;

	if (!take(from, sizeof *out, &bytes))
		return false;
	memcpy(out, bytes.data, sizeof *out);
	*out = le32toh(*out);
	return true;
}

static bool take_i64(struct q_bytes *from, int64_t *out)
{
	struct q_bytes bytes;
	uint64_t stored;

	if (!take(from, sizeof stored, &bytes))
		return false;
	memcpy(&stored, bytes.data, sizeof stored);
	*out = (int64_t)le64toh(stored);
	return true;
}

static bool take_str(struct q_bytes *from, size_t length, struct q_str *out)
{
	struct q_bytes bytes;

	if (!take(from, length, &bytes))
		return false;
	*out = q_bytes_str(bytes);
	return true;
}

static bool take_keys(struct q_bytes *from, struct q_item *item)
{
	struct q_str *parts[KEY_PART_COUNT];
	uint16_t lengths[KEY_PART_COUNT];

	list_key_parts(item, parts);
	for (size_t i = 0; i < KEY_PART_COUNT; i++) {
		if (!take_u16(from, &lengths[i]) || lengths[i] > Q_RECORD_KEY_MAX)
			return false;
	}
	for (size_t i = 0; i < KEY_PART_COUNT; i++) {
		if (!take_str(from, lengths[i], parts[i]))
			return false;
	}
	return item->key.pk.length > 0 && item->key.sk.length > 0;
}

static bool take_value(struct q_bytes *from, enum q_value_kind kind, struct q_value *value)
{
	uint32_t length;
	uint8_t boolean;

	value->kind = kind;
	switch (kind) {
	case Q_VALUE_STRING:
		return take_u32(from, &length) && take_str(from, length, &value->string);
	case Q_VALUE_BYTES:
		return take_u32(from, &length) && take(from, length, &value->bytes);
	case Q_VALUE_NUMBER:
		return take_i64(from, &value->number);
	case Q_VALUE_BOOL:
		if (!take_u8(from, &boolean) || boolean > 1)
			return false;
		value->boolean = boolean;
		return true;
	}
	return false;
}

static bool take_attribute(struct q_bytes *from, struct q_attribute *attribute)
{
	uint8_t kind, name_length;

	return take_u8(from, &kind) && take_u8(from, &name_length) && name_length > 0 &&
	       name_length <= Q_RECORD_NAME_MAX && take_str(from, name_length, &attribute->name) &&
	       take_value(from, kind, &attribute->value);
}

static enum q_code fail_corrupt(struct q_err *err, const char *what)
{
	return q_fail(err, Q_CORRUPT, "item_codec.decode",
		      "%s in a stored item: restore the data directory from a backup", what);
}

enum q_code q_item_decode(struct q_bytes bytes, struct q_arena *arena, struct q_item *out,
			  struct q_err *err)
{
	struct q_item item = {0};
	uint8_t version, count;

	if (!take_u8(&bytes, &version) || version != VERSION)
		return fail_corrupt(err, "an unknown version");
	if (!take_u8(&bytes, &count) || count > Q_RECORD_ATTRIBUTES_MAX ||
	    !take_i64(&bytes, &item.expires_at_ms) || item.expires_at_ms < 0 ||
	    !take_keys(&bytes, &item))
		return fail_corrupt(err, "a bad key or header");
	item.attribute_count = count;
	item.attributes = q_arena_alloc_array(arena, count, sizeof *item.attributes);
	if (!item.attributes)
		return q_fail(err, Q_NOMEM, "item_codec.decode", "%u attributes", count);
	for (size_t i = 0; i < count; i++) {
		if (!take_attribute(&bytes, &item.attributes[i]))
			return fail_corrupt(err, "a bad attribute");
	}
	if (bytes.length > 0)
		return fail_corrupt(err, "bytes beyond the last attribute");
	*out = item;
	return Q_OK;
}

int64_t q_item_encoded_expiry(struct q_bytes bytes)
{
	struct q_bytes header;
	int64_t expires_at_ms;

	if (!take(&bytes, EXPIRY_OFFSET, &header) || !take_i64(&bytes, &expires_at_ms))
		return 0;
	return expires_at_ms == 0 ? INT64_MAX : expires_at_ms;
}

enum q_code q_change_encode(struct q_bytes before, struct q_bytes after, struct q_arena *arena,
			    struct q_bytes *out, struct q_err *err)
{
	size_t size = CHANGE_HEADER_SIZE + before.length + after.length;
	unsigned char *bytes = q_arena_alloc(arena, size);
	unsigned char *at = bytes;

	if (!bytes)
		return q_fail(err, Q_NOMEM, "item_codec.encode", "%zu bytes", size);
	*at++ = VERSION;
	at = put_sized(at, before.data, before.length);
	put_bytes(at, after.data, after.length);
	*out = (struct q_bytes){bytes, size};
	return Q_OK;
}

enum q_code q_change_decode(struct q_bytes bytes, struct q_bytes *before, struct q_bytes *after,
			    struct q_err *err)
{
	uint32_t length;
	uint8_t version;

	if (!take_u8(&bytes, &version) || version != VERSION || !take_u32(&bytes, &length) ||
	    !take(&bytes, length, before))
		return fail_corrupt(err, "a bad change record");
	*after = bytes;
	return Q_OK;
}
