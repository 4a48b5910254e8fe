/* search/index/buffer.h: documents that are in memory only, until they are written as a segment.
 *
 * Contract:  documents are numbered from 0 as they are put. One that is put again or deleted stays
 *            in its place and is marked.
 * Ownership: the buffer copies what it is given: of a source, what the definition keeps.
 * Threads:   one at a time.
 * Errors:    Q_INVALID for a source that is no JSON object or has a value that its field cannot
 *            take; Q_TOOBIG: the buffer is full, the document was not taken: write the buffer and
 *            put it into a new one. After Q_NOMEM too it was not taken, and all others are there.
 */
#ifndef Q_SEARCH_INDEX_BUFFER_H
#define Q_SEARCH_INDEX_BUFFER_H

#include "ports/search_index.h"
#include "search/segment/segment_writer.h"

struct q__buffer;

/* The definition is borrowed for the buffer's life. */
Q_MUST_USE enum q_code q__buffer_new(const struct q_index_definition *definition,
				     struct q__buffer **out, struct q_err *err);
void q__buffer_free(struct q__buffer *buffer);

Q_MUST_USE enum q_code q__buffer_put(struct q__buffer *buffer, struct q_str id, struct q_str source,
				     struct q_err *err);
/* Remembers that the id was deleted, in this buffer and in the segments before it. */
Q_MUST_USE enum q_code q__buffer_delete(struct q__buffer *buffer, struct q_str id,
					struct q_err *err);

uint32_t q__buffer_document_count(const struct q__buffer *buffer); /* marked ones too */
bool q__buffer_is_deleted(const struct q__buffer *buffer, uint32_t document);

/* Every id that was put or deleted here, so that it is deleted in the segments before. */
size_t q__buffer_id_count(const struct q__buffer *buffer);
struct q_str q__buffer_id(const struct q__buffer *buffer, size_t index);

/* Writes all documents, marked ones too. Nothing can be put afterwards; writing again is allowed.
 */
Q_MUST_USE enum q_code q__buffer_write(struct q__buffer *buffer, struct q__directory *directory,
				       const char *name, struct q_err *err);

#endif
