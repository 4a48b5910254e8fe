/* From bounds to the documents that lie between them. They are found when the plan is made, where
 * the call is looked at; a matcher only reads them. */
#include "search/query/plan_internal.h"

enum q_code q__plan_term_range(struct q__planner *planner, size_t field,
			       const struct q__term_range *range, float boost, struct q__plan *plan)
{
	const struct q__snapshot *snapshot = planner->snapshot;
	const uint64_t **sets =
		q_arena_alloc_array(planner->arena, snapshot->part_count, sizeof *sets);
	enum q_code code = q__plan_take_word(planner);

	if (!sets)
		return q__plan_out_of_memory(planner);
	plan->kind = Q__PLAN_SET;
	plan->score = boost;
	plan->sets = sets;
	for (size_t i = 0; i < snapshot->part_count && !code; i++)
		code = q__term_range_documents(range, snapshot->parts[i].segment, field,
					       planner->call, planner->cursor, planner->arena,
					       &sets[i], planner->err);
	return code;
}

enum q_code q__plan_prefix(struct q__planner *planner, const struct q_search_query *query,
			   float boost, struct q__plan *plan)
{
	struct q__term_range range;
	enum q_field_kind kind;
	size_t field;
	enum q_code code = q__plan_field(planner, query->term.field, &field, &kind);

	if (code)
		return code;
	if (q__kind_has_values(kind))
		return q_fail(planner->err, Q_INVALID, "search_index.search",
			      "%.*s has no terms: a prefix needs a keyword or text field",
			      Q_STR_ARG(query->term.field));
	if (!q__term_range_of_prefix(query->term.value, planner->arena, &range))
		return q__plan_out_of_memory(planner);
	return q__plan_term_range(planner, field, &range, boost, plan);
}

/* The first string behind this one: itself with a zero byte, which follows what an arena copies. */
static struct q_str behind(struct q__planner *planner, struct q_str term)
{
	return (struct q_str){q_arena_copy(planner->arena, term).data, term.length + 1};
}

enum q_code q__plan_range(struct q__planner *planner, const struct q_search_query *query,
			  float boost, struct q__plan *plan)
{
	const struct q_search_bound *from = &query->range.from, *to = &query->range.to;
	struct q__term_range range = {.end = to->value, .has_end = to->is_set};
	enum q_field_kind kind;
	size_t field;
	enum q_code code = q__plan_field(planner, query->range.field, &field, &kind);

	if (code)
		return code;
	if (q__kind_has_values(kind))
		return q__plan_value_range(planner, query, field, kind, boost, plan);
	if (from->is_set)
		range.from = from->is_exclusive ? behind(planner, from->value) : from->value;
	if (to->is_set && !to->is_exclusive)
		range.end = behind(planner, to->value);
	if (q_arena_failed(planner->arena))
		return q__plan_out_of_memory(planner);
	return q__plan_term_range(planner, field, &range, boost, plan);
}
