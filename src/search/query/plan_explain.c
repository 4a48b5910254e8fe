/* The tree is that of the plan, but for what Lucene simplifies: a combination or maximum of one
 * part is that part, and parts that fit nothing in the index are not there. A value is not computed
 * a second time: the plan's own matcher gives it, asked for the one document. */
#include "search/query/plan_explain.h"

#include "search/query/plan_explain_internal.h"

static bool explain(const struct q__explaining *explaining, const struct q__plan *plan,
		    struct q_explanation *out);

bool q__plan_is_nothing(const struct q__plan *plan)
{
	if (plan->kind == Q__PLAN_WEIGHTED)
		return plan->clause_count == 0;
	for (size_t i = 0; plan->kind == Q__PLAN_BOOL && i < plan->must_count; i++) {
		if (q__plan_is_nothing(plan->inner[i]))
			return true;
	}
	return plan->kind == Q__PLAN_NONE;
}

/* False: the plan does not find the document. */
static bool score_of(const struct q__explaining *explaining, const struct q__plan *plan,
		     float *score)
{
	uint32_t document = explaining->document;
	struct q__matcher *matcher;
	struct q__window *window;

	if (q_arena_failed(explaining->scratch))
		return false;
	q_arena_reset(explaining->scratch);
	window = q_arena_alloc(explaining->scratch, sizeof *window);
	matcher = q__plan_bind(plan, explaining->snapshot, explaining->part, explaining->scratch);
	if (!window || !matcher || q__matcher_next(matcher, document) != document)
		return false;
	q__matcher_fill(matcher, window, document, document + 1, Q__EXACT_SCORES);
	*score = window->scores[0];
	return window->found[0] & 1;
}

/* As many explanations as the plans among them that find the document. */
static size_t explain_each(const struct q__explaining *explaining,
			   const struct q__plan *const *plans, size_t count,
			   struct q_explanation *details)
{
	size_t used = 0;

	for (size_t i = 0; i < count; i++) {
		if (plans[i]->is_part_of_sum)
			used += q__explain_terms(explaining, plans[i], &details[used]);
		else
			used += explain(explaining, plans[i], &details[used]);
	}
	return used;
}

static void explain_constant(const struct q__explaining *explaining, const struct q__plan *plan,
			     bool is_wrapped, float boost, struct q_explanation *out)
{
	struct q_str text = q__plan_text(plan, explaining->definition, explaining->arena);
	char number[Q__FLOAT_TEXT_MAX] = "";

	if (boost != 1.0f)
		q__float_text(boost, number);
	out->description = q_arena_format(explaining->arena, "%s%.*s%s%s%s",
					  is_wrapped ? "ConstantScore(" : "", Q_STR_ARG(text),
					  is_wrapped ? ")" : "", *number ? "^" : "", number);
}

/* Nothing scores: what is left has no weight. */
static void explain_filters(const struct q__explaining *explaining, const struct q__plan *plan,
			    struct q_explanation *out)
{
	bool is_one = plan->filter_count == 1 && plan->must_not_count == 0;

	explain_constant(explaining, is_one ? plan->inner[0] : plan, true, 0, out);
}

/* A keyword's term or range is a constant score in Lucene; other kinds say so themselves. */
static void explain_leaf(const struct q__explaining *explaining, const struct q__plan *plan,
			 struct q_explanation *out)
{
	const struct q_search_query *query = plan->query;
	bool is_term = plan->kind == Q__PLAN_TERMS && (!query || query->kind == Q_SEARCH_TERM);
	bool is_range = plan->kind == Q__PLAN_SET && query && query->kind == Q_SEARCH_RANGE;

	explain_constant(explaining, plan, is_term || is_range, plan->score, out);
}

static void explain_weighted(const struct q__explaining *explaining, const struct q__plan *plan,
			     struct q_explanation *out)
{
	struct q_explanation *details =
		q_arena_alloc_array(explaining->arena, plan->term_count, sizeof *details);

	if (!details)
		return;
	out->description = Q_STR("sum of:");
	out->details = details;
	out->detail_count = q__explain_terms(explaining, plan, details);
	if (plan->clause_count == 1 && out->detail_count == 1)
		*out = details[0];
}

static void explain_best(const struct q__explaining *explaining, const struct q__plan *plan,
			 struct q_explanation *out)
{
	struct q_explanation *details =
		q_arena_alloc_array(explaining->arena, plan->inner_count, sizeof *details);
	size_t possible = 0;

	if (!details)
		return;
	for (size_t i = 0; i < plan->inner_count; i++)
		possible += !q__plan_is_nothing(plan->inner[i]);
	out->description = Q_STR("max of:");
	out->details = details;
	out->detail_count = explain_each(explaining, plan->inner, plan->inner_count, details);
	if (possible == 1 && out->detail_count == 1)
		*out = details[0];
}

/* Of one term, which as a filter is found and not scored? */
static bool is_one_term(const struct q__plan *plan)
{
	while (plan->kind == Q__PLAN_BEST && plan->inner_count == 1)
		plan = plan->inner[0];
	return plan->kind == Q__PLAN_WEIGHTED && plan->clause_count == 1;
}

/* A filter takes part without a score: its own is shown, and a 0 that it counts for. */
static void explain_filter(const struct q__explaining *explaining, const struct q__plan *plan,
			   struct q_explanation *out)
{
	struct q_explanation *details = q_arena_alloc_array(explaining->arena, 2, sizeof *details);

	if (!details)
		return;
	details[0].description = Q_STR("# clause");
	explain(explaining, plan, &details[1]);
	if (is_one_term(plan))
		details[1] = (struct q_explanation){.value = 1};
	if (details[1].detail_count == 0)
		details[1].description =
			q__plan_text(plan, explaining->definition, explaining->arena);
	*out = (struct q_explanation){.description = Q_STR("match on required clause, product of:"),
				      .details = details,
				      .detail_count = 2};
}

static bool is_plain(const struct q__plan *plan)
{
	return plan->filter_count + plan->must_not_count == 0 &&
	       plan->must_count + plan->should_count == 1;
}

/* Each has one, but for sums of terms that are part of this one. */
static size_t detail_room(const struct q__plan *plan)
{
	size_t room = plan->inner_count;

	for (size_t i = 0; i < plan->inner_count; i++)
		room += plan->inner[i]->is_part_of_sum ? plan->inner[i]->term_count : 0;
	return room;
}

static void explain_combination(const struct q__explaining *explaining, const struct q__plan *plan,
				struct q_explanation *out)
{
	const struct q__plan *const *filters = plan->inner + plan->must_count;
	struct q_explanation *details =
		q_arena_alloc_array(explaining->arena, detail_room(plan), sizeof *details);
	size_t used;

	if (!details)
		return;
	used = explain_each(explaining, plan->inner, plan->must_count, details);
	used += explain_each(explaining, filters + plan->filter_count, plan->should_count,
			     details + used);
	if (is_plain(plan) && used == 1) {
		*out = details[0];
		return;
	}
	for (size_t i = 0; i < plan->filter_count; i++)
		explain_filter(explaining, filters[i], &details[used++]);
	out->description = Q_STR("sum of:");
	out->details = details;
	out->detail_count = used;
}

static void explain_parts(const struct q__explaining *explaining, const struct q__plan *plan,
			  struct q_explanation *out)
{
	switch (plan->kind) {
	case Q__PLAN_WEIGHTED:
		explain_weighted(explaining, plan, out);
		break;
	case Q__PLAN_PHRASE:
		q__explain_phrase(explaining, plan, out);
		break;
	case Q__PLAN_BEST:
		explain_best(explaining, plan, out);
		break;
	case Q__PLAN_BOOL:
		if (plan->must_count + plan->should_count > 0)
			explain_combination(explaining, plan, out);
		else
			explain_filters(explaining, plan, out);
		break;
	default:
		explain_leaf(explaining, plan, out);
	}
}

static bool explain(const struct q__explaining *explaining, const struct q__plan *plan,
		    struct q_explanation *out)
{
	float score;

	if (!score_of(explaining, plan, &score))
		return false;
	*out = (struct q_explanation){0};
	explain_parts(explaining, plan, out);
	out->value = (double)score;
	return true;
}

enum q_code q__plan_explain(const struct q__plan *plan, const struct q__scope *scope,
			    const struct q_index_definition *definition, size_t part,
			    uint32_t document, struct q_arena *arena, struct q_arena *scratch,
			    bool *is_match, struct q_explanation *out, struct q_err *err)
{
	struct q__explaining explaining = {.snapshot = scope->snapshot,
					   .definition = definition,
					   .part = part,
					   .document = document,
					   .place = q__scope_place(scope, part, document),
					   .arena = arena,
					   .scratch = scratch};

	*is_match = explain(&explaining, plan, out);
	if (q_arena_failed(arena) || q_arena_failed(scratch))
		return q_fail(err, Q_NOMEM, "search_index.explain",
			      "the explanation takes too much memory");
	return Q_OK;
}
