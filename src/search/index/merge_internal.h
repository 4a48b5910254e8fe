/* search/index/merge_internal.h: what merge.c and merge_field.c share. For these two alone. */
#ifndef Q_SEARCH_INDEX_MERGE_INTERNAL_H
#define Q_SEARCH_INDEX_MERGE_INTERNAL_H

#include "search/index/merge.h"
#include "search/segment/joined_terms.h"
#include "search/segment/segment_writer.h"

/* One of the parts that are merged. */
struct q__merge_source {
	const struct q__segment *segment;
	/* The document's number in the merged segment; Q__NO_DOCUMENT: it is deleted. */
	const uint32_t *numbers;
};

/* A merge, or the share of it that one thread has. */
struct q__merge {
	const struct q_index_definition *definition;
	struct q__merge_source *sources; /* of all shares */
	struct q__joined_walk *walks;	 /* one a source, over the current field's terms */
	size_t count;
	uint32_t document_count; /* of the merged segment */
	const bool *is_second;	 /* by field: it belongs to the second share */
	struct q__segment_writer *writer;
	struct q_arena *arena;	 /* for the merge */
	struct q_arena *scratch; /* for a term or a document */
};

/* Q_CORRUPT: what of the source cannot be read. */
enum q_code q__merge_fail_corrupt(const struct q__merge_source *source, const char *what,
				  struct q_err *err);

/* Writes one field of the merged segment. */
Q_MUST_USE enum q_code q__merge_field(struct q__merge *merge, size_t field, struct q_err *err);

#endif
