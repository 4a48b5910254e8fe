#include "search/answer/facets.h"

#include "search/analysis/field.h"
#include "search/answer/bucket_selection.h"
#include "search/answer/facet_bins.h"

static enum q_code fail_memory(struct q_err *err)
{
	return q_fail(err, Q_NOMEM, "search_index.search", "the facets take too much memory");
}

static bool fits(const struct q_facet *asked, enum q_field_kind kind)
{
	switch (asked->kind) {
	case Q_FACET_TERMS:
		return kind != Q_FIELD_TEXT;
	case Q_FACET_HISTOGRAM:
		return kind == Q_FIELD_NUMBER;
	case Q_FACET_DATE_HISTOGRAM:
		return kind == Q_FIELD_DATE;
	}
	return false;
}

static enum q_code find_field(struct q__facet *facet, const struct q_index_definition *definition,
			      struct q_err *err)
{
	const struct q_facet *asked = facet->asked;

	facet->field = q__field_find(definition, asked->field);
	if (facet->field == 0)
		return q_fail(err, Q_INVALID, "search_index.search",
			      "facet %.*s: there is no field %.*s", Q_STR_ARG(asked->name),
			      Q_STR_ARG(asked->field));
	facet->field_kind = definition->fields[facet->field - 1].kind;
	if (!fits(asked, facet->field_kind))
		return q_fail(err, Q_INVALID, "search_index.search",
			      "facet %.*s: the field %.*s is of another kind",
			      Q_STR_ARG(asked->name), Q_STR_ARG(asked->field));
	return Q_OK;
}

static bool open_counts(struct q__facets *facets, struct q__facet *facet)
{
	if (facet->field_kind != Q_FIELD_KEYWORD)
		return q__value_counts_open(&facet->counts);
	facet->ordinal_counts =
		q_arena_alloc_array(facets->scratch, facets->snapshot->part_count, sizeof(void *));
	return facet->ordinal_counts != NULL;
}

enum q_code q__facets_open(struct q__facets *facets, const struct q__snapshot *snapshot,
			   const struct q_index_definition *definition, const struct q_call *call,
			   const struct q_search_request *request, struct q_arena *scratch,
			   struct q_err *err)
{
	enum q_code code = Q_OK;

	*facets = (struct q__facets){.snapshot = snapshot, .call = call, .scratch = scratch};
	facets->facets = q_arena_alloc_array(scratch, request->facet_count, sizeof *facets->facets);
	if (!facets->facets)
		return fail_memory(err);
	facets->count = request->facet_count;
	for (size_t i = 0; i < facets->count && !code; i++) {
		facets->facets[i].asked = &request->facets[i];
		code = find_field(&facets->facets[i], definition, err);
		if (!code && !open_counts(facets, &facets->facets[i]))
			code = fail_memory(err);
	}
	return code;
}

void q__facets_close(struct q__facets *facets)
{
	for (size_t i = 0; i < facets->count; i++)
		q__value_counts_free(&facets->facets[i].counts);
}

enum q_code q__facets_begin_part(struct q__facets *facets, size_t part, struct q_err *err)
{
	const struct q__segment *segment = facets->snapshot->parts[part].segment;

	facets->part = part;
	for (size_t i = 0; i < facets->count; i++) {
		struct q__facet *facet = &facets->facets[i];
		size_t term_count = segment->fields[facet->field].terms.count;

		if (facet->field_kind != Q_FIELD_KEYWORD)
			continue;
		facet->ordinal_counts[part] =
			q_arena_alloc_array(facets->scratch, term_count, sizeof(uint32_t));
		if (!facet->ordinal_counts[part])
			return fail_memory(err);
	}
	return Q_OK;
}

static void count_ordinals(const struct q__facet *facet, const struct q__field *field, size_t part,
			   uint32_t document)
{
	struct q__value_range range = q__column_find(&field->column, document);

	for (; range.at < range.end; range.at++) {
		uint64_t ordinal = (uint64_t)q__column_value(&field->column, range.at);

		if (ordinal < field->terms.count)
			facet->ordinal_counts[part][ordinal]++;
	}
}

/* Values ascend, and so do their bins: of several in one bin, the first counts. */
static bool count_values(struct q__facet *facet, const struct q__column *column, uint32_t document)
{
	struct q__value_range range = q__column_find(column, document);
	int64_t before = 0;

	for (uint64_t i = range.at; i < range.end; i++) {
		int64_t bin = q__bin_of(facet->asked, q__column_value(column, i));

		if ((i == range.at || bin != before) && !q__value_counts_add(&facet->counts, bin))
			return false;
		before = bin;
	}
	return true;
}

static void take(struct q__facets *facets, struct q__facet *facet, const struct q__window *window)
{
	const struct q__segment *segment = facets->snapshot->parts[facets->part].segment;
	const struct q__field *field = &segment->fields[facet->field];

	for (uint32_t i = 0; i < Q__WINDOW_WORDS; i++) {
		for (uint64_t word = window->found[i]; word != 0;) {
			uint32_t document = window->start + 64 * i + q_bits_take(&word);

			if (facet->field_kind == Q_FIELD_KEYWORD)
				count_ordinals(facet, field, facets->part, document);
			else if (!count_values(facet, &field->column, document))
				facets->has_failed = true;
		}
	}
}

void q__facets_take(struct q__facets *facets, const struct q__window *window)
{
	for (size_t i = 0; i < facets->count && !facets->has_failed; i++)
		take(facets, &facets->facets[i], window);
}

static void offer_bin(const struct q__facet *facet, struct q__bucket_selection *selection,
		      int64_t bin, uint64_t count)
{
	struct q_search_value *key = q__bucket_offer(selection, count);

	if (key)
		*key = q__bin_key(facet->asked, facet->field_kind, bin);
}

/* All bins, those in between too, where they are wanted. False: too many. */
static bool offer_bins(const struct q__facet *facet, struct q__bucket_selection *selection)
{
	bool has_gaps = facet->asked->kind == Q_FACET_TERMS || facet->asked->count_min > 0;
	const struct q__value_count *bins = facet->counts.slots;

	for (size_t i = 0; i < facet->counts.count; i++) {
		int64_t bin = i == 0 || has_gaps ? bins[i].value : bins[i - 1].value + 1;

		if (facet->asked->kind != Q_FACET_TERMS &&
		    (uint64_t)bins[i].value - (uint64_t)bin + selection->places >=
			    Q_FACET_BUCKETS_MAX)
			return false;
		for (; bin < bins[i].value; bin++)
			offer_bin(facet, selection, bin, 0);
		offer_bin(facet, selection, bin, bins[i].count);
	}
	return true;
}

static enum q_code end_values(struct q__facets *facets, struct q__facet *facet,
			      struct q_arena *arena, struct q_facet_result *out, struct q_err *err)
{
	const struct q_facet *asked = facet->asked;
	struct q__bucket_selection selection;

	q__value_counts_sort(&facet->counts);
	if (!q__bucket_selection_open(&selection, asked, facets->scratch))
		return fail_memory(err);
	if (!offer_bins(facet, &selection))
		return q_fail(err, Q_TOOBIG, "search_index.search",
			      "facet %.*s has more than %d buckets: ask for a larger interval",
			      Q_STR_ARG(asked->name), Q_FACET_BUCKETS_MAX);
	if (!q__bucket_selection_end(&selection, arena, out))
		return fail_memory(err);
	return Q_OK;
}

enum q_code q__facets_end(struct q__facets *facets, struct q_arena *arena,
			  const struct q_facet_result **out, struct q_err *err)
{
	struct q_facet_result *results = q_arena_alloc_array(arena, facets->count, sizeof *results);
	enum q_code code = Q_OK;

	if (!results)
		return fail_memory(err);
	if (facets->has_failed)
		return q_fail(err, Q_TOOBIG, "search_index.search",
			      "a facet has more than %d values, or they take too much memory",
			      Q__COUNTED_VALUES_MAX);
	*out = results;
	for (size_t i = 0; i < facets->count && !code; i++) {
		struct q__facet *facet = &facets->facets[i];

		results[i].field_kind = facet->field_kind;
		if (facet->field_kind == Q_FIELD_KEYWORD)
			code = q__facet_end_keywords(facets, facet, arena, &results[i], err);
		else
			code = end_values(facets, facet, arena, &results[i], err);
	}
	return code;
}
