/* search/segment/segment_writer.h: writes a segment, front to back: first all documents, then field
 * by field the terms in order, each with its documents in order. What stands in the memory of a
 * buffer and what is merged from other segments is written by the same calls.
 *
 * Ownership: finish and abandon end the writer.
 * Threads:   one.
 * Errors:    Q_NOMEM, Q_NOSPACE, Q_IO, Q_TOOBIG. */
#ifndef Q_SEARCH_SEGMENT_SEGMENT_WRITER_H
#define Q_SEARCH_SEGMENT_SEGMENT_WRITER_H

#include "search/segment/segment_file.h"
#include "search/segment/stored.h"

struct q__segment_writer;

Q_MUST_USE enum q_code q__segment_create(struct q__directory *directory, const char *name,
					 struct q__segment_writer **out, struct q_err *err);

Q_MUST_USE enum q_code q__segment_add_document(struct q__segment_writer *writer, struct q_str id,
					       struct q_str source, struct q_err *err);
/* The documents of a block of another segment's sources; ids: one for each. */
Q_MUST_USE enum q_code q__segment_add_documents(struct q__segment_writer *writer,
						const struct q__stored_block *block,
						const struct q_str *ids, struct q_err *err);

/* `lengths`: a length byte a document (borrowed until the field ends), or NULL for a field without
 * lengths and frequencies. `has_values`: the field's column holds the values that are added; else,
 * without lengths, its documents' terms are their values, too. */
Q_MUST_USE enum q_code q__segment_begin_field(struct q__segment_writer *writer, uint32_t field,
					      const uint8_t *lengths, bool has_values,
					      struct q_err *err);
/* A document of the current term; they come in order, each once. In a field with frequencies: room
 * for its positions there, `frequency` of them, which the caller fills, each as its distance from
 * the one before. Else NULL; also when the heap is full, which is told when the term ends. */
uint32_t *q__segment_add_posting(struct q__segment_writer *writer, uint32_t document,
				 uint32_t frequency);
/* Ends the term whose documents have been added; without any there is no such term. */
Q_MUST_USE enum q_code q__segment_end_term(struct q__segment_writer *writer, struct q_str term,
					   struct q_err *err);
/* A value of a field that has_values; in any order. */
void q__segment_add_value(struct q__segment_writer *writer, uint32_t document, int64_t value);
Q_MUST_USE enum q_code q__segment_end_field(struct q__segment_writer *writer, struct q_err *err);

Q_MUST_USE enum q_code q__segment_finish(struct q__segment_writer *writer, struct q_err *err);

/* A part: fields alone, of a segment of so many documents, in a file of its own, so that another
 * thread may write them. */
Q_MUST_USE enum q_code q__segment_create_part(struct q__directory *directory, const char *name,
					      uint32_t document_count,
					      struct q__segment_writer **out, struct q_err *err);
Q_MUST_USE enum q_code q__segment_finish_part(struct q__segment_writer *writer, struct q_err *err);
/* Puts the fields of a finished part behind those that are there. */
Q_MUST_USE enum q_code q__segment_add_part(struct q__segment_writer *writer,
					   struct q__directory *directory, const char *name,
					   struct q_err *err);
void q__segment_abandon(struct q__segment_writer *writer);

#endif
