/* When segments are merged: as soon as RUN of them, side by side, are of one tier; a tier spans
 * sizes of up to TIER times. So a document is written again once a tier, and the segments stay
 * few. Refreshes go on while a merge writes: they append parts and replace deletions, and what was
 * deleted meanwhile is deleted in the merged segment when it takes its place. */
#include "search/index/index_internal.h"

#include "search/index/manifest.h"
#include "search/index/merge.h"
#include "search/segment/paced_directory.h"

enum { RUN = 8, MANY = 64, TIER_SHIFT = 3, SMALLEST_SHIFT = 10, SHARED_DOCUMENTS = 1 << 14 };

/* Parts that stand side by side. */
struct run {
	size_t first, count;
};

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

/* RUN neighbours that have the fewest documents. */
static struct run find_cheapest(const struct q__snapshot *snapshot)
{
	struct run cheapest = {0, RUN};
	uint64_t count = 0, least = UINT64_MAX;

	for (size_t i = 0; i < snapshot->part_count; i++) {
		count += live_count(&snapshot->parts[i]);
		if (i >= RUN)
			count -= live_count(&snapshot->parts[i - RUN]);
		if (i + 1 >= RUN && count < least) {
			least = count;
			cheapest.first = i + 1 - RUN;
		}
	}
	return cheapest;
}

/* The first run of parts that are ripe; without one, and where there are many, the cheapest; else
 * an empty one. */
static struct run find_run(const struct q__snapshot *snapshot)
{
	struct run run = {0};

	for (size_t i = 0; i < snapshot->part_count; i++) {
		if (i > 0 && tier_of(&snapshot->parts[i]) == tier_of(&snapshot->parts[i - 1]))
			run.count++;
		else
			run = (struct run){i, 1};
		if (run.count == RUN)
			break;
	}
	if (run.count < RUN && snapshot->part_count > MANY)
		return find_cheapest(snapshot);
	return run.count < RUN ? (struct run){0} : run;
}

/* Documents of `before` that are deleted now and were not then are so in the merged segment. Their
 * places there follow from those that were alive, from *next on. */
static void carry_deletions(const struct q__part *before, const struct q__part *now, uint32_t *next,
			    struct q__deletions *merged)
{
	for (uint32_t i = 0; i < before->segment->document_count; i++) {
		if (q__deletions_have(before->deletions, i))
			continue;
		if (q__deletions_have(now->deletions, i))
			q__deletions_add(merged, *next);
		++*next;
	}
}

/* Writes what was deleted of the parts while they were merged. */
static enum q_code delete_in_merged(struct q__index *index, const struct q__part *before,
				    const struct q__part *now, size_t count, struct q__part *merged,
				    struct q_err *err)
{
	char name[Q__SEGMENT_NAME_MAX];
	uint32_t next = 0;

	merged->deletions = q__deletions_copy(NULL, merged->segment->document_count);
	if (!merged->deletions)
		return q_fail(err, Q_NOMEM, "index.merge", "deletions");
	for (size_t i = 0; i < count; i++)
		carry_deletions(&before[i], &now[i], &next, merged->deletions);
	if (merged->deletions->deleted_count == 0) {
		q__deletions_unref(merged->deletions);
		merged->deletions = NULL;
		return Q_OK;
	}
	merged->deletions_number = index->next_number++;
	q__deletions_name(merged->segment->name, merged->deletions_number, name);
	return q__deletions_write(merged->deletions, index->directory, name, err);
}

/* `from` with the run replaced by `merged`, or by nothing. */
static struct q__snapshot *replace_run(const struct q__snapshot *from, struct run run,
				       const struct q__part *merged)
{
	struct q__snapshot *next = q__snapshot_new(from->part_count + 1);

	for (size_t i = 0; next && i <= from->part_count; i++) {
		if (i == run.first && merged->segment)
			q__snapshot_add(next, merged);
		if (i < from->part_count && (i < run.first || i >= run.first + run.count))
			q__snapshot_add(next, &from->parts[i]);
	}
	return next;
}

/* No snapshot has had it. */
static void remove_merged(struct q__index *index, const struct q__part *merged)
{
	char name[Q__SEGMENT_NAME_MAX];

	if (!merged->segment)
		return;
	q__index_remove_file(index, merged->segment->name);
	q__deletions_name(merged->segment->name, merged->deletions_number, name);
	if (merged->deletions_number)
		q__index_remove_file(index, name);
}

/* Puts the merged segment (none: nothing was left of it) where the run stands. */
static enum q_code publish(struct q__index *index, const struct q__snapshot *before, struct run run,
			   struct q__part *merged, struct q_err *err)
{
	const struct q__part *now;
	struct q__snapshot *next = NULL;
	enum q_code code = Q_OK;

	if (index->is_dropped) {
		remove_merged(index, merged);
		return q__index_fail_dropped(err);
	}
	now = &index->snapshot->parts[run.first];
	for (size_t i = 0; i < run.count; i++)
		q_assert(now[i].segment == before->parts[run.first + i].segment);
	if (merged->segment)
		code = delete_in_merged(index, &before->parts[run.first], now, run.count, merged,
					err);
	if (!code && !(next = replace_run(index->snapshot, run, merged)))
		code = q_fail(err, Q_NOMEM, "index.merge", "a snapshot");
	if (!code)
		return q__index_commit(index, next, err);
	remove_merged(index, merged);
	return code;
}

/* In two threads: where there is much to merge, and nothing is to slow it down. */
static bool is_hurried(const struct q__part *parts, size_t count, const struct q__pace *pace)
{
	uint64_t documents = 0;

	for (size_t i = 0; i < count; i++)
		documents += live_count(&parts[i]);
	return documents >= SHARED_DOCUMENTS && !(pace && pace->bytes_per_second);
}

/* Writes the merged segment and opens it; it stays empty where all documents are deleted. */
static enum q_code write_merged(struct q__index *index, const struct q__snapshot *before,
				struct run run, struct q__pace *pace, const char *name,
				struct q__part *merged, struct q_err *err)
{
	const struct q__part *parts = &before->parts[run.first];
	struct q__paced_directory paced;
	enum q_code code;

	q__paced_directory_init(&paced, index->directory, pace);
	code = q__merge(&index->definition, parts, run.count, &paced.base, name,
			is_hurried(parts, run.count, pace), err);
	if (code == Q_NOTFOUND)
		return Q_OK;
	if (!code)
		code = q__segment_open(index->directory, name, index->definition.field_count + 1,
				       &merged->segment, err);
	if (code)
		q__index_remove_file(index, name);
	return code;
}

/* Holds `merging`. */
static enum q_code merge_run(struct q__index *index, const struct q__snapshot *before,
			     struct run run, struct q__pace *pace, struct q_err *err)
{
	struct q__part merged = {0};
	char name[Q__SEGMENT_NAME_MAX];
	enum q_code code;

	q__segment_name(index->next_number++, name);
	code = write_merged(index, before, run, pace, name, &merged, err);
	if (!code) {
		pthread_mutex_lock(&index->committing);
		code = publish(index, before, run, &merged, err);
		pthread_mutex_unlock(&index->committing);
	}
	q__segment_unref(merged.segment);
	q__deletions_unref(merged.deletions);
	return code;
}

/* One merge, if one is due. Holds `merging`. */
static enum q_code merge_next(struct q__index *index, struct q__pace *pace, bool *is_done,
			      struct q_err *err)
{
	struct q__snapshot *snapshot = q__index_snapshot(index);
	struct run run;
	enum q_code code = Q_OK;

	if (!snapshot)
		return q__index_fail_dropped(err);
	run = find_run(snapshot);
	*is_done = run.count == 0;
	if (!*is_done)
		code = merge_run(index, snapshot, run, pace, err);
	q__snapshot_unref(snapshot);
	return code;
}

enum q_code q__index_merge_some(struct q__index *index, struct q__pace *pace, struct q_err *err)
{
	enum q_code code = Q_OK;
	bool is_done = false;

	pthread_mutex_lock(&index->merging);
	while (!code && !is_done)
		code = merge_next(index, pace, &is_done, err);
	pthread_mutex_unlock(&index->merging);
	return code;
}

/* Holds `merging`. */
static enum q_code merge_all(struct q__index *index, struct q_err *err)
{
	struct q__snapshot *snapshot = q__index_snapshot(index);
	struct run all = {0};
	enum q_code code = Q_OK;

	if (!snapshot)
		return q__index_fail_dropped(err);
	all.count = snapshot->part_count;
	if (all.count > 1 || (all.count == 1 && snapshot->parts[0].deletions))
		code = merge_run(index, snapshot, all, NULL, err);
	q__snapshot_unref(snapshot);
	return code;
}

enum q_code q__index_merge(struct q__index *index, struct q_err *err)
{
	enum q_code code;

	pthread_mutex_lock(&index->merging);
	code = q__index_write_all(index, err);
	if (!code)
		code = merge_all(index, err);
	pthread_mutex_unlock(&index->merging);
	return code;
}
