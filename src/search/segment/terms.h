/* search/segment/terms.h: the terms of a field in the order of their bytes, and where their
 * postings are.
 *
 * Terms are written in blocks of Q__BLOCK_TERMS, each but a block's first without the bytes that
 * it shares with the one before. How many those are mostly says on which side of a key a term is,
 * unread; how a block's first term begins mostly says it of the block.
 *
 * Contract:  what is read is checked to lie inside the bytes; a broken block ends the walk and
 *            `is_broken` is true.
 * Ownership: a dictionary borrows its sections; a cursor its dictionary. A cursor's term lasts
 *            until it moves.
 * Threads:   a dictionary: any; a cursor: one. */
#ifndef Q_SEARCH_SEGMENT_TERMS_H
#define Q_SEARCH_SEGMENT_TERMS_H

#include "search/segment/codec.h"
#include "search/segment/postings.h"

enum {
	Q__TERM_MAX = 32766, /* bytes; Lucene's limit */
	Q__BLOCK_TERMS = 32,
	Q__BLOCK_HEAD_BYTES = 8 + 4 /* the beginning of its first term; where it is */
};

/* A term's first 8 bytes as a number: where two terms' differ, they are in the order of the terms.
 */
uint64_t q__term_beginning(struct q_str term);

struct q__terms {
	struct q_bytes blocks;
	const unsigned char *block_heads; /* Q__BLOCK_HEAD_BYTES each */
	uint32_t block_count;
	uint64_t count;
};

/* False where the sections do not fit each other. */
Q_MUST_USE bool q__terms_open(struct q__terms *terms, struct q_bytes blocks,
			      struct q_bytes block_heads, uint64_t count);

struct q__term_cursor {
	const struct q__terms *terms;
	bool is_broken;
	size_t length; /* of the term */
	size_t shared; /* bytes that the term has in common with the one that stood here before, or,
			* after a search, with the key */
	/* Private. */
	uint32_t block, index; /* of the term in the block */
	uint32_t left;	       /* terms in the block behind this one */
	struct q__reader strings, references;
	uint32_t referenced;	/* terms of the block whose references are read */
	struct q__term_ref ref; /* the last one that is read */
	unsigned char term[Q__TERM_MAX];
};

void q__term_cursor_start(struct q__term_cursor *cursor, const struct q__terms *terms);

/* Goes to the first term >= key; false where there is none. */
bool q__term_cursor_seek(struct q__term_cursor *cursor, struct q_str key);
/* The same from a term on that comes before the key. */
bool q__term_cursor_advance(struct q__term_cursor *cursor, struct q_str key);
/* Goes to the term of this ordinal: the number of terms before it. */
bool q__term_cursor_seek_ordinal(struct q__term_cursor *cursor, uint64_t ordinal);
bool q__term_cursor_next(struct q__term_cursor *cursor);

static inline struct q_str q__term_cursor_term(const struct q__term_cursor *cursor)
{
	return (struct q_str){(const char *)cursor->term, cursor->length};
}

static inline uint64_t q__term_cursor_ordinal(const struct q__term_cursor *cursor)
{
	return (uint64_t)cursor->block * Q__BLOCK_TERMS + cursor->index;
}

/* Where the term's documents are; 0 documents where the block is broken. */
struct q__term_ref q__term_cursor_ref(struct q__term_cursor *cursor);

/* The term itself; document_count 0 where it is not there. The cursor is used for it. */
struct q__term_ref q__terms_find(const struct q__terms *terms, struct q_str term,
				 struct q__term_cursor *cursor);

struct q__terms_writer {
	struct q_buf blocks, block_heads; /* the two sections, when ended */
	struct q_buf strings, references; /* of the current block */
	struct q_buf previous;
	uint64_t count;
	uint64_t next_offset; /* the next offset is written as what it is beyond this */
	bool is_failed;	      /* memory ended for a buffer that has been cleared since */
};

void q__terms_writer_init(struct q__terms_writer *writer);
void q__terms_writer_free(struct q__terms_writer *writer);
/* Terms come in order, each once. */
void q__terms_add(struct q__terms_writer *writer, struct q_str term, const struct q__term_ref *ref);
/* False when the heap is full, or the terms of a field take more than 4 GiB. */
Q_MUST_USE bool q__terms_end(struct q__terms_writer *writer);

#endif
