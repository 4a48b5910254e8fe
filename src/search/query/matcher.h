/* search/query/matcher.h: a query at work on one segment: which documents it finds, and their
 * scores, a window of documents at a time.
 *
 * A window is small enough to stay in the cache, and large enough that the cost of a query's many
 * terms is paid once for thousands of documents. Windows may begin anywhere; between them a query
 * says where it has the next document, so that nothing is done where it has none.
 *
 * Contract:  windows are asked for in order, without overlap. `next` may name a document that is
 *            then not found, but none is passed over. Deleted documents are found too.
 * Ownership: matchers live in the arena that they are made in.
 * Threads:   one. */
#ifndef Q_SEARCH_QUERY_MATCHER_H
#define Q_SEARCH_QUERY_MATCHER_H

#include "base/bits.h"
#include "search/analysis/value.h"
#include "search/segment/segment.h"

enum {
	Q__WINDOW_DOCUMENTS = 4096,
	Q__WINDOW_WORDS = Q__WINDOW_DOCUMENTS / 64,
	Q__STEPS_MAX = 4096 /* of several parts towards a document that all have, at a time */
};

struct q__window {
	uint32_t start, end; /* documents [start, end) */
	float floor;	     /* a score that is not above this may be any other that is not */
	uint64_t found[Q__WINDOW_WORDS];   /* bit i: document start + i */
	uint64_t scored[Q__WINDOW_WORDS];  /* those of them whose score may be above the floor */
	float scores[Q__WINDOW_DOCUMENTS]; /* of those that are scored */
	double sums[Q__WINDOW_DOCUMENTS];  /* for matchers that add up; 0 before and after */
	bool has_sums; /* scores are in sums, not rounded, which the reader makes 0 again */
};

struct q__matcher {
	const struct q__matcher_ops *ops;
};

struct q__matcher_ops {
	/* The first document >= from that may be found; Q__NO_DOCUMENT: none. */
	uint32_t (*next)(struct q__matcher *, uint32_t from);
	/* Sets found, scored and scores; start, end and floor are set, found and scored all 0. */
	void (*fill)(struct q__matcher *, struct q__window *);
	/* From here on documents that do not score above the floor, which only rises and which each
	 * window has too, need not be found. NULL: they are found all the same. */
	void (*raise_floor)(struct q__matcher *, float floor);
};

static inline uint32_t q__matcher_next(struct q__matcher *matcher, uint32_t from)
{
	return matcher->ops->next(matcher, from);
}

static inline void q__matcher_raise_floor(struct q__matcher *matcher, float floor)
{
	if (matcher->ops->raise_floor)
		matcher->ops->raise_floor(matcher, floor);
}

/* Every score is wanted, or none. */
#define Q__EXACT_SCORES (-1.0f)
#define Q__NO_SCORES	__FLT_MAX__

/* Sets the window to [start, end) and fills it. */
void q__matcher_fill(struct q__matcher *matcher, struct q__window *window, uint32_t start,
		     uint32_t end, float floor);

/* Gives all documents that are found one score. */
void q__set_scores(struct q__window *window, float score);

/* Sets the bits of the documents of the window that the postings have, and goes behind them. */
void q__find_documents(struct q__postings *postings, struct q__window *window);

/* The same of the loaded block alone, from where the postings are. */
void q__find_in_block(struct q__postings *postings, struct q__window *window);

/* All makers return NULL when the arena is full. */

struct q__matcher *q__match_none(struct q_arena *arena);
struct q__matcher *q__match_all(uint32_t document_count, float score, struct q_arena *arena);

/* Documents of any of the terms, all with the same score. */
struct q__matcher *q__match_terms(const struct q__term_ref *refs, size_t count,
				  const struct q__postings_source *source, float score,
				  struct q_arena *arena);

/* The documents whose bits are set (bit i % 64 of word i / 64), all with the same score. */
struct q__matcher *q__match_set(const uint64_t *words, uint32_t document_count, float score,
				struct q_arena *arena);
/* Documents with a value in one of the spans, which are in order and apart; all with the same
 * score. */
struct q__matcher *q__match_values(const struct q__column *column,
				   const struct q__value_span *spans, size_t count, float score,
				   struct q_arena *arena);

/* A term with its weight, for BM25. */
struct q__weighted_term {
	const struct q__term_ref *ref;
	float weight;
};

struct q__weighting {
	const struct q__weighted_term *terms;
	size_t count;
	bool is_distinct;     /* no two of them are the same term */
	bool keeps_sums;      /* no score is rounded (has_sums); the floor is not raised */
	const float *factors; /* by length byte */
};

/* The sum of the scores of all terms that a document has. */
struct q__matcher *q__match_weighted(const struct q__weighting *weighting,
				     const struct q__field *field, struct q_arena *arena);

/* All of the terms, in this order, side by side or at most `slop` places away from it; scored as
 * one term of this weight. The same term comes with the same ref. Where the call ends meanwhile,
 * nothing more is found. */
struct q__matcher *q__match_phrase(const struct q__term_ref *const *refs, size_t count,
				   uint32_t slop, float weight, const struct q__field *field,
				   const float factors[256], const struct q_call *call,
				   struct q_arena *arena);
/* How often a document that such a matcher finds has the phrase. */
float q__phrase_matcher_frequency(struct q__matcher *matcher, uint32_t document);

/* Any of the matchers; the best score counts. */
struct q__matcher *q__match_best(struct q__matcher *const *inner, size_t count,
				 struct q_arena *arena);

/* What the inner one finds, with another score. */
struct q__matcher *q__match_constant(struct q__matcher *inner, float score, struct q_arena *arena);

/* As the members of a `bool` query. */
struct q__combination {
	struct q__matcher *const *must, *const *filter, *const *should, *const *must_not;
	size_t must_count, filter_count, should_count, must_not_count;
	size_t minimum_should;
	uint32_t document_count; /* of the segment */
};
struct q__matcher *q__match_combination(const struct q__combination *combination,
					struct q_arena *arena);

#endif
