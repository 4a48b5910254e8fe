/* extract/line.h: printed lines, made of fragments that follow each other on one baseline, and what
 * parts two of them.
 *
 * Ownership: lines live in the arena; they name fragments by index.
 * Errors:    Q_NOMEM. */
#ifndef Q_EXTRACT_LINE_H
#define Q_EXTRACT_LINE_H

#include "extract/fragment.h"

struct q__line {
	size_t first, last; /* fragments [first, last) */
	float start, end;
	float top, bottom;
	float baseline;
	float em;
	int16_t degrees;
	bool is_right_to_left;
	bool is_vertical;
};

struct q__lines {
	struct q__line *items;
	size_t count;
	float leading; /* usual distance of two baselines, in ems */
};

Q_MUST_USE enum q_code q__lines_find(struct q_arena *arena, const struct q__fragments *fragments,
				     struct q__lines *out, struct q_err *err);

/* b is further down the page, and one stands over the other. */
bool q__line_is_below(const struct q__line *b, const struct q__line *a);

/* From baseline to baseline, in ems of the larger. */
float q__line_distance_em(const struct q__line *a, const struct q__line *b);

#endif
