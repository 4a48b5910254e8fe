/* search/segment/term_range.h: the documents of all terms of a field that lie between two bounds:
 * what a prefix asks for.
 *
 * However many terms there are, memory is a bit a document and time that of reading their postings
 * once; the call is looked at on the way.
 *
 * Ownership: bounds are borrowed; what is found lives in the arena.
 * Threads:   one.
 * Errors:    Q_NOMEM, Q_TIMEOUT, Q_CANCELLED. */
#ifndef Q_SEARCH_SEGMENT_TERM_RANGE_H
#define Q_SEARCH_SEGMENT_TERM_RANGE_H

#include "base/call.h"
#include "search/segment/segment.h"

/* Terms t with from <= t < end, by their bytes. */
struct q__term_range {
	struct q_str from, end;
	bool has_end; /* else all from `from` on */
};

/* Terms that begin with the prefix. False when the arena is full. */
Q_MUST_USE bool q__term_range_of_prefix(struct q_str prefix, struct q_arena *arena,
					struct q__term_range *out);

/* *out: bit i % 64 of word i / 64 for document i. The cursor is used for it. */
Q_MUST_USE enum q_code q__term_range_documents(const struct q__term_range *range,
					       const struct q__segment *segment, size_t field,
					       const struct q_call *call,
					       struct q__term_cursor *cursor, struct q_arena *arena,
					       const uint64_t **out, struct q_err *err);

#endif
