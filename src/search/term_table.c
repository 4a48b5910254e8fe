#include "search/term_table.h"

#include "base/hash.h"
#include "base/mem.h"
#include "base/siphash.h"

#include <stdlib.h>
#include <string.h>

enum { SLOTS_MIN = 1024, POSTINGS_MIN = 2 };

struct q__term_table {
	struct q_arena *arena; /* borrowed */
	uint64_t seed[2];
	struct q__table_term **slots; /* a power of two, at most half of them taken */
	size_t slot_count, count;
	bool is_sorted; /* the terms stand in order at the front */
};

struct q__term_table *q__term_table_new(struct q_arena *arena)
{
	struct q__term_table *table = q_mem_new(sizeof *table);

	if (!table)
		return NULL;
	table->arena = arena;
	table->slot_count = SLOTS_MIN;
	table->slots = q_mem_new_array(SLOTS_MIN, sizeof(void *));
	q_random_bytes(table->seed, sizeof table->seed);
	if (table->slots)
		return table;
	q_mem_free(table);
	return NULL;
}

void q__term_table_free(struct q__term_table *table)
{
	if (!table)
		return;
	q_mem_free(table->slots);
	q_mem_free(table);
}

/* The slot that has the term, or the empty one where it belongs. */
static size_t find_slot(const struct q__term_table *table, struct q_str term, uint64_t hash)
{
	size_t at = hash & (table->slot_count - 1);

	while (table->slots[at] &&
	       (table->slots[at]->hash != hash || !q_str_equal(table->slots[at]->term, term)))
		at = (at + 1) & (table->slot_count - 1);
	return at;
}

static bool grow(struct q__term_table *table)
{
	struct q__table_term **before = table->slots;
	size_t count = table->slot_count;
	struct q__table_term **slots = q_mem_new_array(2 * count, sizeof(void *));

	if (!slots)
		return false;
	table->slots = slots;
	table->slot_count = 2 * count;
	for (size_t i = 0; i < count; i++) {
		if (before[i])
			slots[find_slot(table, before[i]->term, before[i]->hash)] = before[i];
	}
	q_mem_free(before);
	return true;
}

static struct q__table_term *find_or_add(struct q__term_table *table, struct q_str term)
{
	uint64_t hash = q_siphash(table->seed, term);
	size_t slot = find_slot(table, term, hash);
	struct q__table_term *added;

	if (table->slots[slot])
		return table->slots[slot];
	added = q_arena_alloc(table->arena, sizeof *added);
	if (!added)
		return NULL;
	added->hash = hash;
	added->term = q_arena_copy(table->arena, term);
	if (q_arena_failed(table->arena) ||
	    (2 * (table->count + 1) > table->slot_count && !grow(table)))
		return NULL;
	table->count++;
	return table->slots[find_slot(table, term, hash)] = added;
}

static bool make_room(struct q__term_table *table, struct q__table_term *term)
{
	uint32_t capacity = term->capacity ? 2 * term->capacity : POSTINGS_MIN;
	struct q__posting *postings;

	if (term->count < term->capacity)
		return true;
	postings = q_arena_alloc_array(table->arena, capacity, sizeof *postings);
	if (!postings)
		return false;
	if (term->count > 0)
		memcpy(postings, term->postings, term->count * sizeof *postings);
	term->postings = postings;
	term->capacity = capacity;
	return true;
}

bool q__term_table_add(struct q__term_table *table, struct q_str text, uint32_t document)
{
	struct q__table_term *term = find_or_add(table, text);

	q_assert(!table->is_sorted);
	if (!term)
		return false;
	if (term->count > 0 && term->postings[term->count - 1].document == document) {
		term->postings[term->count - 1].frequency++;
		return true;
	}
	if (!make_room(table, term))
		return false;
	term->postings[term->count++] = (struct q__posting){document, 1};
	return true;
}

static int compare_terms(const void *a, const void *b)
{
	const struct q__table_term *const *x = a, *const *y = b;

	return q_str_compare((*x)->term, (*y)->term);
}

const struct q__table_term *const *q__term_table_sort(struct q__term_table *table, size_t *count)
{
	size_t filled = 0;

	for (size_t i = 0; i < table->slot_count && !table->is_sorted; i++) {
		if (table->slots[i])
			table->slots[filled++] = table->slots[i];
	}
	if (!table->is_sorted)
		qsort(table->slots, table->count, sizeof(void *), compare_terms);
	table->is_sorted = true;
	*count = table->count;
	return (const struct q__table_term *const *)table->slots;
}
