/* search/query/plan.h: a query made ready for a snapshot: words are analysed, terms looked up in
 * every segment and weighted by what all segments together have; then, segment by segment, a
 * matcher.
 *
 * Ownership: a plan lives in the arena and borrows query, definition and scope.
 * Threads:   one.
 * Errors:    Q_TIMEOUT, Q_CANCELLED. Q_INVALID: the query does not fit the definition.
 *            Q_TOOBIG: it stands for too many terms. Q_NOMEM. */
#ifndef Q_SEARCH_QUERY_PLAN_H
#define Q_SEARCH_QUERY_PLAN_H

#include "ports/search_index.h"
#include "search/query/matcher.h"
#include "search/query/scope.h"

struct q__plan;

/* What is counted, is counted among the documents of the scope. */
Q_MUST_USE enum q_code q__plan_make(struct q__scope *scope,
				    const struct q_index_definition *definition,
				    const struct q_search_query *query, struct q_arena *arena,
				    const struct q__plan **out, struct q_err *err);

/* It finds at least so many documents: what the most frequent of its terms says. 0 for most kinds,
 * and where the scope has a filter. */
uint64_t q__plan_least(const struct q__plan *plan, const struct q__scope *scope);

/* NULL when the arena is full. */
Q_MUST_USE struct q__matcher *q__plan_bind(const struct q__plan *plan,
					   const struct q__snapshot *snapshot, size_t part,
					   struct q_arena *arena);

#endif
