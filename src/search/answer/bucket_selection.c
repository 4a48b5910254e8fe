#include "search/answer/bucket_selection.h"

#include <stdlib.h>

/* All buckets of a histogram are shown. */
static size_t shown_max(const struct q_facet *asked)
{
	return asked->kind == Q_FACET_TERMS ? asked->size : Q_FACET_BUCKETS_MAX;
}

/* What a shard of OpenSearch takes to be enough. */
static size_t chosen_max(const struct q_facet *asked)
{
	bool is_by_count =
		asked->order == Q_FACET_COUNT_DESCENDING || asked->order == Q_FACET_COUNT_ASCENDING;

	if (asked->kind != Q_FACET_TERMS || !is_by_count)
		return shown_max(asked);
	return asked->size + asked->size / 2 + 10;
}

bool q__bucket_selection_open(struct q__bucket_selection *selection, const struct q_facet *asked,
			      struct q_arena *arena)
{
	*selection = (struct q__bucket_selection){.asked = asked, .max = chosen_max(asked)};
	selection->buckets =
		q_arena_alloc_array(arena, 2 * selection->max, sizeof *selection->buckets);
	return selection->buckets != NULL;
}

static int compare_places(const struct q__bucket *a, const struct q__bucket *b)
{
	return a->place < b->place ? -1 : a->place > b->place;
}

static int compare_counts(const struct q__bucket *a, const struct q__bucket *b)
{
	return a->count < b->count ? -1 : a->count > b->count;
}

static int compare_buckets(const void *a, const void *b, void *context)
{
	const struct q__bucket_selection *selection = context;
	enum q_facet_order order = selection->asked->order;
	int by_count = 0;

	if (order == Q_FACET_KEY_DESCENDING)
		return compare_places(b, a);
	if (order == Q_FACET_COUNT_DESCENDING)
		by_count = compare_counts(b, a);
	else if (order == Q_FACET_COUNT_ASCENDING)
		by_count = compare_counts(a, b);
	return by_count ? by_count : compare_places(a, b);
}

static void cut(struct q__bucket_selection *selection)
{
	qsort_r(selection->buckets, selection->count, sizeof *selection->buckets, compare_buckets,
		selection);
	if (selection->count >= selection->max) {
		selection->count = selection->max;
		selection->is_cut = true;
	}
}

struct q_search_value *q__bucket_offer(struct q__bucket_selection *selection, uint64_t count)
{
	struct q__bucket bucket = {.place = selection->places++, .count = count};

	selection->total += count;
	if (selection->is_cut &&
	    compare_buckets(&bucket, &selection->buckets[selection->max - 1], selection) > 0)
		return NULL;
	if (selection->count == 2 * selection->max)
		cut(selection);
	selection->buckets[selection->count] = bucket;
	return &selection->buckets[selection->count++].key;
}

bool q__bucket_selection_end(struct q__bucket_selection *selection, struct q_arena *arena,
			     struct q_facet_result *out)
{
	size_t size = shown_max(selection->asked);
	struct q_facet_bucket *shown;

	cut(selection);
	shown = q_arena_alloc_array(arena, selection->count, sizeof *shown);
	if (!shown)
		return false;
	out->buckets = shown;
	out->other_count = selection->total;
	for (size_t i = 0; i < selection->count; i++) {
		const struct q__bucket *bucket = &selection->buckets[i];
		bool is_kept = bucket->count >= selection->asked->count_min;

		if (is_kept && out->bucket_count < size)
			shown[out->bucket_count++] =
				(struct q_facet_bucket){bucket->key, bucket->count};
		else if (is_kept)
			continue;
		out->other_count -= bucket->count;
	}
	return true;
}
