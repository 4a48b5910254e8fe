/* search/answer/explain.h: why a query finds a document, and with which score.
 *
 * Contract:  a document that the query does not find is not told from one that is not there.
 * Threads:   any; the snapshot is not changed.
 * Errors:    Q_NOTFOUND; others as search/query/plan.h. */
#ifndef Q_SEARCH_ANSWER_EXPLAIN_H
#define Q_SEARCH_ANSWER_EXPLAIN_H

#include "ports/search_index.h"
#include "search/index/snapshot.h"

/* `scope` may be NULL. */
Q_MUST_USE enum q_code q__explain(const struct q__snapshot *snapshot,
				  const struct q_index_definition *definition,
				  const struct q_call *call, const struct q_search_query *query,
				  const struct q_search_query *scope, struct q_str id,
				  struct q_arena *arena, struct q_explanation *out,
				  struct q_err *err);

#endif
