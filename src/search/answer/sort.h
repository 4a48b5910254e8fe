/* search/answer/sort.h: what hits are ordered by, and a key for each document: an int64, the
 * smaller the earlier.
 *
 * Within a segment keys alone decide: a keyword's ordinal becomes 2 x ordinal + 1, so that a text
 * between two terms has a key, too. Between segments ordinals say nothing; there the terms
 * themselves are compared (struct q__sort_value).
 *
 * Contract:  as OpenSearch: of several values the least counts ascending, the greatest descending,
 *            unless the sort says which; documents without a value come last, or first.
 * Ownership: everything lives in the arena given; texts may be borrowed from the request.
 * Threads:   one.
 * Errors:    Q_INVALID: a sort, or a value to go on behind, that does not fit the definition.
 *            Q_NOMEM. */
#ifndef Q_SEARCH_ANSWER_SORT_H
#define Q_SEARCH_ANSWER_SORT_H

#include "ports/search_index.h"
#include "search/index/snapshot.h"

/* What can be compared between segments: keys, then texts. */
struct q__sort_value {
	int64_t key;
	struct q_str text; /* of sorts by terms, where the document has one */
};

struct q__sort {
	enum q_sort_kind kind;
	size_t field;
	enum q_field_kind field_kind;
	bool is_descending, takes_greatest, has_texts;
	int64_t absent; /* the key of a document without a value */
	struct q__sort_value after;
	/* Of the current part. */
	const struct q__part *part;
	const struct q__column *column;
	int64_t after_key;
	uint64_t first_place; /* of its first document in the index */
};

/* One for each sort of the request. */
Q_MUST_USE enum q_code q__sorts_make(const struct q_search_request *request,
				     const struct q_index_definition *definition,
				     struct q_arena *arena, struct q__sort **out,
				     struct q_err *err);

/* Keys are then those of this part. */
void q__sort_begin_part(struct q__sort *sort, const struct q__snapshot *snapshot, size_t part,
			struct q__term_cursor *cursor);

int64_t q__sort_key(const struct q__sort *sort, uint32_t document, float score);

/* The value of a key of this part. False when the arena is full. */
Q_MUST_USE bool q__sort_value_of(const struct q__sort *sort, int64_t key, uint32_t document,
				 struct q__term_cursor *cursor, struct q_arena *arena,
				 struct q__sort_value *out);

/* < 0: a comes before b. */
int q__sort_compare(const struct q__sort *sort, const struct q__sort_value *a,
		    const struct q__sort_value *b);

/* As the port shows it. */
struct q_search_value q__sort_show(const struct q__sort *sort, const struct q__sort_value *value);

#endif
