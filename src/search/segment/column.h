/* search/segment/column.h: the values of one field by document: what ranges, sorts and facets read.
 *
 * Every value is an int64 in the order of what it stands for (value.h): a date's milliseconds, a
 * boolean's 0 or 1, a number's bits made sortable, and for a keyword its ordinal: the number of the
 * term in the field's own dictionary. A document has none, one or several, in ascending order.
 *
 * Contract:  what is read is checked to lie inside the bytes: damage gives other values or fewer.
 * Ownership: a column borrows its section, after which Q__PACKED_SLACK bytes are readable.
 * Threads:   a column: any; a writer: one. */
#ifndef Q_SEARCH_SEGMENT_COLUMN_H
#define Q_SEARCH_SEGMENT_COLUMN_H

#include "base/vec.h"
#include "search/segment/codec.h"

/* Documents of which a column knows the least and the greatest value. */
enum { Q__ZONE_DOCUMENTS = 4096 };

struct q__column {
	uint32_t document_count; /* of the segment */
	uint64_t value_count;
	int64_t least; /* a value is least + step x what is packed */
	uint64_t step;
	unsigned value_bits, end_bits;
	const unsigned char *values, *zones;
	const unsigned char *ends; /* NULL: the documents have one value each, or all none */
};

/* Empty bytes are a column without values. False where the bytes do not fit. */
Q_MUST_USE bool q__column_open(struct q__column *column, struct q_bytes section,
			       uint32_t document_count);

/* The least and the greatest value of a zone; least > greatest where it has none. */
struct q__zone {
	int64_t least, greatest;
};
struct q__zone q__column_zone(const struct q__column *column, uint32_t zone);

/* Number `index` of numbers packed with so many bits each: 0 to 56, or 64. */
static inline uint64_t q__unpack_one(const unsigned char *packed, uint64_t index, unsigned bits)
{
	uint64_t at = index * bits;

	if (bits == 64)
		return q__read_u64(packed + at / 8);
	return q__read_u64(packed + at / 8) >> at % 8 & (((uint64_t)1 << bits) - 1);
}

/* Which values are a document's: those from `at` up to `end`. */
struct q__value_range {
	uint64_t at, end;
};

static inline struct q__value_range q__column_find(const struct q__column *column,
						   uint32_t document)
{
	uint64_t start = document, end = start + 1;

	if (column->ends) {
		start = document ? q__unpack_one(column->ends, document - 1, column->end_bits) : 0;
		end = q__unpack_one(column->ends, document, column->end_bits);
	}
	if (end > column->value_count || start > end)
		return (struct q__value_range){0, 0};
	return (struct q__value_range){start, end};
}

/* index < value_count */
static inline int64_t q__column_value(const struct q__column *column, uint64_t index)
{
	uint64_t packed = q__unpack_one(column->values, index, column->value_bits);

	return (int64_t)((uint64_t)column->least + column->step * packed);
}

struct q__column_writer {
	struct q_vec values; /* of documents, as they came */
	bool has_failed;
};

void q__column_writer_init(struct q__column_writer *writer);
void q__column_writer_free(struct q__column_writer *writer);
void q__column_writer_clear(struct q__column_writer *writer);
/* In any order. What does not fit into memory is told at the end. */
void q__column_add(struct q__column_writer *writer, uint32_t document, int64_t value);
/* Appends the section; nothing where there are no values. False when the heap is full. */
Q_MUST_USE bool q__column_end(const struct q__column_writer *writer, uint32_t document_count,
			      struct q_buf *out);

#endif
