#include "search/segment/column_internal.h"

#include "base/mem.h"

#include <stdlib.h>

/* A value with its document, as it came. */
struct added {
	int64_t value;
	uint32_t document;
};

/* The values in the order of their documents, those of a document ascending. */
struct ordered {
	int64_t *values;
	uint32_t *ends; /* by document: behind its last value */
	uint32_t value_count, document_count;
};

void q__column_writer_init(struct q__column_writer *writer)
{
	*writer = (struct q__column_writer){0};
	q_vec_init(&writer->values, sizeof(struct added), UINT32_MAX);
}

void q__column_writer_free(struct q__column_writer *writer)
{
	q_vec_free(&writer->values);
}

void q__column_writer_clear(struct q__column_writer *writer)
{
	q_vec_clear(&writer->values);
	writer->has_failed = false;
}

void q__column_add(struct q__column_writer *writer, uint32_t document, int64_t value)
{
	struct added added = {value, document};

	if (!q_vec_push(&writer->values, &added))
		writer->has_failed = true;
}

static int compare_values(const void *a, const void *b)
{
	const int64_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

/* Each value goes to its document's place; afterwards the ends are where the places ended. */
static void put_in_order(struct ordered *ordered, const struct added *added)
{
	uint32_t start = 0;

	for (uint32_t i = 0; i < ordered->value_count; i++)
		ordered->ends[added[i].document]++;
	for (uint32_t i = 0; i < ordered->document_count; i++) {
		uint32_t count = ordered->ends[i];

		ordered->ends[i] = start;
		start += count;
	}
	for (uint32_t i = 0; i < ordered->value_count; i++)
		ordered->values[ordered->ends[added[i].document]++] = added[i].value;
	start = 0;
	for (uint32_t i = 0; i < ordered->document_count; i++) {
		if (ordered->ends[i] - start > 1)
			qsort(ordered->values + start, ordered->ends[i] - start, sizeof(int64_t),
			      compare_values);
		start = ordered->ends[i];
	}
}

static uint64_t greatest_common_divisor(uint64_t a, uint64_t b)
{
	while (b != 0) {
		uint64_t rest = a % b;

		a = b;
		b = rest;
	}
	return a;
}

static unsigned bits_for(uint64_t largest)
{
	unsigned bits = largest ? 64 - (unsigned)__builtin_clzll(largest) : 0;

	return bits > Q__UNALIGNED_BITS_MAX ? 64 : bits;
}

static bool has_one_each(const struct ordered *ordered)
{
	for (uint32_t i = 0; i < ordered->document_count; i++) {
		if (ordered->ends[i] != i + 1)
			return false;
	}
	return true;
}

/* How the values are packed. */
static struct q__column choose_packing(const struct ordered *ordered)
{
	struct q__column column = {.value_count = ordered->value_count,
				   .least = ordered->values[0]};
	int64_t greatest = column.least;

	for (uint32_t i = 0; i < ordered->value_count; i++) {
		int64_t value = ordered->values[i];

		column.least = value < column.least ? value : column.least;
		greatest = value > greatest ? value : greatest;
	}
	for (uint32_t i = 0; i < ordered->value_count && column.step != 1; i++)
		column.step = greatest_common_divisor(
			(uint64_t)ordered->values[i] - (uint64_t)column.least, column.step);
	if (column.step > 0)
		column.value_bits =
			bits_for(((uint64_t)greatest - (uint64_t)column.least) / column.step);
	column.end_bits = has_one_each(ordered) ? 0 : bits_for(ordered->value_count);
	return column;
}

static void append_header(struct q_buf *out, const struct q__column *column)
{
	q__append_u64(out, column->value_count);
	q__append_u64(out, (uint64_t)column->least);
	q__append_u64(out, column->step);
	q__append_u32(out, column->value_bits);
	q__append_u32(out, column->end_bits);
}

static void append_zones(struct q_buf *out, const struct ordered *ordered)
{
	uint32_t at = 0;

	for (uint32_t start = 0; start < ordered->document_count; start += Q__ZONE_DOCUMENTS) {
		uint32_t left = ordered->document_count - start;
		uint32_t last = start + (left < Q__ZONE_DOCUMENTS ? left : Q__ZONE_DOCUMENTS) - 1;
		struct q__zone zone = {INT64_MAX, INT64_MIN};

		for (; at < ordered->ends[last]; at++) {
			int64_t value = ordered->values[at];

			zone.least = value < zone.least ? value : zone.least;
			zone.greatest = value > zone.greatest ? value : zone.greatest;
		}
		q__append_u64(out, (uint64_t)zone.least);
		q__append_u64(out, (uint64_t)zone.greatest);
	}
}

/* Room for so many packed numbers, all 0, and a number's bytes behind them; NULL when the heap is
 * full. */
static unsigned char *append_room(struct q_buf *out, uint64_t count, unsigned bits)
{
	size_t size = q__column_bytes(count, bits);
	unsigned char *room = (unsigned char *)q_buf_reserve(out, size + sizeof(uint64_t));

	if (!room)
		return NULL;
	memset(room, 0, size + sizeof(uint64_t));
	out->length += size;
	return room;
}

static void pack_one(unsigned char *packed, uint64_t index, unsigned bits, uint64_t number)
{
	uint64_t at = index * bits, word = q__read_u64(packed + at / 8) | number << at % 8;

	memcpy(packed + at / 8, &word, sizeof word);
}

static void append_ends(struct q_buf *out, const struct ordered *ordered, unsigned bits)
{
	unsigned char *packed = append_room(out, ordered->document_count, bits);

	for (uint32_t i = 0; packed && i < ordered->document_count && bits > 0; i++)
		pack_one(packed, i, bits, ordered->ends[i]);
}

static void append_values(struct q_buf *out, const struct ordered *ordered,
			  const struct q__column *column)
{
	unsigned char *packed = append_room(out, ordered->value_count, column->value_bits);

	for (uint32_t i = 0; packed && i < ordered->value_count && column->step > 0; i++)
		pack_one(packed, i, column->value_bits,
			 ((uint64_t)ordered->values[i] - (uint64_t)column->least) / column->step);
}

static bool append_section(struct q_buf *out, const struct ordered *ordered)
{
	struct q__column column = choose_packing(ordered);

	append_header(out, &column);
	append_zones(out, ordered);
	append_ends(out, ordered, column.end_bits);
	append_values(out, ordered, &column);
	return !q_buf_failed(out);
}

bool q__column_end(const struct q__column_writer *writer, uint32_t document_count,
		   struct q_buf *out)
{
	struct ordered ordered = {.value_count = (uint32_t)writer->values.count,
				  .document_count = document_count};
	bool is_ended;

	if (writer->has_failed)
		return false;
	if (ordered.value_count == 0)
		return true;
	ordered.values = q_mem_new_array(ordered.value_count, sizeof *ordered.values);
	ordered.ends = q_mem_new_array(document_count, sizeof *ordered.ends);
	is_ended = ordered.values && ordered.ends;
	if (is_ended) {
		put_in_order(&ordered, writer->values.items);
		is_ended = append_section(out, &ordered);
	}
	q_mem_free(ordered.values);
	q_mem_free(ordered.ends);
	return is_ended;
}
