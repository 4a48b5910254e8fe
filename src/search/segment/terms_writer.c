/* A block: bytes of its strings (varint), the strings, the references. A string: [shared bytes, not
 * for the first], other bytes (varints), the other bytes. A reference: documents x 2 + is_single
 * (varint), then the document, or the offset beyond the one before (varint). */
#include "search/segment/terms.h"

void q__terms_writer_init(struct q__terms_writer *writer)
{
	*writer = (struct q__terms_writer){0};
	q_buf_init(&writer->blocks, UINT32_MAX);
	q_buf_init(&writer->block_heads, UINT32_MAX);
	q_buf_init(&writer->strings, Q__BLOCK_TERMS * (Q__TERM_MAX + 2 * Q__VARINT_MAX));
	q_buf_init(&writer->references, (size_t)Q__BLOCK_TERMS * 2 * Q__VARINT_MAX);
	q_buf_init(&writer->previous, Q__TERM_MAX);
}

void q__terms_writer_free(struct q__terms_writer *writer)
{
	q_buf_free(&writer->blocks);
	q_buf_free(&writer->block_heads);
	q_buf_free(&writer->strings);
	q_buf_free(&writer->references);
	q_buf_free(&writer->previous);
}

/* Clearing a buffer makes it forget that memory ended for it. */
static void clear(struct q__terms_writer *writer, struct q_buf *buf)
{
	writer->is_failed = writer->is_failed || q_buf_failed(buf);
	q_buf_clear(buf);
}

static void end_block(struct q__terms_writer *writer)
{
	q__append_varint(&writer->blocks, writer->strings.length);
	q_buf_append(&writer->blocks, q_buf_str(&writer->strings));
	q_buf_append(&writer->blocks, q_buf_str(&writer->references));
	clear(writer, &writer->strings);
	clear(writer, &writer->references);
	writer->next_offset = 0;
}

static size_t shared_bytes(struct q_str a, struct q_str b)
{
	size_t most = a.length < b.length ? a.length : b.length;
	size_t count = 0;

	while (count < most && a.data[count] == b.data[count])
		count++;
	return count;
}

static void begin_block(struct q__terms_writer *writer, struct q_str first)
{
	q__append_u64(&writer->block_heads, q__term_beginning(first));
	q__append_u32(&writer->block_heads, (uint32_t)writer->blocks.length);
}

static void add_string(struct q__terms_writer *writer, struct q_str term)
{
	size_t shared = 0;

	if (writer->strings.length == 0) {
		begin_block(writer, term);
	} else {
		shared = shared_bytes(q_buf_str(&writer->previous), term);
		q__append_varint(&writer->strings, shared);
	}
	q__append_varint(&writer->strings, term.length - shared);
	q_buf_append(&writer->strings, q_str_slice(term, shared, term.length));
	clear(writer, &writer->previous);
	q_buf_append(&writer->previous, term);
}

void q__terms_add(struct q__terms_writer *writer, struct q_str term, const struct q__term_ref *ref)
{
	add_string(writer, term);
	q__append_varint(&writer->references,
			 (uint64_t)ref->document_count << 1 | (ref->is_single ? 1 : 0));
	if (ref->is_single) {
		q__append_varint(&writer->references, ref->document);
	} else {
		q__append_varint(&writer->references, ref->offset - writer->next_offset);
		writer->next_offset = ref->offset;
	}
	if (++writer->count % Q__BLOCK_TERMS == 0)
		end_block(writer);
}

bool q__terms_end(struct q__terms_writer *writer)
{
	if (writer->strings.length > 0)
		end_block(writer);
	return !writer->is_failed && !q_buf_failed(&writer->blocks) &&
	       !q_buf_failed(&writer->block_heads) && !q_buf_failed(&writer->strings) &&
	       !q_buf_failed(&writer->references) && !q_buf_failed(&writer->previous);
}
