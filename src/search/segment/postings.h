/* search/segment/postings.h: the documents of one term, in order, with the term's frequency in
 * each.
 *
 * Documents are written in blocks of Q__BLOCK_DOCUMENTS, each bit-packed; a term of several blocks
 * has a table in front that says where each ends and what bounds the scores of its documents. A
 * term of a field without frequencies that has one document has no postings at all: the document
 * stands with the term.
 *
 * Contract:  what is read is checked to lie inside the bytes, below document_count and in order;
 *            postings that are not so end early, and `is_broken` is true.
 * Threads:   one each. */
#ifndef Q_SEARCH_SEGMENT_POSTINGS_H
#define Q_SEARCH_SEGMENT_POSTINGS_H

#include "base/arena.h"
#include "search/segment/bit_packing.h"

/* Where a term's documents are. */
struct q__term_ref {
	uint32_t document_count; /* 0: the term is not there */
	bool is_single;
	uint32_t document; /* is_single */
	uint64_t offset;   /* else: in the postings */
};

struct q__postings_source {
	struct q_bytes bytes; /* all postings of the field */
	bool has_frequencies;
	uint32_t document_count; /* of the segment */
};

enum { Q__BOUND_CLASSES = 4 };

/* The shortest length, as a byte, of documents where the term's frequency is 1, 2, 3, or 4 and
 * more; UINT8_MAX where there are none. Frequencies of 255 and more stand as 255. */
struct q__postings_bound {
	uint8_t frequency_max;
	uint8_t length_min[Q__BOUND_CLASSES];
};

enum { Q__NO_DOCUMENT = UINT32_MAX };

struct q__postings {
	const uint32_t *documents;   /* of the current block */
	const uint32_t *frequencies; /* NULL: all 1 */
	uint32_t count;		     /* in the block */
	uint32_t at;		     /* the current one; == count: no block is loaded, or the end */
	bool is_broken;
	bool is_lazy; /* set after opening: frequencies are there when asked for */
	uint32_t block_count;
	/* Private. */
	struct q__term_ref ref;
	struct q__postings_source source;
	const unsigned char *table, *blocks; /* the table is NULL where there is one block */
	uint32_t block;			     /* the next one to load; the one before is loaded */
	uint32_t *unpacked;		     /* documents, then frequencies */
	const unsigned char *packed; /* frequencies that nobody has asked for yet; or NULL */
	unsigned packed_bits;
	struct q__postings_bound bound;
};

/* False when the arena is full. */
Q_MUST_USE bool q__postings_open(struct q__postings *postings, const struct q__term_ref *ref,
				 const struct q__postings_source *source, struct q_arena *arena);

/* The first document >= `from`, which does not go back; Q__NO_DOCUMENT at the end. */
uint32_t q__postings_seek(struct q__postings *postings, uint32_t from);

/* Loads the next block, at its first document; false at the end. */
bool q__postings_next_block(struct q__postings *postings);

/* What stands behind the term's blocks: its positions, and then other terms. Empty where the
 * postings are broken. */
struct q_bytes q__postings_rest(const struct q__postings *postings);

/* Random access, block by block: 0..block_count - 1. */

/* Loads this block, at its first document; false where it is broken. */
bool q__postings_load(struct q__postings *postings, uint32_t block);
/* The first block, from this one on, that has a document >= from, or may have one. */
uint32_t q__postings_find_block(const struct q__postings *postings, uint32_t block, uint32_t from);
/* No document of the block, or of one behind it, comes before this one. Q__NO_DOCUMENT: no block.
 */
uint32_t q__postings_block_start(const struct q__postings *postings, uint32_t block);
struct q__postings_bound q__postings_block_bound(const struct q__postings *postings,
						 uint32_t block);

static inline bool q__postings_has_loaded(const struct q__postings *postings, uint32_t block)
{
	return postings->count > 0 && postings->block == block + 1;
}

/* Goes to the first document of the loaded block that is >= from. */
void q__postings_seek_in_block(struct q__postings *postings, uint32_t from);
/* Of the loaded block's documents. */
const uint32_t *q__postings_frequencies(struct q__postings *postings);
/* The term's frequency in any document; 0: it does not have the term. */
uint32_t q__postings_frequency_in(struct q__postings *postings, uint32_t document);

/* What bounds every document of the term. */
static inline struct q__postings_bound q__postings_bound(const struct q__postings *postings)
{
	return postings->bound;
}

struct q__postings_writer {
	bool has_frequencies;
	uint32_t documents[Q__BLOCK_DOCUMENTS], frequencies[Q__BLOCK_DOCUMENTS];
	uint32_t pending;	 /* in the arrays */
	uint32_t document_count; /* of the term so far */
	uint32_t next_document;	 /* the block's first delta counts from here */
	struct q__postings_bound block_bound, bound;
	struct q_buf table, blocks;
};

void q__postings_writer_init(struct q__postings_writer *writer, bool has_frequencies);
void q__postings_writer_free(struct q__postings_writer *writer);
/* Documents come in order. */
void q__postings_add(struct q__postings_writer *writer, uint32_t document, uint32_t frequency,
		     uint8_t length_byte);
/* Ends the term: appends its postings, if it has any, to *out, and fills ref, whose offset is
 * `offset`. False when the heap is full. */
Q_MUST_USE bool q__postings_end(struct q__postings_writer *writer, uint64_t offset,
				struct q_buf *out, struct q__term_ref *ref);

#endif
