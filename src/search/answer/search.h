/* search/answer/search.h: a request answered from a snapshot: the best hits, and how many there
 * are.
 *
 * Threads:   any; the snapshot is not changed.
 * Errors:    as search/query/plan.h; Q_TIMEOUT, Q_CANCELLED: the call is looked at between windows.
 */
#ifndef Q_SEARCH_ANSWER_SEARCH_H
#define Q_SEARCH_ANSWER_SEARCH_H

#include "ports/search_index.h"
#include "search/index/snapshot.h"

Q_MUST_USE enum q_code q__search(const struct q__snapshot *snapshot,
				 const struct q_index_definition *definition,
				 const struct q_call *call, const struct q_search_request *request,
				 struct q_arena *arena, struct q_search_result *out,
				 struct q_err *err);

#endif
