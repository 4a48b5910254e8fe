/* search/analysis/source_filter.h: part of a document's source, by the names of its members (see
 * ports/search_index.h), as OpenSearch's `_source` gives it: an object stays where something of it
 * does, or where it is itself named; in an array an object of which nothing stays is left out.
 *
 * Ownership: the result is in the arena; `scratch` may be reset afterwards.
 * Errors:    Q_CORRUPT: the source is no JSON object. Q_NOMEM. */
#ifndef Q_SEARCH_ANALYSIS_SOURCE_FILTER_H
#define Q_SEARCH_ANALYSIS_SOURCE_FILTER_H

#include "base/json.h"
#include "ports/search_index.h"

static inline bool q__source_filter_is_empty(const struct q_source_filter *filter)
{
	return filter->include_count == 0 && filter->exclude_count == 0;
}

/* A source as it was stored. */
Q_MUST_USE enum q_code q__source_parse(struct q_str source, struct q_arena *arena,
				       const struct q_json **out, struct q_err *err);

Q_MUST_USE enum q_code q__source_filter(const struct q_source_filter *filter,
					const struct q_json *source, struct q_arena *arena,
					struct q_arena *scratch, struct q_str *out,
					struct q_err *err);

#endif
