/* What holds for a query tree on every adapter. */
#include "ports/search_index_internal.h"

#include "base/utf8.h"

#include <math.h>

/* What is left of the limits of a tree. */
struct budget {
	const struct q_search_view *view; /* whose fields may be named; NULL: any */
	size_t clauses;
	unsigned depth;
	bool is_exact; /* what a word stands for does not hang on what the index holds */
};

static enum q_code check_query(const struct q_search_query *query, struct budget *budget,
			       const char *where, struct q_err *err);

static enum q_code take_clauses(struct budget *budget, size_t count, const char *where,
				struct q_err *err)
{
	if (count > budget->clauses)
		return q_fail(err, Q_TOOBIG, where, "a query of more than %d clauses",
			      Q_SEARCH_CLAUSES_MAX);
	budget->clauses -= count;
	return Q_OK;
}

enum q_code q__search_text_check(struct q_str text, const char *where, struct q_err *err)
{
	if (text.length > Q_SEARCH_TEXT_MAX)
		return q_fail(err, Q_TOOBIG, where, "a text of %zu bytes, at most %d", text.length,
			      Q_SEARCH_TEXT_MAX);
	if (!q_utf8_is_valid(text))
		return q_fail(err, Q_INVALID, where, "a text is UTF-8");
	return Q_OK;
}

static enum q_code check_values(const struct q_search_query *query, struct budget *budget,
				const char *where, struct q_err *err)
{
	enum q_code code = take_clauses(budget, query->terms.count, where, err);

	if (!code && query->kind == Q_SEARCH_TERMS)
		code = q__search_field_check(budget->view, query->terms.field, where, err);
	for (size_t i = 0; i < query->terms.count && !code; i++)
		code = q__search_text_check(query->terms.values[i], where, err);
	return code;
}

static bool boost_ok(float boost)
{
	return isfinite(boost) && boost >= 0;
}

static bool minimum_ok(const struct q_minimum *minimum)
{
	for (size_t i = 0; minimum; minimum = minimum->next) {
		if (++i > Q_SEARCH_MINIMUMS_MAX || minimum->number < -Q_SEARCH_CLAUSES_MAX ||
		    minimum->number > Q_SEARCH_CLAUSES_MAX)
			return false;
	}
	return true;
}

static enum q_code check_phrase(const struct q_match *phrase, struct budget *budget,
				const char *where, struct q_err *err)
{
	enum q_code code = take_clauses(budget, phrase->field_count, where, err);

	if (!code)
		code = q__search_text_check(phrase->text, where, err);
	if (!code && phrase->field_count == 0)
		code = q_fail(err, Q_INVALID, where, "a match without fields");
	for (size_t i = 0; i < phrase->field_count && !code; i++) {
		code = q__search_field_check(budget->view, phrase->fields[i].name, where, err);
		if (!code && !boost_ok(phrase->fields[i].boost))
			code = q_fail(err, Q_INVALID, where, "a boost is a number >= 0");
	}
	return code;
}

static enum q_code check_match(const struct q_match *match, struct budget *budget,
			       const char *where, struct q_err *err)
{
	enum q_code code = check_phrase(match, budget, where, err);

	if (!code && (match->max_expansions < 1 || match->max_expansions > Q_SEARCH_CLAUSES_MAX))
		code = q_fail(err, Q_INVALID, where, "max_expansions is 1..%d",
			      Q_SEARCH_CLAUSES_MAX);
	if (!code && budget->is_exact && match->fuzziness > Q_FUZZINESS_0)
		code = q_fail(err, Q_INVALID, where, "fuzzy words cannot say what is seen");
	if (!code && !minimum_ok(&match->minimum))
		code = q_fail(err, Q_INVALID, where,
			      "a minimum is -%d..%d, and there are %d at most",
			      Q_SEARCH_CLAUSES_MAX, Q_SEARCH_CLAUSES_MAX, Q_SEARCH_MINIMUMS_MAX);
	return code;
}

static enum q_code check_queries(const struct q_search_query *queries, size_t count,
				 struct budget *budget, const char *where, struct q_err *err)
{
	enum q_code code = take_clauses(budget, count, where, err);

	for (size_t i = 0; i < count && !code; i++)
		code = check_query(&queries[i], budget, where, err);
	return code;
}

static enum q_code check_combination(const struct q_search_query *query, struct budget *budget,
				     const char *where, struct q_err *err)
{
	enum q_code code = check_queries(query->combination.must, query->combination.must_count,
					 budget, where, err);

	if (!code)
		code = check_queries(query->combination.filter, query->combination.filter_count,
				     budget, where, err);
	if (!code)
		code = check_queries(query->combination.should, query->combination.should_count,
				     budget, where, err);
	if (!code)
		code = check_queries(query->combination.must_not, query->combination.must_not_count,
				     budget, where, err);
	return code;
}

static enum q_code check_term(const struct q_search_query *query, const struct budget *budget,
			      const char *where, struct q_err *err)
{
	if (q__search_field_check(budget->view, query->term.field, where, err))
		return err->code;
	return q__search_text_check(query->term.value, where, err);
}

static enum q_code check_range(const struct q_search_query *query, const struct budget *budget,
			       const char *where, struct q_err *err)
{
	enum q_code code = q__search_field_check(budget->view, query->range.field, where, err);

	if (!code)
		code = q__search_text_check(query->range.from.value, where, err);
	return code ? code : q__search_text_check(query->range.to.value, where, err);
}

static enum q_code check_kind(const struct q_search_query *query, struct budget *budget,
			      const char *where, struct q_err *err)
{
	switch (query->kind) {
	case Q_SEARCH_ALL:
		return Q_OK;
	case Q_SEARCH_TERM:
	case Q_SEARCH_PREFIX:
		return check_term(query, budget, where, err);
	case Q_SEARCH_IDS:
	case Q_SEARCH_TERMS:
		return check_values(query, budget, where, err);
	case Q_SEARCH_RANGE:
		return check_range(query, budget, where, err);
	case Q_SEARCH_MATCH:
		return check_match(&query->match, budget, where, err);
	case Q_SEARCH_PHRASE:
		return check_phrase(&query->match, budget, where, err);
	case Q_SEARCH_BOOL:
		return check_combination(query, budget, where, err);
	case Q_SEARCH_CONSTANT:
		return check_query(query->inner, budget, where, err);
	}
	return q_fail(err, Q_INVALID, where, "unknown kind of query");
}

static enum q_code check_query(const struct q_search_query *query, struct budget *budget,
			       const char *where, struct q_err *err)
{
	enum q_code code;

	if (!boost_ok(query->boost))
		return q_fail(err, Q_INVALID, where, "a boost is a number >= 0");
	if (budget->depth == 0)
		return q_fail(err, Q_TOOBIG, where, "a query of more than %d levels",
			      Q_SEARCH_DEPTH_MAX);
	budget->depth--;
	code = check_kind(query, budget, where, err);
	budget->depth++;
	return code;
}

enum q_code q__search_query_check(const struct q_search_query *query,
				  const struct q_search_view *view, const char *where,
				  struct q_err *err)
{
	struct budget budget = {view, Q_SEARCH_CLAUSES_MAX, Q_SEARCH_DEPTH_MAX, false};

	return check_query(query, &budget, where, err);
}

enum q_code q__search_exact_check(const struct q_search_query *query,
				  const struct q_search_view *view, const char *where,
				  struct q_err *err)
{
	struct budget budget = {view, Q_SEARCH_CLAUSES_MAX, Q_SEARCH_DEPTH_MAX, true};

	return check_query(query, &budget, where, err);
}

static enum q_code check_scope(const struct q_search_index *store,
			       const struct q_search_query *scope, const char *where,
			       struct q_err *err)
{
	if (!(store->ops->capabilities & Q_CAP_TENANT_STATISTICS))
		return q_fail(err, Q_UNSUPPORTED, where,
			      "%s does not score from a scope: give each tenant an index",
			      store->ops->name);
	return q__search_exact_check(scope, NULL, where, err);
}

enum q_code q__search_pin_check(struct q_str pin, const char *where, struct q_err *err)
{
	if (pin.length <= Q_SEARCH_PIN_MAX)
		return Q_OK;
	return q_fail(err, Q_INVALID, where, "a pin of %zu bytes, at most %d", pin.length,
		      Q_SEARCH_PIN_MAX);
}

enum q_code q__search_view_check(const struct q_search_index *store,
				 const struct q_search_view *view, const char *where,
				 struct q_err *err)
{
	if (!view)
		return Q_OK;
	if (view->fields && view->field_count > Q_INDEX_FIELDS_MAX)
		return q_fail(err, Q_TOOBIG, where, "a view of %zu fields, at most %d",
			      view->field_count, Q_INDEX_FIELDS_MAX);
	if (q__search_pin_check(view->pin, where, err))
		return err->code;
	return view->scope ? check_scope(store, view->scope, where, err) : Q_OK;
}

/* A field that is not shown is not told from one that is not there. */
enum q_code q__search_field_check(const struct q_search_view *view, struct q_str field,
				  const char *where, struct q_err *err)
{
	if (!view || !view->fields)
		return Q_OK;
	for (size_t i = 0; i < view->field_count; i++) {
		if (q_str_equal(view->fields[i], field))
			return Q_OK;
	}
	return q_fail(err, Q_INVALID, where, "there is no field %.*s", Q_STR_ARG(field));
}
