/* search/answer/suggest.h: terms of a field that are offered for a beginning or for a misspelt
 * word, as the documents of a filter have them.
 *
 * Threads:   any; the snapshot is not changed.
 * Errors:    as search/query/plan.h. */
#ifndef Q_SEARCH_ANSWER_SUGGEST_H
#define Q_SEARCH_ANSWER_SUGGEST_H

#include "ports/search_index.h"
#include "search/index/snapshot.h"

Q_MUST_USE enum q_code q__suggest(const struct q__snapshot *snapshot,
				  const struct q_index_definition *definition,
				  const struct q_call *call,
				  const struct q_suggest_request *request, struct q_arena *arena,
				  struct q_suggest_result *out, struct q_err *err);

#endif
