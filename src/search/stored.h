/* search/stored.h: the documents' sources, compressed (zstd) in blocks of a few.
 *
 * Threads:   a writer belongs to one; reading: any.
 * Errors:    Q_CORRUPT, Q_NOMEM. */
#ifndef Q_SEARCH_STORED_H
#define Q_SEARCH_STORED_H

#include "base/arena.h"
#include "search/segment_file.h"

struct q__stored_writer;

/* Begins the section of sources in the file. */
Q_MUST_USE enum q_code q__stored_create(struct q__segment_file_writer *file,
					struct q__stored_writer **out, struct q_err *err);
Q_MUST_USE enum q_code q__stored_add(struct q__stored_writer *writer, struct q_str source,
				     struct q_err *err);
/* Writes what is left and the section of blocks; the writer is gone in any case. */
Q_MUST_USE enum q_code q__stored_finish(struct q__stored_writer *writer, struct q_err *err);
/* NULL is allowed. */
void q__stored_abandon(struct q__stored_writer *writer);

struct q__stored {
	struct q_bytes blocks, table;
};

/* The source of a document of the segment, in the arena. */
Q_MUST_USE enum q_code q__stored_read(const struct q__stored *stored, uint32_t document,
				      struct q_arena *arena, struct q_str *out, struct q_err *err);

#endif
