#include "search/segment/segment_file_internal.h"

#include "base/mem.h"
#include "search/segment/checksum.h"
#include "search/segment/codec.h"

enum { PENDING_MAX = 1 << 20, TABLE_MAX = Q__ENTRY_SIZE * Q__FIELDS_MAX * Q__SECTION_COUNT };

struct q__segment_file_writer {
	struct q__output *output; /* owned */
	struct q_buf pending;	  /* not yet given to the output */
	struct q_buf table;
	uint64_t offset; /* of the file's end */
	uint64_t section_offset;
	uint32_t section, field; /* the current one; 0: none */
	struct q__checksum_state checksum;
};

static enum q_code flush(struct q__segment_file_writer *writer, struct q_err *err)
{
	enum q_code code = writer->output->ops->write(
		writer->output, q_str_bytes(q_buf_str(&writer->pending)), err);

	q_buf_clear(&writer->pending);
	return code;
}

static enum q_code write_bytes(struct q__segment_file_writer *writer, struct q_bytes bytes,
			       struct q_err *err)
{
	enum q_code code = Q_OK;

	writer->offset += bytes.length;
	if (writer->pending.length + bytes.length > PENDING_MAX)
		code = flush(writer, err);
	if (code)
		return code;
	if (bytes.length > PENDING_MAX)
		return writer->output->ops->write(writer->output, bytes, err);
	if (!q_buf_append_bytes(&writer->pending, bytes.data, bytes.length))
		return q_fail(err, Q_NOMEM, "index.write", "%zu bytes", bytes.length);
	return Q_OK;
}

static enum q_code pad(struct q__segment_file_writer *writer, struct q_err *err)
{
	static const unsigned char zeros[8];

	return write_bytes(writer, (struct q_bytes){zeros, -writer->offset & 7}, err);
}

static enum q_code end_section(struct q__segment_file_writer *writer, struct q_err *err)
{
	struct q_buf *table = &writer->table;

	if (writer->section == 0)
		return Q_OK;
	q__append_u32(table, writer->section);
	q__append_u32(table, writer->field);
	q__append_u64(table, writer->section_offset);
	q__append_u64(table, q__section_offset(writer));
	q__append_u64(table, q__checksum_finish(&writer->checksum));
	writer->section = 0;
	if (q_buf_failed(table))
		return q_fail(err, Q_NOMEM, "index.write", "the table of sections");
	return pad(writer, err);
}

enum q_code q__segment_file_create(struct q__directory *directory, const char *name,
				   struct q__segment_file_writer **out, struct q_err *err)
{
	struct q__segment_file_writer *writer = q_mem_new(sizeof *writer);
	enum q_code code;

	if (!writer)
		return q_fail(err, Q_NOMEM, "index.write", "%s", name);
	q_buf_init(&writer->pending, 2 * PENDING_MAX);
	q_buf_init(&writer->table, TABLE_MAX);
	code = directory->ops->create(directory, name, &writer->output, err);
	if (code) {
		q_mem_free(writer);
		return code;
	}
	code = write_bytes(writer, q_str_bytes(Q_STR(Q__SEGMENT_MAGIC)), err);
	if (code)
		q__segment_file_abandon(writer);
	else
		*out = writer;
	return code;
}

enum q_code q__section_begin(struct q__segment_file_writer *writer, enum q__section section,
			     uint32_t field, struct q_err *err)
{
	enum q_code code = end_section(writer, err);

	writer->section = section;
	writer->field = field;
	writer->section_offset = writer->offset;
	writer->checksum = (struct q__checksum_state){0};
	return code;
}

enum q_code q__section_write(struct q__segment_file_writer *writer, struct q_bytes bytes,
			     struct q_err *err)
{
	q__checksum_add(&writer->checksum, bytes);
	return write_bytes(writer, bytes, err);
}

enum q_code q__section_put(struct q__segment_file_writer *writer, enum q__section section,
			   uint32_t field, struct q_bytes bytes, struct q_err *err)
{
	enum q_code code = q__section_begin(writer, section, field, err);

	return code ? code : q__section_write(writer, bytes, err);
}

uint64_t q__section_offset(const struct q__segment_file_writer *writer)
{
	return writer->offset - writer->section_offset;
}

static enum q_code write_end(struct q__segment_file_writer *writer, struct q_err *err)
{
	enum q_code code = end_section(writer, err);
	struct q_bytes table = q_str_bytes(q_buf_str(&writer->table));
	uint64_t table_offset = writer->offset;
	struct q_buf trailer;

	if (code)
		return code;
	q_buf_init(&trailer, Q__TRAILER_SIZE);
	q__append_u64(&trailer, table_offset);
	q__append_u64(&trailer, q__checksum(table));
	q__append_u32(&trailer, (uint32_t)(table.length / Q__ENTRY_SIZE));
	q__append_u32(&trailer, Q__SEGMENT_VERSION);
	q_buf_append(&trailer, Q_STR(Q__SEGMENT_MAGIC));
	if (q_buf_failed(&trailer))
		code = q_fail(err, Q_NOMEM, "index.write", "the trailer");
	if (!code)
		code = write_bytes(writer, table, err);
	if (!code)
		code = write_bytes(writer, q_str_bytes(q_buf_str(&trailer)), err);
	q_buf_free(&trailer);
	return code ? code : flush(writer, err);
}

static void free_writer(struct q__segment_file_writer *writer)
{
	q_buf_free(&writer->pending);
	q_buf_free(&writer->table);
	q_mem_free(writer);
}

enum q_code q__segment_file_finish(struct q__segment_file_writer *writer, struct q_err *err)
{
	enum q_code code = write_end(writer, err);

	if (code) {
		q__segment_file_abandon(writer);
		return code;
	}
	code = writer->output->ops->finish(writer->output, err);
	free_writer(writer);
	return code;
}

enum q_code q__segment_file_finish_part(struct q__segment_file_writer *writer, struct q_err *err)
{
	enum q_code code = write_end(writer, err);

	q__segment_file_abandon(writer); /* which closes the file and leaves it there */
	return code;
}

void q__segment_file_abandon(struct q__segment_file_writer *writer)
{
	if (!writer)
		return;
	writer->output->ops->abandon(writer->output);
	free_writer(writer);
}
