/* ports/search_query.h: what documents are searched for: a tree of queries, each of which is one of
 * OpenSearch's.
 *
 * Contract:  search_index.h takes such trees and holds them to the limits here.
 * Units:     bytes. Boosts and scores are 32-bit floats.
 * Ownership: a tree borrows all that it names. */
#ifndef Q_PORTS_SEARCH_QUERY_H
#define Q_PORTS_SEARCH_QUERY_H

#include "base/str.h"

enum {
	Q_SEARCH_DEPTH_MAX = 20, /* of a tree */
	/* Queries in a tree, with fields of a match and values of a terms; words, in each field
	 * where they are looked up. */
	Q_SEARCH_CLAUSES_MAX = 1024,
	Q_SEARCH_MINIMUMS_MAX = 16,
	Q_SEARCH_TEXT_MAX = 8192 /* bytes of a text or value */
};

enum q_search_kind {
	Q_SEARCH_ALL,	   /* every document, score 1 */
	Q_SEARCH_IDS,	   /* documents of these ids, score 1 */
	Q_SEARCH_TERM,	   /* the exact term; keyword: score 1, text: BM25 */
	Q_SEARCH_TERMS,	   /* any of the exact terms, score 1 */
	Q_SEARCH_PREFIX,   /* any term that begins with the value, score 1 */
	Q_SEARCH_RANGE,	   /* a term or value between two ends, score 1 */
	Q_SEARCH_MATCH,	   /* the best of one or several fields that have words of a text */
	Q_SEARCH_PHRASE,   /* the best of one or several fields that have the words side by side */
	Q_SEARCH_BOOL,	   /* a combination */
	Q_SEARCH_CONSTANT, /* what `inner` finds, score 1 */
};

/* Edits by which a word may differ. */
enum q_fuzziness {
	Q_FUZZINESS_NONE, /* exact terms */
	Q_FUZZINESS_0, /* exact terms too, but scored as fuzzy ones are (keyword fields: by BM25) */
	Q_FUZZINESS_1,
	Q_FUZZINESS_2,
	Q_FUZZINESS_AUTO /* by the word's characters: up to 2: 0; up to 5: 1; more: 2 */
};

enum q_match_operator { Q_MATCH_OR, Q_MATCH_AND };

/* How many of several clauses are asked for; 0: as many as it takes without a minimum. One that is
 * for `from` clauses and more may be followed by others, up to Q_SEARCH_MINIMUMS_MAX together: the
 * last counts before the first that is for more clauses than there are; all are asked for where
 * that is the very first. ("2<75%" is 75 % from 3 on.) */
struct q_minimum {
	int32_t number; /* < 0: all but so many; at most Q_SEARCH_CLAUSES_MAX either way */
	bool is_percentage;
	uint32_t from;
	const struct q_minimum *next; /* NULL: no other */
};

struct q_match_field {
	struct q_str name;
	float boost;
};

/* MATCH: in each field the scores of the words add up; the best field counts. `match`, and
 * `multi_match` of type best_fields.
 * PHRASE: the words in their order, or so near to it that they have to move `slop` places at most;
 * scored as one word. `match_phrase`, and `multi_match` of type phrase. */
struct q_match {
	struct q_str text;
	const struct q_match_field *fields;
	size_t field_count;
	uint32_t slop; /* of PHRASE alone; what follows, of MATCH alone */
	enum q_match_operator match_operator;
	struct q_minimum minimum; /* of the words in a field, unless it has one alone */
	enum q_fuzziness fuzziness;
	uint32_t prefix_length;	 /* characters that may not differ */
	uint32_t max_expansions; /* terms that a word stands for at most: 1..Q_SEARCH_CLAUSES_MAX */
};

/* One end of a range, and how values are written in queries: keywords by their bytes; numbers;
 * "true", "false"; dates as in documents or with arithmetic ("now-1d/d", "2024-02-03||+1M/d"). A
 * date that leaves its time of day open stands for all of that day. */
struct q_search_bound {
	struct q_str value;
	bool is_set, is_exclusive;
};

struct q_search_query {
	enum q_search_kind kind;
	float boost; /* 1 for none; finite, >= 0 */
	union {
		struct {
			struct q_str field;
			struct q_str value;
		} term; /* TERM, PREFIX */
		struct {
			struct q_str field; /* not for IDS */
			const struct q_str *values;
			size_t count;
		} terms; /* TERMS, IDS */
		struct {
			struct q_str field;
			struct q_search_bound from, to;
		} range;
		struct q_match match; /* MATCH, PHRASE */
		struct {
			/* All of must and filter, none of must_not, and at least minimum_should of
			 * should (1 where there is neither must nor filter); must and should score.
			 * must_not alone takes away from all documents and scores 0; without any
			 * part it is ALL. */
			const struct q_search_query *must, *filter, *should, *must_not;
			size_t must_count, filter_count, should_count, must_not_count;
			size_t minimum_should;
		} combination;			    /* BOOL */
		const struct q_search_query *inner; /* CONSTANT */
	};
};

#endif
