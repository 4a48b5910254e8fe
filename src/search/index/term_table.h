/* search/index/term_table.h: the terms of one field of a buffer, each with every place where it
 * stands.
 *
 * Contract:  places are added in order. Terms are hashed under a secret seed, so that foreign
 *            words cannot be chosen to collide.
 * Ownership: terms live in the arena given when the table is made, occurrences as long as the
 *            table.
 * Threads:   one.
 * Errors:    false or NULL when the heap or the arena is full. */
#ifndef Q_SEARCH_INDEX_TERM_TABLE_H
#define Q_SEARCH_INDEX_TERM_TABLE_H

#include "base/arena.h"

struct q__occurrence {
	uint32_t document;
	uint32_t position;
};

struct q__table_term {
	struct q_str term;
	uint32_t count;			   /* of its occurrences */
	struct q__occurrence *occurrences; /* in order; once the table is sorted */
};

struct q__sorted_term {
	uint64_t key; /* for sorting */
	struct q__table_term *term;
};

struct q__term_table;

Q_MUST_USE struct q__term_table *q__term_table_new(struct q_arena *arena);
void q__term_table_free(struct q__term_table *table);

/* The term's number, from 1 on in the order in which terms come: it is added where it is new,
 * though it stands nowhere yet. 0: out of memory. */
Q_MUST_USE uint32_t q__term_table_number(struct q__term_table *table, struct q_str term);
struct q_str q__term_table_text(const struct q__term_table *table, uint32_t number);

Q_MUST_USE bool q__term_table_add(struct q__term_table *table, struct q_str term, uint32_t document,
				  uint32_t position);
/* The same of a term whose number is known. */
Q_MUST_USE bool q__term_table_add_number(struct q__term_table *table, uint32_t number,
					 uint32_t document, uint32_t position);

/* All terms in the order of their bytes, with their occurrences; NULL: out of memory. The table may
 * only be freed afterwards, or asked again for its terms. */
Q_MUST_USE const struct q__sorted_term *q__term_table_sort(struct q__term_table *table,
							   size_t *count);

#endif
