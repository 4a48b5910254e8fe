/* Clauses of clauses, where Lucene makes one query of them before it scores: what is added up at
 * once is rounded once. What has a boost of its own stays by itself, and a term that is asked for
 * twice is one with the sum of both boosts. */
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

/* The plan of one term that this comes down to, whose weight has all boosts; or itself. */
static const struct q__plan *term_of(const struct q__plan *plan)
{
	const struct q__plan *term = plan, *inner;

	while ((inner = only_inner(term)) != NULL)
		term = inner;
	return term->kind == Q__PLAN_WEIGHTED && term->term_count == 1 ? term : plan;
}

static bool is_disjunction(const struct q__plan *plan)
{
	return plan->kind == Q__PLAN_BOOL && plan->should_count == plan->inner_count &&
	       plan->minimum_should <= 1;
}

/* All of should are asked for: they are as good as must. A sum of terms is more than one. */
static bool asks_for_all(const struct q__plan *plan)
{
	const struct q__plan *const *should = plan->inner + plan->must_count + plan->filter_count;

	for (size_t i = 0; i < plan->should_count; i++) {
		if (should[i]->is_part_of_sum)
			return false;
	}
	return plan->should_count == plan->minimum_should;
}

static void add_required(struct flat *flat, const struct q__plan *plan)
{
	const struct q__plan *inner = bare(plan);
	const struct q__plan **from;

	if (!inner || inner->kind != Q__PLAN_BOOL || !asks_for_all(inner)) {
		plan = term_of(plan);
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
	plan = term_of(plan);
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

static bool is_of_terms(const struct q__plan *plan)
{
	return plan->kind == Q__PLAN_WEIGHTED && (plan->is_part_of_sum || plan->term_count == 1);
}

/* The term among those of the first plans of the list; NULL: none of them has it. */
static struct q__planned_term *find_term(const struct list *list, size_t count, size_t field,
					 struct q_str term)
{
	for (size_t i = 0; i < count; i++) {
		const struct q__plan *plan = list->plans[i];

		for (size_t j = 0; j < plan->term_count && is_of_terms(plan); j++) {
			if (plan->field == field && q_str_equal(plan->terms[j].term, term))
				return &plan->terms[j];
		}
	}
	return NULL;
}

/* Adds terms that are among those of the first plans to them; how many are left of the plan. */
static size_t join_known(const struct q__planner *planner, const struct list *list, size_t count,
			 const struct q__plan *plan)
{
	size_t left = 0;

	for (size_t i = 0; i < plan->term_count; i++) {
		struct q__planned_term term = plan->terms[i];
		struct q__planned_term *known = find_term(list, count, plan->field, term.term);

		if (known) {
			known->boost += term.boost;
			known->weight = q__plan_weight(planner, plan->field, known->boost,
						       known->document_count);
		} else {
			plan->terms[left++] = term;
		}
	}
	return left;
}

/* Each term once. */
static bool join_terms(const struct q__planner *planner, struct list *list)
{
	size_t kept = 0;

	for (size_t i = 0; i < list->count; i++) {
		const struct q__plan *plan = list->plans[i];
		size_t left = is_of_terms(plan) ? join_known(planner, list, kept, plan) : 0;
		struct q__plan *rest;

		if (is_of_terms(plan) && left == 0 && plan->term_count > 0)
			continue;
		list->plans[kept++] = plan;
		if (!is_of_terms(plan) || left == plan->term_count)
			continue;
		rest = q_arena_alloc(planner->arena, sizeof *rest);
		if (!rest)
			return false;
		*rest = *plan;
		rest->term_count = left;
		list->plans[kept - 1] = rest;
	}
	list->count = kept;
	return true;
}

/* One that is offered, and asked for beside what is required, is required. */
static void require_last(struct flat *flat, const struct q__plan *plan)
{
	bool is_asked = plan->minimum_should == 1 && flat->must.count > 0;

	if (!is_asked || flat->should.count != 1 || flat->should.plans[0]->is_part_of_sum)
		return;
	flat->should.count = 0;
	add_required(flat, flat->should.plans[0]);
}

enum q_code q__plan_flatten(struct q__planner *planner, struct q__plan *plan)
{
	size_t room = room_of(plan);
	struct flat flat = {0};
	struct list all = {
		.plans = q_arena_alloc_array(planner->arena, room, sizeof(struct q__plan *))};

	if (q_call_check(planner->call, "search_index.search", planner->err))
		return planner->err->code;
	if (!all.plans || !make_room(&flat, room, planner->arena) ||
	    !collect(&flat, plan, planner->arena) || !join_terms(planner, &flat.must) ||
	    (plan->minimum_should <= 1 && !join_terms(planner, &flat.should)))
		return q__plan_out_of_memory(planner);
	require_last(&flat, plan);
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
