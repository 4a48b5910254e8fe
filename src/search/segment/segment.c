#include "search/segment/segment.h"

#include "base/mem.h"

#include <stdio.h>

enum { FIELD_BYTES = 3 * sizeof(uint64_t) };

static enum q_code fail_corrupt(const struct q__segment *segment, const char *what,
				struct q_err *err)
{
	return q_fail(err, Q_CORRUPT, "index.segment",
		      "%s: %s do not fit; build the index again from its source", segment->name,
		      what);
}

static enum q_code open_documents(struct q__segment *segment, struct q_err *err)
{
	struct q_bytes count = q__segment_file_section(segment->file, Q__SECTION_DOCUMENTS, 0);
	struct q_bytes ends = q__segment_file_section(segment->file, Q__SECTION_ID_ENDS, 0);

	if (count.length != sizeof(uint32_t))
		return fail_corrupt(segment, "its documents", err);
	segment->document_count = q__read_u32(count.data);
	if (ends.length != (size_t)segment->document_count * sizeof(uint32_t))
		return fail_corrupt(segment, "its ids", err);
	segment->id_ends = ends.data;
	segment->ids = q__segment_file_section(segment->file, Q__SECTION_IDS, 0);
	segment->stored = (struct q__stored){
		q__segment_file_section(segment->file, Q__SECTION_STORED, 0),
		q__segment_file_section(segment->file, Q__SECTION_STORED_BLOCKS, 0)};
	return Q_OK;
}

static enum q_code open_field(struct q__segment *segment, uint32_t number, struct q_err *err)
{
	const struct q__segment_file *file = segment->file;
	struct q__field *field = &segment->fields[number];
	struct q_bytes counts = q__segment_file_section(file, Q__SECTION_FIELD, number);
	struct q_bytes lengths = q__segment_file_section(file, Q__SECTION_LENGTHS, number);

	if (counts.length != FIELD_BYTES)
		return fail_corrupt(segment, "a field's counts", err);
	field->document_count = q__read_u64(counts.data + 8);
	field->token_count = q__read_u64(counts.data + 16);
	field->lengths = (struct q__field_lengths){
		.bytes = lengths.length > 0 ? lengths.data : NULL,
		.longer = q__segment_file_section(file, Q__SECTION_LONGER, number)};
	if (lengths.length > 0 && lengths.length != segment->document_count)
		return fail_corrupt(segment, "a field's lengths", err);
	field->postings = (struct q__postings_source){
		.bytes = q__segment_file_section(file, Q__SECTION_POSTINGS, number),
		.has_frequencies = field->lengths.bytes != NULL,
		.document_count = segment->document_count};
	if (!q__terms_open(&field->terms, q__segment_file_section(file, Q__SECTION_TERMS, number),
			   q__segment_file_section(file, Q__SECTION_TERM_BLOCKS, number),
			   q__read_u64(counts.data)))
		return fail_corrupt(segment, "a field's terms", err);
	if (!q__column_open(&field->column,
			    q__segment_file_section(file, Q__SECTION_COLUMN, number),
			    segment->document_count))
		return fail_corrupt(segment, "a field's values", err);
	return Q_OK;
}

static enum q_code open_parts(struct q__segment *segment, struct q_err *err)
{
	enum q_code code = open_documents(segment, err);

	for (uint32_t i = 0; i < segment->field_count && !code; i++)
		code = open_field(segment, i, err);
	return code;
}

enum q_code q__segment_open(struct q__directory *directory, const char *name, size_t field_count,
			    struct q__segment **out, struct q_err *err)
{
	struct q__segment *segment = q_mem_new(sizeof *segment);
	enum q_code code;

	if (!segment)
		return q_fail(err, Q_NOMEM, "index.segment", "%s", name);
	atomic_init(&segment->reference_count, 1);
	snprintf(segment->name, sizeof segment->name, "%s", name);
	segment->field_count = field_count;
	segment->fields = q_mem_new_array(field_count, sizeof *segment->fields);
	if (segment->fields)
		code = q__segment_file_open(directory, name, &segment->file, err);
	else
		code = q_fail(err, Q_NOMEM, "index.segment", "%s", name);
	if (!code)
		code = open_parts(segment, err);
	if (code)
		q__segment_unref(segment);
	else
		*out = segment;
	return code;
}

struct q__segment *q__segment_ref(struct q__segment *segment)
{
	atomic_fetch_add(&segment->reference_count, 1);
	return segment;
}

void q__segment_unref(struct q__segment *segment)
{
	if (!segment || atomic_fetch_sub(&segment->reference_count, 1) != 1)
		return;
	q__segment_file_close(segment->file);
	q_mem_free(segment->fields);
	q_mem_free(segment);
}

struct q_str q__segment_id(const struct q__segment *segment, uint32_t document)
{
	uint32_t end = q__read_u32(segment->id_ends + 4 * (size_t)document);
	uint32_t start = document ? q__read_u32(segment->id_ends + 4 * (size_t)(document - 1)) : 0;

	if (start > end || end > segment->ids.length)
		return (struct q_str){0};
	return (struct q_str){(const char *)segment->ids.data + start, end - start};
}
