#include "search/index/snapshot.h"

#include "base/mem.h"

enum { FIND_BYTES = 1 << 16 };

struct q__snapshot *q__snapshot_new(size_t room)
{
	struct q__snapshot *snapshot = q_mem_new(sizeof *snapshot + room * sizeof(struct q__part));

	if (snapshot)
		atomic_init(&snapshot->reference_count, 1);
	return snapshot;
}

void q__snapshot_add(struct q__snapshot *snapshot, const struct q__part *part)
{
	snapshot->parts[snapshot->part_count++] =
		(struct q__part){q__segment_ref(part->segment), q__deletions_ref(part->deletions),
				 part->deletions_number};
}

struct q__snapshot *q__snapshot_ref(struct q__snapshot *snapshot)
{
	atomic_fetch_add(&snapshot->reference_count, 1);
	return snapshot;
}

void q__snapshot_unref(struct q__snapshot *snapshot)
{
	if (!snapshot || atomic_fetch_sub(&snapshot->reference_count, 1) != 1)
		return;
	for (size_t i = 0; i < snapshot->part_count; i++) {
		q__segment_unref(snapshot->parts[i].segment);
		q__deletions_unref(snapshot->parts[i].deletions);
	}
	q_mem_free(snapshot);
}

/* The first document of the postings that is not deleted. */
static enum q_code find_in_postings(const struct q__part *part, const struct q__term_ref *ref,
				    struct q_arena *arena, uint32_t *document, struct q_err *err)
{
	const struct q__field *ids = &part->segment->fields[Q__FIELD_ID];
	struct q__postings postings;

	if (!q__postings_open(&postings, ref, &ids->postings, arena))
		return q_fail(err, Q_NOMEM, "index.find", "the documents of an id");
	*document = q__postings_seek(&postings, 0);
	while (*document != Q__NO_DOCUMENT && q__deletions_have(part->deletions, *document))
		*document = q__postings_seek(&postings, *document + 1);
	return *document == Q__NO_DOCUMENT ? Q_NOTFOUND : Q_OK;
}

/* Ids are mostly single; a document that was put twice into one buffer has both there. */
static enum q_code find_in_part(const struct q__part *part, struct q_str id,
				struct q__term_cursor *cursor, uint32_t *document,
				struct q_err *err)
{
	const struct q__field *ids = &part->segment->fields[Q__FIELD_ID];
	struct q__term_ref ref = q__terms_find(&ids->terms, id, cursor);
	struct q_arena *arena;
	enum q_code code;

	if (ref.document_count == 0)
		return Q_NOTFOUND;
	*document = ref.document;
	if (ref.is_single)
		return ref.document < part->segment->document_count &&
				       !q__deletions_have(part->deletions, ref.document)
			       ? Q_OK
			       : Q_NOTFOUND;
	arena = q_arena_new(FIND_BYTES);
	if (!arena)
		return q_fail(err, Q_NOMEM, "index.find", "the documents of an id");
	code = find_in_postings(part, &ref, arena, document, err);
	q_arena_free(arena);
	return code;
}

enum q_code q__snapshot_find(const struct q__snapshot *snapshot, struct q_str id,
			     struct q__term_cursor *cursor, size_t *part, uint32_t *document,
			     struct q_err *err)
{
	enum q_code code = Q_NOTFOUND;

	for (size_t i = snapshot->part_count; i-- > 0 && code == Q_NOTFOUND;) {
		*part = i;
		code = find_in_part(&snapshot->parts[i], id, cursor, document, err);
	}
	return code == Q_NOTFOUND ? q_fail(err, code, "index.find", "there is no such document")
				  : code;
}
