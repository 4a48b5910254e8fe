/* search/segment/field_lengths.h: how many tokens each document has in a text field, exactly: a
 * length byte says so up to 39 and only roughly beyond, so documents of more are listed. Thus the
 * counts of any part of an index, a tenant's say, can be told without its documents.
 *
 * Contract:  what is read is checked to lie inside the section; a broken one gives other counts.
 * Threads:   any. */
#ifndef Q_SEARCH_SEGMENT_FIELD_LENGTHS_H
#define Q_SEARCH_SEGMENT_FIELD_LENGTHS_H

#include "base/buf.h"

struct q__field_lengths {
	const uint8_t *bytes;  /* by document; NULL: it is no text field */
	struct q_bytes longer; /* pairs: a document, and its tokens beyond what its byte tells */
};

struct q__field_counts {
	uint64_t documents; /* with at least one term */
	uint64_t tokens;
};

/* Adds the counts of the documents whose bits are set in `words`, which has document_count. */
void q__field_lengths_count(const struct q__field_lengths *lengths, const uint64_t *words,
			    uint32_t document_count, struct q__field_counts *counts);

/* Appends the pairs, given every document's length byte and tokens. False when the heap is full. */
Q_MUST_USE bool q__longer_write(const uint8_t *bytes, const uint32_t *tokens,
				uint32_t document_count, struct q_buf *out);

#endif
