#include "search/index/index_internal.h"

#include "base/mem.h"
#include "search/index/definition.h"
#include "search/index/manifest.h"

#include <stdio.h>

enum { DEFINITION_BYTES = 4 << 20 };

static enum q_code new_index(struct q__directory *directory, struct q__index **out,
			     struct q_err *err)
{
	struct q__index *index = q_mem_new(sizeof *index);

	if (!index) {
		directory->ops->close(directory);
		return q_fail(err, Q_NOMEM, "index.open", "an index");
	}
	index->directory = directory;
	pthread_mutex_init(&index->merging, NULL);
	pthread_mutex_init(&index->committing, NULL);
	pthread_mutex_init(&index->writing, NULL);
	pthread_mutex_init(&index->publishing, NULL);
	index->arena = q_arena_new(DEFINITION_BYTES);
	if (!index->arena) {
		q__index_close(index);
		return q_fail(err, Q_NOMEM, "index.open", "an index");
	}
	*out = index;
	return Q_OK;
}

void q__index_close(struct q__index *index)
{
	if (!index)
		return;
	q__buffer_free(index->buffer);
	q__buffer_free(index->sealed);
	q__snapshot_unref(index->snapshot);
	index->directory->ops->close(index->directory);
	pthread_mutex_destroy(&index->merging);
	pthread_mutex_destroy(&index->committing);
	pthread_mutex_destroy(&index->writing);
	pthread_mutex_destroy(&index->publishing);
	q_arena_free(index->arena);
	q_mem_free(index);
}

/* `code`: what came of the index so far; it is closed where that is no good. */
static enum q_code begin(struct q__index *index, enum q_code code, struct q__index **out,
			 struct q_err *err)
{
	if (!code)
		code = q__buffer_new(&index->definition, &index->buffer, err);
	if (code)
		q__index_close(index);
	else
		*out = index;
	return code;
}

static enum q_code create(struct q__index *index, const struct q_index_definition *definition,
			  struct q_err *err)
{
	struct q__snapshot *empty = q__snapshot_new(0);

	atomic_init(&index->next_number, 1);
	if (!empty || !q__definition_copy(definition, index->arena, &index->definition)) {
		q__snapshot_unref(empty);
		return q_fail(err, Q_NOMEM, "index.create", "an index");
	}
	return q__index_commit(index, empty, err);
}

enum q_code q__index_create(struct q__directory *directory,
			    const struct q_index_definition *definition, struct q__index **out,
			    struct q_err *err)
{
	struct q__index *index;
	enum q_code code = new_index(directory, &index, err);

	return code ? code : begin(index, create(index, definition, err), out, err);
}

static enum q_code open_part(struct q__index *index, const struct q__manifest_segment *listed,
			     struct q__snapshot *snapshot, struct q_err *err)
{
	struct q__part part = {.deletions_number = listed->deletions_number};
	char name[Q__SEGMENT_NAME_MAX], deletions[Q__SEGMENT_NAME_MAX];
	enum q_code code;

	snprintf(name, sizeof name, "%.*s", Q_STR_ARG(listed->name));
	code = q__segment_open(index->directory, name, index->definition.field_count + 1,
			       &part.segment, err);
	if (!code && listed->deletions_number) {
		q__deletions_name(name, listed->deletions_number, deletions);
		code = q__deletions_read(index->directory, deletions, part.segment->document_count,
					 &part.deletions, err);
	}
	if (!code)
		q__snapshot_add(snapshot, &part);
	q__segment_unref(part.segment);
	q__deletions_unref(part.deletions);
	return code;
}

static enum q_code open_parts(struct q__index *index, struct q_err *err)
{
	struct q__manifest manifest;
	enum q_code code = q__manifest_read(index->directory, index->arena, &manifest, err);

	if (code)
		return code;
	index->definition = manifest.definition;
	atomic_init(&index->next_number, manifest.next_number);
	index->snapshot = q__snapshot_new(manifest.segment_count);
	if (!index->snapshot)
		return q_fail(err, Q_NOMEM, "index.open", "%zu segments", manifest.segment_count);
	for (size_t i = 0; i < manifest.segment_count && !code; i++) {
		code = open_part(index, &manifest.segments[i], index->snapshot, err);
		/* A file that a manifest names is there, or the index is broken. */
		if (code == Q_NOTFOUND)
			code = q_fail(err, Q_CORRUPT, "index.open",
				      "a file of %.*s is missing; build the index again from its "
				      "source",
				      Q_STR_ARG(manifest.segments[i].name));
	}
	return code;
}

enum q_code q__index_open(struct q__directory *directory, struct q__index **out, struct q_err *err)
{
	struct q__index *index;
	enum q_code code = new_index(directory, &index, err);

	if (code)
		return code;
	code = open_parts(index, err);
	return begin(index, code ? code : q__index_clean(index, err), out, err);
}

void q__index_leave_work(struct q__index *index, struct q_bell *sealed, struct q_bell *merge)
{
	index->sealed_bell = sealed;
	index->merge_bell = merge;
}

const struct q_index_definition *q__index_definition(const struct q__index *index)
{
	return &index->definition;
}

enum q_code q__index_fail_dropped(struct q_err *err)
{
	return q_fail(err, Q_NOTFOUND, "index.write", "the index was dropped");
}

static void forget_snapshot(struct q__index *index)
{
	struct q__snapshot *snapshot;

	pthread_mutex_lock(&index->publishing);
	snapshot = index->snapshot;
	index->snapshot = NULL;
	pthread_mutex_unlock(&index->publishing);
	q__snapshot_unref(snapshot);
}

void q__index_drop(struct q__index *index)
{
	pthread_mutex_lock(&index->committing);
	pthread_mutex_lock(&index->writing);
	index->is_dropped = true;
	q__buffer_free(index->buffer);
	q__buffer_free(index->sealed);
	index->buffer = index->sealed = NULL;
	pthread_mutex_unlock(&index->writing);
	forget_snapshot(index);
	pthread_mutex_unlock(&index->committing);
}

struct q__snapshot *q__index_snapshot(struct q__index *index)
{
	struct q__snapshot *snapshot;

	pthread_mutex_lock(&index->publishing);
	snapshot = index->snapshot ? q__snapshot_ref(index->snapshot) : NULL;
	pthread_mutex_unlock(&index->publishing);
	return snapshot;
}
