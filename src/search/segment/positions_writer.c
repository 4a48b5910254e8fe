#include "search/segment/positions.h"

#include "search/segment/codec.h"

void q__positions_writer_init(struct q__positions_writer *writer)
{
	*writer = (struct q__positions_writer){0};
	q_buf_init(&writer->deltas, UINT32_MAX);
	q_buf_init(&writer->table, UINT32_MAX);
	q_buf_init(&writer->blocks, UINT32_MAX);
}

void q__positions_writer_free(struct q__positions_writer *writer)
{
	q_buf_free(&writer->deltas);
	q_buf_free(&writer->table);
	q_buf_free(&writer->blocks);
}

/* Deltas that have failed stay so until the term ends. */
static void end_block(struct q__positions_writer *writer)
{
	const uint32_t *deltas = (const uint32_t *)(const void *)writer->deltas.data;
	size_t count = writer->deltas.length / sizeof *deltas;
	unsigned bits = q__bits_of(deltas, count);

	if (q_buf_failed(&writer->deltas))
		return;
	q_buf_append_char(&writer->blocks, (char)bits);
	q__pack(&writer->blocks, deltas, count, bits);
	q__append_u32(&writer->table, (uint32_t)writer->blocks.length);
	q_buf_clear(&writer->deltas);
}

uint32_t *q__positions_add(struct q__positions_writer *writer, uint32_t count)
{
	size_t size = count * sizeof(uint32_t);
	char *room;

	if (writer->document_count > 0 && writer->document_count % Q__BLOCK_DOCUMENTS == 0)
		end_block(writer);
	writer->document_count++;
	room = q_buf_reserve(&writer->deltas, size);
	if (room)
		writer->deltas.length += size;
	return (uint32_t *)(void *)room;
}

bool q__positions_end(struct q__positions_writer *writer, struct q_buf *out)
{
	bool is_whole;

	if (writer->deltas.length > 0)
		end_block(writer);
	if (writer->document_count > Q__BLOCK_DOCUMENTS)
		q_buf_append(out, q_buf_str(&writer->table));
	q_buf_append(out, q_buf_str(&writer->blocks));
	is_whole = !q_buf_failed(out) && !q_buf_failed(&writer->deltas) &&
		   !q_buf_failed(&writer->table) && !q_buf_failed(&writer->blocks);
	q_buf_clear(&writer->deltas);
	q_buf_clear(&writer->table);
	q_buf_clear(&writer->blocks);
	writer->document_count = 0;
	return is_whole;
}
