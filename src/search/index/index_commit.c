/* The files of an index. Whatever stops a commit, the last manifest and its files are there. */
#include "search/index/index_internal.h"

#include "search/index/manifest.h"

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

void q__index_remove_file(struct q__index *index, const char *name)
{
	struct q_err ignored;

	(void)!index->directory->ops->remove(index->directory, name, &ignored);
}

static void see_file(void *context, const char *name)
{
	struct q__index *index = context;
	struct q_str file = q_str_from(name);

	if ((q_str_ends_with(file, Q_STR(".segment")) ||
	     q_str_ends_with(file, Q_STR(".deletions")) ||
	     q_str_starts_with(file, Q_STR(".tmp-"))) &&
	    !has_file(index->snapshot, file))
		q__index_remove_file(index, name);
}

enum q_code q__index_clean(struct q__index *index, struct q_err *err)
{
	return index->directory->ops->list(index->directory, see_file, index, err);
}

void q__index_remove_files(struct q__index *index, const struct q__snapshot *from,
			   const struct q__snapshot *kept)
{
	char name[Q__SEGMENT_NAME_MAX];

	for (size_t i = 0; i < from->part_count; i++) {
		const struct q__part *part = &from->parts[i];

		if (!has_file(kept, q_str_from(part->segment->name)))
			q__index_remove_file(index, part->segment->name);
		q__deletions_name(part->segment->name, part->deletions_number, name);
		if (part->deletions_number && !has_file(kept, q_str_from(name)))
			q__index_remove_file(index, name);
	}
}

/* A commit that fails may yet have reached the disk: the files of `next` stay until the index is
 * opened again. */
enum q_code q__index_commit(struct q__index *index, struct q__snapshot *next, struct q_err *err)
{
	struct q__snapshot *before = index->snapshot; /* NULL: the index is new */
	enum q_code code = index->directory->ops->sync(index->directory, err);

	if (!code)
		code = q__manifest_write(index->directory, &index->definition, next,
					 atomic_load(&index->next_number), err);
	if (code) {
		q__snapshot_unref(next);
		return code;
	}
	pthread_mutex_lock(&index->publishing);
	index->snapshot = next;
	pthread_mutex_unlock(&index->publishing);
	if (before)
		q__index_remove_files(index, before, next);
	q__snapshot_unref(before); /* readers of it keep what is mapped */
	return Q_OK;
}
