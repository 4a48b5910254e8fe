/* Documents with a value in one of several spans, by reading their column. Zones without such a
 * value are passed over; the others are read in the packed form, so that a document costs a load,
 * a shift and a comparison. */
#include "search/query/matcher.h"

/* A span of packed values: from `first` on, `extent` further. */
struct packed_span {
	uint64_t first, extent;
};

struct values {
	struct q__matcher base;
	const struct q__column *column;
	const struct q__value_span *spans;
	struct packed_span *packed;
	size_t count, packed_count;
	float score;
};

/* Is one of the spans in the zone? */
static bool overlaps(const struct values *values, struct q__zone zone)
{
	size_t low = 0, high = values->count;

	/* The first span that does not end before the zone. */
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (values->spans[middle].greatest < zone.least)
			low = middle + 1;
		else
			high = middle;
	}
	return low < values->count && values->spans[low].least <= zone.greatest;
}

static uint32_t next_of_values(struct q__matcher *matcher, uint32_t from)
{
	const struct values *values = q_container_of(matcher, struct values, base);
	uint32_t document_count = values->column->document_count;

	while (from < document_count) {
		uint32_t zone = from / Q__ZONE_DOCUMENTS;

		if (overlaps(values, q__column_zone(values->column, zone)))
			return from;
		from = (zone + 1) * Q__ZONE_DOCUMENTS;
	}
	return Q__NO_DOCUMENT;
}

/* The packed spans come in order: only the last that begins at the value or before can have it. */
static bool has_packed(const struct values *values, uint64_t packed)
{
	size_t low = 0, high = values->packed_count;

	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;

		if (values->packed[middle].first <= packed)
			low = middle;
		else
			high = middle;
	}
	return packed - values->packed[low].first <= values->packed[low].extent;
}

static bool has_document(const struct values *values, uint32_t document)
{
	const struct q__column *column = values->column;
	struct q__value_range range = q__column_find(column, document);

	for (; range.at < range.end; range.at++) {
		if (has_packed(values, q__unpack_one(column->values, range.at, column->value_bits)))
			return true;
	}
	return false;
}

/* The common case: one value each, one span. */
static void find_single(const struct values *values, struct q__window *window, uint32_t end)
{
	const struct q__column *column = values->column;
	struct packed_span span = values->packed[0];

	for (uint32_t i = window->start; i < end; i++) {
		uint64_t packed = q__unpack_one(column->values, i, column->value_bits);
		uint32_t at = i - window->start;

		window->found[at / 64] |= (uint64_t)(packed - span.first <= span.extent) << at % 64;
	}
}

static void find_any(const struct values *values, struct q__window *window, uint32_t end)
{
	for (uint32_t i = window->start; i < end; i++) {
		uint32_t at = i - window->start;

		window->found[at / 64] |= (uint64_t)has_document(values, i) << at % 64;
	}
}

static void fill_values(struct q__matcher *matcher, struct q__window *window)
{
	const struct values *values = q_container_of(matcher, struct values, base);
	uint64_t value_count = values->column->value_count;
	uint32_t document_count = values->column->document_count;
	uint32_t end = window->end < document_count ? window->end : document_count;

	if (values->packed_count == 1 && !values->column->ends && value_count >= end)
		find_single(values, window, end);
	else if (values->packed_count > 0)
		find_any(values, window, end);
	q__set_scores(window, values->score);
}

static const struct q__matcher_ops values_ops = {.next = next_of_values, .fill = fill_values};

/* What of a span the column can hold, packed; false: nothing. */
static bool pack_span(const struct q__column *column, struct q__value_span span,
		      struct packed_span *out)
{
	uint64_t step = column->step ? column->step : 1;
	uint64_t mask =
		column->value_bits == 64 ? UINT64_MAX : ((uint64_t)1 << column->value_bits) - 1;
	uint64_t last;

	if (span.greatest < column->least)
		return false;
	last = ((uint64_t)span.greatest - (uint64_t)column->least) / step;
	out->first = 0;
	if (span.least > column->least)
		out->first = ((uint64_t)span.least - (uint64_t)column->least - 1) / step + 1;
	last = last < mask ? last : mask;
	out->extent = last - out->first;
	return out->first <= last;
}

struct q__matcher *q__match_values(const struct q__column *column,
				   const struct q__value_span *spans, size_t count, float score,
				   struct q_arena *arena)
{
	struct values *values = q_arena_alloc(arena, sizeof *values);

	if (!values)
		return NULL;
	*values = (struct values){.base = {&values_ops},
				  .column = column,
				  .spans = spans,
				  .count = count,
				  .score = score};
	values->packed = q_arena_alloc_array(arena, count, sizeof *values->packed);
	if (!values->packed)
		return NULL;
	for (size_t i = 0; i < count; i++) {
		if (pack_span(column, spans[i], &values->packed[values->packed_count]))
			values->packed_count++;
	}
	return &values->base;
}
