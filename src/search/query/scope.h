/* search/query/scope.h: the documents that a request sees, and what is counted among them.
 *
 * A request without a filter sees whatever is not deleted, and what is counted is the files': also
 * deleted documents, until a merge forgets them, as in Lucene. One with a filter sees the documents
 * that it finds, and everything is counted among these alone, so that its answer is that of an
 * index that holds no others: whoever asks for terms, frequencies or lengths asks here.
 *
 * Ownership: a scope borrows the snapshot and the call, and lives in the arena until it is freed.
 * Threads:   one.
 * Errors:    counts are too small once the call is over or memory is out: q__scope_check says so,
 *            and is asked before anything is answered from them. */
#ifndef Q_SEARCH_QUERY_SCOPE_H
#define Q_SEARCH_QUERY_SCOPE_H

#include "ports/search_index.h"
#include "search/index/snapshot.h"
#include "search/query/matcher.h"

#define Q__NOT_COUNTED UINT64_MAX

struct q__scope {
	const struct q__snapshot *snapshot;
	const struct q_call *call;
	uint64_t **seen; /* one a part: a bit a document; NULL: there is no filter */
	/* Private. */
	struct q__field_counts *counts; /* by field; documents Q__NOT_COUNTED: not yet */
	struct q_arena *postings;	/* owned; of one term */
	bool is_out_of_memory;
};

/* A scope without a filter; it need not be freed. */
struct q__scope q__scope_all(const struct q__snapshot *snapshot, const struct q_call *call);

/* `filter` may be NULL. Q_INVALID: it does not fit the definition. Freed in any case. */
Q_MUST_USE enum q_code q__scope_make(const struct q__snapshot *snapshot,
				     const struct q_index_definition *definition,
				     const struct q_call *call, const struct q_search_query *filter,
				     struct q_arena *arena, struct q__scope *out,
				     struct q_err *err);
void q__scope_free(struct q__scope *scope);

/* The first document >= from that may be seen; Q__NO_DOCUMENT: none. */
uint32_t q__scope_next(const struct q__scope *scope, size_t part, uint32_t from);

bool q__scope_sees(const struct q__scope *scope, size_t part, uint32_t document);

/* The document's number as people see it: that in its segment, as in Lucene; with a filter, how
 * many are seen before it, so that it does not tell of others. */
uint32_t q__scope_place(const struct q__scope *scope, size_t part, uint32_t document);

/* Takes away what is not seen. */
void q__scope_narrow(const struct q__scope *scope, size_t part, struct q__window *window);

/* Q_OK where all counts so far are right; Q_TIMEOUT, Q_CANCELLED, Q_NOMEM. */
Q_MUST_USE enum q_code q__scope_check(const struct q__scope *scope, struct q_err *err);

struct q__field_counts q__scope_count_field(struct q__scope *scope, size_t field);

/* Does the term count: has any document of the part it? */
bool q__scope_has_term(struct q__scope *scope, size_t part, size_t field,
		       const struct q__term_ref *ref);

/* For how many documents of the part it counts. */
uint32_t q__scope_count_term(struct q__scope *scope, size_t part, size_t field,
			     const struct q__term_ref *ref);

#endif
