/* When segments are merged: as soon as RUN of them, side by side, are of one tier; a tier spans
 * sizes of up to TIER times. So a document is written again once a tier, and the segments stay
 * few. */
#include "search/index_internal.h"

#include "search/manifest.h"
#include "search/merge.h"

enum { RUN = 8, TIER_SHIFT = 3, SMALLEST_SHIFT = 10 };

static uint32_t live_count(const struct q__part *part)
{
	return part->segment->document_count -
	       (part->deletions ? part->deletions->deleted_count : 0);
}

static unsigned tier_of(const struct q__part *part)
{
	unsigned tier = 0;

	for (uint32_t count = live_count(part) >> SMALLEST_SHIFT; count > 0; count >>= TIER_SHIFT)
		tier++;
	return tier;
}

/* The parts [first, first + count) replaced by `merged`, or by nothing. */
static struct q__snapshot *replace_parts(const struct q__snapshot *from, size_t first, size_t count,
					 const struct q__part *merged)
{
	struct q__snapshot *next = q__snapshot_new(from->part_count + 1);

	for (size_t i = 0; next && i <= from->part_count; i++) {
		if (i == first && merged->segment)
			q__snapshot_add(next, merged);
		if (i < from->part_count && (i < first || i >= first + count))
			q__snapshot_add(next, &from->parts[i]);
	}
	return next;
}

static enum q_code merge_run(struct q__index *index, size_t first, size_t count, struct q_err *err)
{
	struct q__part merged = {0};
	struct q__snapshot *next;
	char name[Q__SEGMENT_NAME_MAX];
	enum q_code code;

	q__segment_name(index->next_number++, name);
	code = q__merge(&index->snapshot->parts[first], count, index->directory, name, err);
	if (!code)
		code = q__segment_open(index->directory, name, index->definition.field_count + 1,
				       &merged.segment, err);
	if (code && code != Q_NOTFOUND)
		return code;
	next = replace_parts(index->snapshot, first, count, &merged);
	q__segment_unref(merged.segment);
	if (!next)
		return q_fail(err, Q_NOMEM, "index.merge", "a snapshot");
	return q__index_commit(index, next, err);
}

/* The first run of parts that are ripe; false where there is none. */
static bool find_run(const struct q__snapshot *snapshot, size_t *first, size_t *count)
{
	for (size_t i = 0; i < snapshot->part_count; i += *count) {
		unsigned tier = tier_of(&snapshot->parts[i]);

		*first = i;
		for (*count = 1; i + *count < snapshot->part_count; ++*count) {
			if (tier_of(&snapshot->parts[i + *count]) != tier)
				break;
		}
		if (*count >= RUN)
			return true;
	}
	*first = 0;
	*count = snapshot->part_count;
	return *count >= Q__SEGMENTS_MAX - 1;
}

enum q_code q__index_merge_some(struct q__index *index, struct q_err *err)
{
	enum q_code code = Q_OK;
	size_t first, count;

	while (!code && find_run(index->snapshot, &first, &count))
		code = merge_run(index, first, count, err);
	return code;
}

enum q_code q__index_merge(struct q__index *index, struct q_err *err)
{
	enum q_code code = q__index_refresh(index, err);

	if (code)
		return code;
	pthread_mutex_lock(&index->writing);
	if (index->snapshot->part_count > 1 ||
	    (index->snapshot->part_count == 1 && index->snapshot->parts[0].deletions))
		code = merge_run(index, 0, index->snapshot->part_count, err);
	pthread_mutex_unlock(&index->writing);
	return code;
}
