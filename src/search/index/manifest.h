/* search/index/manifest.h: the file that says what an index is made of: its fields, what it
 * keeps of sources, and its segments. It is replaced as a whole: a commit is that rename. One line
 * of JSON, one with its checksum.
 *
 * Errors:    Q_NOTFOUND: there is no index. Q_CORRUPT. */
#ifndef Q_SEARCH_INDEX_MANIFEST_H
#define Q_SEARCH_INDEX_MANIFEST_H

#include "ports/search_index.h"
#include "search/index/snapshot.h"

#define Q__MANIFEST_NAME "manifest"

struct q__manifest_segment {
	struct q_str name;
	uint64_t deletions_number; /* 0: nothing is deleted */
};

struct q__manifest {
	uint64_t next_number; /* of files to come */
	struct q_index_definition definition;
	const struct q__manifest_segment *segments;
	size_t segment_count;
};

/* In the arena. */
Q_MUST_USE enum q_code q__manifest_read(struct q__directory *directory, struct q_arena *arena,
					struct q__manifest *out, struct q_err *err);

Q_MUST_USE enum q_code q__manifest_write(struct q__directory *directory,
					 const struct q_index_definition *definition,
					 const struct q__snapshot *snapshot, uint64_t next_number,
					 struct q_err *err);

/* "000012.segment", "000012-000034.deletions". */
void q__segment_name(uint64_t number, char out[Q__SEGMENT_NAME_MAX]);
void q__deletions_name(const char *segment_name, uint64_t number, char out[Q__SEGMENT_NAME_MAX]);

/* "keyword", "text", "date", "number", "boolean". */
const char *q__field_kind_name(enum q_field_kind kind);

#endif
