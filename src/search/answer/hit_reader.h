/* search/answer/hit_reader.h: what a request wants to be shown of each document that it found.
 *
 * Ownership: what is read lives in the arena given to open; close frees the rest.
 * Threads:   one.
 * Errors:    Q_INVALID: a field to highlight is no keyword or text field. Q_CORRUPT, Q_NOMEM. */
#ifndef Q_SEARCH_ANSWER_HIT_READER_H
#define Q_SEARCH_ANSWER_HIT_READER_H

#include "search/answer/hit_highlighter.h"
#include "search/segment/segment.h"

struct q__hit_reader {
	const struct q_search_request *request; /* borrowed */
	struct q_arena *arena;			/* for what is shown */
	struct q_arena *scratch;		/* owned; for one document */
	struct q__hit_highlighter highlighter;
};

/* To be closed also where this fails. */
Q_MUST_USE enum q_code q__hit_reader_open(struct q__hit_reader *reader,
					  const struct q_index_definition *definition,
					  const struct q_call *call,
					  const struct q_search_request *request,
					  struct q_arena *arena, struct q_err *err);
void q__hit_reader_close(struct q__hit_reader *reader);

/* Everything but the score. */
Q_MUST_USE enum q_code q__hit_read(struct q__hit_reader *reader, const struct q__segment *segment,
				   uint32_t document, struct q_search_hit *out, struct q_err *err);

#endif
