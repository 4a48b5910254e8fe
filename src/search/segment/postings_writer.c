#include "search/segment/postings.h"

#include "search/segment/codec.h"
#include "search/segment/postings_internal.h"

static const struct q__postings_bound no_bound = {
	.frequency_max = 0, .length_min = {UINT8_MAX, UINT8_MAX, UINT8_MAX, UINT8_MAX}};

static void widen(struct q__postings_bound *bound, uint8_t frequency, uint8_t length_byte)
{
	uint8_t *length_min =
		&bound->length_min[(frequency < Q__BOUND_CLASSES ? frequency : Q__BOUND_CLASSES) -
				   1];

	if (frequency > bound->frequency_max)
		bound->frequency_max = frequency;
	if (length_byte < *length_min)
		*length_min = length_byte;
}

static void start_term(struct q__postings_writer *writer)
{
	writer->pending = writer->document_count = writer->next_document = 0;
	writer->bound = writer->block_bound = no_bound;
	q_buf_clear(&writer->table);
	q_buf_clear(&writer->blocks);
}

void q__postings_writer_init(struct q__postings_writer *writer, bool has_frequencies)
{
	writer->has_frequencies = has_frequencies;
	q_buf_init(&writer->table, UINT32_MAX);
	q_buf_init(&writer->blocks, UINT32_MAX);
	start_term(writer);
}

void q__postings_writer_free(struct q__postings_writer *writer)
{
	q_buf_free(&writer->table);
	q_buf_free(&writer->blocks);
}

static void pack_block(struct q__postings_writer *writer, const uint32_t *deltas,
		       const uint32_t *frequencies)
{
	struct q_buf *out = &writer->blocks;
	unsigned delta_bits = q__block_bits(deltas, writer->pending);
	unsigned frequency_bits =
		writer->has_frequencies ? q__block_bits(frequencies, writer->pending) : 0;

	q_buf_append_char(out, (char)delta_bits);
	if (writer->has_frequencies)
		q_buf_append_char(out, (char)frequency_bits);
	q__pack_block(out, deltas, writer->pending, delta_bits);
	if (writer->has_frequencies)
		q__pack_block(out, frequencies, writer->pending, frequency_bits);
}

static void append_bound(struct q_buf *out, const struct q__postings_bound *bound)
{
	q_buf_append_char(out, (char)bound->frequency_max);
	q_buf_append_bytes(out, bound->length_min, sizeof bound->length_min);
}

static void end_block(struct q__postings_writer *writer)
{
	uint32_t deltas[Q__BLOCK_DOCUMENTS];
	uint32_t next = writer->next_document;

	for (uint32_t i = 0; i < writer->pending; i++) {
		deltas[i] = writer->documents[i] - next + 1;
		next = writer->documents[i] + 1;
	}
	pack_block(writer, deltas, writer->frequencies);
	q__append_u32(&writer->table, next - 1);
	q__append_u32(&writer->table, (uint32_t)writer->blocks.length);
	append_bound(&writer->table, &writer->block_bound);
	writer->next_document = next;
	writer->block_bound = no_bound;
	writer->pending = 0;
}

void q__postings_add(struct q__postings_writer *writer, uint32_t document, uint32_t frequency,
		     uint8_t length_byte)
{
	uint8_t bounded = frequency < UINT8_MAX ? (uint8_t)frequency : UINT8_MAX;

	writer->documents[writer->pending] = document;
	writer->frequencies[writer->pending++] = frequency;
	writer->document_count++;
	widen(&writer->block_bound, bounded, length_byte);
	widen(&writer->bound, bounded, length_byte);
	if (writer->pending == Q__BLOCK_DOCUMENTS)
		end_block(writer);
}

static void write_term(struct q__postings_writer *writer, struct q_buf *out)
{
	if (writer->pending > 0)
		end_block(writer);
	if (writer->has_frequencies)
		append_bound(out, &writer->bound);
	if (writer->document_count > Q__BLOCK_DOCUMENTS)
		q_buf_append(out, q_buf_str(&writer->table));
	q_buf_append(out, q_buf_str(&writer->blocks));
}

bool q__postings_end(struct q__postings_writer *writer, uint64_t offset, struct q_buf *out,
		     struct q__term_ref *ref)
{
	bool is_single = writer->document_count == 1 && !writer->has_frequencies;
	bool is_whole;

	*ref = (struct q__term_ref){.document_count = writer->document_count,
				    .is_single = is_single,
				    .document = is_single ? writer->documents[0] : 0,
				    .offset = offset};
	if (!is_single)
		write_term(writer, out);
	is_whole = !q_buf_failed(out) && !q_buf_failed(&writer->table) &&
		   !q_buf_failed(&writer->blocks);
	start_term(writer);
	return is_whole;
}
