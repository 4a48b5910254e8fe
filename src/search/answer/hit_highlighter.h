/* search/answer/hit_highlighter.h: the highlights of a request, made from the sources of its hits.
 *
 * Contract:  nothing of the index is asked: fragments come from the document and the query alone.
 * Ownership: a highlighter lives in the arena that it is made in and borrows request, call and
 *            definition; fragments are in the arena given to run.
 * Threads:   one.
 * Errors:    Q_INVALID: a field that is no keyword or text field of the definition. Q_TIMEOUT,
 *            Q_CANCELLED, Q_NOMEM. */
#ifndef Q_SEARCH_ANSWER_HIT_HIGHLIGHTER_H
#define Q_SEARCH_ANSWER_HIT_HIGHLIGHTER_H

#include "base/json.h"
#include "ports/search_index.h"
#include "search/query/wanted_words.h"

struct q__hit_highlighter {
	const struct q_highlight_request *request;
	const struct q_call *call;
	struct q__highlighted_field *fields; /* one a field of the request */
};

Q_MUST_USE enum q_code q__hit_highlighter_make(struct q__hit_highlighter *highlighter,
					       const struct q_index_definition *definition,
					       const struct q_call *call,
					       const struct q_search_request *request,
					       struct q_arena *arena, struct q_err *err);

/* Sets the hit's highlights. `scratch` may be reset afterwards. */
Q_MUST_USE enum q_code q__hit_highlight(const struct q__hit_highlighter *highlighter,
					const struct q_json *source, struct q_arena *arena,
					struct q_arena *scratch, struct q_search_hit *out,
					struct q_err *err);

#endif
