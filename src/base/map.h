/* base/map.h: a hash map from strings to pointers. Keys are hashed with SipHash-1-3 under a random
 * seed of the map's own, so that foreign keys cannot be chosen to collide.
 *
 * Ownership: keys are copied; values are borrowed.
 * Threads:   one at a time.
 * Errors:    put returns false beyond the limit or when the heap is full; the map is as it was. */
#ifndef Q_BASE_MAP_H
#define Q_BASE_MAP_H

#include "base/compiler.h"
#include "base/str.h"

struct q_map;

Q_MUST_USE struct q_map *q_map_new(size_t limit_entries);
void q_map_free(struct q_map *map);

/* NULL when absent. */
void *q_map_find(const struct q_map *map, struct q_str key);

/* Adds or replaces; value may not be NULL. */
Q_MUST_USE bool q_map_put(struct q_map *map, struct q_str key, void *value);

/* The removed value, or NULL. */
void *q_map_remove(struct q_map *map, struct q_str key);
size_t q_map_count(const struct q_map *map);

/* Walks in no particular order: start with *cursor = 0; false at the end. Do not change the map
 * meanwhile, except by removing the entry just given. */
bool q_map_next(const struct q_map *map, size_t *cursor, struct q_str *key, void **value);

#endif
