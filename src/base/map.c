/* Open addressing with linear probing. A removed entry leaves a mark that searches step over, so
 * that a walk may remove what it was just given; growing, or too many marks, builds the table anew
 * without them. */
#include "base/map.h"

#include "base/hash.h"
#include "base/mem.h"
#include "base/siphash.h"

#include <string.h>

enum { FIRST_CAPACITY = 16 }; /* capacities are powers of two */

struct slot {
	char *key; /* owned; NULL: free, and `hash` says if an entry was removed here */
	size_t key_length;
	uint64_t hash;
	void *value;
};

enum { NEVER_USED = 0, REMOVED = 1 };

struct q_map {
	uint64_t seed[2];
	struct slot *slots;
	size_t capacity;
	size_t count;  /* entries */
	size_t marked; /* slots that searches do not stop at: entries and removed ones */
	size_t limit;
};

struct q_map *q_map_new(size_t limit_entries)
{
	struct q_map *map = q_mem_new(sizeof *map);

	if (!map)
		return NULL;
	q_random_bytes(map->seed, sizeof map->seed);
	map->limit = limit_entries;
	return map;
}

void q_map_free(struct q_map *map)
{
	if (!map)
		return;
	for (size_t i = 0; i < map->capacity; i++)
		q_mem_free(map->slots[i].key);
	q_mem_free(map->slots);
	q_mem_free(map);
}

static bool slot_holds(const struct slot *slot, uint64_t hash, struct q_str key)
{
	return slot->hash == hash && slot->key && slot->key_length == key.length &&
	       memcmp(slot->key, key.data ? key.data : "", key.length) == 0;
}

/* The slot of the key, or NULL. It ends: make_room keeps slots that were never used. */
static struct slot *find_slot(const struct q_map *map, uint64_t hash, struct q_str key)
{
	if (map->count == 0)
		return NULL;
	for (size_t i = hash;; i++) {
		struct slot *slot = &map->slots[i & (map->capacity - 1)];

		if (slot_holds(slot, hash, key))
			return slot;
		if (!slot->key && slot->hash == NEVER_USED)
			return NULL;
	}
}

/* The first slot without an entry where a search for `hash` comes by. */
static struct slot *find_free(struct slot *slots, size_t capacity, uint64_t hash)
{
	size_t i = hash & (capacity - 1);

	while (slots[i].key)
		i = (i + 1) & (capacity - 1);
	return &slots[i];
}

/* Makes room for one more entry: beyond three marked slots of four, searches get long. */
static bool make_room(struct q_map *map)
{
	size_t capacity = map->capacity > 0 ? map->capacity : FIRST_CAPACITY;
	struct slot *slots;

	if (map->marked < map->capacity / 4 * 3)
		return true;
	if (map->count >= capacity / 2)
		capacity *= 2;
	slots = q_mem_new_array(capacity, sizeof *slots);
	if (!slots)
		return false;
	for (size_t i = 0; i < map->capacity; i++) {
		if (map->slots[i].key)
			*find_free(slots, capacity, map->slots[i].hash) = map->slots[i];
	}
	q_mem_free(map->slots);
	map->slots = slots;
	map->capacity = capacity;
	map->marked = map->count;
	return true;
}

static char *copy_key(struct q_str key)
{
	char *copy = q_mem_new(key.length + 1);

	if (copy && key.length > 0)
		memcpy(copy, key.data, key.length);
	return copy;
}

void *q_map_find(const struct q_map *map, struct q_str key)
{
	const struct slot *slot = find_slot(map, q_siphash(map->seed, key), key);

	return slot ? slot->value : NULL;
}

/* Adds an entry whose key is not there. */
static bool add(struct q_map *map, uint64_t hash, struct q_str key, void *value)
{
	struct slot *slot;
	char *copy;

	if (map->count >= map->limit || !make_room(map))
		return false;
	copy = copy_key(key);
	if (!copy)
		return false;
	slot = find_free(map->slots, map->capacity, hash);
	if (slot->hash == NEVER_USED)
		map->marked++;
	*slot = (struct slot){copy, key.length, hash, value};
	map->count++;
	return true;
}

bool q_map_put(struct q_map *map, struct q_str key, void *value)
{
	uint64_t hash = q_siphash(map->seed, key);
	struct slot *slot = find_slot(map, hash, key);

	q_assert(value);
	if (!slot)
		return add(map, hash, key, value);
	slot->value = value;
	return true;
}

void *q_map_remove(struct q_map *map, struct q_str key)
{
	struct slot *slot = find_slot(map, q_siphash(map->seed, key), key);
	void *value;

	if (!slot)
		return NULL;
	value = slot->value;
	q_mem_free(slot->key);
	*slot = (struct slot){.hash = REMOVED};
	map->count--;
	return value;
}

size_t q_map_count(const struct q_map *map)
{
	return map->count;
}

bool q_map_next(const struct q_map *map, size_t *cursor, struct q_str *key, void **value)
{
	while (*cursor < map->capacity) {
		const struct slot *slot = &map->slots[(*cursor)++];

		if (!slot->key)
			continue;
		*key = (struct q_str){slot->key, slot->key_length};
		*value = slot->value;
		return true;
	}
	return false;
}
