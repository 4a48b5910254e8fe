#include "search/query/plan.h"

#include "base/time.h"
#include "search/analysis/field.h"
#include "search/query/expansion.h"
#include "search/query/plan_internal.h"
#include "search/query/similarity.h"

enum { TERMS_MAX = 16384 };

enum q_code q__plan_out_of_memory(struct q__planner *planner)
{
	return q_fail(planner->err, Q_NOMEM, "search_index.search",
		      "the query takes too much memory: ask for less at once");
}

enum q_code q__plan_field(struct q__planner *planner, struct q_str name, size_t *number,
			  enum q_field_kind *kind)
{
	*number = q__field_find(planner->definition, name);
	if (*number == 0)
		return q_fail(planner->err, Q_INVALID, "search_index.search",
			      "there is no field %.*s", Q_STR_ARG(name));
	*kind = planner->definition->fields[*number - 1].kind;
	return Q_OK;
}

float q__plan_weight(const struct q__planner *planner, size_t field, float boost,
		     uint64_t document_count)
{
	struct q__field_counts counts = q__scope_count_field(planner->scope, field);

	return boost * q__idf(counts.documents, document_count);
}

enum q_code q__plan_take_word(struct q__planner *planner)
{
	if (++planner->word_count > Q_SEARCH_CLAUSES_MAX)
		return q_fail(planner->err, Q_TOOBIG, "search_index.search",
			      "the query looks up more than %d words in all fields: ask for fewer",
			      Q_SEARCH_CLAUSES_MAX);
	return q_call_check(planner->call, "search_index.search", planner->err);
}

static enum q_code take_terms(struct q__planner *planner, size_t count)
{
	planner->term_count += count;
	if (planner->term_count > TERMS_MAX)
		return q_fail(planner->err, Q_TOOBIG, "search_index.search",
			      "the query stands for more than %d terms: ask for fewer words",
			      TERMS_MAX);
	return Q_OK;
}

enum q_code q__plan_weighted(struct q__planner *planner, size_t field, size_t room,
			     struct q__plan *plan)
{
	float *factors = q_arena_alloc_array(planner->arena, 256, sizeof *factors);
	struct q__field_counts counts = q__scope_count_field(planner->scope, field);

	plan->kind = Q__PLAN_WEIGHTED;
	plan->field = field;
	plan->document_count = counts.documents;
	plan->average_length = q__average_length(counts.documents, counts.tokens);
	plan->clause_count = room;
	plan->factors = factors;
	plan->terms = q_arena_alloc_array(planner->arena, room, sizeof *plan->terms);
	if (!factors || !plan->terms)
		return q__plan_out_of_memory(planner);
	q__length_factors(plan->average_length,
			  planner->definition->fields[field - 1].kind == Q_FIELD_TEXT, factors);
	return take_terms(planner, room);
}

static enum q_code plan_terms(struct q__planner *planner, size_t field, const struct q_str *values,
			      size_t count, float score, struct q__plan *plan)
{
	enum q_code code = take_terms(planner, count);

	plan->kind = Q__PLAN_TERMS;
	plan->field = field;
	plan->score = score;
	plan->terms = q_arena_alloc_array(planner->arena, count, sizeof *plan->terms);
	if (!plan->terms)
		return q__plan_out_of_memory(planner);
	for (size_t i = 0; i < count && !code; i++) {
		const struct q__term_ref *refs = q__find_term(planner->snapshot, field, values[i],
							      planner->cursor, planner->arena);

		if (!refs)
			return q__plan_out_of_memory(planner);
		plan->terms[plan->term_count++] =
			(struct q__planned_term){.refs = refs, .term = values[i]};
	}
	return code;
}

enum q_code q__plan_weighted_term(struct q__planner *planner, size_t field, struct q_str term,
				  float boost, struct q__plan *plan)
{
	struct q__expansion found;
	enum q_code code = q__plan_weighted(planner, field, 1, plan);

	if (code)
		return code;
	if (!q__expand_exact(planner->scope, field, term, planner->cursor, planner->arena, &found))
		return q__plan_out_of_memory(planner);
	plan->is_distinct = true;
	plan->terms[plan->term_count++] = (struct q__planned_term){
		found.refs, q__plan_weight(planner, field, boost, found.document_count), term,
		boost, found.document_count};
	return Q_OK;
}

enum q_code q__plan_term(struct q__planner *planner, size_t field, enum q_field_kind kind,
			 struct q_str term, float boost, struct q__plan *plan)
{
	if (q__kind_has_values(kind))
		return q__plan_values(planner, field, kind, &term, 1, boost, plan);
	if (kind == Q_FIELD_KEYWORD)
		return plan_terms(planner, field, &term, 1, boost, plan);
	return q__plan_weighted_term(planner, field, term, boost, plan);
}

/* `outer`: the boosts of all queries around this one. */
static enum q_code plan_query(struct q__planner *planner, const struct q_search_query *query,
			      float outer, struct q__plan *plan);

static enum q_code plan_inner(struct q__planner *planner, const struct q_search_query *queries,
			      size_t count, float boost, struct q__plan *plan)
{
	enum q_code code = Q_OK;

	for (size_t i = 0; i < count && !code; i++) {
		struct q__plan *inner = q_arena_alloc(planner->arena, sizeof *inner);

		if (!inner)
			return q__plan_out_of_memory(planner);
		plan->inner[plan->inner_count++] = inner;
		code = plan_query(planner, &queries[i], boost, inner);
	}
	return code;
}

static enum q_code make_inner(struct q__planner *planner, size_t count, struct q__plan *plan)
{
	plan->inner = q_arena_alloc_array(planner->arena, count, sizeof(void *));
	return plan->inner ? Q_OK : q__plan_out_of_memory(planner);
}

/* As in Lucene: where nothing is required, one of should is; where nothing is even offered, all are
 * found but must_not. */
static size_t minimum_should(const struct q_search_query *query)
{
	size_t required = query->combination.must_count + query->combination.filter_count;
	size_t minimum = query->combination.minimum_should;

	if (required > 0)
		return minimum;
	if (query->combination.should_count == 0)
		return 0;
	return minimum > 0 ? minimum : 1;
}

static enum q_code plan_combination(struct q__planner *planner, const struct q_search_query *query,
				    float boost, struct q__plan *plan)
{
	size_t must = query->combination.must_count, filter = query->combination.filter_count;
	size_t should = query->combination.should_count;
	size_t must_not = query->combination.must_not_count;
	size_t all = must + filter + should + must_not;
	enum q_code code = make_inner(planner, all, plan);

	plan->minimum_should = minimum_should(query);
	plan->kind = all == 0			     ? Q__PLAN_ALL
		     : plan->minimum_should > should ? Q__PLAN_NONE
						     : Q__PLAN_BOOL;
	plan->score = boost; /* of ALL: that of a combination is its parts' */
	plan->must_count = must;
	plan->filter_count = filter;
	plan->should_count = should;
	plan->must_not_count = must_not;
	if (!code)
		code = plan_inner(planner, query->combination.must, must, boost, plan);
	if (!code)
		code = plan_inner(planner, query->combination.filter, filter, boost, plan);
	if (!code)
		code = plan_inner(planner, query->combination.should, should, boost, plan);
	if (!code)
		code = plan_inner(planner, query->combination.must_not, must_not, boost, plan);
	return code || plan->kind != Q__PLAN_BOOL ? code : q__plan_flatten(planner, plan);
}

static enum q_code plan_constant(struct q__planner *planner, const struct q_search_query *query,
				 float boost, struct q__plan *plan)
{
	enum q_code code = make_inner(planner, 1, plan);

	plan->kind = Q__PLAN_CONSTANT;
	plan->score = boost;
	return code ? code : plan_inner(planner, query->inner, 1, 1.0f, plan);
}

static enum q_code plan_named_term(struct q__planner *planner, const struct q_search_query *query,
				   float boost, struct q__plan *plan)
{
	enum q_field_kind kind;
	size_t field;
	enum q_code code = q__plan_field(planner, query->term.field, &field, &kind);

	return code ? code : q__plan_term(planner, field, kind, query->term.value, boost, plan);
}

static enum q_code plan_named_terms(struct q__planner *planner, const struct q_search_query *query,
				    float boost, struct q__plan *plan)
{
	enum q_field_kind kind = Q_FIELD_KEYWORD;
	size_t field = Q__FIELD_ID;
	enum q_code code = Q_OK;

	if (query->kind == Q_SEARCH_TERMS)
		code = q__plan_field(planner, query->terms.field, &field, &kind);
	if (!code && q__kind_has_values(kind))
		return q__plan_values(planner, field, kind, query->terms.values, query->terms.count,
				      boost, plan);
	return code ? code
		    : plan_terms(planner, field, query->terms.values, query->terms.count, boost,
				 plan);
}

static enum q_code plan_query(struct q__planner *planner, const struct q_search_query *query,
			      float outer, struct q__plan *plan)
{
	float boost = outer * query->boost;

	plan->query = query;
	plan->boost = query->boost;
	switch (query->kind) {
	case Q_SEARCH_ALL:
		plan->kind = Q__PLAN_ALL;
		plan->score = boost;
		return Q_OK;
	case Q_SEARCH_TERM:
		return plan_named_term(planner, query, boost, plan);
	case Q_SEARCH_PREFIX:
		return q__plan_prefix(planner, query, boost, plan);
	case Q_SEARCH_IDS:
	case Q_SEARCH_TERMS:
		return plan_named_terms(planner, query, boost, plan);
	case Q_SEARCH_RANGE:
		return q__plan_range(planner, query, boost, plan);
	case Q_SEARCH_MATCH:
	case Q_SEARCH_PHRASE:
		return q__plan_match(planner, query, boost, plan);
	case Q_SEARCH_BOOL:
		return plan_combination(planner, query, boost, plan);
	case Q_SEARCH_CONSTANT:
		return plan_constant(planner, query, boost, plan);
	}
	return q_fail(planner->err, Q_INVALID, "search_index.search", "unknown kind of query");
}

enum q_code q__plan_make(struct q__scope *scope, const struct q_index_definition *definition,
			 const struct q_search_query *query, struct q_arena *arena,
			 const struct q__plan **out, struct q_err *err)
{
	struct q__planner planner = {.scope = scope,
				     .snapshot = scope->snapshot,
				     .definition = definition,
				     .call = scope->call,
				     .arena = arena,
				     .now_ms = q_time_now_ms(),
				     .err = err};
	struct q__plan *plan = q_arena_alloc(arena, sizeof *plan);

	planner.cursor = q_arena_alloc(arena, sizeof *planner.cursor);
	if (!plan || !planner.cursor)
		return q__plan_out_of_memory(&planner);
	*out = plan;
	if (plan_query(&planner, query, 1.0f, plan))
		return err->code;
	return q__scope_check(scope, err);
}

static struct q__matcher *bind_terms(const struct q__plan *plan, const struct q__field *field,
				     size_t part, struct q_arena *arena)
{
	struct q__term_ref *refs = q_arena_alloc_array(arena, plan->term_count, sizeof *refs);

	if (!refs)
		return NULL;
	for (size_t i = 0; i < plan->term_count; i++)
		refs[i] = plan->terms[i].refs[part];
	return q__match_terms(refs, plan->term_count, &field->postings, plan->score, arena);
}

static struct q__matcher *bind_weighted(const struct q__plan *plan, const struct q__field *field,
					size_t part, struct q_arena *arena)
{
	struct q__weighted_term *terms =
		q_arena_alloc_array(arena, plan->term_count, sizeof *terms);
	struct q__weighting weighting = {.terms = terms,
					 .count = plan->term_count,
					 .is_distinct = plan->is_distinct,
					 .keeps_sums = plan->is_part_of_sum,
					 .factors = plan->factors};

	if (!terms)
		return NULL;
	for (size_t i = 0; i < plan->term_count; i++)
		terms[i] = (struct q__weighted_term){&plan->terms[i].refs[part],
						     plan->terms[i].weight};
	return q__match_weighted(&weighting, field, arena);
}

static struct q__matcher *bind_phrase(const struct q__plan *plan, const struct q__field *field,
				      size_t part, struct q_arena *arena)
{
	const struct q__term_ref **refs =
		q_arena_alloc_array(arena, plan->term_count, sizeof(struct q__term_ref *));

	if (!refs)
		return NULL;
	for (size_t i = 0; i < plan->term_count; i++)
		refs[i] = &plan->terms[i].refs[part];
	return q__match_phrase(refs, plan->term_count, plan->slop, plan->score, field,
			       plan->factors, plan->call, arena);
}

static struct q__matcher *bind_combination(const struct q__plan *plan,
					   struct q__matcher *const *inner, uint32_t document_count,
					   struct q_arena *arena)
{
	struct q__combination parts = {.must_count = plan->must_count,
				       .filter_count = plan->filter_count,
				       .should_count = plan->should_count,
				       .must_not_count = plan->must_not_count,
				       .minimum_should = plan->minimum_should,
				       .document_count = document_count};

	parts.must = inner;
	parts.filter = parts.must + parts.must_count;
	parts.should = parts.filter + parts.filter_count;
	parts.must_not = parts.should + parts.should_count;
	return q__match_combination(&parts, arena);
}

static struct q__matcher *const *bind_inner(const struct q__plan *plan,
					    const struct q__snapshot *snapshot, size_t part,
					    struct q_arena *arena)
{
	struct q__matcher **inner =
		q_arena_alloc_array(arena, plan->inner_count, sizeof(struct q__matcher *));

	for (size_t i = 0; inner && i < plan->inner_count; i++) {
		inner[i] = q__plan_bind(plan->inner[i], snapshot, part, arena);
		if (!inner[i])
			return NULL;
	}
	return inner;
}

struct q__matcher *q__plan_bind(const struct q__plan *plan, const struct q__snapshot *snapshot,
				size_t part, struct q_arena *arena)
{
	const struct q__segment *segment = snapshot->parts[part].segment;
	const struct q__field *field = &segment->fields[plan->field];
	struct q__matcher *const *inner = bind_inner(plan, snapshot, part, arena);

	if (!inner)
		return NULL;
	switch (plan->kind) {
	case Q__PLAN_NONE:
		return q__match_none(arena);
	case Q__PLAN_ALL:
		return q__match_all(segment->document_count, plan->score, arena);
	case Q__PLAN_TERMS:
		return bind_terms(plan, field, part, arena);
	case Q__PLAN_SET:
		return q__match_set(plan->sets[part], segment->document_count, plan->score, arena);
	case Q__PLAN_VALUES:
		return q__match_values(&field->column, plan->spans, plan->span_count, plan->score,
				       arena);
	case Q__PLAN_WEIGHTED:
		return bind_weighted(plan, field, part, arena);
	case Q__PLAN_PHRASE:
		return bind_phrase(plan, field, part, arena);
	case Q__PLAN_BEST:
		return q__match_best(inner, plan->inner_count, arena);
	case Q__PLAN_CONSTANT:
		return q__match_constant(inner[0], plan->score, arena);
	case Q__PLAN_BOOL:
		return bind_combination(plan, inner, segment->document_count, arena);
	}
	return NULL;
}
