/* How it works: terms stand in the order in which they came; open addressing finds a term's number
 * by its hash. A slot has the hash beside the number, so that a search reads a term only where it
 * is the one that is looked for, and growing reads none.
 *
 * A token, which is one occurrence of a term, is only noted behind those before it, whatever its
 * term: memory is written in one place. Where it stands follows from the run that it is in: tokens
 * of one document, each a position further than the last. Sorting counts the tokens into an array
 * of occurrences, a term behind the other. */
#include "search/index/term_table.h"

#include "base/hash.h"
#include "base/mem.h"
#include "base/siphash.h"
#include "base/vec.h"

#include <endian.h>
#include <stdlib.h>
#include <string.h>

enum { SLOTS_MIN = 1024, CHUNK_ITEMS = 1024, CHUNKS_MAX = 1 << 22, KEYED_BYTES = 64 };

struct slot {
	uint32_t hash;
	uint32_t number; /* of the term, from 1; 0: the slot is empty */
};

/* Items that stay where they are while more come: chunks of CHUNK_ITEMS in the table's arena. */
struct list {
	struct q_vec chunks;
	size_t item_bytes, count;
};

struct run {
	uint32_t first; /* the number of its first token */
	struct q__occurrence at;
};

struct q__term_table {
	struct q_arena *arena; /* borrowed */
	uint64_t seed[2];
	struct slot *slots; /* a power of two, at most half of them taken */
	size_t slot_count;
	struct list terms;		   /* of struct q__table_term */
	struct list tokens;		   /* of the numbers of their terms, from 0: uint32_t */
	struct list runs;		   /* of struct run */
	struct q__occurrence next;	   /* where a token would be of the last run */
	struct q__sorted_term *sorted;	   /* NULL until they are asked for */
	struct q__occurrence *occurrences; /* as sorted */
};

static void init_list(struct list *list, size_t item_bytes)
{
	list->item_bytes = item_bytes;
	q_vec_init(&list->chunks, sizeof(void *), CHUNKS_MAX);
}

static void *item_at(const struct list *list, size_t index)
{
	char *const *chunks = list->chunks.items;

	q_assert(index < list->count);
	return chunks[index / CHUNK_ITEMS] + index % CHUNK_ITEMS * list->item_bytes;
}

/* A new item of zeros; NULL: out of memory. */
static void *add_item(struct list *list, struct q_arena *arena)
{
	void *chunk;

	if (list->count == list->chunks.count * CHUNK_ITEMS) {
		chunk = q_arena_alloc_array(arena, CHUNK_ITEMS, list->item_bytes);
		if (!chunk || !q_vec_push(&list->chunks, &chunk))
			return NULL;
	}
	return item_at(list, list->count++);
}

struct q__term_table *q__term_table_new(struct q_arena *arena)
{
	struct q__term_table *table = q_mem_new(sizeof *table);

	if (!table)
		return NULL;
	table->arena = arena;
	table->slot_count = SLOTS_MIN;
	table->slots = q_mem_new_array(SLOTS_MIN, sizeof *table->slots);
	init_list(&table->terms, sizeof(struct q__table_term));
	init_list(&table->tokens, sizeof(uint32_t));
	init_list(&table->runs, sizeof(struct run));
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
	q_vec_free(&table->terms.chunks);
	q_vec_free(&table->tokens.chunks);
	q_vec_free(&table->runs.chunks);
	q_mem_free(table->slots);
	q_mem_free(table->sorted);
	q_mem_free(table->occurrences);
	q_mem_free(table);
}

static struct q__table_term *term_at(const struct q__term_table *table, uint32_t index)
{
	return item_at(&table->terms, index);
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

static uint32_t add_term(struct q__term_table *table, struct q_str text, uint32_t hash)
{
	struct q_str copy = q_arena_copy(table->arena, text);
	struct q__table_term *term;

	if (!copy.data || (2 * (table->terms.count + 1) > table->slot_count && !grow(table)))
		return 0;
	term = add_item(&table->terms, table->arena);
	if (!term)
		return 0;
	term->term = copy;
	move_slot(table->slots, table->slot_count,
		  (struct slot){hash, (uint32_t)table->terms.count});
	return (uint32_t)table->terms.count;
}

uint32_t q__term_table_number(struct q__term_table *table, struct q_str text)
{
	uint32_t hash = (uint32_t)q_siphash(table->seed, text);
	const struct slot *slot = find_slot(table, text, hash);

	q_assert(!table->sorted);
	return slot->number ? slot->number : add_term(table, text, hash);
}

struct q_str q__term_table_text(const struct q__term_table *table, uint32_t number)
{
	return term_at(table, number - 1)->term;
}

/* The next token stands here. */
static bool begin_run(struct q__term_table *table, struct q__occurrence at)
{
	struct run *run;

	if (at.document == table->next.document && at.position == table->next.position &&
	    table->runs.count > 0)
		return true;
	run = add_item(&table->runs, table->arena);
	if (!run)
		return false;
	*run = (struct run){(uint32_t)table->tokens.count, at};
	table->next = at;
	return true;
}

bool q__term_table_add_number(struct q__term_table *table, uint32_t number, uint32_t document,
			      uint32_t position)
{
	uint32_t *token;

	if (!number || !begin_run(table, (struct q__occurrence){document, position}))
		return false;
	token = add_item(&table->tokens, table->arena);
	if (!token)
		return false;
	*token = number - 1;
	table->next.position++;
	return true;
}

bool q__term_table_add(struct q__term_table *table, struct q_str text, uint32_t document,
		       uint32_t position)
{
	return q__term_table_add_number(table, q__term_table_number(table, text), document,
					position);
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

/* Ids often come in their order. */
static void sort_by_keys(struct q__sorted_term *terms, size_t count)
{
	size_t at = 1;

	while (at < count && compare_keys(&terms[at - 1], &terms[at]) <= 0)
		at++;
	if (at < count)
		qsort(terms, count, sizeof *terms, compare_keys);
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
	sort_by_keys(terms, count);
	for (size_t i = 0; i < count; i = end) {
		for (end = i + 1; end < count && terms[end].key == terms[i].key; end++)
			continue;
		while (i < end && terms[i].term->term.length <= start + sizeof terms->key)
			i++;
		if (end - i > 1)
			sort_from(terms + i, end - i, start + sizeof terms->key);
	}
}

static void count_tokens(struct q__term_table *table)
{
	for (size_t i = 0; i < table->tokens.count; i++) {
		const uint32_t *token = item_at(&table->tokens, i);

		term_at(table, *token)->count++;
	}
}

/* Gives each term room for its occurrences, behind those of the term before. */
static void make_room(struct q__term_table *table)
{
	struct q__occurrence *next = table->occurrences;

	for (size_t i = 0; i < table->terms.count; i++) {
		struct q__table_term *term = table->sorted[i].term;

		term->occurrences = next;
		next += term->count;
		term->count = 0;
	}
}

static void place_run(struct q__term_table *table, const struct run *run, size_t end)
{
	struct q__occurrence at = run->at;

	for (size_t i = run->first; i < end; i++, at.position++) {
		const uint32_t *token = item_at(&table->tokens, i);
		struct q__table_term *term = term_at(table, *token);

		term->occurrences[term->count++] = at;
	}
}

static void place_occurrences(struct q__term_table *table)
{
	for (size_t i = 0; i < table->runs.count; i++) {
		const struct run *next =
			i + 1 < table->runs.count ? item_at(&table->runs, i + 1) : NULL;

		place_run(table, item_at(&table->runs, i),
			  next ? next->first : table->tokens.count);
	}
}

static void sort_terms(struct q__term_table *table)
{
	for (uint32_t i = 0; i < table->terms.count; i++)
		table->sorted[i].term = term_at(table, i);
	sort_from(table->sorted, table->terms.count, 0);
}

const struct q__sorted_term *q__term_table_sort(struct q__term_table *table, size_t *count)
{
	*count = table->terms.count;
	if (table->sorted)
		return table->sorted;
	if (!table->occurrences)
		table->occurrences =
			q_mem_new_array(table->tokens.count + 1, sizeof *table->occurrences);
	if (table->occurrences)
		table->sorted = q_mem_new_array(table->terms.count + 1, sizeof *table->sorted);
	if (!table->sorted)
		return NULL;
	sort_terms(table);
	count_tokens(table);
	make_room(table);
	place_occurrences(table);
	return table->sorted;
}
