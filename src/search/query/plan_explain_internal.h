/* search/query/plan_explain_internal.h: what the files of explanations share. For plan_explain*.c
 * and plan_text.c alone. */
#ifndef Q_SEARCH_QUERY_PLAN_EXPLAIN_INTERNAL_H
#define Q_SEARCH_QUERY_PLAN_EXPLAIN_INTERNAL_H

#include "search/query/plan_explain.h"
#include "search/query/plan_internal.h"

struct q__explaining {
	const struct q__snapshot *snapshot;
	const struct q_index_definition *definition;
	size_t part;
	uint32_t document, place; /* place: the number that people see */
	struct q_arena *arena;	  /* that one of them has failed is seen at the end */
	struct q_arena *scratch;  /* for what finds a part's score; reset with each */
};

/* The terms of a WEIGHTED plan that the document has, into `details`, which has room for all. */
size_t q__explain_terms(const struct q__explaining *explaining, const struct q__plan *plan,
			struct q_explanation *details);

/* A PHRASE plan that finds the document. */
void q__explain_phrase(const struct q__explaining *explaining, const struct q__plan *plan,
		       struct q_explanation *out);

/* A plan as Lucene writes the query. */
struct q_str q__plan_text(const struct q__plan *plan, const struct q_index_definition *definition,
			  struct q_arena *arena);

/* As Java writes a float: "1.0", "0.71428573". */
enum { Q__FLOAT_TEXT_MAX = 32 };
const char *q__float_text(float number, char text[Q__FLOAT_TEXT_MAX]);

/* Does nothing in the index fit it? Lucene leaves such a part out of what holds it. */
bool q__plan_is_nothing(const struct q__plan *plan);

#endif
