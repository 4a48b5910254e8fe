#include "search/snapshot.h"

#include "base/mem.h"

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

/* Ids are mostly single; a document that was put twice into one buffer has both there. */
static bool find_in_part(const struct q__part *part, struct q_str id, struct q__term_cursor *cursor,
			 uint32_t *document)
{
	const struct q__field *ids = &part->segment->fields[Q__FIELD_ID];
	struct q__term_ref ref = q__terms_find(&ids->terms, id, cursor);
	struct q__postings postings;
	struct q_arena *arena;
	bool is_found = false;

	if (ref.document_count == 0)
		return false;
	if (ref.is_single) {
		*document = ref.document;
		return ref.document < part->segment->document_count &&
		       !q__deletions_have(part->deletions, ref.document);
	}
	arena = q_arena_new(1 << 16);
	if (arena && q__postings_open(&postings, &ref, &ids->postings, arena)) {
		uint32_t at = q__postings_seek(&postings, 0);

		while (at != Q__NO_DOCUMENT && q__deletions_have(part->deletions, at))
			at = q__postings_seek(&postings, at + 1);
		is_found = at != Q__NO_DOCUMENT;
		*document = at;
	}
	q_arena_free(arena);
	return is_found;
}

bool q__snapshot_find(const struct q__snapshot *snapshot, struct q_str id,
		      struct q__term_cursor *cursor, size_t *part, uint32_t *document)
{
	for (size_t i = snapshot->part_count; i-- > 0;) {
		if (find_in_part(&snapshot->parts[i], id, cursor, document)) {
			*part = i;
			return true;
		}
	}
	return false;
}
