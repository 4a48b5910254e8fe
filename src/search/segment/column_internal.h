/* search/segment/column_internal.h: what column.c and column_writer.c share: the layout of the
 * section. For these two alone.
 *
 *     header | zones | ends | values
 *
 * The header: values (8 bytes), the least of them (8), the step between them (8), bits of a packed
 * value (4), bits of a packed end (4). A zone: least, greatest (8 each), of Q__ZONE_DOCUMENTS
 * documents. An end: the values of this document and all before it; without bits there are no ends,
 * and each document has one value. Ends and values are packed without gaps, low bits first. */
#ifndef Q_SEARCH_SEGMENT_COLUMN_INTERNAL_H
#define Q_SEARCH_SEGMENT_COLUMN_INTERNAL_H

#include "search/segment/column.h"

enum { Q__COLUMN_HEADER_BYTES = 32, Q__ZONE_BYTES = 16, Q__UNALIGNED_BITS_MAX = 56 };

static inline uint64_t q__column_bytes(uint64_t count, unsigned bits)
{
	return (count * bits + 7) / 8;
}

static inline uint32_t q__zone_count(uint32_t document_count)
{
	return document_count / Q__ZONE_DOCUMENTS + (document_count % Q__ZONE_DOCUMENTS > 0);
}

#endif
