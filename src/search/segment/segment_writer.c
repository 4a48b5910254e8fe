#include "search/segment/segment_writer.h"

#include "base/mem.h"
#include "search/segment/codec.h"
#include "search/segment/column.h"
#include "search/segment/field_lengths.h"
#include "search/segment/positions.h"
#include "search/segment/segment.h"

struct q__segment_writer {
	struct q__segment_file_writer *file; /* owned */
	struct q__stored_writer *stored;     /* owned; NULL once all documents are written */
	struct q_buf ids, id_ends;
	uint32_t document_count;
	/* Of the current field. */
	uint32_t field;
	const uint8_t *lengths; /* borrowed */
	bool has_ordinals;	/* its column is of terms */
	struct q__postings_writer postings;
	struct q__positions_writer positions;
	struct q__terms_writer terms;
	struct q__column_writer column;
	struct q_buf term_postings;
	uint32_t *tokens; /* owned; by document */
};

enum q_code q__segment_create_part(struct q__directory *directory, const char *name,
				   uint32_t document_count, struct q__segment_writer **out,
				   struct q_err *err)
{
	struct q__segment_writer *writer = q_mem_new(sizeof *writer);
	enum q_code code;

	if (!writer)
		return q_fail(err, Q_NOMEM, "index.write", "%s", name);
	q_buf_init(&writer->ids, UINT32_MAX);
	q_buf_init(&writer->id_ends, UINT32_MAX);
	q_buf_init(&writer->term_postings, UINT32_MAX);
	q__postings_writer_init(&writer->postings, false);
	q__positions_writer_init(&writer->positions);
	q__terms_writer_init(&writer->terms);
	q__column_writer_init(&writer->column);
	writer->document_count = document_count;
	code = q__segment_file_create(directory, name, &writer->file, err);
	if (code)
		q__segment_abandon(writer);
	else
		*out = writer;
	return code;
}

enum q_code q__segment_create(struct q__directory *directory, const char *name,
			      struct q__segment_writer **out, struct q_err *err)
{
	enum q_code code = q__segment_create_part(directory, name, 0, out, err);

	if (code)
		return code;
	code = q__stored_create((*out)->file, &(*out)->stored, err);
	if (code)
		q__segment_abandon(*out);
	return code;
}

static enum q_code add_id(struct q__segment_writer *writer, struct q_str id, struct q_err *err)
{
	q_buf_append(&writer->ids, id);
	q__append_u32(&writer->id_ends, (uint32_t)writer->ids.length);
	if (q_buf_failed(&writer->ids) || q_buf_failed(&writer->id_ends))
		return q_fail(err, Q_NOMEM, "index.write", "the ids of a segment");
	writer->document_count++;
	return Q_OK;
}

enum q_code q__segment_add_document(struct q__segment_writer *writer, struct q_str id,
				    struct q_str source, struct q_err *err)
{
	enum q_code code = add_id(writer, id, err);

	return code ? code : q__stored_add(writer->stored, source, err);
}

enum q_code q__segment_add_documents(struct q__segment_writer *writer,
				     const struct q__stored_block *block, const struct q_str *ids,
				     struct q_err *err)
{
	enum q_code code = Q_OK;

	for (uint32_t i = 0; i < block->end - block->first && !code; i++)
		code = add_id(writer, ids[i], err);
	return code ? code : q__stored_add_block(writer->stored, block, err);
}

static struct q_bytes bytes_of(const struct q_buf *buf)
{
	return q_str_bytes(q_buf_str(buf));
}

/* What comes between the documents and the fields. */
static enum q_code end_documents(struct q__segment_writer *writer, struct q_err *err)
{
	struct q__stored_writer *stored = writer->stored;
	struct q_bytes count = {(const unsigned char *)&writer->document_count,
				sizeof writer->document_count};
	enum q_code code;

	if (!stored)
		return Q_OK;
	writer->stored = NULL;
	code = q__stored_finish(stored, err);
	if (!code)
		code = q__section_put(writer->file, Q__SECTION_IDS, 0, bytes_of(&writer->ids), err);
	if (!code)
		code = q__section_put(writer->file, Q__SECTION_ID_ENDS, 0,
				      bytes_of(&writer->id_ends), err);
	if (!code)
		code = q__section_put(writer->file, Q__SECTION_DOCUMENTS, 0, count, err);
	return code;
}

enum q_code q__segment_begin_field(struct q__segment_writer *writer, uint32_t field,
				   const uint8_t *lengths, bool has_values, struct q_err *err)
{
	enum q_code code = end_documents(writer, err);

	if (code)
		return code;
	q__postings_writer_free(&writer->postings);
	q__terms_writer_free(&writer->terms);
	q__postings_writer_init(&writer->postings, lengths != NULL);
	q__terms_writer_init(&writer->terms);
	q__column_writer_clear(&writer->column);
	writer->field = field;
	writer->lengths = lengths;
	writer->has_ordinals = !lengths && !has_values;
	q_mem_free(writer->tokens);
	writer->tokens = q_mem_new_array((size_t)writer->document_count + 1, sizeof(uint32_t));
	if (!writer->tokens)
		return q_fail(err, Q_NOMEM, "index.write", "%u documents", writer->document_count);
	return q__section_begin(writer->file, Q__SECTION_POSTINGS, field, err);
}

uint32_t *q__segment_add_posting(struct q__segment_writer *writer, uint32_t document,
				 uint32_t frequency)
{
	bool has_frequencies = writer->lengths != NULL;

	q__postings_add(&writer->postings, document, has_frequencies ? frequency : 1,
			has_frequencies ? writer->lengths[document] : 1);
	writer->tokens[document] += has_frequencies ? frequency : 1;
	/* The ordinal of a term is how many have ended before it. */
	if (writer->has_ordinals)
		q__column_add(&writer->column, document, (int64_t)writer->terms.count);
	return has_frequencies ? q__positions_add(&writer->positions, frequency) : NULL;
}

/* What has been added since the last term, as bytes. */
static bool end_postings(struct q__segment_writer *writer, struct q__term_ref *ref)
{
	q_buf_clear(&writer->term_postings);
	return q__postings_end(&writer->postings, q__section_offset(writer->file),
			       &writer->term_postings, ref) &&
	       (!writer->lengths || q__positions_end(&writer->positions, &writer->term_postings));
}

void q__segment_add_value(struct q__segment_writer *writer, uint32_t document, int64_t value)
{
	q__column_add(&writer->column, document, value);
}

enum q_code q__segment_end_term(struct q__segment_writer *writer, struct q_str term,
				struct q_err *err)
{
	struct q__term_ref ref;

	if (writer->postings.document_count == 0)
		return Q_OK;
	if (!end_postings(writer, &ref))
		return q_fail(err, Q_NOMEM, "index.write", "the postings of a term");
	q__terms_add(&writer->terms, term, &ref);
	return q__section_write(writer->file, bytes_of(&writer->term_postings), err);
}

static enum q_code write_counts(struct q__segment_writer *writer, struct q_err *err)
{
	uint64_t counts[3] = {writer->terms.count};

	for (uint32_t i = 0; i < writer->document_count; i++) {
		counts[1] += writer->tokens[i] > 0;
		counts[2] += writer->tokens[i];
	}
	return q__section_put(writer->file, Q__SECTION_FIELD, writer->field,
			      (struct q_bytes){(const unsigned char *)counts, sizeof counts}, err);
}

static enum q_code write_lengths(struct q__segment_writer *writer, struct q_err *err)
{
	struct q_bytes lengths = {writer->lengths, writer->document_count};
	enum q_code code =
		q__section_put(writer->file, Q__SECTION_LENGTHS, writer->field, lengths, err);
	struct q_buf longer;

	q_buf_init(&longer, UINT32_MAX);
	if (!code &&
	    !q__longer_write(writer->lengths, writer->tokens, writer->document_count, &longer))
		code = q_fail(err, Q_NOMEM, "index.write", "the lengths of a field");
	if (!code && longer.length > 0)
		code = q__section_put(writer->file, Q__SECTION_LONGER, writer->field,
				      bytes_of(&longer), err);
	q_buf_free(&longer);
	return code;
}

static enum q_code write_column(struct q__segment_writer *writer, struct q_err *err)
{
	struct q_buf section;
	enum q_code code = Q_OK;

	q_buf_init(&section, UINT32_MAX);
	if (!q__column_end(&writer->column, writer->document_count, &section))
		code = q_fail(err, Q_NOMEM, "index.write", "the values of a field");
	else if (section.length > 0)
		code = q__section_put(writer->file, Q__SECTION_COLUMN, writer->field,
				      bytes_of(&section), err);
	q_buf_free(&section);
	return code;
}

static enum q_code write_field(struct q__segment_writer *writer, struct q_err *err)
{
	enum q_code code = write_counts(writer, err);

	if (!code && writer->lengths)
		code = write_lengths(writer, err);
	if (!code)
		code = q__section_put(writer->file, Q__SECTION_TERMS, writer->field,
				      bytes_of(&writer->terms.blocks), err);
	if (!code)
		code = q__section_put(writer->file, Q__SECTION_TERM_BLOCKS, writer->field,
				      bytes_of(&writer->terms.block_heads), err);
	return code ? code : write_column(writer, err);
}

enum q_code q__segment_end_field(struct q__segment_writer *writer, struct q_err *err)
{
	if (!q__terms_end(&writer->terms))
		return q_fail(err, Q_NOMEM, "index.write", "the terms of a field");
	return write_field(writer, err);
}

static void free_writer(struct q__segment_writer *writer)
{
	q__stored_abandon(writer->stored);
	q__postings_writer_free(&writer->postings);
	q__positions_writer_free(&writer->positions);
	q__terms_writer_free(&writer->terms);
	q__column_writer_free(&writer->column);
	q_buf_free(&writer->ids);
	q_buf_free(&writer->id_ends);
	q_buf_free(&writer->term_postings);
	q_mem_free(writer->tokens);
	q_mem_free(writer);
}

enum q_code q__segment_finish(struct q__segment_writer *writer, struct q_err *err)
{
	enum q_code code = q__segment_file_finish(writer->file, err);

	free_writer(writer);
	return code;
}

enum q_code q__segment_finish_part(struct q__segment_writer *writer, struct q_err *err)
{
	enum q_code code = q__segment_file_finish_part(writer->file, err);

	free_writer(writer);
	return code;
}

enum q_code q__segment_add_part(struct q__segment_writer *writer, struct q__directory *directory,
				const char *name, struct q_err *err)
{
	struct q__segment_file *part;
	enum q_code code = end_documents(writer, err);

	if (!code)
		code = q__segment_file_open(directory, name, &part, err);
	if (code)
		return code;
	code = q__segment_file_copy(part, writer->file, err);
	q__segment_file_close(part);
	return code;
}

void q__segment_abandon(struct q__segment_writer *writer)
{
	if (!writer)
		return;
	q__segment_file_abandon(writer->file);
	free_writer(writer);
}
