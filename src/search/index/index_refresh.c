/* From a buffer to the disk: deletions and the segment, then the commit. */
#include "search/index/index_internal.h"

#include "base/mem.h"
#include "search/index/manifest.h"

/* Marks the document of this id in the parts, which must be the index's alone. */
static enum q_code delete_id(struct q__snapshot *snapshot, struct q_str id, bool *is_changed,
			     struct q__term_cursor *cursor, struct q_err *err)
{
	size_t at;
	uint32_t document;
	enum q_code code;

	while (!(code = q__snapshot_find(snapshot, id, cursor, &at, &document, err))) {
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
	return code == Q_NOTFOUND ? Q_OK : code;
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
static enum q_code apply_deletions(struct q__index *index, const struct q__buffer *buffer,
				   struct q__snapshot *next, struct q_err *err)
{
	struct q__term_cursor *cursor = q_mem_new(sizeof *cursor);
	bool is_changed[Q__SEGMENTS_MAX] = {false};
	enum q_code code = Q_OK;

	if (!cursor)
		return q_fail(err, Q_NOMEM, "index.refresh", "deletions");
	for (size_t i = 0; i < q__buffer_id_count(buffer) && !code; i++)
		code = delete_id(next, q__buffer_id(buffer, i), is_changed, cursor, err);
	q_mem_free(cursor);
	return code ? code : write_deletions(index, next, is_changed, err);
}

static enum q_code mark_deleted(struct q__index *index, const struct q__buffer *buffer,
				struct q__part *part, struct q_err *err)
{
	uint32_t count = q__buffer_document_count(buffer);
	char name[Q__SEGMENT_NAME_MAX];

	for (uint32_t i = 0; i < count; i++) {
		if (!q__buffer_is_deleted(buffer, i))
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
static enum q_code write_segment(struct q__index *index, struct q__buffer *buffer,
				 struct q__snapshot *next, struct q_err *err)
{
	char name[Q__SEGMENT_NAME_MAX];
	struct q__part part = {0};
	enum q_code code;

	if (q__buffer_document_count(buffer) == 0)
		return Q_OK;
	q__segment_name(index->next_number++, name);
	code = q__buffer_write(buffer, index->directory, name, err);
	if (!code)
		code = q__segment_open(index->directory, name, index->definition.field_count + 1,
				       &part.segment, err);
	if (!code)
		code = mark_deleted(index, buffer, &part, err);
	if (!code)
		q__snapshot_add(next, &part);
	else
		q__index_remove_file(index, name);
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

static enum q_code write_buffer(struct q__index *index, struct q__buffer *buffer, struct q_err *err)
{
	struct q__snapshot *next;
	enum q_code code;

	if (index->snapshot->part_count >= Q__SEGMENTS_MAX)
		return q_fail(err, Q_BUSY, "index.refresh", "%d segments wait for their merge",
			      Q__SEGMENTS_MAX);
	next = copy_snapshot(index->snapshot, 1);
	if (!next)
		return q_fail(err, Q_NOMEM, "index.refresh", "a snapshot");
	code = apply_deletions(index, buffer, next, err);
	if (!code)
		code = write_segment(index, buffer, next, err);
	if (!code)
		return q__index_commit(index, next, err);
	q__index_remove_files(index, next, index->snapshot);
	q__snapshot_unref(next);
	return code;
}

enum q_code q__index_seal(struct q__index *index, struct q_err *err)
{
	struct q__buffer *empty;
	enum q_code code = q__buffer_new(&index->definition, &empty, err);

	if (code)
		return code;
	pthread_mutex_lock(&index->writing);
	if (index->is_dropped)
		code = q__index_fail_dropped(err);
	else if (index->sealed)
		code = q_fail(err, Q_BUSY, "index.seal", "a buffer waits to be written");
	if (code) {
		q__buffer_free(empty);
	} else {
		index->sealed = index->buffer;
		index->buffer = empty;
	}
	pthread_mutex_unlock(&index->writing);
	return code;
}

/* A buffer that cannot be written stays sealed, and is tried again. Holds `committing`. */
static enum q_code write_sealed(struct q__index *index, struct q_err *err)
{
	struct q__buffer *sealed;
	enum q_code code = Q_OK;

	pthread_mutex_lock(&index->writing);
	sealed = index->sealed;
	pthread_mutex_unlock(&index->writing);
	if (sealed && q__buffer_id_count(sealed) > 0)
		code = write_buffer(index, sealed, err);
	if (!sealed || code)
		return code;
	pthread_mutex_lock(&index->writing);
	index->sealed = NULL;
	pthread_mutex_unlock(&index->writing);
	q__buffer_free(sealed);
	return Q_OK;
}

enum q_code q__index_write_sealed(struct q__index *index, struct q_err *err)
{
	enum q_code code;

	pthread_mutex_lock(&index->committing);
	code = write_sealed(index, err);
	pthread_mutex_unlock(&index->committing);
	return code;
}

/* Or is dropped, of which whoever would write them tells. */
static bool has_documents(struct q__index *index)
{
	bool has_some;

	pthread_mutex_lock(&index->writing);
	has_some = index->is_dropped || index->sealed || q__buffer_id_count(index->buffer) > 0;
	pthread_mutex_unlock(&index->writing);
	return has_some;
}

/* Bulk may seal a full buffer in between: that one then is as good. */
static enum q_code write_all(struct q__index *index, struct q_err *err)
{
	enum q_code code =
		index->is_dropped ? q__index_fail_dropped(err) : write_sealed(index, err);

	if (!code)
		code = q__index_seal(index, err);
	return code == Q_OK || code == Q_BUSY ? write_sealed(index, err) : code;
}

enum q_code q__index_write_all(struct q__index *index, struct q_err *err)
{
	enum q_code code;

	if (!has_documents(index))
		return Q_OK;
	pthread_mutex_lock(&index->committing);
	code = write_all(index, err);
	pthread_mutex_unlock(&index->committing);
	return code;
}

enum q_code q__index_refresh(struct q__index *index, struct q_err *err)
{
	enum q_code code = q__index_write_all(index, err);

	if (code || !index->merge_bell)
		return code ? code : q__index_merge_some(index, NULL, err);
	q_bell_ring(index->merge_bell);
	return Q_OK;
}
