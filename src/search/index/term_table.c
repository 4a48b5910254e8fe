/* How it works: terms stand in chunks, in the order in which they came; open addressing finds a
 * term's number by its hash. A slot has the hash beside the number, so that a search reads a term
 * only where it is the one that is looked for, and growing reads none.
 *
 * A token, which is one occurrence of a term, is only noted behind those before it, whatever its
 * term: memory is written in one place. Sorting counts them into an array, a term behind the other.
 */
#include "search/index/term_table.h"

#include "base/hash.h"
#include "base/mem.h"
#include "base/siphash.h"
#include "base/vec.h"

#include <endian.h>
#include <stdlib.h>
#include <string.h>

enum {
	SLOTS_MIN = 1024,
	CHUNK_TERMS = 256,
	CHUNK_TOKENS = 1024,
	CHUNKS_MAX = 1 << 22,
	KEYED_BYTES = 64
};

struct slot {
	uint32_t hash;
	uint32_t number; /* of the term, from 1; 0: the slot is empty */
};

struct token {
	uint32_t term;
	struct q__occurrence at;
};

struct q__term_table {
	struct q_arena *arena; /* borrowed */
	uint64_t seed[2];
	struct slot *slots; /* a power of two, at most half of them taken */
	size_t slot_count;
	struct q_vec term_chunks; /* of CHUNK_TERMS terms each, in the arena */
	uint32_t count;
	struct q_vec token_chunks; /* of CHUNK_TOKENS each, in the arena */
	size_t token_count;
	struct q__sorted_term *sorted;	   /* NULL until they are asked for */
	struct q__occurrence *occurrences; /* as sorted */
};

struct q__term_table *q__term_table_new(struct q_arena *arena)
{
	struct q__term_table *table = q_mem_new(sizeof *table);

	if (!table)
		return NULL;
	table->arena = arena;
	table->slot_count = SLOTS_MIN;
	table->slots = q_mem_new_array(SLOTS_MIN, sizeof *table->slots);
	q_vec_init(&table->term_chunks, sizeof(struct q__table_term *), CHUNKS_MAX);
	q_vec_init(&table->token_chunks, sizeof(struct token *), CHUNKS_MAX);
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
	q_vec_free(&table->term_chunks);
	q_vec_free(&table->token_chunks);
	q_mem_free(table->slots);
	q_mem_free(table->sorted);
	q_mem_free(table->occurrences);
	q_mem_free(table);
}

static struct q__table_term *term_at(const struct q__term_table *table, uint32_t index)
{
	struct q__table_term **chunk = q_vec_at(&table->term_chunks, index / CHUNK_TERMS);

	return &(*chunk)[index % CHUNK_TERMS];
}

/* The slot that has the term, or the empty one where it belongs. */
static struct slot *find_slot(const struct q__term_table *table, struct q_str term, uint32_t hash)
{
	size_t mask = table->slot_count - 1, at = hash & mask;

	while (table->slots[at].number &&
	       (table->slots[at].hash != hash ||
		!q_str_equal(term_at(table, table->slots[at].number - 1)->term, term)))
		at = (at + 1) & mask;
	return &table->slots[at];
}

static void move_slot(struct slot *slots, size_t count, struct slot slot)
{
	size_t at = slot.hash & (count - 1);

	while (slots[at].number)
		at = (at + 1) & (count - 1);
	slots[at] = slot;
}

static bool grow(struct q__term_table *table)
{
	size_t count = 2 * table->slot_count;
	struct slot *slots = q_mem_new_array(count, sizeof *slots);

	if (!slots)
		return false;
	for (size_t i = 0; i < table->slot_count; i++) {
		if (table->slots[i].number)
			move_slot(slots, count, table->slots[i]);
	}
	q_mem_free(table->slots);
	table->slots = slots;
	table->slot_count = count;
	return true;
}

static bool add_chunk(struct q__term_table *table)
{
	struct q__table_term *chunk = q_arena_alloc_array(table->arena, CHUNK_TERMS, sizeof *chunk);

	return chunk && q_vec_push(&table->term_chunks, &chunk);
}

static struct q__table_term *add_term(struct q__term_table *table, struct q_str text, uint32_t hash)
{
	struct q__table_term *term;

	if ((table->count % CHUNK_TERMS == 0 && !add_chunk(table)) ||
	    (2 * (size_t)(table->count + 1) > table->slot_count && !grow(table)))
		return NULL;
	term = term_at(table, table->count);
	term->term = q_arena_copy(table->arena, text);
	if (!term->term.data)
		return NULL;
	move_slot(table->slots, table->slot_count, (struct slot){hash, ++table->count});
	return term;
}

/* The term's number, from 1; it is added where it is new. 0: out of memory. */
static uint32_t find_or_add(struct q__term_table *table, struct q_str text)
{
	uint32_t hash = (uint32_t)q_siphash(table->seed, text);
	const struct slot *slot = find_slot(table, text, hash);

	if (slot->number)
		return slot->number;
	return add_term(table, text, hash) ? table->count : 0;
}

static bool add_token_chunk(struct q__term_table *table)
{
	struct token *chunk = q_arena_alloc_array(table->arena, CHUNK_TOKENS, sizeof *chunk);

	return chunk && q_vec_push(&table->token_chunks, &chunk);
}

static struct token *token_at(const struct q__term_table *table, size_t index)
{
	struct token **chunk = q_vec_at(&table->token_chunks, index / CHUNK_TOKENS);

	return &(*chunk)[index % CHUNK_TOKENS];
}

bool q__term_table_add(struct q__term_table *table, struct q_str text, uint32_t document,
		       uint32_t position)
{
	uint32_t number = find_or_add(table, text);

	q_assert(!table->sorted);
	if (number == 0 || (table->token_count == table->token_chunks.count * CHUNK_TOKENS &&
			    !add_token_chunk(table)))
		return false;
	*token_at(table, table->token_count++) = (struct token){number - 1, {document, position}};
	term_at(table, number - 1)->count++;
	return true;
}

/* The eight bytes from `start` on as a number that orders as they do. */
static uint64_t key_at(struct q_str term, size_t start)
{
	uint64_t key = 0;

	if (start < term.length)
		memcpy(&key, term.data + start,
		       term.length - start < sizeof key ? term.length - start : sizeof key);
	return be64toh(key);
}

/* Of terms that share all before their keys. A term that ends within its key comes before one that
 * goes on with zeros. */
static int compare_keys(const void *a, const void *b)
{
	const struct q__sorted_term *x = a, *y = b;

	if (x->key != y->key)
		return x->key < y->key ? -1 : 1;
	return (x->term->term.length > y->term->term.length) -
	       (x->term->term.length < y->term->term.length);
}

static int compare_terms(const void *a, const void *b)
{
	const struct q__sorted_term *x = a, *y = b;

	return q_str_compare(x->term->term, y->term->term);
}

/* Terms that share their first `start` bytes: by the eight bytes behind, which are read once a term
 * and not once a comparison, and those that share these too by what follows. */
static void sort_from(struct q__sorted_term *terms, size_t count, size_t start)
{
	size_t end;

	if (start >= KEYED_BYTES) {
		qsort(terms, count, sizeof *terms, compare_terms);
		return;
	}
	for (size_t i = 0; i < count; i++)
		terms[i].key = key_at(terms[i].term->term, start);
	qsort(terms, count, sizeof *terms, compare_keys);
	for (size_t i = 0; i < count; i = end) {
		for (end = i + 1; end < count && terms[end].key == terms[i].key; end++)
			continue;
		while (i < end && terms[i].term->term.length <= start + sizeof terms->key)
			i++;
		if (end - i > 1)
			sort_from(terms + i, end - i, start + sizeof terms->key);
	}
}

/* The occurrences of each term behind those of the one before. */
static void place_occurrences(struct q__term_table *table)
{
	struct q__occurrence *next = table->occurrences;

	for (uint32_t i = 0; i < table->count; i++) {
		struct q__table_term *term = table->sorted[i].term;

		term->occurrences = next;
		next += term->count;
		term->count = 0;
	}
	for (size_t i = 0; i < table->token_count; i++) {
		const struct token *token = token_at(table, i);
		struct q__table_term *term = term_at(table, token->term);

		term->occurrences[term->count++] = token->at;
	}
}

static void sort_terms(struct q__term_table *table)
{
	for (uint32_t i = 0; i < table->count; i++)
		table->sorted[i].term = term_at(table, i);
	sort_from(table->sorted, table->count, 0);
}

const struct q__sorted_term *q__term_table_sort(struct q__term_table *table, size_t *count)
{
	*count = table->count;
	if (table->sorted)
		return table->sorted;
	if (!table->occurrences)
		table->occurrences =
			q_mem_new_array(table->token_count + 1, sizeof *table->occurrences);
	if (table->occurrences)
		table->sorted = q_mem_new_array((size_t)table->count + 1, sizeof *table->sorted);
	if (!table->sorted)
		return NULL;
	sort_terms(table);
	place_occurrences(table);
	return table->sorted;
}
