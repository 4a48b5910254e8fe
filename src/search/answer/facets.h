/* search/answer/facets.h: the facets of a request, counted window by window over what its query
 * finds.
 *
 * Contract:  parts are begun one after the other; a window has only documents that count.
 * Ownership: a facet's counts are on the heap, or in the scratch arena given to open; close frees
 *            them. What end makes is in the arena given to it.
 * Threads:   one.
 * Errors:    Q_INVALID: the field does not fit. Q_TOOBIG: too many values or buckets. Q_NOMEM,
 *            Q_TIMEOUT, Q_CANCELLED. */
#ifndef Q_SEARCH_ANSWER_FACETS_H
#define Q_SEARCH_ANSWER_FACETS_H

#include "search/answer/value_counts.h"
#include "search/index/snapshot.h"
#include "search/query/matcher.h"

/* A facet at work. */
struct q__facet {
	const struct q_facet *asked; /* borrowed */
	enum q_field_kind field_kind;
	size_t field;
	struct q__value_counts counts; /* not of keywords */
	uint32_t **ordinal_counts;     /* keywords: by part, then by ordinal */
};

struct q__facets {
	struct q__facet *facets;
	size_t count;
	const struct q__snapshot *snapshot;
	const struct q_call *call;
	struct q_arena *scratch;
	size_t part;
	bool has_failed; /* too many values */
};

/* To be closed also where this fails. */
Q_MUST_USE enum q_code q__facets_open(struct q__facets *facets, const struct q__snapshot *snapshot,
				      const struct q_index_definition *definition,
				      const struct q_call *call,
				      const struct q_search_request *request,
				      struct q_arena *scratch, struct q_err *err);
void q__facets_close(struct q__facets *facets);

Q_MUST_USE enum q_code q__facets_begin_part(struct q__facets *facets, size_t part,
					    struct q_err *err);
void q__facets_take(struct q__facets *facets, const struct q__window *window);

/* One result a facet. */
Q_MUST_USE enum q_code q__facets_end(struct q__facets *facets, struct q_arena *arena,
				     const struct q_facet_result **out, struct q_err *err);

/* For facets.c: what end does for a facet of keywords (facet_keywords.c). */
Q_MUST_USE enum q_code q__facet_end_keywords(struct q__facets *facets, const struct q__facet *facet,
					     struct q_arena *arena, struct q_facet_result *out,
					     struct q_err *err);

#endif
