/* Clauses of clauses, where Lucene makes one query of them before it scores: what is added up at
 * once is rounded once. What has a boost of its own stays by itself. */
#include "search/query/plan_explain_internal.h"
#include "search/query/plan_internal.h"

struct list {
	const struct q__plan **plans;
	size_t count;
};

/* The parts of the combination as they will be. */
struct flat {
	struct list must, filter, should, must_not;
};

static void append(struct list *list, const struct q__plan *const *plans, size_t count)
{
	for (size_t i = 0; i < count; i++)
		list->plans[list->count++] = plans[i];
}

static const struct q__plan *only_possible(const struct q__plan *best)
{
	const struct q__plan *only = NULL;

	for (size_t i = 0; i < best->inner_count; i++) {
		if (q__plan_is_nothing(best->inner[i]))
			continue;
		if (only)
			return NULL;
		only = best->inner[i];
	}
	return only;
}

/* The one plan that another is made of; NULL: several, or it is none that holds others. */
static const struct q__plan *only_inner(const struct q__plan *plan)
{
	bool is_lone = plan->inner_count == 1 && plan->must_count + plan->should_count == 1;

	if (plan->kind == Q__PLAN_BEST)
		return only_possible(plan);
	return plan->kind == Q__PLAN_BOOL && is_lone ? plan->inner[0] : NULL;
}

/* What the plan comes down to, where none of all that is around it has a boost; else NULL. */
static const struct q__plan *bare(const struct q__plan *plan)
{
	float boost = plan->boost;
	const struct q__plan *inner;

	while ((inner = only_inner(plan)) != NULL) {
		plan = inner;
		boost *= plan->boost;
	}
	return boost == 1.0f ? plan : NULL;
}

static bool is_disjunction(const struct q__plan *plan)
{
	return plan->kind == Q__PLAN_BOOL && plan->should_count == plan->inner_count &&
	       plan->minimum_should <= 1;
}

/* All of should are asked for: they are as good as must. */
static bool asks_for_all(const struct q__plan *plan)
{
	return plan->should_count == plan->minimum_should;
}

static void add_required(struct flat *flat, const struct q__plan *plan)
{
	const struct q__plan *inner = bare(plan);
	const struct q__plan **from;

	if (!inner || inner->kind != Q__PLAN_BOOL || !asks_for_all(inner)) {
		append(&flat->must, &plan, 1);
		return;
	}
	from = inner->inner;
	append(&flat->must, from, inner->must_count);
	from += inner->must_count;
	append(&flat->filter, from, inner->filter_count);
	from += inner->filter_count;
	append(&flat->must, from, inner->should_count);
	from += inner->should_count;
	append(&flat->must_not, from, inner->must_not_count);
}

/* A sum of terms becomes part of the sum around it: a copy, which says so. */
static bool add_terms(struct flat *flat, const struct q__plan *terms, struct q_arena *arena)
{
	struct q__plan *part = q_arena_alloc(arena, sizeof *part);

	if (!part)
		return false;
	*part = *terms;
	part->is_part_of_sum = true;
	append(&flat->should, (const struct q__plan *const[]){part}, 1);
	return true;
}

static bool add_optional(struct flat *flat, const struct q__plan *plan, struct q_arena *arena)
{
	const struct q__plan *inner = bare(plan);

	if (inner && inner->kind == Q__PLAN_WEIGHTED && inner->term_count > 1)
		return add_terms(flat, inner, arena);
	if (inner && is_disjunction(inner))
		append(&flat->should, inner->inner, inner->inner_count);
	else
		append(&flat->should, &plan, 1);
	return true;
}

/* So many as there will be at most. */
static size_t room_of(const struct q__plan *plan)
{
	size_t room = plan->inner_count;

	for (size_t i = 0; i < plan->inner_count; i++) {
		const struct q__plan *inner = bare(plan->inner[i]);

		room += inner ? inner->inner_count : 0;
	}
	return room;
}

static bool make_room(struct flat *flat, size_t room, struct q_arena *arena)
{
	struct list *const lists[] = {&flat->must, &flat->filter, &flat->should, &flat->must_not};

	for (size_t i = 0; i < Q_COUNT_OF(lists); i++) {
		lists[i]->plans = q_arena_alloc_array(arena, room, sizeof(struct q__plan *));
		if (!lists[i]->plans)
			return false;
	}
	return true;
}

static bool collect(struct flat *flat, const struct q__plan *plan, struct q_arena *arena)
{
	const struct q__plan *const *filter = plan->inner + plan->must_count;
	const struct q__plan *const *should = filter + plan->filter_count;
	bool is_collected = true;

	for (size_t i = 0; i < plan->must_count; i++)
		add_required(flat, plan->inner[i]);
	append(&flat->filter, filter, plan->filter_count);
	for (size_t i = 0; i < plan->should_count && is_collected; i++) {
		if (plan->minimum_should > 1 && asks_for_all(plan))
			add_required(flat, should[i]);
		else if (plan->minimum_should > 1)
			append(&flat->should, &should[i], 1);
		else
			is_collected = add_optional(flat, should[i], arena);
	}
	append(&flat->must_not, should + plan->should_count, plan->must_not_count);
	return is_collected;
}

enum q_code q__plan_flatten(struct q__planner *planner, struct q__plan *plan)
{
	size_t room = room_of(plan);
	struct flat flat = {0};
	struct list all = {
		.plans = q_arena_alloc_array(planner->arena, room, sizeof(struct q__plan *))};

	if (!all.plans || !make_room(&flat, room, planner->arena) ||
	    !collect(&flat, plan, planner->arena))
		return q__plan_out_of_memory(planner);
	append(&all, flat.must.plans, flat.must.count);
	append(&all, flat.filter.plans, flat.filter.count);
	append(&all, flat.should.plans, flat.should.count);
	append(&all, flat.must_not.plans, flat.must_not.count);
	plan->inner = all.plans;
	plan->inner_count = all.count;
	plan->must_count = flat.must.count;
	plan->filter_count = flat.filter.count;
	plan->should_count = flat.should.count;
	plan->must_not_count = flat.must_not.count;
	if (plan->should_count == 0)
		plan->minimum_should = 0;
	return Q_OK;
}
