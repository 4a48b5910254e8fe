/* From the buffer to the disk. Files first, then the manifest: whatever stops this, the last
 * manifest and its files are there. */
#include "search/index_internal.h"

#include "base/mem.h"
#include "search/manifest.h"

static bool has_file(const struct q__snapshot *snapshot, struct q_str file)
{
	char name[Q__SEGMENT_NAME_MAX];

	for (size_t i = 0; i < snapshot->part_count; i++) {
		const struct q__part *part = &snapshot->parts[i];

		if (q_str_equal(file, q_str_from(part->segment->name)))
			return true;
		q__deletions_name(part->segment->name, part->deletions_number, name);
		if (part->deletions_number && q_str_equal(file, q_str_from(name)))
			return true;
	}
	return false;
}

static void see_file(void *context, const char *name)
{
	struct q__index *index = context;
	struct q_str file = q_str_from(name);
	struct q_err ignored;

	/* What cannot be removed now is in nobody's way, and is tried again at the next open. */
	if ((q_str_ends_with(file, Q_STR(".segment")) ||
	     q_str_ends_with(file, Q_STR(".deletions")) ||
	     q_str_starts_with(file, Q_STR(".tmp-"))) &&
	    !has_file(index->snapshot, file))
		(void)!index->directory->ops->remove(index->directory, name, &ignored);
}

enum q_code q__index_clean(struct q__index *index, struct q_err *err)
{
	return index->directory->ops->list(index->directory, see_file, index, err);
}

enum q_code q__index_commit(struct q__index *index, struct q__snapshot *next, struct q_err *err)
{
	struct q__snapshot *before;
	struct q_err ignored;
	enum q_code code = index->directory->ops->sync(index->directory, err);

	if (!code)
		code = q__manifest_write(index->directory, &index->definition, next,
					 index->next_number, err);
	if (code) {
		q__snapshot_unref(next);
		return code;
	}
	pthread_mutex_lock(&index->publishing);
	before = index->snapshot;
	index->snapshot = next;
	pthread_mutex_unlock(&index->publishing);
	q__snapshot_unref(before); /* readers of it keep what is mapped */
	(void)!q__index_clean(index, &ignored);
	return Q_OK;
}

/* Marks the document of this id in the parts, which must be the index's alone. */
static enum q_code delete_id(struct q__snapshot *snapshot, struct q_str id, bool *is_changed,
			     struct q__term_cursor *cursor, struct q_err *err)
{
	size_t at;
	uint32_t document;

	while (q__snapshot_find(snapshot, id, cursor, &at, &document)) {
		struct q__part *part = &snapshot->parts[at];
		struct q__deletions *deletions = part->deletions;

		if (!is_changed[at]) {
			deletions = q__deletions_copy(deletions, part->segment->document_count);
			if (!deletions)
				return q_fail(err, Q_NOMEM, "index.refresh", "a deletion");
			q__deletions_unref(part->deletions);
			part->deletions = deletions;
			is_changed[at] = true;
		}
		q__deletions_add(deletions, document);
	}
	return Q_OK;
}

static enum q_code write_deletions(struct q__index *index, struct q__snapshot *snapshot,
				   const bool *is_changed, struct q_err *err)
{
	char name[Q__SEGMENT_NAME_MAX];
	enum q_code code = Q_OK;

	for (size_t i = 0; i < snapshot->part_count && !code; i++) {
		struct q__part *part = &snapshot->parts[i];

		if (!is_changed[i])
			continue;
		part->deletions_number = index->next_number++;
		q__deletions_name(part->segment->name, part->deletions_number, name);
		code = q__deletions_write(part->deletions, index->directory, name, err);
	}
	return code;
}

/* Deletes in the segments what the buffer puts anew or deletes. */
static enum q_code apply_deletions(struct q__index *index, struct q__snapshot *next,
				   struct q_err *err)
{
	struct q__term_cursor *cursor = q_mem_new(sizeof *cursor);
	bool is_changed[Q__SEGMENTS_MAX] = {false};
	enum q_code code = Q_OK;

	if (!cursor)
		return q_fail(err, Q_NOMEM, "index.refresh", "deletions");
	for (size_t i = 0; i < q__buffer_id_count(index->buffer) && !code; i++)
		code = delete_id(next, q__buffer_id(index->buffer, i), is_changed, cursor, err);
	q_mem_free(cursor);
	return code ? code : write_deletions(index, next, is_changed, err);
}

static enum q_code mark_deleted(struct q__index *index, struct q__part *part, struct q_err *err)
{
	uint32_t count = q__buffer_document_count(index->buffer);
	char name[Q__SEGMENT_NAME_MAX];

	for (uint32_t i = 0; i < count; i++) {
		if (!q__buffer_is_deleted(index->buffer, i))
			continue;
		if (!part->deletions)
			part->deletions = q__deletions_copy(NULL, count);
		if (!part->deletions)
			return q_fail(err, Q_NOMEM, "index.refresh", "deletions");
		q__deletions_add(part->deletions, i);
	}
	if (!part->deletions)
		return Q_OK;
	part->deletions_number = index->next_number++;
	q__deletions_name(part->segment->name, part->deletions_number, name);
	return q__deletions_write(part->deletions, index->directory, name, err);
}

/* The buffer as a segment, added to `next`. */
static enum q_code write_segment(struct q__index *index, struct q__snapshot *next,
				 struct q_err *err)
{
	char name[Q__SEGMENT_NAME_MAX];
	struct q__part part = {0};
	enum q_code code;

	if (q__buffer_document_count(index->buffer) == 0)
		return Q_OK;
	q__segment_name(index->next_number++, name);
	code = q__buffer_write(index->buffer, index->directory, name, err);
	if (!code)
		code = q__segment_open(index->directory, name, index->definition.field_count + 1,
				       &part.segment, err);
	if (!code)
		code = mark_deleted(index, &part, err);
	if (!code)
		q__snapshot_add(next, &part);
	q__segment_unref(part.segment);
	q__deletions_unref(part.deletions);
	return code;
}

static struct q__snapshot *copy_snapshot(const struct q__snapshot *from, size_t more)
{
	struct q__snapshot *copy = q__snapshot_new(from->part_count + more);

	for (size_t i = 0; copy && i < from->part_count; i++)
		q__snapshot_add(copy, &from->parts[i]);
	return copy;
}

static enum q_code write_buffer(struct q__index *index, struct q_err *err)
{
	struct q__snapshot *next = copy_snapshot(index->snapshot, 1);
	enum q_code code;

	if (!next)
		return q_fail(err, Q_NOMEM, "index.refresh", "a snapshot");
	code = apply_deletions(index, next, err);
	if (!code)
		code = write_segment(index, next, err);
	if (!code)
		return q__index_commit(index, next, err);
	q__snapshot_unref(next);
	return code;
}

static enum q_code refresh(struct q__index *index, struct q_err *err)
{
	struct q__buffer *empty;
	enum q_code code;

	if (q__buffer_id_count(index->buffer) == 0)
		return Q_OK;
	code = q__buffer_new(&index->definition, &empty, err);
	if (code)
		return code;
	index->is_frozen = true;
	code = write_buffer(index, err);
	if (code) {
		q__buffer_free(empty);
		return code;
	}
	q__buffer_free(index->buffer);
	index->buffer = empty;
	index->is_frozen = false;
	return q__index_merge_some(index, err);
}

enum q_code q__index_refresh(struct q__index *index, struct q_err *err)
{
	enum q_code code;

	pthread_mutex_lock(&index->writing);
	code = refresh(index, err);
	pthread_mutex_unlock(&index->writing);
	return code;
}

static enum q_code apply(struct q__index *index, const struct q_bulk_operation *operation,
			 struct q_err *err)
{
	if (operation->kind == Q_BULK_DELETE)
		return q__buffer_delete(index->buffer, operation->id, err);
	return q__buffer_put(index->buffer, operation->id, operation->source, err);
}

/* Q_OK also where the operation is refused; a full buffer is written first. */
static enum q_code take_operation(struct q__index *index, const struct q_bulk_operation *operation,
				  struct q_arena *arena, struct q_bulk_result *result,
				  struct q_err *err)
{
	enum q_code code = apply(index, operation, err);

	if (code == Q_TOOBIG && q__buffer_id_count(index->buffer) > 0) {
		code = refresh(index, err);
		if (code)
			return code;
		code = apply(index, operation, err);
	}
	*result = (struct q_bulk_result){.code = code};
	if (code)
		result->message = q_arena_copy(arena, q_str_from(err->message));
	return code == Q_NOMEM ? code : Q_OK;
}

static enum q_code bulk(struct q__index *index, const struct q_bulk_operation *operations,
			size_t count, struct q_arena *arena, struct q_bulk_result *results,
			struct q_err *err)
{
	enum q_code code = index->is_frozen ? refresh(index, err) : Q_OK;

	for (size_t i = 0; i < count && !code; i++)
		code = take_operation(index, &operations[i], arena, &results[i], err);
	return code;
}

enum q_code q__index_bulk(struct q__index *index, const struct q_bulk_operation *operations,
			  size_t count, struct q_arena *arena, struct q_bulk_result *results,
			  struct q_err *err)
{
	enum q_code code;

	pthread_mutex_lock(&index->writing);
	code = bulk(index, operations, count, arena, results, err);
	pthread_mutex_unlock(&index->writing);
	return code;
}
