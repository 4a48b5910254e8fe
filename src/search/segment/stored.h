/* search/segment/stored.h: the documents' sources, compressed (zstd) in blocks of a few.
 *
 * Threads:   a writer belongs to one; reading: any.
 * Errors:    Q_CORRUPT, Q_NOMEM. */
#ifndef Q_SEARCH_SEGMENT_STORED_H
#define Q_SEARCH_SEGMENT_STORED_H

#include "base/arena.h"
#include "search/segment/segment_file.h"

struct q__stored_writer;

/* Begins the section of sources in the file. */
Q_MUST_USE enum q_code q__stored_create(struct q__segment_file_writer *file,
					struct q__stored_writer **out, struct q_err *err);
Q_MUST_USE enum q_code q__stored_add(struct q__stored_writer *writer, struct q_str source,
				     struct q_err *err);
/* A block as another segment has it. */
struct q__stored_block {
	uint32_t first, end; /* documents */
	size_t size_bytes;   /* unpacked */
	struct q_bytes packed;
};
/* Adds all documents of the block, without looking into it. */
Q_MUST_USE enum q_code q__stored_add_block(struct q__stored_writer *writer,
					   const struct q__stored_block *block, struct q_err *err);
/* Writes what is left and the section of blocks; the writer is gone in any case. */
Q_MUST_USE enum q_code q__stored_finish(struct q__stored_writer *writer, struct q_err *err);
/* NULL is allowed. */
void q__stored_abandon(struct q__stored_writer *writer);

struct q__stored {
	struct q_bytes blocks, table;
};

/* The block of the document; false where the table has none for it. */
bool q__stored_find_block(const struct q__stored *stored, uint32_t document,
			  struct q__stored_block *out);
/* A block of the size at which the writer ends one: as good as new. */
bool q__stored_block_is_full(const struct q__stored_block *block);

/* A reader keeps the block that it has unpacked: for documents one after the other. */
struct q__stored_reader {
	const struct q__stored *stored;
	struct q_arena *arena; /* for the block; reset with each one */
	uint32_t first, end;   /* documents of the block */
	struct q_bytes block;
	uint32_t next; /* the document at `at` */
	const unsigned char *at;
};

void q__stored_reader_start(struct q__stored_reader *reader, const struct q__stored *stored,
			    struct q_arena *arena);
/* The source lasts until the next call. Documents come in order; some may be left out. */
Q_MUST_USE enum q_code q__stored_reader_read(struct q__stored_reader *reader, uint32_t document,
					     struct q_str *out, struct q_err *err);

/* The source of a document of the segment, in the arena. */
Q_MUST_USE enum q_code q__stored_read(const struct q__stored *stored, uint32_t document,
				      struct q_arena *arena, struct q_str *out, struct q_err *err);

#endif
