/* search/segment/postings_internal.h: the layout that postings.c reads and postings_writer.c
 * writes.
 *
 *     [bound of the term: 5] [table: an entry a block, where there are several] block block ...
 *
 * A table's entry: last document (4), end of the block (4, from the first block on), its bound (5:
 * frequency_max, length_min). A block: bits of a delta (1), [bits of a frequency (1)], deltas,
 * [frequencies]. What is in brackets and is of frequencies is only there in fields that have
 * them. */
#ifndef Q_SEARCH_SEGMENT_POSTINGS_INTERNAL_H
#define Q_SEARCH_SEGMENT_POSTINGS_INTERNAL_H

enum { Q__BOUND_SIZE = 5, Q__TABLE_ENTRY_SIZE = 8 + Q__BOUND_SIZE };

#endif
