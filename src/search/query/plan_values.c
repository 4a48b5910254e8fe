/* Queries on dates, numbers and booleans, which columns answer: every one of them asks for spans of
 * values. One boolean alone is scored by how rare it is: it is a term, as in Lucene. */
#include "search/query/plan_internal.h"

#include <stdlib.h>

/* What stands in the definition for a value; Q_INVALID where the text is none. */
static enum q_code span_of(struct q__planner *planner, enum q_field_kind kind, struct q_str text,
			   struct q__value_span *out)
{
	static const char *const expected[] = {[Q_FIELD_DATE] = "a date",
					       [Q_FIELD_NUMBER] = "a number",
					       [Q_FIELD_BOOLEAN] = "true or false"};

	if (q__value_span(kind, text, planner->now_ms, out))
		return Q_OK;
	return q_fail(planner->err, Q_INVALID, "search_index.search", "%.*s is not %s",
		      Q_STR_ARG(q_str_slice(text, 0, 100)), expected[kind]);
}

static int compare_spans(const void *a, const void *b)
{
	const struct q__value_span *x = a, *y = b;

	return x->least < y->least ? -1 : x->least > y->least;
}

/* In order, and apart: what overlaps becomes one. */
static size_t join_spans(struct q__value_span *spans, size_t count)
{
	size_t kept = 0;

	qsort(spans, count, sizeof *spans, compare_spans);
	for (size_t i = 0; i < count; i++) {
		if (kept == 0 || spans[i].least > spans[kept - 1].greatest)
			spans[kept++] = spans[i];
		else if (spans[i].greatest > spans[kept - 1].greatest)
			spans[kept - 1].greatest = spans[i].greatest;
	}
	return kept;
}

/* Does the span hold one boolean and not the other? */
static bool is_one_boolean(enum q_field_kind kind, struct q__value_span span)
{
	return kind == Q_FIELD_BOOLEAN && (span.least > 0) == (span.greatest > 0) &&
	       span.least <= 1 && span.greatest >= 0;
}

/* Spans in order and apart. */
static enum q_code plan_spans(struct q__planner *planner, size_t field, enum q_field_kind kind,
			      const struct q__value_span *spans, size_t count, float score,
			      struct q__plan *plan)
{
	if (count == 1 && is_one_boolean(kind, spans[0]))
		return q__plan_weighted_term(planner, field, q__boolean_term(spans[0].greatest),
					     score, plan);
	*plan = (struct q__plan){.kind = Q__PLAN_VALUES,
				 .query = plan->query,
				 .boost = plan->boost,
				 .field = field,
				 .score = score,
				 .spans = spans,
				 .span_count = count};
	return Q_OK;
}

enum q_code q__plan_values(struct q__planner *planner, size_t field, enum q_field_kind kind,
			   const struct q_str *values, size_t count, float score,
			   struct q__plan *plan)
{
	struct q__value_span *spans = q_arena_alloc_array(planner->arena, count, sizeof *spans);
	enum q_code code = Q_OK;

	if (!spans)
		return q__plan_out_of_memory(planner);
	for (size_t i = 0; i < count && !code; i++)
		code = span_of(planner, kind, values[i], &spans[i]);
	if (code)
		return code;
	return plan_spans(planner, field, kind, spans, join_spans(spans, count), score, plan);
}

/* The values between two ends; false where there are none. */
static bool narrow(const struct q_search_bound *from, const struct q_search_bound *to,
		   const struct q__value_span *first, const struct q__value_span *last,
		   struct q__value_span *out)
{
	*out = (struct q__value_span){INT64_MIN, INT64_MAX};
	if (from->is_set) {
		out->least = from->is_exclusive ? first->greatest : first->least;
		if (from->is_exclusive && out->least++ == INT64_MAX)
			return false;
	}
	if (to->is_set) {
		out->greatest = to->is_exclusive ? last->least : last->greatest;
		if (to->is_exclusive && out->greatest-- == INT64_MIN)
			return false;
	}
	return out->least <= out->greatest;
}

enum q_code q__plan_value_range(struct q__planner *planner, const struct q_search_query *query,
				size_t field, enum q_field_kind kind, float score,
				struct q__plan *plan)
{
	const struct q_search_bound *from = &query->range.from, *to = &query->range.to;
	struct q__value_span *span = q_arena_alloc(planner->arena, sizeof *span), first, last;
	enum q_code code = Q_OK;

	if (!span)
		return q__plan_out_of_memory(planner);
	if (from->is_set)
		code = span_of(planner, kind, from->value, &first);
	if (!code && to->is_set)
		code = span_of(planner, kind, to->value, &last);
	if (code)
		return code;
	if (!narrow(from, to, &first, &last, span))
		return Q_OK;
	return plan_spans(planner, field, kind, span, 1, score, plan);
}
