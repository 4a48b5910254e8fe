/* search/segment/segment_file_internal.h: what segment_file_writer.c and segment_file.c share: the
 * layout. For these two alone.
 *
 *     magic (8) | section | padding to 8 | section | ... | table | trailer
 *
 * The table has an entry a section, the trailer says where it is and has its checksum. */
#ifndef Q_SEARCH_SEGMENT_SEGMENT_FILE_INTERNAL_H
#define Q_SEARCH_SEGMENT_SEGMENT_FILE_INTERNAL_H

#include "search/segment/segment_file.h"

enum { Q__MAGIC_SIZE = 8, Q__ENTRY_SIZE = 32, Q__TRAILER_SIZE = 32, Q__SEGMENT_VERSION = 1 };

#define Q__SEGMENT_MAGIC "QSEGMENT"

/* The table's entry: section and field (4 bytes each), offset, length, checksum (8 each). The
 * trailer: offset of the table, its checksum (8 each), entries, version (4 each), magic. */

#endif
