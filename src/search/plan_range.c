/* From bounds to the documents that lie between them. They are found when the plan is made, where
 * the call is looked at; a matcher only reads them. */
#include "search/plan_internal.h"

enum q_code q__plan_term_range(struct q__planner *planner, size_t field,
			       const struct q__term_range *range, float boost, struct q__plan *plan)
{
	const struct q__snapshot *snapshot = planner->snapshot;
	const uint64_t **sets =
		q_arena_alloc_array(planner->arena, snapshot->part_count, sizeof *sets);
	enum q_code code = Q_OK;

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
	if (!q__term_range_of_prefix(query->term.value, planner->arena, &range))
		return q__plan_out_of_memory(planner);
	return q__plan_term_range(planner, field, &range, boost, plan);
}
