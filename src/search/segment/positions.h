/* search/segment/positions.h: where in a field a term stands, document by document. For fields with
 * frequencies, which say how many positions a document has.
 *
 * A term's positions stand behind its postings, in blocks of the same Q__BLOCK_DOCUMENTS documents:
 *
 *     [table: where each block ends (4), where there are several blocks] block block ...
 *
 * A block: bits of a delta (1), deltas. A document's first delta is its first position, the others
 * count from the position before.
 *
 * Contract:  what is read is checked to lie inside the bytes; where it does not, documents have no
 *            positions, and `is_broken` is true.
 * Ownership: a reader borrows its postings, and follows them.
 * Threads:   one each. */
#ifndef Q_SEARCH_SEGMENT_POSITIONS_H
#define Q_SEARCH_SEGMENT_POSITIONS_H

#include "search/segment/postings.h"

struct q__positions {
	uint32_t position; /* the one that next has found */
	bool is_broken;
	uint32_t left; /* positions of the document that are still to come */
	/* Private. */
	const struct q__postings *postings;
	const unsigned char *table, *blocks, *end; /* the table is NULL where there is one block */
	uint32_t block;				   /* the loaded one, counted from 1; 0: none */
	const unsigned char *packed;		   /* its deltas */
	unsigned bits;
	uint32_t at;	/* the document of the block at whose positions... */
	uint64_t first; /* ...the deltas begin here */
	uint64_t index; /* of the next delta */
};

void q__positions_open(struct q__positions *positions, const struct q__postings *postings);

/* Goes before the first position of the document that the postings stand at. */
void q__positions_start(struct q__positions *positions);
/* The document's next position; false where there is none. */
bool q__positions_next(struct q__positions *positions);
/* After starting: all of the document's positions, as deltas. */
void q__positions_take(struct q__positions *positions, uint32_t *deltas);

struct q__positions_writer {
	struct q_buf deltas;	 /* of the block, 4 bytes each */
	uint32_t document_count; /* of the term */
	struct q_buf table, blocks;
};

void q__positions_writer_init(struct q__positions_writer *writer);
void q__positions_writer_free(struct q__positions_writer *writer);
/* The term's next document: room for its positions, as deltas, which the caller fills. NULL: the
 * heap is full, which is told again when the term ends. */
uint32_t *q__positions_add(struct q__positions_writer *writer, uint32_t count);
/* Ends the term: appends its positions. False when the heap is full. */
Q_MUST_USE bool q__positions_end(struct q__positions_writer *writer, struct q_buf *out);

#endif
