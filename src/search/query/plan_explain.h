/* search/query/plan_explain.h: why a document has the score that a plan gives it: Lucene's tree.
 *
 * Contract:  the value at the root is the score, to the bit. Where Lucene has a sum or a maximum
 *            there is one here, of the parts that find the document, in the order of the query.
 * Ownership: explanations are in the arena; `scratch` is reset.
 * Threads:   one.
 * Errors:    Q_NOMEM. */
#ifndef Q_SEARCH_QUERY_PLAN_EXPLAIN_H
#define Q_SEARCH_QUERY_PLAN_EXPLAIN_H

#include "search/query/plan.h"

/* Of the document of that part. False in *is_match: the plan does not find it. */
Q_MUST_USE enum q_code q__plan_explain(const struct q__plan *plan, const struct q__scope *scope,
				       const struct q_index_definition *definition, size_t part,
				       uint32_t document, struct q_arena *arena,
				       struct q_arena *scratch, bool *is_match,
				       struct q_explanation *out, struct q_err *err);

#endif
