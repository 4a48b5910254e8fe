/* search/segment/segment_file.h: a segment's one file: named sections, each with its checksum, and
 * a table of them at the end (docs/search.md).
 *
 * Contract:  a file is valid only when its writer has finished. Opening checks the table and that
 *            sections lie inside the file; q__segment_file_check reads every byte. At least
 *            Q__PACKED_SLACK readable bytes follow each section.
 * Ownership: sections lend from the mapped file.
 * Threads:   reading: any. A writer belongs to one.
 * Errors:    Q_CORRUPT names the file and the section. */
#ifndef Q_SEARCH_SEGMENT_SEGMENT_FILE_H
#define Q_SEARCH_SEGMENT_SEGMENT_FILE_H

#include "search/segment/directory.h"

enum q__section {
	Q__SECTION_DOCUMENTS = 1, /* how many documents */
	Q__SECTION_STORED,	  /* compressed sources */
	Q__SECTION_STORED_BLOCKS, /* where they are */
	Q__SECTION_IDS,		  /* ids by document, one behind the other */
	Q__SECTION_ID_ENDS,	  /* where each ends */
	Q__SECTION_FIELD,	  /* a field's counts; this and the following: one a field */
	Q__SECTION_LENGTHS,	  /* length bytes by document */
	Q__SECTION_TERMS,	  /* blocks of terms */
	Q__SECTION_TERM_BLOCKS,	  /* where each block begins */
	Q__SECTION_POSTINGS,
	Q__SECTION_COLUMN, /* values by document */
	Q__SECTION_LONGER, /* documents of more tokens than their length bytes tell */
	Q__SECTION_COUNT
};

enum { Q__SEGMENT_NAME_MAX = 64, Q__FIELDS_MAX = 256 };

struct q__segment_file_writer;

Q_MUST_USE enum q_code q__segment_file_create(struct q__directory *directory, const char *name,
					      struct q__segment_file_writer **out,
					      struct q_err *err);
/* Sections are written one after the other. */
Q_MUST_USE enum q_code q__section_begin(struct q__segment_file_writer *writer,
					enum q__section section, uint32_t field, struct q_err *err);
Q_MUST_USE enum q_code q__section_write(struct q__segment_file_writer *writer, struct q_bytes bytes,
					struct q_err *err);
/* Begin and write in one. */
Q_MUST_USE enum q_code q__section_put(struct q__segment_file_writer *writer,
				      enum q__section section, uint32_t field, struct q_bytes bytes,
				      struct q_err *err);
/* Bytes of the current section so far. */
uint64_t q__section_offset(const struct q__segment_file_writer *writer);
/* Writes the table and flushes to the disk; the writer is gone in any case. */
Q_MUST_USE enum q_code q__segment_file_finish(struct q__segment_file_writer *writer,
					      struct q_err *err);
/* The same without flushing, for a file whose sections another one takes over. */
Q_MUST_USE enum q_code q__segment_file_finish_part(struct q__segment_file_writer *writer,
						   struct q_err *err);
/* NULL is allowed. */
void q__segment_file_abandon(struct q__segment_file_writer *writer);

struct q__segment_file; /* opened */

Q_MUST_USE enum q_code q__segment_file_open(struct q__directory *directory, const char *name,
					    struct q__segment_file **out, struct q_err *err);
void q__segment_file_close(struct q__segment_file *file);

/* Empty where the file has no such section. */
struct q_bytes q__segment_file_section(const struct q__segment_file *file, enum q__section section,
				       uint32_t field);
size_t q__segment_file_size(const struct q__segment_file *file);

/* Writes all sections of the file, which come behind those that are written already. */
Q_MUST_USE enum q_code q__segment_file_copy(const struct q__segment_file *file,
					    struct q__segment_file_writer *writer,
					    struct q_err *err);

/* Compares every section with its checksum. */
Q_MUST_USE enum q_code q__segment_file_check(const struct q__segment_file *file, struct q_err *err);

#endif
