#include "search/segment/column_internal.h"

static bool bits_ok(unsigned bits)
{
	return bits <= Q__UNALIGNED_BITS_MAX || bits == 64;
}

static void read_header(struct q__column *column, const unsigned char *at)
{
	column->value_count = q__read_u64(at);
	column->least = (int64_t)q__read_u64(at + 8);
	column->step = q__read_u64(at + 16);
	column->value_bits = q__read_u32(at + 24);
	column->end_bits = q__read_u32(at + 28);
}

bool q__column_open(struct q__column *column, struct q_bytes section, uint32_t document_count)
{
	uint64_t zones = (uint64_t)q__zone_count(document_count) * Q__ZONE_BYTES, ends, values;

	*column = (struct q__column){.document_count = document_count};
	if (section.length == 0)
		return true;
	if (section.length < Q__COLUMN_HEADER_BYTES)
		return false;
	read_header(column, section.data);
	/* No value takes more than 64 bits: the products below do not overflow. */
	if (!bits_ok(column->value_bits) || !bits_ok(column->end_bits) ||
	    column->value_count > UINT32_MAX)
		return false;
	ends = q__column_bytes(document_count, column->end_bits);
	values = q__column_bytes(column->value_count, column->value_bits);
	if (section.length != Q__COLUMN_HEADER_BYTES + zones + ends + values)
		return false;
	column->zones = section.data + Q__COLUMN_HEADER_BYTES;
	column->ends = column->end_bits > 0 ? column->zones + zones : NULL;
	column->values = column->zones + zones + ends;
	return true;
}

struct q__zone q__column_zone(const struct q__column *column, uint32_t zone)
{
	const unsigned char *at;

	if (column->value_count == 0)
		return (struct q__zone){INT64_MAX, INT64_MIN};
	at = column->zones + (size_t)zone * Q__ZONE_BYTES;
	return (struct q__zone){(int64_t)q__read_u64(at), (int64_t)q__read_u64(at + 8)};
}
