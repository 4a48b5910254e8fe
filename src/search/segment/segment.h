/* search/segment/segment.h: an immutable part of an index: documents, numbered from 0 in the order
 * in which they came, and for each field the terms and their postings.
 *
 * Ownership: counted references: what holds a segment refs it.
 * Threads:   any.
 * Errors:    Q_CORRUPT, as search/segment/segment_file.h. */
#ifndef Q_SEARCH_SEGMENT_SEGMENT_H
#define Q_SEARCH_SEGMENT_SEGMENT_H

#include "search/segment/column.h"
#include "search/segment/field_lengths.h"
#include "search/segment/postings.h"
#include "search/segment/segment_file.h"
#include "search/segment/stored.h"
#include "search/segment/terms.h"

#include <stdatomic.h>

/* Field 0 holds the documents' ids; the definition's fields follow. */
enum { Q__FIELD_ID = 0 };

struct q__field {
	struct q__terms terms;
	struct q__postings_source postings;
	struct q__column column;	 /* ids and keywords: ordinals; text fields have none */
	struct q__field_lengths lengths; /* of text fields */
	uint64_t document_count;	 /* with at least one term */
	uint64_t token_count;
};

struct q__segment {
	atomic_uint reference_count;
	char name[Q__SEGMENT_NAME_MAX];
	uint32_t document_count;
	struct q__field *fields; /* owned */
	size_t field_count;
	struct q__segment_file *file; /* owned */
	struct q__stored stored;
	struct q_bytes ids;
	const unsigned char *id_ends; /* 4 bytes each */
};

/* field_count counts field 0 too. */
Q_MUST_USE enum q_code q__segment_open(struct q__directory *directory, const char *name,
				       size_t field_count, struct q__segment **out,
				       struct q_err *err);
struct q__segment *q__segment_ref(struct q__segment *segment);
void q__segment_unref(struct q__segment *segment);

/* Borrowed from the segment; empty where its bytes are broken. */
struct q_str q__segment_id(const struct q__segment *segment, uint32_t document);

#endif
