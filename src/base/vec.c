#include "base/vec.h"

#include "base/mem.h"

#include <stdbool.h>
#include <string.h>

enum { FIRST_CAPACITY = 8 };

void q_vec_init(struct q_vec *vec, size_t item_bytes, size_t limit_items)
{
	q_assert(item_bytes > 0);
	*vec = (struct q_vec){.item_bytes = item_bytes, .limit = limit_items};
}

void q_vec_free(struct q_vec *vec)
{
	q_mem_free(vec->items);
	q_vec_init(vec, vec->item_bytes, vec->limit);
}

/* Doubles; the last step stops at the limit. */
static bool grow(struct q_vec *vec)
{
	size_t capacity = vec->capacity > 0 ? vec->capacity : FIRST_CAPACITY / 2;
	size_t size_bytes;
	void *items;

	capacity = capacity > vec->limit / 2 ? vec->limit : 2 * capacity;
	if (capacity == vec->capacity ||
	    __builtin_mul_overflow(capacity, vec->item_bytes, &size_bytes))
		return false;
	items = q_mem_resize(vec->items, size_bytes);
	if (!items)
		return false;
	vec->items = items;
	vec->capacity = capacity;
	return true;
}

static void *address_of(const struct q_vec *vec, size_t index)
{
	return (char *)vec->items + index * vec->item_bytes;
}

void *q_vec_push(struct q_vec *vec, const void *item)
{
	void *place;

	if (vec->count == vec->capacity && !grow(vec))
		return NULL;
	place = address_of(vec, vec->count);
	if (item)
		memcpy(place, item, vec->item_bytes);
	else
		memset(place, 0, vec->item_bytes);
	vec->count++;
	return place;
}

void *q_vec_at(const struct q_vec *vec, size_t index)
{
	q_assert(index < vec->count);
	return address_of(vec, index);
}

void q_vec_remove_swap(struct q_vec *vec, size_t index)
{
	void *place = q_vec_at(vec, index);

	vec->count--;
	if (index != vec->count)
		memcpy(place, address_of(vec, vec->count), vec->item_bytes);
}

void q_vec_clear(struct q_vec *vec)
{
	vec->count = 0;
}
