#include "search/answer/value_counts.h"

#include "base/hash.h"
#include "base/mem.h"

#include <stdlib.h>

enum { SLOTS_MIN = 256 };

bool q__value_counts_open(struct q__value_counts *counts)
{
	*counts = (struct q__value_counts){.slot_count = SLOTS_MIN};
	counts->slots = q_mem_new_array(SLOTS_MIN, sizeof *counts->slots);
	q_random_bytes(&counts->seed, sizeof counts->seed);
	return counts->slots != NULL;
}

void q__value_counts_free(struct q__value_counts *counts)
{
	q_mem_free(counts->slots);
}

/* The slot that has the value, or the empty one where it belongs. The seed keeps documents from
 * choosing values that collide; the rest is the finish of MurmurHash3. */
static struct q__value_count *find(const struct q__value_counts *counts, int64_t value)
{
	uint64_t hash = (uint64_t)value ^ counts->seed;
	size_t at;

	hash = (hash ^ hash >> 33) * 0xff51afd7ed558ccdu;
	hash = (hash ^ hash >> 33) * 0xc4ceb9fe1a85ec53u;
	at = (hash ^ hash >> 33) & (counts->slot_count - 1);
	while (counts->slots[at].count > 0 && counts->slots[at].value != value)
		at = (at + 1) & (counts->slot_count - 1);
	return &counts->slots[at];
}

static bool grow(struct q__value_counts *counts)
{
	struct q__value_count *before = counts->slots;
	size_t slot_count = counts->slot_count;

	counts->slots = q_mem_new_array(2 * slot_count, sizeof *counts->slots);
	if (!counts->slots) {
		counts->slots = before;
		return false;
	}
	counts->slot_count = 2 * slot_count;
	for (size_t i = 0; i < slot_count; i++) {
		if (before[i].count > 0)
			*find(counts, before[i].value) = before[i];
	}
	q_mem_free(before);
	return true;
}

bool q__value_counts_add(struct q__value_counts *counts, int64_t value)
{
	struct q__value_count *slot = find(counts, value);

	if (slot->count > 0) {
		slot->count++;
		return true;
	}
	if (counts->count == Q__COUNTED_VALUES_MAX ||
	    (2 * (counts->count + 1) > counts->slot_count && !grow(counts)))
		return false;
	counts->count++;
	*find(counts, value) = (struct q__value_count){value, 1};
	return true;
}

static int compare_values(const void *a, const void *b)
{
	const struct q__value_count *x = a, *y = b;

	return x->value < y->value ? -1 : x->value > y->value;
}

void q__value_counts_sort(struct q__value_counts *counts)
{
	size_t filled = 0;

	for (size_t i = 0; i < counts->slot_count; i++) {
		if (counts->slots[i].count > 0)
			counts->slots[filled++] = counts->slots[i];
	}
	qsort(counts->slots, counts->count, sizeof *counts->slots, compare_values);
}
