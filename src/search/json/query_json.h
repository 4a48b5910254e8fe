/* search/json/query_json.h: requests and mappings in OpenSearch's JSON, for the command line and
 * for tests that hold this engine against that one.
 *
 * A request is {"query": ..., "from": N, "size": N, "_source": ..., "track_total_hits": ...}; the
 * last is a boolean or a number, 10,000 where it is not there. Queries:
 *
 *     match_all, ids, term, terms, prefix, range
 *     match, match_phrase, multi_match (best_fields, phrase)
 *     bool, constant_score
 *
 * Also: sort, search_after, track_scores; aggs of terms, histogram, date_histogram.
 *
 * A mapping is
 * {"mappings": {"properties": {...}}}, {"properties": {...}} or the properties alone.
 *
 * Contract:  strict: what is not understood is an error that names it.
 * Ownership: results live in the arena.
 * Errors:    Q_INVALID, Q_TOOBIG, Q_NOMEM. */
#ifndef Q_SEARCH_JSON_QUERY_JSON_H
#define Q_SEARCH_JSON_QUERY_JSON_H

#include "base/json.h"
#include "ports/search_index.h"

/* Of the JSON that holds a request: a tree of Q_SEARCH_DEPTH_MAX fits. */
extern const struct q_json_limits q_query_json_limits;

Q_MUST_USE enum q_code q_query_json_parse(struct q_arena *arena, const struct q_json *body,
					  struct q_search_request *out, struct q_err *err);

Q_MUST_USE enum q_code q_suggest_json_parse(struct q_arena *arena, const struct q_json *body,
					    struct q_suggest_request *out, struct q_err *err);

/* `view` may be NULL: everything is seen. */
Q_MUST_USE enum q_code q_view_json_parse(struct q_arena *arena, const struct q_json *view,
					 struct q_search_view *out, struct q_err *err);

Q_MUST_USE enum q_code q_mapping_json_parse(struct q_arena *arena, const struct q_json *mapping,
					    struct q_index_definition *out, struct q_err *err);

#endif
