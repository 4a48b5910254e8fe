/* search/query/plan_internal.h: what the files of the planner share. For plan*.c alone. */
#ifndef Q_SEARCH_QUERY_PLAN_INTERNAL_H
#define Q_SEARCH_QUERY_PLAN_INTERNAL_H

#include "search/query/plan.h"
#include "search/segment/term_range.h"

enum q__plan_kind {
	Q__PLAN_NONE,
	Q__PLAN_ALL,
	Q__PLAN_TERMS,	  /* any of the terms, one score */
	Q__PLAN_SET,	  /* documents that are known, one score */
	Q__PLAN_VALUES,	  /* any of the spans of values, one score */
	Q__PLAN_WEIGHTED, /* the sum of the terms' scores */
	Q__PLAN_PHRASE,	  /* the terms side by side */
	Q__PLAN_BEST,	  /* the best of `inner` */
	Q__PLAN_CONSTANT, /* inner[0], another score */
	Q__PLAN_BOOL
};

struct q__planned_term {
	const struct q__term_ref *refs; /* one a part */
	float weight;			/* WEIGHTED */
	/* What the weight was made of, and how the term is written: for an explanation. */
	struct q_str term;
	float boost;
	uint64_t document_count;
};

struct q__plan {
	enum q__plan_kind kind;
	const struct q_search_query *query; /* that it is for; NULL: it is a part of a match */
	float boost;			    /* of its own, in what holds it */
	float score; /* ALL, TERMS, SET, VALUES, CONSTANT; PHRASE: its weight */
	size_t field;
	uint32_t slop;		   /* PHRASE */
	const struct q_call *call; /* PHRASE: looked at while positions are walked */
	struct q__planned_term *terms;
	size_t term_count;
	const uint64_t *const *sets;	   /* SET: one a part, a bit a document */
	const struct q__value_span *spans; /* VALUES: in order and apart */
	size_t span_count;
	const float *factors;	      /* WEIGHTED, PHRASE: by length byte */
	uint64_t document_count;      /* WEIGHTED: that have the field */
	float average_length;	      /* WEIGHTED: in the field */
	size_t clause_count;	      /* WEIGHTED: the terms, and exact words that are none */
	bool is_distinct;	      /* WEIGHTED: no term twice */
	bool is_part_of_sum;	      /* WEIGHTED: it is not rounded, but what it is added to */
	const struct q__plan **inner; /* BOOL: must, filter, should, must_not, in this order */
	size_t inner_count;
	size_t must_count, filter_count, should_count, must_not_count, minimum_should;
};

struct q__planner {
	struct q__scope *scope;
	const struct q__snapshot *snapshot; /* the scope's; so is the call */
	const struct q_index_definition *definition;
	const struct q_call *call;
	struct q_arena *arena;
	struct q__term_cursor *cursor;
	int64_t now_ms;
	size_t term_count; /* of the whole plan */
	size_t word_count; /* looked up so far */
	struct q_err *err;
};

/* Fills the plan of a match or a phrase: the best of its fields. */
Q_MUST_USE enum q_code q__plan_match(struct q__planner *planner, const struct q_search_query *query,
				     float boost, struct q__plan *plan);

/* Fills the plan of a phrase in one field; where there is no word it stays none. */
Q_MUST_USE enum q_code q__plan_phrase(struct q__planner *planner, const struct q_match *phrase,
				      const struct q_match_field *named, float boost,
				      struct q__plan *plan);

Q_MUST_USE enum q_code q__plan_range(struct q__planner *planner, const struct q_search_query *query,
				     float boost, struct q__plan *plan);

/* Any of the values of a field of a kind that has values. */
Q_MUST_USE enum q_code q__plan_values(struct q__planner *planner, size_t field,
				      enum q_field_kind kind, const struct q_str *values,
				      size_t count, float score, struct q__plan *plan);

/* Those between two ends. */
Q_MUST_USE enum q_code q__plan_value_range(struct q__planner *planner,
					   const struct q_search_query *query, size_t field,
					   enum q_field_kind kind, float score,
					   struct q__plan *plan);

/* Makes one of a combination and those within it that Lucene scores as one; they are flat. */
Q_MUST_USE enum q_code q__plan_flatten(struct q__planner *planner, struct q__plan *plan);

/* The number of a field: Q_INVALID where there is none of this name. */
Q_MUST_USE enum q_code q__plan_field(struct q__planner *planner, struct q_str name, size_t *number,
				     enum q_field_kind *kind);

/* One exact term, scored by BM25. */
Q_MUST_USE enum q_code q__plan_weighted_term(struct q__planner *planner, size_t field,
					     struct q_str term, float boost, struct q__plan *plan);

/* One exact term or value: a keyword's score is the boost, a text's is BM25. */
Q_MUST_USE enum q_code q__plan_term(struct q__planner *planner, size_t field,
				    enum q_field_kind kind, struct q_str term, float boost,
				    struct q__plan *plan);

/* Before a word is looked up in a field: there are not too many, and there is time left. */
Q_MUST_USE enum q_code q__plan_take_word(struct q__planner *planner);

/* Makes the plan one of weighted terms, without terms yet: with room for `room`. */
Q_MUST_USE enum q_code q__plan_weighted(struct q__planner *planner, size_t field, size_t room,
					struct q__plan *plan);

/* The weight of a term that so many documents have. */
float q__plan_weight(const struct q__planner *planner, size_t field, float boost,
		     uint64_t document_count);

/* Fills the plan of what has any term of the range, with one score. */
Q_MUST_USE enum q_code q__plan_term_range(struct q__planner *planner, size_t field,
					  const struct q__term_range *range, float boost,
					  struct q__plan *plan);

Q_MUST_USE enum q_code q__plan_prefix(struct q__planner *planner,
				      const struct q_search_query *query, float boost,
				      struct q__plan *plan);

enum q_code q__plan_out_of_memory(struct q__planner *planner);

#endif
