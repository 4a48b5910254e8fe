/* What people see of the files of an index. */
#include "search/embedded_internal.h"

enum { BLOCK_ARENA_BYTES = 128 << 20 };

static enum q_code find_snapshot(struct q_search_index *store, struct q_str name,
				 struct q__snapshot **out, struct q_err *err)
{
	struct q__index *index;

	return q__embedded_snapshot(store, name, &index, out, err);
}

enum q_code q_search_index_embedded_segments(struct q_search_index *store, struct q_str index,
					     struct q_index_visitor *visitor, struct q_err *err)
{
	struct q__snapshot *snapshot;
	enum q_code code = find_snapshot(store, index, &snapshot, err);

	if (code)
		return code;
	for (size_t i = 0; i < snapshot->part_count && !code; i++) {
		const struct q__part *part = &snapshot->parts[i];
		struct q_segment_facts facts = {
			.name = q_str_from(part->segment->name),
			.document_count = part->segment->document_count,
			.deleted_count = part->deletions ? part->deletions->deleted_count : 0,
			.size_bytes = q__segment_file_size(part->segment->file)};

		code = visitor->segment(visitor, &facts, err);
	}
	q__snapshot_unref(snapshot);
	return code;
}

static enum q_code visit_documents(const struct q__part *part, struct q_arena *arena,
				   struct q_index_visitor *visitor, struct q_err *err)
{
	struct q__stored_reader reader;
	enum q_code code = Q_OK;

	q__stored_reader_start(&reader, &part->segment->stored, arena);
	for (uint32_t i = 0; i < part->segment->document_count && !code; i++) {
		struct q_str source;

		if (q__deletions_have(part->deletions, i))
			continue;
		code = q__stored_reader_read(&reader, i, &source, err);
		if (!code)
			code = visitor->document(visitor, q__segment_id(part->segment, i), source,
						 err);
	}
	return code;
}

enum q_code q_search_index_embedded_documents(struct q_search_index *store, struct q_str index,
					      struct q_index_visitor *visitor, struct q_err *err)
{
	struct q_arena *arena = q_arena_new(BLOCK_ARENA_BYTES);
	struct q__snapshot *snapshot;
	enum q_code code;

	if (!arena)
		return q_fail(err, Q_NOMEM, "index.documents", "a block");
	code = find_snapshot(store, index, &snapshot, err);
	if (!code) {
		for (size_t i = 0; i < snapshot->part_count && !code; i++)
			code = visit_documents(&snapshot->parts[i], arena, visitor, err);
		q__snapshot_unref(snapshot);
	}
	q_arena_free(arena);
	return code;
}

enum q_code q_search_index_embedded_check(struct q_search_index *store, struct q_str index,
					  struct q_err *err)
{
	struct q__snapshot *snapshot;
	enum q_code code = find_snapshot(store, index, &snapshot, err);

	if (code)
		return code;
	for (size_t i = 0; i < snapshot->part_count && !code; i++)
		code = q__segment_file_check(snapshot->parts[i].segment->file, err);
	q__snapshot_unref(snapshot);
	return code;
}
