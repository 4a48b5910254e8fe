#include "ports/record_store.h"

#include <string.h>

const struct q_value *q_item_find(const struct q_item *item, struct q_str name)
{
	for (size_t i = 0; i < item->attribute_count; i++) {
		if (q_str_equal(item->attributes[i].name, name))
			return &item->attributes[i].value;
	}
	return NULL;
}

/* The value where it is there and of this kind. */
static const struct q_value *find_kind(const struct q_item *item, const char *name,
				       enum q_value_kind kind)
{
	const struct q_value *value = q_item_find(item, q_str_from(name));

	return value && value->kind == kind ? value : NULL;
}

struct q_str q_item_string(const struct q_item *item, const char *name, struct q_str otherwise)
{
	const struct q_value *value = find_kind(item, name, Q_VALUE_STRING);

	return value ? value->string : otherwise;
}

int64_t q_item_number(const struct q_item *item, const char *name, int64_t otherwise)
{
	const struct q_value *value = find_kind(item, name, Q_VALUE_NUMBER);

	return value ? value->number : otherwise;
}

bool q_item_bool(const struct q_item *item, const char *name, bool otherwise)
{
	const struct q_value *value = find_kind(item, name, Q_VALUE_BOOL);

	return value ? value->boolean : otherwise;
}

struct q_bytes q_item_bytes(const struct q_item *item, const char *name)
{
	const struct q_value *value = find_kind(item, name, Q_VALUE_BYTES);

	return value ? value->bytes : (struct q_bytes){0};
}

struct q_value q_value_string(struct q_str s)
{
	return (struct q_value){.kind = Q_VALUE_STRING, .string = s};
}

struct q_value q_value_number(int64_t n)
{
	return (struct q_value){.kind = Q_VALUE_NUMBER, .number = n};
}

struct q_value q_value_bool(bool b)
{
	return (struct q_value){.kind = Q_VALUE_BOOL, .boolean = b};
}

struct q_value q_value_bytes(struct q_bytes b)
{
	return (struct q_value){.kind = Q_VALUE_BYTES, .bytes = b};
}

bool q_value_equal(const struct q_value *a, const struct q_value *b)
{
	if (a->kind != b->kind)
		return false;
	switch (a->kind) {
	case Q_VALUE_STRING:
		return q_str_equal(a->string, b->string);
	case Q_VALUE_NUMBER:
		return a->number == b->number;
	case Q_VALUE_BOOL:
		return a->boolean == b->boolean;
	case Q_VALUE_BYTES:
		return q_str_equal(q_bytes_str(a->bytes), q_bytes_str(b->bytes));
	}
	return false;
}

bool q_record_key_equal(const struct q_record_key *a, const struct q_record_key *b)
{
	return q_str_equal(a->pk, b->pk) && q_str_equal(a->sk, b->sk);
}

static size_t key_size(const struct q_record_key *key)
{
	return key->pk.length + key->sk.length;
}

static size_t value_size(const struct q_value *value)
{
	switch (value->kind) {
	case Q_VALUE_STRING:
		return value->string.length;
	case Q_VALUE_BYTES:
		return value->bytes.length;
	case Q_VALUE_NUMBER:
	case Q_VALUE_BOOL:
		break;
	}
	return 8;
}

size_t q_item_size(const struct q_item *item)
{
	size_t size = key_size(&item->key) + key_size(&item->index1) + key_size(&item->index2);

	for (size_t i = 0; i < item->attribute_count; i++)
		size += item->attributes[i].name.length + value_size(&item->attributes[i].value);
	return size;
}

static struct q_record_key copy_key(struct q_arena *arena, const struct q_record_key *key)
{
	return (struct q_record_key){q_arena_copy(arena, key->pk), q_arena_copy(arena, key->sk)};
}

static struct q_value copy_value(struct q_arena *arena, const struct q_value *value)
{
	if (value->kind == Q_VALUE_STRING)
		return q_value_string(q_arena_copy(arena, value->string));
	if (value->kind == Q_VALUE_BYTES)
		return q_value_bytes(q_arena_copy_bytes(arena, value->bytes));
	return *value;
}

bool q_item_copy(struct q_arena *arena, const struct q_item *item, struct q_item *out)
{
	struct q_item copy = *item;

	copy.attributes =
		q_arena_alloc_array(arena, item->attribute_count, sizeof *copy.attributes);
	if (!copy.attributes)
		return false;
	copy.key = copy_key(arena, &item->key);
	copy.index1 = copy_key(arena, &item->index1);
	copy.index2 = copy_key(arena, &item->index2);
	for (size_t i = 0; i < item->attribute_count; i++) {
		copy.attributes[i].name = q_arena_copy(arena, item->attributes[i].name);
		copy.attributes[i].value = copy_value(arena, &item->attributes[i].value);
	}
	if (q_arena_failed(arena))
		return false;
	*out = copy;
	return true;
}
